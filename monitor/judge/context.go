package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wrongns/wrongns/events"
)

// The facts that the judge knows by itself.
const (
	prior         = "prior"
	failsOnHost   = "fails-on-host"
	interactive   = "interactive"
	execLate      = "exec-late"
	startUp       = "start-up"
	entrypoint    = "entrypoint"
	daemonAtWork  = "network-daemon"
	runtimeAtWork = "runtime-in-container"
	privileged    = "privileged"
	hostMounts    = "host-mounts"
	hostFiles     = "host-files"
	hostProcesses = "host-processes"
	hostName      = "host-name"
	bareNamespace = "bare-namespace"
	namedByItself = "namespace-named"
	onlyLooks     = "only-looks"
)

const (
	// late is how long after a container's start a process counts as sent in later.
	late = time.Minute
	// early is how long after a container's start what is sent in may still be part
	// of setting it up: no person is so quick.
	early = 2 * time.Second
)

// context returns what is known of the process that made a change and of its
// container, and speaks for or against a mistake. Each says how it is known.
func (j *Judge) context(c *events.Change) []events.Evidence {
	var known evidence
	p := c.Process
	if p.Interactive {
		known.add(interactive, "%s has a terminal", p.Name)
	}
	j.byItself(&known, c)
	ofContainer(&known, c)
	ofStanding(&known, c)
	if c.Container == nil && p.Namespaces.PID == events.InitialPIDNamespace {
		known.add(bareNamespace, "%s is in no container, and lives among the host's processes", p.Name)
	}
	if c.Action == events.Lookup && looks(string(p.CommandLine)) {
		known.add(onlyLooks, "%s only shows what is there", p.CommandLine)
	}
	if namesNetns(p) {
		known.add(namedByItself, "%s was told which namespace by its own command line", p.Name)
	}
	return j.weighed(known)
}

// evidence gathers facts; their weights come later.
type evidence []events.Evidence

func (e *evidence) add(fact, format string, args ...any) {
	*e = append(*e, events.Evidence{Fact: fact, Detail: fmt.Sprintf(format, args...)})
}

// byItself tells whether the change was made by what runs by itself, which is one
// fact, however many signs of it there are, or sent in from outside.
func (j *Judge) byItself(known *evidence, c *events.Change) {
	p := c.Process
	first, how := j.initOf(c)
	switch daemon := daemonOf(p); {
	case daemon != "":
		known.add(daemonAtWork, "%s is at work", daemon)
	case isRuntime(p):
		known.add(runtimeAtWork, "%s is a container runtime", p.Name)
	case first == nil:
	case !p.Interactive && first.begat(p):
		known.add(entrypoint, "it was run by the container's init, pid %d (%s)", first.pid, how)
	case first.begat(p):
	case first.before(p) > late:
		known.add(execLate, "%s was started %s after the container (%s)", p.Name, first.before(p).Round(time.Second), how)
	case first.before(p) < early && !p.Interactive:
		known.add(startUp, "%s was started within %s of the container (%s)", p.Name, early, how)
	}
}

// mostLacking is how many capabilities a process may lack and still count as one
// that has all: some kernels and services have given up one or two for good.
const mostLacking = 3

// ofContainer tells how the container is made. Who gives it the host's powers
// wants it to manage the host, and may be surprised that its network is its own.
func ofContainer(known *evidence, c *events.Change) {
	switch told := c.Container; {
	case told == nil:
	case told.Told && told.Privileged:
		known.add(privileged, "it was made privileged, as %s tells", told.Runtime)
	case !told.Told && events.CapabilitiesLacking(c.Process.Capabilities) <= mostLacking:
		known.add(privileged, "%s has all capabilities", c.Process.Name)
	}
	if told := c.Container; told != nil && len(told.HostMounts) > 0 {
		mounts := make([]string, len(told.HostMounts))
		for i, m := range told.HostMounts {
			mounts[i] = m.String()
		}
		known.add(hostMounts, "it has the host's %s, as %s tells", strings.Join(mounts, ", "), told.Runtime)
	}
}

// ofStanding tells what a process of a container has of the host's beside the network.
func ofStanding(known *evidence, c *events.Change) {
	s := c.Standing
	if s == nil || !s.Known || c.Container == nil {
		return
	}
	switch {
	case slices.Contains(s.Namespaces, "mnt"):
		known.add(hostFiles, "%s lives in the host's mount namespace", c.Process.Name)
	case s.Root:
		known.add(hostFiles, "its root is the host's")
	}
	if slices.Contains(s.Namespaces, "pid") {
		known.add(hostProcesses, "it lives among the host's processes")
	}
	if slices.Contains(s.Namespaces, "uts") {
		known.add(hostName, "it goes by the host's name")
	}
}
