package rules

import (
	"fmt"
	"syscall"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// missingRoute finds a request to delete or change a route or an address that is
// not here and is on the host.
//
// Nobody deletes what he does not believe to be there.
func missingRoute(k *Case) *Finding {
	c := k.Change
	if !missing(c) || k.Would().Result < trial.Idle {
		return nil
	}
	what := objectText(c)
	return &Finding{
		About: what,
		Facts: []Fact{
			{RouteMissingHere, fmt.Sprintf("there is no %s here (%s)", what, c.Result())},
			{RouteOnHost, "on the host " + k.Would().Why},
		},
		Summary: fmt.Sprintf("%s asked to %s %s, which its own namespace lacks; the host has it, and it was not touched",
			Actor(c), verb(c), what),
		Changed:   fmt.Sprintf("nothing: there is no %s in %s, %s", what, place(c), c.Result()),
		Untouched: "the host's " + what,
		Because:   "it is not here, and it is on the host",
		Own:       events.Side{Route: "no " + what},
		Host:      hostObject(c, what),
	}
}

// missing reports whether a request failed because what it is about is not here.
func missing(c *events.Change) bool {
	switch c.Errno {
	case syscall.ESRCH:
		return c.Kind == events.KindRoute
	case syscall.ENOENT: // a route to be changed, or one of IPv6 in a table that is empty
		return c.Kind == events.KindRoute && (c.Action == events.Set || c.Action == events.Delete)
	case syscall.EADDRNOTAVAIL:
		return c.Kind == events.KindAddress && c.Action == events.Delete
	}
	return false
}

// objectText says which route or address a change is about.
func objectText(c *events.Change) string {
	if c.Kind == events.KindAddress {
		text := fmt.Sprintf("address %s", trial.AddressOf(c))
		if c.Here.Link != nil {
			text += " on " + c.Here.Link.Name.String()
		}
		return text
	}
	text := fmt.Sprintf("route to %s", c.Target)
	if gateway := c.Request.Addr("gateway"); gateway.IsValid() {
		text += " via " + gateway.String()
	}
	return text
}

func verb(c *events.Change) string {
	if c.Action == events.Delete {
		return "delete the"
	}
	return "change the"
}

// hostObject is the route or the link with the address as the host has it.
func hostObject(c *events.Change, what string) events.Side {
	if c.Kind == events.KindAddress {
		return side(c.Host.Link)
	}
	s := events.Side{Route: what}
	if r := c.Host.Route; r != nil {
		s.Link = r.Dev
	}
	return s
}
