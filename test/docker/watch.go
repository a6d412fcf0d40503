package docker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// eventTimeout is how long an event may take from the kernel to the file, on a machine that does much else.
const eventTimeout = 30 * time.Second

// Event is a line of wrongns's, as far as the tests read it.
type Event struct {
	Line    []byte `json:"-"` // as it was written, with its end
	Time    time.Time
	Seq     uint64
	Event   string
	Message string
	Change  struct{ Kind, Action, Target, Via, Result, Effect string }
	Warning struct {
		Rule, Verdict, Summary      string
		Confidence                  float64
		Changes                     []uint64
		Changed, Untouched, Because string
		Own, Host                   struct{ Link, Type, Parent, State, Route string }
		Advice                      []string
	}
	Netns struct {
		Inode uint64
		Host  bool
		Owner string
	}
	Process struct {
		PID         int
		Name        string
		CommandLine string `json:"command_line"`
		Netns       struct{ Inode uint64 }
		Executable  struct{ Path string }
		Parent      struct {
			PID         int
			Name        string
			CommandLine string `json:"command_line"`
		}
	}
	Container struct {
		ID, Name, Runtime string
		Image             struct{ Name string }
	}
}

// show prints events, one a line.
func show(events []Event) string {
	var lines strings.Builder
	for _, e := range events {
		fmt.Fprintf(&lines, "%s %q by %s[%d] %q of %q in %+v\n",
			e.Event, e.Message, e.Process.Name, e.Process.PID, e.Process.CommandLine, e.Container.Name, e.Netns)
	}
	return lines.String()
}

// Watch is a running wrongns trace, which watches the whole machine with the namespace of a daemon's host as the
// host's. Its methods belong to the goroutine of the test that started it.
type Watch struct {
	// Also lets events through that neither the host nor a container has to do with, if it is set: what happens in
	// namespaces that the test has made by itself.
	Also func(*Event) bool

	t      testing.TB
	daemon *Daemon
	cmd    *exec.Cmd
	ended  chan error
	said   bytes.Buffer // by wrongns, beside the events
	schema *jsonschema.Schema
	lines  *bufio.Reader // of the file that it writes
	begun  []byte        // of a line that is not whole yet
	seen   []Event       // since the last fence
}

// StartWatch returns when wrongns sees everything. It asks this daemon for the containers' names. wrongns ends with
// the test, which fails if anything was lost.
func StartWatch(t testing.TB, d *Daemon) *Watch {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/events.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, ready := filepath.Join(dir, "events.json"), filepath.Join(dir, "ready")
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	w := &Watch{t: t, daemon: d, ended: make(chan error, 1), schema: schema, lines: bufio.NewReader(file)}
	args := []string{"trace", "-o", "json", "--output-file", path, "--ready-file", ready}
	if d.netns != "" {
		args = append(args, "--host-netns", d.netns)
	}
	w.cmd = exec.Command(Program(t), args...)
	w.cmd.Env = append(os.Environ(), "DOCKER_HOST="+d.Host)
	w.cmd.Stdout, w.cmd.Stderr = &w.said, &w.said
	w.start()
	t.Cleanup(w.stop)
	for deadline := time.Now().Add(eventTimeout); ; time.Sleep(pollInterval) {
		if _, err := os.Stat(ready); err == nil {
			return w
		}
		if time.Now().After(deadline) {
			t.Fatalf("wrongns trace is not ready after %s", eventTimeout)
		}
	}
}

// Program returns the wrongns to test: $WRONGNS, or one that is built from this tree.
func Program(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("WRONGNS"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "wrongns")
	// A checkout that belongs to somebody else would make -buildvcs fail.
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "github.com/wrongns/wrongns/cmd/wrongns")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build wrongns: %v\n%s", err, out)
	}
	return path
}

// start runs wrongns from a thread that lives as long as it does, as Daemon.start does: it must not outlive the test.
func (w *Watch) start() {
	w.t.Helper()
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := w.cmd.Start()
		started <- err
		if err == nil {
			w.ended <- w.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		w.t.Fatal(err)
	}
}

func (w *Watch) stop() {
	_ = w.cmd.Process.Signal(os.Interrupt) // if it has ended, the next line says how
	if err := <-w.ended; err != nil || !strings.Contains(w.said.String(), " 0 lost") {
		w.t.Errorf("wrongns trace: %v\n%s", err, &w.said)
	}
	w.next() // the last lines have to obey the schema too
}

// during returns the events of what f does, in their order, and checks that each line that was written meanwhile
// obeys the schema.
func (w *Watch) during(f func()) []Event {
	w.t.Helper()
	w.Fence()
	f()
	return w.Fence()
}

// Fence returns the events since the last one, but for its own. A look-up of a link that is nowhere leaves no trace
// but its event; when that is there, so are all before it.
func (w *Watch) Fence() []Event {
	w.t.Helper()
	name := fmt.Sprintf("wnno%08x", rand.Uint32())
	if out, err := w.daemon.OnHost("ip", "link", "show", "dev", name).CombinedOutput(); err == nil {
		w.t.Fatalf("link %s is there: %s", name, out)
	}
	for deadline := time.Now().Add(eventTimeout); ; time.Sleep(pollInterval) {
		w.seen = append(w.seen, w.next()...)
		if i := slices.IndexFunc(w.seen, func(e Event) bool { return e.Change.Target == name }); i >= 0 {
			events := w.seen[:i:i]
			w.seen = w.seen[i+1:]
			return events
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the look-up of link %s was not seen in %s", name, eventTimeout)
		}
	}
}

// next reads the lines that are whole by now.
func (w *Watch) next() []Event {
	w.t.Helper()
	var events []Event
	for {
		line, err := w.lines.ReadBytes('\n')
		w.begun = append(w.begun, line...)
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			w.t.Fatal(err)
		}
		var e Event
		if err := json.Unmarshal(w.begun, &e); err != nil {
			w.t.Errorf("%s: %v", w.begun, err)
		} else if w.concerns(&e) {
			w.validate(w.begun)
			e.Line = bytes.Clone(w.begun)
			events = append(events, e)
		}
		w.begun = w.begun[:0]
	}
}

// concerns leaves out what other tests do in namespaces of their own meanwhile, which can be a great deal.
func (w *Watch) concerns(e *Event) bool {
	return e.Netns.Host || e.Container.ID != "" || e.Process.PID == w.daemon.PID || e.Event == "status" ||
		strings.HasPrefix(e.Netns.Owner, "container ") || w.Also != nil && w.Also(e)
}

// validate holds a line against the published schema.
func (w *Watch) validate(line []byte) {
	w.t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err == nil {
		err = w.schema.Validate(value)
	}
	if err != nil {
		w.t.Errorf("%s: %v", line, err)
	}
}

// pause keeps wrongns from running while f does something.
func (w *Watch) pause(f func()) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := w.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			w.t.Error(err)
		}
	}()
	f()
}

// only returns the events that match.
func only(events []Event, match func(*Event) bool) []Event {
	var some []Event
	for i := range events {
		if match(&events[i]) {
			some = append(some, events[i])
		}
	}
	return some
}
