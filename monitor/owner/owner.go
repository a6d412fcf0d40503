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
	book    *book
	sources map[string]source // by runtime
}

// source learns what a runtime knows of its containers, and writes it into the book.
type source interface {
	// ask sees to it that the book has what can be known of a container now, and
	// waits for patience at most.
	ask(id string)
	close()
}

// New starts to follow the runtimes of this node: Docker at DOCKER_HOST if that
// is a Unix socket, else at /var/run/docker.sock; Podman at its socket and in its
// files; LXC and systemd-nspawn in /proc. It waits a moment for the containers
// that run already. A runtime that is not there, or goes away, is looked for again
// until Close.
func New() *Owners {
	b := newBook()
	return &Owners{book: b, sources: map[string]source{
		"docker":      followDocker(b, dockerSocket()),
		podmanRuntime: followPodman(b, podmanDefaults),
		lxcRuntime:    newLXC(b),
		nspawnRuntime: newNspawn(b),
	}}
}

// Close stops following the runtimes.
func (o *Owners) Close() {
	for _, s := range o.sources {
		s.close()
	}
}

// Identify sets c.Container if c's process lives in a container. Only what its
// control group tells is set if the runtime can't be asked. A process whose cgroup
// is not known is in no known container, which is not to say that it is in none:
// see events.Change.ContainerKnown.
func (o *Owners) Identify(c *events.Change) {
	if c.Process == nil {
		return
	}
	id, runtime := inCgroup(string(c.Process.Cgroup))
	if id == "" {
		return
	}
	told := events.Container{ID: id, Runtime: runtime}
	if !isID(id) {
		told = named(runtime, id)
	}
	c.Container = o.ask(runtime, told.ID)
	if c.Container == nil {
		c.Container = &told
	} else if isBirth(c) {
		o.book.born(c.Container.Runtime, c.Container.ID, c.Netns)
	}
}

// ask returns what a runtime knows of a container, nil if it knows nothing. One
// of which the runtime is not known may be Docker's.
func (o *Owners) ask(runtime, id string) *events.Container {
	if runtime == "" {
		runtime = "docker"
	}
	s := o.sources[runtime]
	if s == nil {
		return nil
	}
	s.ask(id)
	return o.book.get(runtime, id)
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
	known := o.book.inNetns(inode, cookie)
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
