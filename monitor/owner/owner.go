// Package owner knows to which container a process and a network namespace
// belong. The container's id is a fact of the change itself, read from the
// process's cgroup in its own context; names and images come from the runtimes,
// which are asked ahead of time and never waited for long.
package owner

import (
	"strings"

	"github.com/wrongns/wrongns/events"
)

// Owners knows the node's containers. Its methods may be called from several
// goroutines.
type Owners struct {
	docker *docker
}

// New starts to follow the runtimes of this node: Docker at DOCKER_HOST if that
// is a Unix socket, else at /var/run/docker.sock. It waits a moment for the
// containers that run already. A runtime that is not there, or goes away, is
// looked for again until Close.
func New() *Owners {
	return &Owners{docker: followDocker(dockerSocket())}
}

// Close stops following the runtimes.
func (o *Owners) Close() { o.docker.close() }

// Identify sets c.Container if c's process lives in a container. Only its ID is
// set if the runtime can't be asked. A process whose cgroup is not known is in
// no known container, which is not to say that it is in none: see
// events.Change.ContainerKnown.
func (o *Owners) Identify(c *events.Change) {
	if c.Process == nil {
		return
	}
	id, runtime := inCgroup(string(c.Process.Cgroup))
	if id == "" {
		return
	}
	if runtime == "" || runtime == "docker" {
		c.Container = o.docker.container(id)
	}
	if c.Container == nil {
		c.Container = &events.Container{ID: id, Runtime: runtime}
	} else if isBirth(c) {
		o.docker.started(id, c.Netns)
	}
}

// isBirth reports whether a change is the first one in a container's new network
// namespace: runc or crun, already in the container and about to become its
// init, sets the loopback link up. In a namespace that is another's they do not.
func isBirth(c *events.Change) bool {
	p := c.Process
	return c.Target == "lo" && p.NetnsInode == c.Netns.Inode &&
		(strings.HasPrefix(string(p.Name), "runc:[") || p.Name == "crun")
}

// Netns tells whose a network namespace is: "container web", or "" if it is no
// container's own. One that has a cookie stays its container's when that has
// ended, while the runtime takes it down. cookie may be 0.
func (o *Owners) Netns(inode uint32, cookie uint64) string {
	known := o.docker.inNetns(inode, cookie)
	if known == nil {
		return ""
	}
	return "container " + label(known)
}

// label is what a person would call a container. Names go through the same
// escaping as all that comes from outside.
func label(c *events.Container) string {
	if c.Name != "" {
		return c.Name.String()
	}
	return c.ID[:min(len(c.ID), 12)]
}
