package world

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// mostRoutes is how many questions for routes the host is asked between two
// times that its answers are dropped: a container that adds a million gets an
// answer for the first.
const mostRoutes = 128

// destination is a route's destination and table.
type destination struct {
	dst   netip.Prefix
	table uint32
}

// destinationOf is that of a change's route. ok is false if it is not told, or if
// the route is for some packets only, by their source or type of service: those
// can't be asked for.
func destinationOf(c *events.Change) (to destination, ok bool) {
	if c.Kind != events.KindRoute {
		return destination{}, false
	}
	for _, part := range []string{"from", "tos"} {
		if _, has := c.Request.Get(part); has {
			return destination{}, false
		}
	}
	v, _ := c.Request.Get("dst")
	switch {
	case v.Kind == events.Net || v.Kind == events.Addr:
		to.dst = v.Prefix.Masked()
	case c.Target != "default":
		return destination{}, false
	case familyOf(c) == unix.AF_INET:
		to.dst = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	case familyOf(c) == unix.AF_INET6:
		to.dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	to.table = tableOf(c)
	return to, to.dst.IsValid()
}

// tableOf is the number of a change's routing table: main, if it names none.
func tableOf(c *events.Change) uint32 {
	switch name := c.Request.Name("table"); name {
	case "", "main":
		return unix.RT_TABLE_MAIN
	case "local":
		return unix.RT_TABLE_LOCAL
	case "default":
		return unix.RT_TABLE_DEFAULT
	default:
		n, err := strconv.ParseUint(string(name), 10, 32)
		if err != nil {
			return unix.RT_TABLE_MAIN
		}
		return uint32(n)
	}
}

// Routes returns the routes that lead to just this destination in a table, not to
// a part of it or to more, in the order in which the kernel prefers them. Of
// several that differ by metric it may know the preferred one only. known is false
// if it can't be told without reading a long table.
func (h *Host) Routes(dst netip.Prefix, table uint32) (routes []*events.Route, known bool, err error) {
	found, known, err := h.exact(dst, table)
	if err != nil {
		return nil, false, fmt.Errorf("ask the host for the route to %s: %w", dst, err)
	}
	for _, r := range found {
		route := &events.Route{Metric: r.metric}
		if len(r.hops) > 0 {
			route.Gateway = r.hops[0].gateway
			if route.Dev, err = h.linkName(r.hops[0].dev); err != nil {
				return nil, false, err
			}
		}
		routes = append(routes, route)
	}
	return routes, known, nil
}

// exact asks where addresses of the destination go, and where that does not tell
// looks at the beginning of the table.
func (h *Host) exact(dst netip.Prefix, table uint32) (routes []*foundRoute, known bool, err error) {
	if dst.Addr().Is6() || dst.Bits() > 0 { // to IPv4, 0.0.0.0 is this host
		route, known, err := h.asks.exact(dst, table)
		if err != nil || known && route == nil {
			return nil, known, err
		}
		if known {
			return []*foundRoute{route}, true, nil
		}
	}
	err = h.in(func() error {
		s, err := dial() // a dump that is not read to its end needs a socket of its own
		if err != nil {
			return err
		}
		defer s.close()
		routes, known, err = s.listed(dst, table)
		return err
	})
	return routes, known, err
}

// route tells the host's route to the destination that a change's route has;
// known is false if it can't be told.
func (a *answers) route(c *events.Change) (route *events.Route, known bool, err error) {
	to, ok := destinationOf(c)
	if !ok {
		return nil, false, nil
	}
	answer, ok := a.routes[to]
	switch {
	case ok:
	case len(a.routes) >= mostRoutes:
		return nil, false, nil
	default:
		if answer.routes, answer.known, err = a.host.Routes(to.dst, to.table); err != nil {
			return nil, false, err
		}
		a.routes[to] = answer
	}
	return likest(answer.routes, c), answer.known, nil
}

// likest is the one of several routes to a destination that a change means, as
// far as it says: the one with its gateway and its metric, else the first.
func likest(routes []*events.Route, c *events.Change) *events.Route {
	var best *events.Route
	most := -1
	via := c.Gateway()
	metric, ranked := c.Request.Uint("metric")
	for _, r := range routes {
		alike := 0
		if via.IsValid() && r.Gateway == via {
			alike += 2
		}
		if ranked && r.Metric == uint32(metric) {
			alike++
		}
		if alike > most {
			best, most = r, alike
		}
	}
	return best
}

// routeTo tells what stood of a change's route in the namespace, if it is a
// default route. known is false for others, which are not remembered, and if the
// namespace was read only after the change.
func (m *memory) routeTo(c *events.Change) (route *events.Route, known bool) {
	if !isDefault(c) || m.stale(c) && !made(c, true) {
		return nil, false
	}
	var routes []*events.Route
	for _, r := range m.without(c) {
		if r.family == familyOf(c) && len(r.hops) > 0 {
			routes = append(routes, &events.Route{Gateway: r.hops[0].gateway, Dev: m.linkName(r.hops[0].dev), Metric: r.metric})
		}
	}
	return likest(routes, c), true
}
