package world

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// effect tells what came of a change. m is what is remembered of its namespace
// from before it, nil if nothing is.
func effect(c *events.Change, m *memory) events.Effect {
	switch {
	case !c.Known:
		return events.EffectUnknown
	case c.Errno != 0:
		return events.EffectFailed
	case c.Action == events.Lookup:
		return events.EffectNone
	case c.Action != events.Set && c.Action != events.Replace:
		return events.EffectChanged
	case c.Kind != events.KindLink:
		return replaced(c, m)
	case c.Action == events.Replace && m != nil && m.subject(c) == nil:
		return events.EffectChanged // it was not there
	}
	return linkEffect(c)
}

// settable are the flags of a link that requests set and the kernel does not
// change by itself.
const settable = unix.IFF_UP | unix.IFF_DEBUG | unix.IFF_NOTRAILERS | unix.IFF_NOARP | unix.IFF_MULTICAST |
	unix.IFF_PORTSEL | unix.IFF_AUTOMEDIA | unix.IFF_DYNAMIC

// linkEffect compares a link's state before and after. What the state does not
// tell of (a bridge's options, a queue's length) may have changed unseen.
func linkEffect(c *events.Change) events.Effect {
	switch {
	case c.Before == nil || c.After == nil:
		return events.EffectUnknown
	case !sameState(c.Before, c.After):
		return events.EffectChanged
	case !onlyState(c.Request):
		return events.EffectUnknown
	}
	return events.EffectNone
}

// sameState reports whether nothing that requests set differs.
func sameState(a, b *events.Link) bool {
	return a.Name == b.Name && a.MTU == b.MTU && a.Master == b.Master &&
		(a.Flags^b.Flags)&settable == 0 && sameAddress(a.Address, b.Address)
}

// sameAddress compares link-layer addresses as far as both are known: a hook
// reads the first bytes of a long one.
func sameAddress(a, b string) bool {
	n := min(len(a), len(b))
	return a[:n] == b[:n]
}

// onlyState reports whether a request sets nothing but what sameState compares.
func onlyState(request events.Object) bool {
	for _, f := range request {
		if !slices.Contains(stateFields, f.Name) {
			return false
		}
	}
	for _, field := range []string{"flags", "flags_off"} {
		if request.Has(field, "PROMISC") || request.Has(field, "ALLMULTI") {
			return false
		}
	}
	return true
}

// stateFields are the fields of a request that name a link or set what sameState compares.
var stateFields = []string{
	"ifindex", "ifname", "altname", "newname", "flags", "flags_off", "mtu", "master", "nomaster", "address", "ext_mask",
	"family", "ioctl", "not_sent", "bridge", "bond",
}

// replaced tells whether an address or a route that was set or replaced stood
// there just so.
func replaced(c *events.Change, m *memory) events.Effect {
	if m == nil {
		return events.EffectUnknown
	}
	if _, lifetime := c.Request.Get("valid_life_time"); lifetime {
		return events.EffectUnknown // lifetimes are not remembered
	}
	var stood bool
	switch l := m.subject(c); {
	case isDefault(c):
		stood = slices.ContainsFunc(m.defaults, m.route(c).same)
	case c.Kind == events.KindAddress && l != nil && address(c).IsValid():
		stood = slices.Contains(l.addresses, address(c))
	case c.Kind == events.KindAddress && l != nil && setsFirst(c):
		first := l.first4()
		stood = first == reshaped(first, c)
	default:
		return events.EffectUnknown // other routes are not remembered
	}
	if stood {
		return events.EffectNone
	}
	return events.EffectChanged
}
