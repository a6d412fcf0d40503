package world

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

var errShort = errors.New("rtnetlink answer is too short")

// foundLink is a link as rtnetlink describes it. MasterName and ParentName are
// not known yet: an answer has numbers only.
type foundLink struct {
	events.Link
	altNames   []events.Name // other names that it answers to
	parentNSID int32         // where the parent lives, as this namespace calls it; -1: here
}

// parseLink reads an RTM_NEWLINK message without its header.
func parseLink(m []byte) (*foundLink, error) {
	attributes, err := attributesAfter(m, unix.SizeofIfInfomsg)
	if err != nil {
		return nil, err
	}
	header := nl.DeserializeIfInfomsg(m)
	link := &foundLink{parentNSID: -1}
	link.Index = uint32(header.Index)
	link.Flags = header.Flags
	for _, a := range attributes {
		switch a.kind {
		case unix.IFLA_IFNAME:
			link.Name = events.Name(text(a.value))
		case unix.IFLA_MTU:
			link.MTU = a.uint32()
		case unix.IFLA_ADDRESS:
			link.Address = string(a.value)
		case unix.IFLA_MASTER:
			link.Master = a.uint32()
		case unix.IFLA_LINK:
			link.Parent = a.uint32()
		case unix.IFLA_LINK_NETNSID:
			link.parentNSID = int32(a.uint32())
		case unix.IFLA_LINKINFO:
			link.Kind = infoKind(a.value)
		case unix.IFLA_PROP_LIST:
			link.altNames = altNames(a.value)
		}
	}
	if link.Parent == link.Index && link.parentNSID < 0 {
		link.Parent = 0 // how the kernel says that a link stands on nothing
	}
	return link, nil
}

// infoKind is the IFLA_INFO_KIND in an IFLA_LINKINFO.
func infoKind(info []byte) string {
	attributes, err := attributesAfter(info, 0)
	if err != nil {
		return ""
	}
	for _, a := range attributes {
		if a.kind == unix.IFLA_INFO_KIND {
			return text(a.value)
		}
	}
	return ""
}

// altNames are the IFLA_ALT_IFNAMEs in an IFLA_PROP_LIST.
func altNames(properties []byte) []events.Name {
	attributes, err := attributesAfter(properties, 0)
	if err != nil {
		return nil
	}
	var names []events.Name
	for _, a := range attributes {
		if a.kind == unix.IFLA_ALT_IFNAME {
			names = append(names, events.Name(text(a.value)))
		}
	}
	return names
}

// parseAddress reads an RTM_NEWADDR message without its header: the index of
// the link and the address with the length of its subnet.
func parseAddress(m []byte) (uint32, netip.Prefix, error) {
	attributes, err := attributesAfter(m, unix.SizeofIfAddrmsg)
	if err != nil {
		return 0, netip.Prefix{}, err
	}
	header := nl.DeserializeIfAddrmsg(m)
	var local, address netip.Addr
	for _, a := range attributes {
		switch a.kind {
		case unix.IFA_LOCAL:
			local = a.addr()
		case unix.IFA_ADDRESS:
			address = a.addr()
		}
	}
	if !local.IsValid() {
		local = address // IPv6 names no local address unless there is a peer
	}
	prefix := netip.PrefixFrom(local, int(header.Prefixlen))
	if !prefix.IsValid() {
		return 0, netip.Prefix{}, errors.New("rtnetlink answer has no address")
	}
	return header.Index, prefix, nil
}

// hop is one way that a route goes.
type hop struct {
	gateway netip.Addr // invalid if the destination is on the link
	dev     uint32
}

// foundRoute is a route as rtnetlink describes it.
type foundRoute struct {
	family uint8
	kind   uint8        // RTN_*
	dst    netip.Prefix // invalid if a remembered route was made of a request
	table  uint32
	metric uint32
	hops   []hop
}

// parseRoute reads an RTM_NEWROUTE message without its header.
func parseRoute(m []byte) (*foundRoute, error) {
	attributes, err := attributesAfter(m, unix.SizeofRtMsg)
	if err != nil {
		return nil, err
	}
	header := nl.DeserializeRtMsg(m)
	route := &foundRoute{family: header.Family, kind: header.Type, table: uint32(header.Table)}
	dst := unspecified(header.Family)
	for _, a := range attributes {
		switch a.kind {
		case unix.RTA_DST:
			dst = a.addr()
		case unix.RTA_TABLE:
			route.table = a.uint32()
		case unix.RTA_PRIORITY:
			route.metric = a.uint32()
		case unix.RTA_MULTIPATH:
			if route.hops, err = parseHops(a.value); err != nil {
				return nil, err
			}
		}
	}
	if only := parseHop(attributes); only != (hop{}) {
		route.hops = append(route.hops, only)
	}
	if route.dst = netip.PrefixFrom(dst, int(header.Dst_len)); !route.dst.IsValid() {
		return nil, errors.New("rtnetlink answer has no destination")
	}
	return route, nil
}

// unspecified is the address of only zeros of a family.
func unspecified(family uint8) netip.Addr {
	if family == unix.AF_INET6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// parseHop reads the gateway and the link among a route's attributes.
func parseHop(attributes []attribute) hop {
	var h hop
	for _, a := range attributes {
		switch a.kind {
		case unix.RTA_GATEWAY:
			h.gateway = a.addr()
		case unix.RTA_VIA: // a gateway of the other family
			if len(a.value) > 2 {
				h.gateway, _ = netip.AddrFromSlice(a.value[2:])
			}
		case unix.RTA_OIF:
			h.dev = a.uint32()
		}
	}
	return h
}

// parseHops reads an RTA_MULTIPATH: struct rtnexthop, each with attributes.
func parseHops(b []byte) ([]hop, error) {
	var hops []hop
	for len(b) >= unix.SizeofRtNexthop {
		length := int(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofRtNexthop || length > len(b) {
			return nil, errShort
		}
		attributes, err := attributesAfter(b[:length], unix.SizeofRtNexthop)
		if err != nil {
			return nil, err
		}
		h := parseHop(attributes)
		h.dev = binary.NativeEndian.Uint32(b[4:])
		hops = append(hops, h)
		b = b[min(len(b), (length+3)&^3):]
	}
	return hops, nil
}

// nlaTypeMask leaves the flags out of an attribute's type.
const nlaTypeMask = ^uint16(unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)

// attribute is one rtattr.
type attribute struct {
	kind  uint16
	value []byte
}

// attributesAfter splits what follows a fixed header.
func attributesAfter(m []byte, header int) ([]attribute, error) {
	if len(m) < header {
		return nil, errShort
	}
	var all []attribute
	for b := m[header:]; len(b) >= unix.SizeofRtAttr; {
		length := int(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofRtAttr || length > len(b) {
			return nil, errShort
		}
		kind := binary.NativeEndian.Uint16(b[2:]) & nlaTypeMask
		all = append(all, attribute{kind, b[unix.SizeofRtAttr:length]})
		b = b[min(len(b), (length+3)&^3):]
	}
	return all, nil
}

// uint32 is the attribute's number, 0 if it is too short to hold one.
func (a attribute) uint32() uint32 {
	if len(a.value) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(a.value)
}

func (a attribute) addr() netip.Addr {
	addr, _ := netip.AddrFromSlice(a.value)
	return addr
}

// text is a string that C ended with NUL.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
