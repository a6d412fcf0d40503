package rules

import (
	"fmt"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// missingLink finds a request for a link that is not here and is on the host.
//
// iproute2 and busybox look a link up by name before they change it, so the
// failed look-up is often all that ever reaches the kernel. Nothing is harmed,
// but whoever asked believes in the wrong world.
func missingLink(k *Case) *Finding {
	c := k.Change
	host := c.Host.Link
	if k.Did.Errno != syscall.ENODEV || k.Would().Errno == syscall.ENODEV || host == nil {
		return nil
	}
	// A change can lack something else than its link. A look-up can't: there the
	// kernel's word counts for more than what is remembered of this world.
	if c.Here.Link != nil && c.Action != events.Lookup {
		return nil
	}
	return &Finding{
		About: string(host.Name),
		Facts: []Fact{
			{LinkMissingHere, fmt.Sprintf("no link is called %s here", host.Name)},
			{LinkOnHost, fmt.Sprintf("the host has %s, %s", host.Name, withArticle(host.Type()))},
		},
		Summary: fmt.Sprintf("%s asked for %s, which its own namespace lacks; the host's %s is %s and was not touched",
			Actor(c), host.Name, host.Name, state(host)),
		Changed:   fmt.Sprintf("nothing: there is no %s in %s", host.Name, place(c)),
		Untouched: onHost(host, state(host)),
		Because:   "no link here has that name, and one on the host has",
		Own:       events.Side{Link: host.Name, State: "absent"},
		Host:      side(host),
	}
}
