package rules

import (
	"fmt"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// unreachableGateway finds a route that the kernel refuses because no link here
// reaches its gateway, while a link of the host's does.
func unreachableGateway(k *Case) *Finding {
	c := k.Change
	gateway, hop := gatewayOf(c), c.Host.Nexthop
	if !gateway.IsValid() || hop == nil || !hop.OnLink || !unreachable(c) {
		return nil
	}
	return &Finding{
		About: gateway.String(),
		Facts: []Fact{
			{GatewayUnreachable, fmt.Sprintf("no link here reaches %s (%s)", gateway, c.Result())},
			{GatewayOnLinkOnHost, "for the host it is " + onLink(hop)},
		},
		Summary: fmt.Sprintf("%s asked for %s, which no link of its own reaches; the host's is %s and its routes were not touched",
			Actor(c), routeText(c, gateway), onLink(hop)),
		Changed:   fmt.Sprintf("nothing: %s is refused in %s, %s", routeText(c, gateway), place(c), c.Result()),
		Untouched: fmt.Sprintf("the host's routes, where %s is %s", gateway, onLink(hop)),
		Because:   "no link here reaches that gateway, and one on the host does",
		Own:       events.Side{Route: fmt.Sprintf("no link reaches %s", gateway)},
		Host:      events.Side{Link: hop.Dev, Route: hostRoute(c, gateway)},
	}
}

// onLink says how a gateway is reached that is on-link.
func onLink(hop *events.Nexthop) string {
	if hop.Dev == "" {
		return "on-link"
	}
	return "on-link by " + hop.Dev.String()
}

// unreachable reports whether a route failed because its gateway can't be
// reached. EINVAL has many causes: there, this world must have been seen to lack
// a way. A gateway that is an address of this world itself is another mistake.
func unreachable(c *events.Change) bool {
	here := c.Here.Nexthop
	switch c.Errno {
	case syscall.ENETUNREACH, syscall.EHOSTUNREACH:
		return here == nil || !here.OnLink && !here.Own
	case syscall.EINVAL:
		return c.Here.Known && here != nil && !here.OnLink && !here.Own
	}
	return false
}
