package world

import (
	"maps"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// askedAddress is the address that a change adds, sets or deletes, invalid if it
// tells none. 0.0.0.0 is how ifconfig takes an address away.
func askedAddress(c *events.Change) netip.Addr {
	if a := c.Request.Addr("local"); c.Kind == events.KindAddress && a.IsValid() && !a.IsUnspecified() {
		return a
	}
	return netip.Addr{}
}

// fitIn tells where an address lies among those of a link: in the longest of their
// subnets, unless it is one of them itself. It returns fit, which is what was found
// on other links, if that is as good.
func fitIn(fit *events.Fit, a netip.Addr, dev events.Name, addresses []netip.Prefix) *events.Fit {
	for _, p := range addresses {
		if !p.Contains(a) || everywhere(p.Addr()) {
			continue
		}
		own := p.Addr() == a
		if fit == nil || own && !fit.Own || own == fit.Own && p.Bits() > fit.Prefix.Bits() {
			fit = &events.Fit{Prefix: p, Dev: dev, Own: own}
		}
	}
	return fit
}

// everywhere reports whether an address is of a kind that every world has: that
// another fits it says nothing.
func everywhere(a netip.Addr) bool {
	return a.IsLoopback() || a.Is6() && a.IsLinkLocalUnicast()
}

// fit tells where the address that a change names belonged in the namespace before
// the change.
func (m *memory) fit(c *events.Change) *events.Fit {
	a := askedAddress(c)
	if !a.IsValid() {
		return nil
	}
	var fit *events.Fit
	subject := m.subject(c)
	for _, index := range slices.Sorted(maps.Keys(m.links)) {
		l := m.links[index]
		addresses := l.addresses
		if l == subject && (made(c, true) || c.Action != events.Delete && m.stale(c)) {
			addresses = slices.DeleteFunc(slices.Clone(addresses), func(p netip.Prefix) bool { return p.Addr() == a })
		}
		fit = fitIn(fit, a, l.Name, addresses)
	}
	return fit
}

// LinkTo returns the index of the link that has an address itself or reaches it
// without a router, 0 if there is none.
func (h *Host) LinkTo(a netip.Addr) (uint32, error) {
	route, err := h.asks.route(a)
	if err != nil || route == nil || len(route.hops) == 0 {
		return 0, err
	}
	if first := route.hops[0]; route.kind == unix.RTN_LOCAL || route.kind == unix.RTN_UNICAST && !first.gateway.IsValid() {
		return first.dev, nil
	}
	return 0, nil
}

// fit tells where the address that a change names belongs on the host. named is
// the link that the change names: while that one is down, no route leads to it.
func (a *answers) fit(c *events.Change, named hostLink) (*events.Fit, error) {
	asked := askedAddress(c)
	if !asked.IsValid() {
		return nil, nil
	}
	var fit *events.Fit
	if named.Link != nil {
		fit = fitIn(nil, asked, named.Name, named.addresses)
	}
	index, ok := a.reached[asked]
	if !ok {
		var err error
		if index, err = a.host.LinkTo(asked); err != nil {
			return nil, err
		}
		a.reached[asked] = index
	}
	if index == 0 {
		return fit, nil
	}
	link, err := a.linkAt(index)
	if err != nil || link.Link == nil {
		return fit, err
	}
	return fitIn(fit, asked, link.Name, link.addresses), nil
}
