package monitor

import (
	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
)

// processesRemembered is many times what the kernel side remembers to have told
// (the size of its map "described"), so that a process that it still refers to
// is not forgotten here.
const processesRemembered = 1 << 15

// processTable holds the processes that the kernel side has described, by the
// numbers that it gave them. The one that was not asked for in the last two
// generations is forgotten.
type processTable struct {
	young, old map[uint64]*events.Process
	most       int // in one generation
}

func newProcessTable(most int) processTable {
	return processTable{young: map[uint64]*events.Process{}, most: most}
}

func (t *processTable) add(id uint64, p *events.Process) {
	if len(t.young) >= t.most {
		t.young, t.old = make(map[uint64]*events.Process, t.most), t.young
	}
	t.young[id] = p
}

// get returns a process, nil if it is not known.
func (t *processTable) get(id uint64) *events.Process {
	if p := t.young[id]; p != nil {
		return p
	}
	p := t.old[id]
	if p != nil {
		t.add(id, p)
	}
	return p
}

// parentCommandLine reads the command line of a process's parent. A hook can't
// read another process's memory, so this alone is asked of /proc, and believed
// only if the process there began when the one that the hook saw did.
func parentCommandLine(parent *events.Parent) events.Name {
	if proc.Start(parent.PID) != parent.Start/proc.Tick*proc.Tick {
		return "" // gone already
	}
	arguments := proc.Read(parent.PID, "cmdline")
	return events.CommandLine(arguments[:min(len(arguments), 1024)])
}
