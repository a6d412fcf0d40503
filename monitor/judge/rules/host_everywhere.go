package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wrongns/wrongns/events"
)

// hostEverywhereButNet finds a process of a container that sees the host's files,
// and perhaps its processes and its name, and changes the container's network:
// nsenter without -n, or a chroot to where the host's file system is mounted.
//
// A process that is of no container and entered only the network of one has all
// of the host's but that, too. It went there by a command that says so.
func hostEverywhereButNet(k *Case) *Finding {
	c, s := k.Change, k.Standing
	if c.Container == nil || s == nil || !s.Known || c.Action == events.Lookup {
		return nil
	}
	mnt := slices.Contains(s.Namespaces, "mnt")
	if !mnt && !s.Root {
		return nil
	}
	has := hostThings(s)
	return &Finding{
		About: "standing",
		Facts: []Fact{{HostEverywhere, fmt.Sprintf("%s sees the host's %s", c.Process.Name, has)}},
		Summary: fmt.Sprintf("%s changed its own network while all around it was the host's: %s; the host's network was not touched",
			Actor(c), has),
		Changed:   fmt.Sprintf("%s %s, in %s", c.Kind, c.Target, place(c)),
		Untouched: "the host's network",
		Because:   "the process sees the host's " + has + ", and only its network is the container's",
		Own:       ownSide(c),
	}
}

// hostThings says what a process has of the host's.
func hostThings(s *events.Standing) string {
	var things []string
	for _, t := range []struct {
		has  bool
		name string
	}{
		{s.Root || slices.Contains(s.Namespaces, "mnt"), "files"},
		{slices.Contains(s.Namespaces, "pid"), "processes"},
		{slices.Contains(s.Namespaces, "uts"), "name"},
	} {
		if t.has {
			things = append(things, t.name)
		}
	}
	return strings.Join(things, ", ")
}
