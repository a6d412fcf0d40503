package rules

import (
	"fmt"

	"github.com/wrongns/wrongns/events"
)

// crossNamespace finds a process that reaches into a namespace of somebody else's.
func crossNamespace(k *Case) *Finding {
	c := k.Change
	if c.Netns.Host || !changesOther(k) || !Away(c) {
		return nil
	}
	f := &Finding{
		About:     string(c.Target),
		Facts:     []Fact{{OtherNamespace, fmt.Sprintf("%s changed %s, which is not its own", who(c), owner(c))}},
		Summary:   fmt.Sprintf("%s changed %s, which is neither its own nor the host's: %s", who(c), owner(c), c.Command()),
		Changed:   fmt.Sprintf("%s %s in %s, namespace %d", c.Kind, c.Target, owner(c), c.Netns.Inode),
		Untouched: "its own network",
		Because:   "the process lives in another network namespace, and is no runtime",
	}
	if c.Container != nil {
		f.Facts = append(f.Facts, Fact{ContainerReachesOut, "it is a container that reaches out of its own network"})
	}
	return f
}

// who is the container, or the process if it is of none.
func who(c *events.Change) string {
	if c.Container == nil {
		return c.Process.Name.String()
	}
	return Actor(c)
}
