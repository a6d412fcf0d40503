package rules

import "fmt"

// hostChangedByContainer finds a container that reaches out of its own network.
func hostChangedByContainer(k *Case) *Finding {
	c := k.Change
	if !c.Netns.Host || c.Container == nil || !changesOther(k) || !Away(c) {
		return nil
	}
	return &Finding{
		About:     string(c.Target),
		Facts:     []Fact{{HostChanged, fmt.Sprintf("%s has a network of its own, and changed the host's", Actor(c))}},
		Summary:   fmt.Sprintf("%s changed the host's network: %s", Actor(c), c.Command()),
		Changed:   fmt.Sprintf("%s %s in the host's namespace %d", c.Kind, c.Target, c.Netns.Inode),
		Untouched: Actor(c) + "'s own network",
		Because:   "a container with a network of its own reached into the host's",
	}
}
