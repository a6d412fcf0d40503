package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/wrongns/wrongns/events"
)

// initProcess is the first process of a container.
type initProcess struct {
	pid   uint32
	start uint64 // ns since boot, at most tick later than it is told
}

// tick is how exact the start of a process is that /proc tells of.
const tick = uint64(10 * time.Millisecond)

// begat reports whether p is the init itself or is known to descend from it.
func (i *initProcess) begat(p *events.Process) bool {
	if p.PID == i.pid {
		return i.is(p.Start)
	}
	if p.Parent != nil && p.Parent.PID == i.pid {
		return i.is(p.Parent.Start)
	}
	return slices.Contains(p.Descent, i.pid) && p.Start >= i.start
}

// is reports whether a process that has the init's pid is the init.
func (i *initProcess) is(start uint64) bool { return start >= i.start && start-i.start < tick }

// before is how long before p the init was started.
func (i *initProcess) before(p *events.Process) time.Duration {
	return time.Duration(p.Start - min(i.start, p.Start))
}

// initOf returns the first process of the container that made a change, nil if it
// is not known, and how it is known.
func (j *Judge) initOf(c *events.Change) (first *initProcess, how string) {
	if c.Container == nil {
		return nil, ""
	}
	if told := c.Container.Init; told != nil {
		return &initProcess{told.PID, told.Start}, "as " + c.Container.Runtime + " tells"
	}
	if seen, ok := j.inits[c.Container.ID]; ok {
		return &seen, "seen when it began"
	}
	return nil, ""
}

// maxInits is how many containers' first processes are remembered. Beyond it all
// are forgotten, which costs a little evidence and nothing else.
const maxInits = 4096

// meet remembers a container's first process. It is seen when runc or crun,
// already in the container, sets the new namespace's loopback link up, a moment
// before it becomes the container's init.
func (j *Judge) meet(c *events.Change) {
	p := c.Process
	if c.Container == nil || p == nil || c.Target != "lo" {
		return
	}
	if !strings.HasPrefix(string(p.Name), "runc:[") && p.Name != "crun" {
		return
	}
	if len(j.inits) >= maxInits {
		clear(j.inits)
	}
	j.inits[c.Container.ID] = initProcess{p.PID, p.Start}
}
