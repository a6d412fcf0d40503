package scenario

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
)

// checkReplay holds the warnings that came while the log was written against those
// that replay makes of it: they have to be the same.
func checkReplay(t *testing.T, log string, lines [][]byte) {
	t.Helper()
	replayed, err := exec.Command(program, "replay", "-o", "json", log).Output()
	if err != nil {
		t.Errorf("wrongns replay: %v", err)
	}
	want, got := warnings(t, lines), warnings(t, bytes.Split(bytes.TrimSpace(replayed), []byte("\n")))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the log judged again gives other warnings (-live +replayed):\n%s", diff)
	}
	if len(want) == 0 {
		t.Error("no warnings to compare")
	}
}

// warnings are the lines that are warnings, without their places in the log.
func warnings(t *testing.T, lines [][]byte) []string {
	t.Helper()
	var all []string
	for _, line := range lines {
		l, err := events.Parse(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if w, ok := l.Event.(*events.Warning); ok {
			w.Seq = 0
			all = append(all, string(w.AppendJSON(nil, &l.Host)))
		}
	}
	return all
}
