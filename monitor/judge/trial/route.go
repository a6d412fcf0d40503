package trial

import (
	"net/netip"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// GatewayOf is the gateway of a route that is to be made, the first if there are
// several; it is invalid for any other change.
func GatewayOf(c *events.Change) netip.Addr {
	if c.Kind != events.KindRoute || c.Action == events.Delete {
		return netip.Addr{}
	}
	return c.Gateway()
}

// route tries a request about a route.
func route(c *events.Change, f *events.Facts) Outcome {
	if dev := c.Request.Name("dev"); dev != "" && f.Link == nil {
		return fails(syscall.ENODEV, "there is no %s", dev)
	}
	if c.Action == events.Delete {
		return unroute(c, f)
	}
	hop := f.Nexthop
	switch {
	case hop != nil && hop.Own:
		return fails(syscall.EINVAL, "%s is an address of its own", hop.Gateway)
	case hop != nil && !hop.OnLink:
		return fails(syscall.ENETUNREACH, "no link reaches %s", hop.Gateway)
	case !f.RouteKnown:
		return Outcome{}
	case f.Route == nil && c.Action == events.Set:
		return fails(syscall.ENOENT, "there is no route to %s", c.Target)
	case f.Route == nil:
		return works("%s would have a route", c.Target)
	}
	return reroute(c, f.Route)
}

// reroute tries to make a route where there is one to the same destination.
func reroute(c *events.Change, there *events.Route) Outcome {
	metric, asked := c.Request.Uint("metric")
	other := asked && uint32(metric) != there.Metric
	switch {
	case c.Action == events.Add && !other:
		return fails(syscall.EEXIST, "there is a route to %s already", c.Target)
	case c.Action != events.Append && !other && sameWay(c.Request, there):
		return idle("%s goes that way already", c.Target)
	}
	return works("%s would have another route", c.Target)
}

// unroute tries to delete a route.
func unroute(c *events.Change, f *events.Facts) Outcome {
	switch {
	case !f.RouteKnown:
		return Outcome{}
	case f.Route == nil, !sameWay(c.Request, f.Route):
		return fails(syscall.ESRCH, "there is no such route to %s", c.Target)
	}
	return works("there is a route to %s", c.Target)
}

// sameWay reports whether a route goes the way that a request names. What the
// request does not say, it does not care about.
func sameWay(request events.Object, there *events.Route) bool {
	gateway, dev := request.Addr("gateway"), request.Name("dev")
	return (gateway == netip.Addr{} || gateway == there.Gateway) && (dev == "" || dev == there.Dev)
}
