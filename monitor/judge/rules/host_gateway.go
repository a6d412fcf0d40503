package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// hostGateway finds a route by the host's own gateway that doubles or replaces
// the default route of this world, or fails.
//
// A container in the host's own subnet may well want the host's gateway, and
// nothing that can be seen tells the two wishes apart: alone, where it works,
// this is a suspicion and no more.
func hostGateway(k *Case) *Finding {
	c := k.Change
	gateway := gatewayOf(c)
	if !gateway.IsValid() || !slices.Contains(c.Host.Defaults, gateway) || slices.Contains(c.Here.Defaults, gateway) {
		return nil
	}
	fails := c.Failed() && !wouldFailAnywhere(c.Errno)
	if !fails && (!isDefault(c) || len(c.Here.Defaults) == 0) {
		return nil
	}
	f := &Finding{
		About: gateway.String(),
		Facts: []Fact{{GatewayOfHost, fmt.Sprintf("the host's default route goes via %s", gateway)}},
		Summary: fmt.Sprintf("%s asked for %s, the host's own gateway%s; the host's routes were not touched",
			Actor(c), routeText(c, gateway), outcome(c)),
		Changed:   changedRoute(c, gateway),
		Untouched: fmt.Sprintf("the host's %s", defaultRoutes(c.Host.Defaults)),
		Because:   "that gateway is the host's own, and the namespace has another default route already",
		Own:       events.Side{Route: defaultRoutes(c.Here.Defaults)},
		Host:      events.Side{Route: hostRoute(c, gateway)},
	}
	if hop := c.Host.Nexthop; hop != nil {
		f.Host.Link = hop.Dev
	}
	if fails {
		f.Facts = append(f.Facts, Fact{RouteFailsHere, "the kernel refused it here: " + c.Result()})
		f.Because = "that gateway is the host's own, and the route fails here"
		return f
	}
	f.Facts = append(f.Facts, Fact{OwnDefaultRoute, "this namespace has " + defaultRoutes(c.Here.Defaults)})
	return f
}

// wouldFailAnywhere reports whether an error says nothing of this world: another
// route is in the way, as it would be on the host too, or who asked may not.
func wouldFailAnywhere(errno syscall.Errno) bool {
	return errno == syscall.EEXIST || errno == syscall.EPERM || errno == syscall.EACCES
}

// isDefault reports whether a change is about the default route that all traffic
// takes, and not about one in a table for some of it, as policy routing has.
func isDefault(c *events.Change) bool {
	table := c.Request.Name("table")
	return c.Target == "default" && (table == "" || table == "main")
}

// changedRoute says what became of the routes here.
func changedRoute(c *events.Change, gateway netip.Addr) string {
	switch own := defaultRoutes(c.Here.Defaults); {
	case c.Failed():
		return fmt.Sprintf("nothing: %s is refused in %s, %s", routeText(c, gateway), place(c), c.Result())
	case c.Action == events.Replace:
		return fmt.Sprintf("%s, in %s: in place of %s", routeText(c, gateway), place(c), own)
	default:
		return fmt.Sprintf("%s, in %s: added to %s", routeText(c, gateway), place(c), own)
	}
}

// outcome says that a request failed, and why.
func outcome(c *events.Change) string {
	if !c.Failed() {
		return ""
	}
	return ", and was refused (" + c.Result() + ")"
}
