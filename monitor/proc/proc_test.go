package proc

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestStartTicks(t *testing.T) {
	after := strings.Repeat(" 0", 22-3-1)
	for stat, want := range map[string]uint64{
		"41 (ip) S" + after + " 1234 0 0\n":                                   1234,
		"41 (a b) S" + after + " 1234 0\n":                                    1234,
		"41 (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 9 (y) S" + after + " 7": 7, // the name plays a whole line
		"41 ()) ) S" + after + " 5":                                           5,
		"41 (\n) S" + after + " 5":                                            5,
		"41 (ip) S" + after:                                                   0,
		"41 (ip) S" + after + " -3":                                           0,
		"41 (ip":                                                              0,
		"":                                                                    0,
	} {
		if got := startTicks([]byte(stat)); got != want {
			t.Errorf("startTicks(%q) = %d, want %d", stat, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	self := uint32(os.Getpid())
	if Start(self) == 0 || Namespace(self, "net") == 0 || len(Read(self, "cmdline")) == 0 {
		t.Error("nothing is known of this very process")
	}
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	gone := uint32(child.Process.Pid)
	if Start(gone) != 0 || Namespace(gone, "net") != 0 || Read(gone, "cmdline") != nil {
		t.Error("something is known of a process that has ended")
	}
}
