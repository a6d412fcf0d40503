package monitor

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
)

func TestProcessTable(t *testing.T) {
	const most = 4
	table := newProcessTable(most)
	often := &events.Process{PID: 1}
	table.add(1, often)
	if table.get(2) != nil {
		t.Error("a process that was never described is known")
	}
	// Whoever is asked for is kept, however many come and go.
	for id := uint64(100); id < 200; id++ {
		table.add(id, &events.Process{PID: uint32(id)})
		if table.get(1) != often {
			t.Fatalf("forgotten after process %d, though it was just asked for", id)
		}
	}
	if p := table.get(199 - most + 2); p == nil || p.PID != 199-most+2 {
		t.Errorf("process %d forgotten after %d others", 199-most+2, most-2)
	}
	if table.get(100) != nil {
		t.Error("a process is kept that nobody has asked for in two generations")
	}
	if n := len(table.young) + len(table.old); n > 2*most+1 {
		t.Errorf("%d processes held, want no more than %d", n, 2*most+1)
	}
	// The same number may come to mean another state of the thread.
	table.add(1, &events.Process{PID: 2})
	if table.get(1).PID != 2 {
		t.Error("the older description is given")
	}
}

// The command line is that of the parent that the hook saw, and of no other
// process that has its number now.
func TestParentCommandLine(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	pid := uint32(child.Process.Pid)
	start := proc.Start(pid)
	// The child is being executed when Start returns: its arguments come a moment later.
	for range 1000 {
		if arguments, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); len(arguments) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if got := parentCommandLine(&events.Parent{PID: pid, Start: start + proc.Tick - 1}); got != "sleep 60" {
		t.Errorf("command line %q, want that of the process that is there", got)
	}
	if got := parentCommandLine(&events.Parent{PID: pid, Start: start - proc.Tick}); got != "" {
		t.Errorf("command line %q, want none: the process began later than the parent", got)
	}
}
