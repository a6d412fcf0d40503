package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/wrongns/wrongns/events"
)

var (
	_ Output = (*JSON)(nil)
	_ Output = (*Text)(nil)

	host = events.HostInfo{Name: "node-7"}
)

func change(seq uint64) *events.Change {
	return &events.Change{
		Time: time.Unix(1, 0), Seq: seq, Kind: events.KindLink, Action: events.Set, Via: events.ViaIoctl, Target: "eth0",
		Known: true, Effect: events.EffectNone, Process: &events.Process{PID: 9, Name: "\x1b[2J"},
	}
}

// give hands one event of each kind to o and fails on any error.
func give(t *testing.T, o Output) {
	t.Helper()
	c := change(1)
	w := &events.Warning{Time: time.Unix(2, 0), Seq: 2, Summary: "web set its own eth0 up", Last: c}
	s := &events.Status{Time: time.Unix(3, 0), Seq: 3, State: "stopped"}
	if err := errors.Join(o.Change(c), o.Warning(w), o.Status(s), o.Flush(), o.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestJSONIsTheEventsOwn(t *testing.T) {
	var b bytes.Buffer
	j := NewJSON(&b, host)
	give(t, j)
	c := change(1)
	want := c.AppendJSON(nil, &host)
	want = (&events.Warning{Time: time.Unix(2, 0), Seq: 2, Summary: "web set its own eth0 up", Last: c}).AppendJSON(append(want, '\n'), &host)
	want = (&events.Status{Time: time.Unix(3, 0), Seq: 3, State: "stopped"}).AppendJSON(append(want, '\n'), &host)
	if got := b.String(); got != string(want)+"\n" {
		t.Errorf("got\n%swant\n%s\n", got, want)
	}
	if got := j.Counts(); got != (Counts{Written: 3}) {
		t.Errorf("counts %+v, want 3 written", got)
	}
}

func TestPlainLogLines(t *testing.T) {
	var b bytes.Buffer
	j := NewJSON(&b, host)
	j.Logger().With(zap.String("file", "a.yaml")).Warn("reloaded", zap.Int("rules", 8))
	if err := errors.Join(j.Change(change(1)), j.Flush()); err != nil {
		t.Fatal(err)
	}
	log, event, _ := strings.Cut(b.String(), "\n")
	var got struct {
		Level, Message, File string
		Time                 time.Time
		Rules                int
	}
	if err := json.Unmarshal([]byte(log), &got); err != nil {
		t.Fatalf("%q: %v", log, err)
	}
	if got.Level != "warn" || got.Message != "reloaded" || got.File != "a.yaml" || got.Rules != 8 || got.Time.IsZero() {
		t.Errorf("log line %s", log)
	}
	if want := string(change(1).AppendJSON(nil, &host)) + "\n"; event != want {
		t.Errorf("event beside log lines\n%swant\n%s", event, want)
	}
}

func TestTextLines(t *testing.T) {
	var b bytes.Buffer
	give(t, NewText(&b, false, events.Style{}))
	for _, want := range []string{"ip link set eth0", "WRONG NAMESPACE", "stopped\n", `\x1b[2J[9]`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestFileIsPrivateAndAppendedTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "changes.json")
	j, err := OpenJSON(path, host)
	if err != nil {
		t.Fatal(err)
	}
	give(t, j)
	text, err := OpenText(path, false)
	if err != nil {
		t.Fatal(err)
	}
	give(t, text)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o, want 600", mode)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte("\n")); n != 3+3 {
		t.Errorf("%d lines, want 3 of each", n)
	}
	if _, err := OpenJSON(filepath.Join(path, "x"), host); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("open below a file: %v, want ENOTDIR", err)
	}
}

// disk is a writer with so much room.
type disk struct {
	bytes.Buffer
	room int
}

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	d.Buffer.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestFullDiskThatHasRoomAgain(t *testing.T) {
	d := &disk{room: 100}
	j := NewJSON(d, host)
	if err := j.Change(change(0)); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("flush: %v, want ENOSPC", err)
	}
	const made = 3000
	refused := uint64(0)
	for seq := uint64(1); seq < made; seq++ {
		if err := j.Change(change(seq)); errors.Is(err, syscall.ENOSPC) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	d.room = 1 << 30
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	got := j.Counts()
	if got.Lost == 0 || got.Lost != refused || got.Failures < refused || got.Written+got.Lost != made {
		t.Errorf("%d made, %d refused, counts %+v", made, refused, got)
	}
	for line := range bytes.Lines(d.Bytes()) {
		if !json.Valid(line) {
			t.Fatalf("torn line %q", line)
		}
	}
	if n := bytes.Count(d.Bytes(), []byte("\n")); uint64(n) != got.Written {
		t.Errorf("%d lines written, counted %d", n, got.Written)
	}
}

func TestCloseCountsWhatIsLeft(t *testing.T) {
	j := NewJSON(&disk{room: 700}, host)
	if err := errors.Join(j.Change(change(1)), j.Change(change(2))); err != nil {
		t.Fatal(err)
	}
	err := j.Close()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "lines lost") {
		t.Errorf("close: %v, want ENOSPC and the loss", err)
	}
	if got := j.Counts(); got.Lost == 0 || got.Written+got.Lost != 2 {
		t.Errorf("counts %+v of 2 lines", got)
	}
}

func TestReadHost(t *testing.T) {
	if h := ReadHost(); h.Name == "" || len(h.BootID) != 36 {
		t.Errorf("%+v, want a name and a UUID", h)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkJSONOutput(b *testing.B) {
	j := NewJSON(discard{}, host)
	c := change(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Change(c); err != nil {
			b.Fatal(err)
		}
	}
}
