package world

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// named is the name of the link that a change is about: for an address or a
// route the link that it is to lie on. It is "" if the request names none.
func named(c *events.Change) events.Name {
	if c.Kind == events.KindLink {
		return c.Target
	}
	for _, field := range []string{"dev", "ifname"} {
		if name := c.Request.Name(field); name != "" {
			return name
		}
	}
	return ""
}

// byIndex reports whether the request names links other than the one that it
// changes by their numbers, as all of rtnetlink's do and a few ioctls, IPv6's.
func byIndex(c *events.Change) bool {
	return c.Via == events.ViaRtnetlink || familyOf(c) == unix.AF_INET6
}

// numbered reports whether a change names the link that it is about by its number.
func numbered(c *events.Change) bool {
	if c.Kind != events.KindLink {
		return byIndex(c)
	}
	_, ok := c.Request.Uint("ifindex")
	return ok && c.Action != events.Add
}

// askedIndex is the number by which a change names its link, 0 if it goes by the
// link's name, or if the link is known and the number is a name by now.
func askedIndex(c *events.Change) uint32 {
	switch {
	case !numbered(c):
		return 0
	case c.Kind != events.KindLink:
		return indexIn(c.Request.Name("dev"))
	}
	index, _ := c.Request.Uint("ifindex")
	return uint32(index)
}

// indexIn is the number in a name of the form if12, by which decoders call a
// link whose name they were not told; 0 if it has another form.
func indexIn(name events.Name) uint32 {
	digits, ok := strings.CutPrefix(string(name), "if")
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || "if"+strconv.FormatUint(n, 10) != string(name) {
		return 0
	}
	return uint32(n)
}

// isDefault reports whether a change is about a default route of the main table.
func isDefault(c *events.Change) bool {
	if c.Kind != events.KindRoute {
		return false
	}
	dst, _ := c.Request.Get("dst")
	table := c.Request.Name("table")
	return (c.Target == "default" || dst.Kind == events.Net && dst.Prefix.Bits() == 0) &&
		(table == "" || table == "main")
}

// familyOf is the address family of a change's route or address, 0 if it can't
// be told.
func familyOf(c *events.Change) uint8 {
	switch c.Request.Name("family") {
	case "inet":
		return unix.AF_INET
	case "inet6":
		return unix.AF_INET6
	}
	for _, field := range []string{"gateway", "dst", "local"} {
		if a := c.Request.Addr(field); a.IsValid() {
			return family(a)
		}
	}
	return 0
}

// address is the address that a change adds or deletes, with the length of its
// subnet; invalid if the change is about something else, or does not tell both.
func address(c *events.Change) netip.Prefix {
	bits, ok := c.Request.Uint("prefixlen")
	if c.Kind != events.KindAddress || !ok {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(c.Request.Addr("local"), int(bits))
}

// setsFirst reports whether a change is ifconfig's, which sets the first IPv4
// address of a link and its subnet one after the other (SIOCSIFADDR, SIOCSIFNETMASK).
func setsFirst(c *events.Change) bool {
	_, mask := c.Request.Uint("prefixlen")
	return c.Via == events.ViaIoctl && c.Action == events.Set && (mask || c.Request.Addr("local").Is4())
}

// reshaped is what such a change makes of the address that was the first. The
// kernel gives a new one the subnet of its class, and leaves one that is set
// again alone.
func reshaped(was netip.Prefix, c *events.Change) netip.Prefix {
	local := c.Request.Addr("local")
	bits, mask := c.Request.Uint("prefixlen")
	switch {
	case mask:
		return netip.PrefixFrom(was.Addr(), int(bits))
	case local == was.Addr():
		return was
	case local.IsUnspecified():
		return netip.Prefix{} // how ifconfig takes it away
	}
	return netip.PrefixFrom(local, classBits(local))
}

// classBits is the length of the network of an address's class, as the kernel's
// inet_abc_len has it.
func classBits(a netip.Addr) int {
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	case first < 224:
		return 24
	}
	return 32
}

// namedHop is a hop whose link is known by name.
type namedHop struct {
	gateway netip.Addr
	dev     events.Name
}

// hopsOf are the ways that a request's route goes.
func hopsOf(request events.Object) []namedHop {
	if request == nil {
		return nil
	}
	var hops []namedHop
	if h := hopOf(request); h != (namedHop{}) {
		hops = append(hops, h)
	}
	several, _ := request.Get("nexthops")
	for _, item := range several.Items {
		hops = append(hops, hopOf(item.Value.Items))
	}
	return hops
}

func hopOf(o events.Object) namedHop {
	h := namedHop{gateway: o.Addr("gateway"), dev: o.Name("dev")}
	if via, ok := o.Get("via"); ok {
		h.gateway = via.Items.Addr("host")
	}
	return h
}
