package corpus

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/test/docker"
)

// What a run is kept in, and where its table stands for readers.
const (
	recordedLog  = "testdata/recorded/log.jsonl.gz"
	recordedMade = "testdata/recorded/made.json"
	page         = "../../docs/rules.md"
	heading      = "## On the corpus\n" // of the section that is ours, the last one
)

// recording is what a run gave.
type recording struct {
	made   []*Made
	events []docker.Event
}

// log is all events as wrongns wrote them.
func (r *recording) log() []byte {
	var log bytes.Buffer
	for i := range r.events {
		log.Write(r.events[i].Line)
	}
	return log.Bytes()
}

// write keeps the run, and its table.
func (r *recording) write(t testing.TB, table *Table) {
	t.Helper()
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(r.log()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(r.made, func(a, b *Made) int { return strings.Compare(a.Name, b.Name) })
	made, err := json.MarshalIndent(r.made, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(recordedLog), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{recordedLog: packed.Bytes(), recordedMade: append(made, '\n'), page: withSection(t, table)} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// withSection is the page with a section on a table.
func withSection(t testing.TB, table *Table) []byte {
	t.Helper()
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := bytes.Cut(written, []byte(heading))
	return fmt.Appendf(nil, `%s

%s
[test/corpus](../test/corpus/README.md) holds mistakes and innocent doings, one small file each, that `+"`make test`"+` makes in
real containers. This is what the judge says of them: a row is what is so, a column the surest verdict. A *mistake* was meant for
the host, something *innocent* was not. Where what can be seen does not tell, which the scenario's file explains, it is
*undecidable*, and suspected at most. *False* counts warnings of a rule that nobody expects.

The weights were set with these scenarios at hand. So the figures say how well the judge agrees with people who think of
containers all day, and not how often it is right on other nodes.

%s`, bytes.TrimSpace(before), heading, table)
}

// readRecording reads the run that was kept.
func readRecording(t *testing.T) *recording {
	t.Helper()
	file, err := os.Open(recordedLog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	log, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{events: decode(t, log)}
	made, err := os.ReadFile(recordedMade)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(made, &r.made); err != nil {
		t.Fatal(err)
	}
	return r
}

func decode(t testing.TB, log []byte) []docker.Event {
	t.Helper()
	var all []docker.Event
	for line := range bytes.Lines(log) {
		e := docker.Event{Line: line}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// replay has the run judged again, and returns the warnings. The test fails if they are not those of the log.
func (r *recording) replay(t testing.TB) []docker.Event {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log.jsonl")
	if err := os.WriteFile(file, r.log(), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(docker.Program(t), "replay", "-o", "json", file)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("wrongns replay: %v\n%s", err, &said)
	}
	again := decode(t, out)
	if difference := cmp.Diff(keys(r.events), keys(again)); difference != "" {
		t.Errorf("replay gives other warnings: -live +replay:\n%s", difference)
	}
	return again
}

// key is what has to be the same of a warning when it is judged again.
type key struct {
	Rule, Verdict, Container string
	Inode                    uint64
	Changes                  []uint64
}

func keys(events []docker.Event) []key {
	var all []key
	for i := range events {
		if e := &events[i]; e.Event == "warning" {
			all = append(all, key{e.Warning.Rule, e.Warning.Verdict, e.Container.ID, e.Netns.Inode, e.Warning.Changes})
		}
	}
	return all
}

// TestRecorded judges what was recorded anew, which needs neither root nor Docker.
func TestRecorded(t *testing.T) {
	all, r := load(t), readRecording(t)
	made := map[string]*Made{}
	for _, m := range r.made {
		made[m.Name] = m
	}
	again := r.replay(t)
	for _, sc := range all {
		t.Run(sc.Name, func(t *testing.T) {
			if made[sc.Name] == nil {
				t.Fatal("it is not in the recording: go test ./test/corpus -run Live -update")
			}
			judge(t, sc, said(made[sc.Name], again))
		})
	}
	table := tabulate(all, r.made, again)
	table.check(t)
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(string(written), string(withSection(t, table))); difference != "" {
		t.Errorf("%s is not what the recording gives: go test ./test/corpus -run Live -update; -is +should be:\n%s", page, difference)
	}
}
