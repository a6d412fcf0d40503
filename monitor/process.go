package monitor

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/wrongns/wrongns/events"
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

// clockTick is the unit of times in /proc, USER_HZ: ten milliseconds on every
// architecture that Go runs on.
const clockTick = 10_000_000

// parentCommandLine reads the command line of a process's parent. A hook can't
// read another process's memory, so this alone is asked of /proc, and believed
// only if the process there began when the one that the hook saw did.
func parentCommandLine(parent *events.Parent) events.Name {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", parent.PID))
	if err != nil || startTicks(stat) != parent.Start/clockTick {
		return "" // gone already
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", parent.PID))
	if err != nil {
		return ""
	}
	return events.CommandLine(arguments[:min(len(arguments), 1024)])
}

// startTicks reads the start time, the 22nd field of /proc/PID/stat. The second
// is the process's name in parentheses, in which anything may stand.
func startTicks(stat []byte) uint64 {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const start = 22 - 3
	if len(fields) <= start {
		return 0
	}
	ticks, err := strconv.ParseUint(string(fields[start]), 10, 64)
	if err != nil {
		return 0
	}
	return ticks
}
