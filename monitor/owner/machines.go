package owner

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/sys/mountinfo"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
)

const (
	// freshness is how long what was read of a container is used without looking again.
	freshness = 200 * time.Millisecond
	// censusPause is how long at least no new search for containers is made after one.
	censusPause = time.Second
	// censusShare bounds the time that is spent on searching: a twentieth.
	censusShare = 20
)

// machines knows the containers of a runtime that names their cgroups and has no
// daemon to ask: their first processes are looked for in /proc, and how they are
// made is seen there.
type machines struct {
	*book
	runtime string
	// rename returns a container's name, given that of its cgroup and the process
	// of the runtime that serves it.
	rename func(cgroup string, monitor uint32) string

	mu     sync.Mutex
	census time.Time            // when the next one may be
	looked map[string]time.Time // when a container's first process was last seen to be there
}

// newMachines learns of the containers that run.
func newMachines(b *book, runtime string, rename func(cgroup string, monitor uint32) string) *machines {
	m := &machines{book: b, runtime: runtime, rename: rename}
	m.count(time.Now())
	return m
}

// named is a container of a runtime that gives it no id.
func named(runtime, name string) events.Container {
	return events.Container{ID: events.Name(name).String(), Name: events.Name(name), Runtime: runtime}
}

// ask looks for a container's first process if it is not known or has ended.
func (m *machines) ask(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.looked[id]) < freshness {
		return
	}
	if known := m.get(m.runtime, id); known != nil && alive(known.Init) {
		m.looked[id] = now
	} else if now.After(m.census) {
		m.count(now)
	}
}

// close does nothing: nothing is kept open.
func (m *machines) close() {}

func alive(first *events.Init) bool { return first != nil && proc.Start(first.PID) == first.Start }

// count learns of all containers of the runtime. m.mu is held.
func (m *machines) count(now time.Time) {
	defer func() { m.census = time.Now().Add(max(censusPause, censusShare*time.Since(now))) }()
	m.looked = make(map[string]time.Time)
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return // nothing is known then, which is what is told
	}
	for _, process := range processes {
		if pid, err := strconv.ParseUint(process.Name(), 10, 32); err == nil {
			m.visit(uint32(pid), now)
		}
	}
	m.keep(m.runtime, func(id string) bool { _, seen := m.looked[id]; return seen })
}

// visit learns of a container if this is its first process.
func (m *machines) visit(pid uint32, now time.Time) {
	name := m.nameOf(pid)
	if name == "" {
		return
	}
	p := readStatus(pid)
	if p.inner != 1 || p.parent == 0 || m.nameOf(p.parent) == name {
		return
	}
	what := named(m.runtime, name)
	what.Name = events.Name(m.rename(name, p.parent))
	if what.Init = initProcess(pid); what.Init == nil {
		return
	}
	inspect(&what, p)
	if holder := m.inNetns(what.Netns, 0); holder != nil && holder.ID != what.ID && alive(holder.Init) {
		what.Netns = 0 // it is another container's
	}
	m.put(what)
	m.looked[what.ID] = now
}

// nameOf is the name of the container of this runtime in which a process lives,
// "" if in none.
func (m *machines) nameOf(pid uint32) string {
	if id, runtime := containerOf(pid); runtime == m.runtime {
		return id
	}
	return ""
}

// containerOf returns in which container a process lives, as inCgroup does.
func containerOf(pid uint32) (id, runtime string) {
	for line := range bytes.Lines(proc.Read(pid, "cgroup")) {
		// 4:memory:/lxc.payload.web
		fields := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(fields) == 3 {
			if id, runtime = inCgroup(fields[2]); id != "" {
				return id, runtime
			}
		}
	}
	return "", ""
}

// status is what /proc/PID/status tells of a process.
type status struct {
	parent   uint32 // pid
	inner    uint32 // its pid in its own PID namespace
	bounding uint64 // the capabilities that it and its children may ever have
}

func readStatus(pid uint32) (s status) {
	lines := bufio.NewScanner(bytes.NewReader(proc.Read(pid, "status")))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch last := fields[len(fields)-1]; key {
		case "PPid":
			s.parent = number(last)
		case "NSpid":
			s.inner = number(last)
		case "CapBnd":
			s.bounding, _ = strconv.ParseUint(last, 16, 64) // none if it can't be read
		}
	}
	return s
}

func number(s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// inspect completes what is known of a container with what is seen of its first
// process p: how it stands to its parent, the process of the runtime that serves it.
func inspect(what *events.Container, p status) {
	first, monitor := what.Init.PID, p.parent
	own, host := proc.Namespace(first, "net"), proc.Namespace(monitor, "net")
	mounts, hosts := mountsOf(first), mountsOf(monitor)
	user := proc.Namespace(monitor, "user")
	if own == 0 || host == 0 || user == 0 || len(mounts) == 0 || len(hosts) == 0 {
		return // one of them has ended
	}
	what.Told = true
	what.HostNet = own == host
	if !what.HostNet {
		what.Netns = own
	}
	what.Privileged = p.bounding == readStatus(monitor).bounding && proc.Namespace(first, "user") == user
	for _, m := range mounts {
		if folder := hostFolder(m, hosts); folder != "" {
			what.HostMounts = addHostMount(what.HostMounts, folder)
		}
	}
}

// mountsOf is what a process sees mounted, nothing if it has ended.
func mountsOf(pid uint32) []*mountinfo.Info {
	mounts, err := mountinfo.GetMountsFromReader(bytes.NewReader(proc.Read(pid, "mountinfo")), nil)
	if err != nil {
		return nil
	}
	return mounts
}

// hostFolder is the path by which the host has what is mounted in a container, ""
// if it has it nowhere.
func hostFolder(m *mountinfo.Info, hosts []*mountinfo.Info) (folder string) {
	longest := -1
	for _, h := range hosts {
		if h.Major == m.Major && h.Minor == m.Minor && within(m.Root, h.Root) && len(h.Root) > longest {
			longest = len(h.Root)
			folder = path.Join(h.Mountpoint, strings.TrimPrefix(m.Root, h.Root))
		}
	}
	return folder
}
