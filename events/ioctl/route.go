package ioctl

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// The offsets of struct rtentry on a machine of 64 bits. The name of its rt_dev,
// a pointer, is captured behind it.
const (
	rtDst     = 8
	rtGateway = 24
	rtGenmask = 40
	rtFlags   = 56
	rtMetric  = 80
	rtMTU     = 96
	rtWindow  = 104
	rtIRTT    = 112
	rtDevName = 120
)

// The offsets of struct in6_rtmsg on a machine of 64 bits.
const (
	rtmsgDst     = 0
	rtmsgSrc     = 16
	rtmsgGateway = 32
	rtmsgDstLen  = 52
	rtmsgSrcLen  = 54
	rtmsgMetric  = 56
	rtmsgInfo    = 64
	rtmsgFlags   = 72
	rtmsgIfindex = 76
)

// rtfExpires is RTF_EXPIRES, for which there is no constant in x/sys.
const rtfExpires = 0x00400000

// route makes the decoder of a struct rtentry.
func route(action events.Action) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		flags, o := r.uint16(rtFlags), &c.Request
		c.Kind, c.Action = events.KindRoute, action
		onRoute(o, "inet", uint32(flags))
		dst, err := r.destination(flags)
		if err != nil {
			return err
		}
		c.Target = setNetwork(o, "dst", dst)
		// The kernel goes by the address, not by RTF_GATEWAY.
		if gateway, err := r.sockaddr(rtGateway); err == nil && !gateway.IsUnspecified() {
			o.Set("gateway", events.AddrValue(gateway))
		}
		// The name of an alias is short for its address as the route's source.
		if dev, _, _ := strings.Cut(r.name(rtDevName), ":"); dev != "" {
			o.Set("dev", events.OutsideValue(dev))
		}
		if metric := r.uint16(rtMetric); metric != 0 {
			o.Set("metric", events.UintValue(uint64(metric-1)))
		}
		r.setMetrics(o, flags)
		return nil
	}
}

// onRoute sets what both forms of a route have.
func onRoute(o *events.Object, family string, flags uint32) {
	o.Set("family", events.TextValue(family))
	if flags&unix.RTF_REJECT != 0 {
		o.Set("type", events.TextValue("unreachable"))
	}
}

// destination returns where a route of a struct rtentry leads. Without a mask,
// and with RTF_HOST, it is a host, as it is for the kernel.
func (r request) destination(flags uint16) (netip.Prefix, error) {
	dst, err := r.sockaddr(rtDst)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("destination: %w", err)
	}
	mask := netip.AddrFrom4([4]byte(r.arg[rtGenmask+4 : rtGenmask+8]))
	if flags&unix.RTF_HOST != 0 {
		return netip.PrefixFrom(dst, 32), nil
	}
	length, err := prefixLength(mask)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("destination %s: %w", dst, err)
	}
	return netip.PrefixFrom(dst, length), nil
}

// setNetwork sets a network as ip shows it, and returns how that looks: the
// default, a host or a network.
func setNetwork(o *events.Object, field string, p netip.Prefix) events.Name {
	switch {
	case p.Bits() == 0 && p.Addr().IsUnspecified():
		o.Set(field, events.TextValue("default"))
		return "default"
	case p.IsSingleIP():
		o.Set(field, events.AddrValue(p.Addr()))
		return events.Name(p.Addr().String())
	}
	o.Set(field, events.NetValue(p))
	return events.Name(p.String())
}

// setMetrics sets the metrics that the flags say are there. The kernel makes a
// segment's size of rt_mtu, 40 bytes less.
func (r request) setMetrics(o *events.Object, flags uint16) {
	var metrics events.Object
	if flags&unix.RTF_MTU != 0 {
		metrics.Set("advmss", events.IntValue(int64(native.Uint64(r.arg[rtMTU:]))-40))
	}
	if flags&unix.RTF_WINDOW != 0 {
		metrics.Set("window", events.UintValue(native.Uint64(r.arg[rtWindow:])))
	}
	if flags&unix.RTF_IRTT != 0 {
		metrics.Set("rtt", events.UintValue(uint64(r.uint16(rtIRTT))))
	}
	if metrics != nil {
		o.Set("metrics", events.StructValue(metrics))
	}
}

// route6 makes the decoder of a struct in6_rtmsg.
func route6(action events.Action) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		flags, o := r.uint32(rtmsgFlags), &c.Request
		c.Kind, c.Action = events.KindRoute, action
		onRoute(o, "inet6", flags)
		dst, err := r.network6(rtmsgDst, rtmsgDstLen)
		if err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		c.Target = setNetwork(o, "dst", dst)
		if src, err := r.network6(rtmsgSrc, rtmsgSrcLen); err != nil {
			return fmt.Errorf("source: %w", err)
		} else if src.Bits() != 0 {
			setNetwork(o, "from", src)
		}
		if flags&unix.RTF_GATEWAY != 0 {
			o.Set("gateway", events.AddrValue(netip.AddrFrom16([16]byte(r.arg[rtmsgGateway:rtmsgGateway+16]))))
		}
		if index := r.uint32(rtmsgIfindex); index != 0 {
			o.Set("dev", events.OutsideValue(string(r.link(index))))
		}
		if metric := r.uint32(rtmsgMetric); metric != 0 {
			o.Set("metric", events.UintValue(uint64(metric)))
		}
		if flags&rtfExpires != 0 {
			o.Set("expires", events.UintValue(native.Uint64(r.arg[rtmsgInfo:])))
		}
		return nil
	}
}

// network6 returns the network whose address and length stand at the offsets.
func (r request) network6(at, lengthAt int) (netip.Prefix, error) {
	a := netip.AddrFrom16([16]byte(r.arg[at : at+16]))
	p := netip.PrefixFrom(a, int(r.uint16(lengthAt)))
	if !p.IsValid() {
		return p, fmt.Errorf("prefix length %d of %s: want 0 to %d", r.uint16(lengthAt), a, a.BitLen())
	}
	return p, nil
}
