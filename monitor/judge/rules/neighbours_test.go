package rules

import (
	"syscall"
	"testing"

	"github.com/wrongns/wrongns/events"
)

// Who changes a namespace that is not his own is told from who is at home in it.
func TestNeighbours(t *testing.T) {
	const own, other = 4026532281, 4026532555
	change := func(f func(c *events.Change)) *events.Change {
		c := inWeb(events.Change{Kind: events.KindLink, Action: events.Set, Target: "eth0", Effect: events.EffectChanged, Request: events.Object{flag("flags", "UP")}})
		c.Here, c.Host = nil, nil
		f(c)
		return c
	}
	toHost := func(c *events.Change) { c.Netns = events.Namespace{Inode: 1, Host: true, Owner: "host"} }
	toOther := func(c *events.Change) { c.Netns = events.Namespace{Inode: other, Owner: "container db"} }
	told := func(c *events.Change) { c.Container.Told, c.Container.Netns = true, own }
	entered := func(c *events.Change) { c.Process.NetnsInode = c.Netns.Inode }
	all := func(fs ...func(*events.Change)) *events.Change {
		return change(func(c *events.Change) {
			for _, f := range fs {
				f(c)
			}
		})
	}
	tests := []struct {
		name   string
		change *events.Change
		rule   string
	}{
		{"the host, by a socket", all(toHost), "host-changed-by-container"},
		{"the host, entered, as the runtime tells", all(toHost, entered, told), "host-changed-by-container"},
		{"the host, entered, and the runtime tells nothing", all(toHost, entered), ""},
		{"the host, on whose network the container is", all(toHost, entered, told, func(c *events.Change) { c.Container.HostNet = true }), ""},
		{"the host, without effect", all(toHost, told, func(c *events.Change) { c.Effect = events.EffectNone }), ""},
		{"the host, refused", all(toHost, told, func(c *events.Change) { c.Errno, c.Effect = syscall.EPERM, events.EffectFailed }), ""},
		{"the host, looked at", all(toHost, told, func(c *events.Change) { c.Action, c.Errno = events.Lookup, syscall.ENODEV }), ""},
		{"another container, by a socket", all(toOther), "cross-namespace"},
		{"another container, entered, as the runtime tells", all(toOther, entered, told), "cross-namespace"},
		{"one that nobody owns, perhaps made by itself", all(entered, told, func(c *events.Change) { c.Netns = events.Namespace{Inode: other}; c.Process.NetnsInode = other }), ""},
		{"its own, as far as is known", all(func(c *events.Change) { c.Container.Told = true }), ""},
		{"its own", all(told), ""},
		{"another, by a process of the host's", all(toOther, func(c *events.Change) { c.Container = nil }), "cross-namespace"},
		{"another, by a container on the host's network", all(toOther, entered, told, func(c *events.Change) { c.Container.HostNet = true }), "cross-namespace"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			for _, rule := range Neighbours {
				if f := rule.Find(caseOf(test.change)); f != nil {
					got = rule.Name
				}
			}
			if got != test.rule {
				t.Errorf("got %q, want %q", got, test.rule)
			}
			if test.rule != "" && !Away(test.change) {
				t.Error("the judge would not show it to these rules")
			}
		})
	}
}
