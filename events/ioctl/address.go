package ioctl

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// onAddress sets what all requests about an IPv4 address have. The target is the
// link, until an address is known.
func onAddress(c *events.Change, action events.Action, device, label string) {
	c.Kind, c.Action, c.Target = events.KindAddress, action, events.Name(device)
	c.Request.Set("family", events.TextValue("inet"))
	c.Request.Set("dev", events.OutsideValue(device))
	if label != "" {
		c.Request.Set("label", events.OutsideValue(label))
	}
}

// setAddress makes the decoder of a struct ifreq with an IPv4 address. A link's
// first address is set, one with a label of its own is added.
func setAddress(field string) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		device, label := r.device()
		action := events.Set
		if field == "local" && label != "" {
			action = events.Add
		}
		onAddress(c, action, device, label)
		a, err := r.sockaddr(16)
		if err != nil {
			return err
		}
		if field == "netmask" {
			return setMask(&c.Request, a)
		}
		if field == "local" {
			c.Target = events.Name(a.String())
		}
		c.Request.Set(field, events.AddrValue(a))
		return nil
	}
}

// setMask sets a network mask as a prefix length.
func setMask(o *events.Object, mask netip.Addr) error {
	length, err := prefixLength(mask)
	if err != nil {
		o.Set("netmask", events.AddrValue(mask))
		return err
	}
	o.Set("prefixlen", events.UintValue(uint64(length)))
	return nil
}

// prefixLength returns the length of a network mask.
func prefixLength(mask netip.Addr) (int, error) {
	b := mask.As4()
	n := binary.BigEndian.Uint32(b[:])
	length := bits.LeadingZeros32(^n)
	if n<<length != 0 {
		return 0, fmt.Errorf("netmask %s has holes", mask)
	}
	return length, nil
}

// sockaddr returns the IPv4 address of the struct sockaddr_in at an offset.
func (r request) sockaddr(at int) (netip.Addr, error) {
	if family := r.uint16(at); family != unix.AF_INET {
		return netip.Addr{}, fmt.Errorf("address of family %d at byte %d: want %d", family, at, unix.AF_INET)
	}
	return netip.AddrFrom4([4]byte(r.arg[at+4 : at+8])), nil
}

// address6 makes the decoder of a struct in6_ifreq.
func address6(action events.Action) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		a, length, index := netip.AddrFrom16([16]byte(r.arg[:16])), r.uint32(16), r.uint32(20)
		c.Kind, c.Action, c.Target = events.KindAddress, action, events.Name(a.String())
		c.Request.Set("family", events.TextValue("inet6"))
		c.Request.Set("local", events.AddrValue(a))
		c.Request.Set("prefixlen", events.UintValue(uint64(length)))
		c.Request.Set("dev", events.OutsideValue(string(r.link(index))))
		if length > uint32(a.BitLen()) {
			return fmt.Errorf("prefix length %d of %s: want 0 to %d", length, a, a.BitLen())
		}
		c.Target = events.Name(netip.PrefixFrom(a, int(length)).String())
		return nil
	}
}
