package trial

import (
	"net/netip"
	"slices"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// AddressOf is the address that a change adds or deletes, with the length of its
// subnet: that of one address alone if the request names none. It is invalid for
// any other change.
func AddressOf(c *events.Change) netip.Prefix {
	local := c.Request.Addr("local")
	if c.Kind != events.KindAddress || !local.IsValid() {
		return netip.Prefix{}
	}
	if bits, ok := c.Request.Uint("prefixlen"); ok && int(bits) <= local.BitLen() {
		return netip.PrefixFrom(local, int(bits))
	}
	return netip.PrefixFrom(local, local.BitLen())
}

// Has reports whether a link's addresses hold this one.
func Has(addresses []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(addresses, func(p netip.Prefix) bool { return p.Addr() == a })
}

// address tries a request about an address.
func address(c *events.Change, f *events.Facts) Outcome {
	wanted := AddressOf(c)
	switch {
	case !wanted.IsValid():
		return Outcome{}
	case f.Link == nil:
		return fails(syscall.ENODEV, "there is no such link")
	}
	there := Has(f.Addresses, wanted.Addr())
	switch {
	case c.Action == events.Delete && !there:
		return fails(syscall.EADDRNOTAVAIL, "%s does not have %s", f.Link.Name, wanted.Addr())
	case c.Action == events.Delete:
		return works("%s has %s", f.Link.Name, wanted.Addr())
	case there && c.Action == events.Add && slices.Contains(f.Addresses, wanted):
		return fails(syscall.EEXIST, "%s has %s already", f.Link.Name, wanted)
	case slices.Contains(f.Addresses, wanted):
		return idle("%s has %s already", f.Link.Name, wanted)
	}
	return works("%s would have %s", f.Link.Name, wanted)
}
