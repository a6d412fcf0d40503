package scenario

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"
)

// The namespaces of a stage. They have names, so that what wrongns says of their
// owners is the same everywhere.
const (
	hostNetns      = "wnhost"
	containerNetns = "wncont"
)

// stage is two network namespaces, one of which plays the host.
type stage struct {
	inodes map[string]uint64 // by name
	events string            // the file that wrongns writes to
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{inodes: map[string]uint64{}}
	for _, name := range []string{hostNetns, containerNetns} {
		run(t, "ip", "netns", "add", name)
		t.Cleanup(func() { run(t, "ip", "netns", "del", name) })
		var st syscall.Stat_t
		if err := syscall.Stat(filepath.Join("/run/netns", name), &st); err != nil {
			t.Fatal(err)
		}
		s.inodes[name] = st.Ino
	}
	return s
}

// watch runs wrongns while f does something, and returns the lines of JSON that
// it wrote about the stage's namespaces.
func (s *stage) watch(t *testing.T, tier string, f func(), more ...string) [][]byte {
	t.Helper()
	dir := t.TempDir()
	events, ready := filepath.Join(dir, "events.json"), filepath.Join(dir, "ready")
	args := append([]string{"trace", "-o", "json", "--output-file", events, "--ready-file", ready, "--tier", tier,
		"--host-netns", hostNetns, "--netns", hostNetns, "--netns", containerNetns}, more...)
	var said bytes.Buffer
	trace := exec.Command(program, args...)
	trace.Stdout, trace.Stderr = &said, &said
	if err := start(t, trace, tier); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- trace.Wait() }()
	await(t, ready, ended, &said)
	s.events = events
	f()
	if err := trace.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatalf("wrongns trace: %v\n%s", err, &said)
	}
	t.Logf("%s", bytes.TrimSpace(said.Bytes()))
	written, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(written), []byte("\n"))
}

func start(t *testing.T, trace *exec.Cmd, tier string) error {
	t.Helper()
	if skipsRequests(tier) {
		return startApart(t, trace)
	}
	return trace.Start()
}

// await waits until wrongns says that it is ready, or has ended.
func await(t *testing.T, ready string, ended <-chan error, said *bytes.Buffer) {
	t.Helper()
	deadline := time.After(2 * time.Minute) // under emulation a large program takes its time to verify
	for {
		if _, err := os.Stat(ready); err == nil {
			return
		}
		select {
		case err := <-ended:
			t.Fatalf("wrongns trace ended early: %v\n%s", err, said)
		case <-deadline:
			t.Fatalf("wrongns trace is not ready\n%s", said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// play runs a script: see testdata/changes.txt.
func (s *stage) play(t *testing.T, script string) {
	t.Helper()
	f, err := os.Open(script)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, fails := strings.CutPrefix(lines.Text(), "! ")
		words := strings.Fields(line)
		if len(words) < 2 || strings.HasPrefix(line, "#") {
			continue
		}
		before := s.written(t)
		out, err := exec.Command("ip", append([]string{"netns", "exec"}, words...)...).CombinedOutput()
		if (err != nil) != fails {
			t.Errorf("%s: %v, want a failure: %v\n%s", line, err, fails, out)
		}
		s.awaitMore(t, before, line)
	}
}

// written is how much wrongns has written so far.
func (s *stage) written(t *testing.T) int64 {
	t.Helper()
	st, err := os.Stat(s.events)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// awaitMore waits until wrongns has told of a line of the script. What stood
// before the next is then known on every tier: where no hook reads it, it is
// remembered, and a namespace that was just read says nothing of the past.
func (s *stage) awaitMore(t *testing.T, before int64, line string) {
	t.Helper()
	for range 500 {
		if s.written(t) > before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s: no event", line)
}

func run(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("WRONGNS_REQUIRE") == "1" {
		t.Fatal("needs root, to make network namespaces and to load BPF programs")
	}
	t.Skip("needs root, to make network namespaces and to load BPF programs")
}

// findProgram returns the program to test, and what removes it if it was built.
func findProgram() (path string, cleanUp func()) {
	if path := os.Getenv("WRONGNS"); path != "" {
		return path, func() {}
	}
	dir, err := os.MkdirTemp("", "wrongns-scenario-")
	if err != nil {
		panic(err)
	}
	path = filepath.Join(dir, "wrongns")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/wrongns/wrongns/cmd/wrongns").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build wrongns: %v\n%s", err, out))
	}
	return path, func() { os.RemoveAll(dir) }
}

// haveExtackTracepoint reports whether the kernel tells its texts to tracepoints (5.12).
func haveExtackTracepoint() bool {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return false
	}
	var tracepoint *btf.Typedef
	return spec.TypeByName("btf_trace_netlink_extack", &tracepoint) == nil
}
