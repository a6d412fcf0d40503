package netlink

import (
	"encoding/hex"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// The address families of multicast routes, for which there are no constants in x/sys.
const (
	familyIPMR  = 128
	familyIP6MR = 129
)

// routeAttributes are RTA_*, but for RTA_DST and RTA_SRC, whose lengths stand in
// the header.
var routeAttributes = []attribute{
	unix.RTA_IIF:           {name: "iif", form: asLink},
	unix.RTA_OIF:           {name: "dev", form: asLink},
	unix.RTA_GATEWAY:       {name: "gateway", form: asHost},
	unix.RTA_PRIORITY:      {name: "metric", form: asUint32},
	unix.RTA_PREFSRC:       {name: "prefsrc", form: asHost},
	unix.RTA_METRICS:       {name: "metrics", form: asNested, table: routeMetrics},
	unix.RTA_MULTIPATH:     {name: "nexthops", form: asNexthops},
	unix.RTA_FLOW:          {name: "flow", form: asUint32},
	unix.RTA_CACHEINFO:     {name: "cacheinfo", form: asHex},
	unix.RTA_TABLE:         {name: "table", form: asUint32, words: tables},
	unix.RTA_MARK:          {name: "mark", form: asUint32},
	unix.RTA_VIA:           {name: "via", form: asVia},
	unix.RTA_NEWDST:        {name: "to", form: asHost},
	unix.RTA_PREF:          {name: "pref", form: asUint8, words: routePreferences},
	unix.RTA_ENCAP_TYPE:    {name: "encap", form: asUint16, words: encapTypes},
	unix.RTA_ENCAP:         {name: "encap_data", form: asHex},
	unix.RTA_EXPIRES:       {name: "expires", form: asUint32},
	unix.RTA_UID:           {name: "uid", form: asUint32},
	unix.RTA_TTL_PROPAGATE: {name: "ttl-propagate", form: asBool},
	unix.RTA_IP_PROTO:      {name: "ipproto", form: asUint8},
	unix.RTA_SPORT:         {name: "sport", form: asBig16},
	unix.RTA_DPORT:         {name: "dport", form: asBig16},
	30:                     {name: "nhid", form: asUint32}, // RTA_NH_ID
}

// metricNames are ip's words for RTAX_*, by number.
var metricNames = []string{
	unix.RTAX_LOCK: "lock", unix.RTAX_MTU: "mtu", unix.RTAX_WINDOW: "window", unix.RTAX_RTT: "rtt", unix.RTAX_RTTVAR: "rttvar",
	unix.RTAX_SSTHRESH: "ssthresh", unix.RTAX_CWND: "cwnd", unix.RTAX_ADVMSS: "advmss", unix.RTAX_REORDERING: "reordering",
	unix.RTAX_HOPLIMIT: "hoplimit", unix.RTAX_INITCWND: "initcwnd", unix.RTAX_FEATURES: "features", unix.RTAX_RTO_MIN: "rto_min",
	unix.RTAX_INITRWND: "initrwnd", unix.RTAX_QUICKACK: "quickack", unix.RTAX_CC_ALGO: "congestion",
	unix.RTAX_FASTOPEN_NO_COOKIE: "fastopen_no_cookie",
}

// routeMetrics are RTAX_*.
var routeMetrics = makeRouteMetrics()

// makeRouteMetrics has all metrics as numbers but those few that are not.
func makeRouteMetrics() []attribute {
	table := make([]attribute, len(metricNames))
	for i, name := range metricNames {
		table[i] = attribute{name: name, form: asUint32}
	}
	table[unix.RTAX_LOCK] = attribute{name: "lock", form: asBits32, words: metricNames}
	table[unix.RTAX_RTT].form = asRTT
	table[unix.RTAX_RTTVAR].form = asRTTVar
	table[unix.RTAX_CC_ALGO].form = asName
	return table
}

func decodeRoute(c *events.Change, m message) error {
	if c.Action = m.routeAction(); c.Action == "" {
		return errVerb
	}
	h, ad, err := m.header(unix.SizeofRtMsg)
	if err != nil {
		return err
	}
	m.setRouteHeader(&c.Request, h)
	for ad.Next() {
		switch ad.Type() {
		case unix.RTA_DST:
			c.Request.Set("dst", m.network(&ad, h[1]))
		case unix.RTA_SRC:
			c.Request.Set("from", m.network(&ad, h[2]))
		default:
			m.set(&c.Request, &ad, routeAttributes)
		}
	}
	dst, _ := c.Request.Get("dst")
	c.Target = networkName(dst)
	return ad.Err()
}

// routeAction tells apart what the flags ask for: without NLM_F_CREATE, a route
// is changed only if it is there.
func (m *message) routeAction() events.Action {
	switch {
	case m.verb == verbDel:
		return events.Delete
	case m.verb != verbNew:
		return ""
	case m.has(unix.NLM_F_CREATE | unix.NLM_F_REPLACE):
		return events.Replace
	case m.has(unix.NLM_F_APPEND):
		return events.Append
	case m.has(unix.NLM_F_CREATE):
		return events.Add
	}
	return events.Set
}

// setRouteHeader sets the fields of a struct rtmsg. What is zero, or the scope of
// nowhere, asks for nothing: deletions have them as wildcards.
func (m *message) setRouteHeader(o *events.Object, h []byte) {
	table, protocol, scope, typ := h[4], h[5], h[6], h[7]
	o.Set("family", events.TextValue(word(addressFamilies, uint64(m.af))))
	if typ != unix.RTN_UNSPEC && typ != unix.RTN_UNICAST {
		o.Set("type", events.TextValue(word(routeTypes, uint64(typ))))
	}
	o.Set("dst", m.unnamedNetwork(h[1]))
	if h[2] != 0 {
		o.Set("from", m.unnamedNetwork(h[2]))
	}
	if tos := h[3]; tos != 0 {
		o.Set("tos", events.UintValue(uint64(tos)))
	}
	if table != unix.RT_TABLE_UNSPEC {
		o.Set("table", events.TextValue(word(tables, uint64(table))))
	}
	if protocol != unix.RTPROT_UNSPEC {
		o.Set("protocol", events.TextValue(word(routeProtocols, uint64(protocol))))
	}
	if scope != unix.RT_SCOPE_NOWHERE {
		o.Set("scope", events.TextValue(word(scopes, uint64(scope))))
	}
	if flags := native.Uint32(h[8:]); flags != 0 {
		o.Set("flags", bits(routeFlags, flags))
	}
}

// defaultNetwork is what ip calls all addresses.
const defaultNetwork = "default"

// unnamedNetwork is a network of which the message has only a length.
func (m *message) unnamedNetwork(length uint8) events.Value {
	zero := netip.IPv4Unspecified()
	if m.af == unix.AF_INET6 || m.af == familyIP6MR {
		zero = netip.IPv6Unspecified()
	}
	if p, err := prefix(zero, length); err == nil && length != 0 {
		return events.NetValue(p)
	}
	return events.TextValue(defaultNetwork)
}

// network reads an address that is a network with a length from the header: a
// host if that is the full length, and the default if it is 0, which some
// programs spell as an address too.
func (m *message) network(ad *Attributes, length uint8) events.Value {
	a := m.host(ad)
	if ad.bad {
		return events.HexValue(ad.Bytes())
	}
	p, err := prefix(a, length)
	switch {
	case err != nil:
		ad.Fail(err)
		return events.AddrValue(a)
	case p.IsSingleIP():
		return events.AddrValue(a)
	case length == 0 && a.IsUnspecified():
		return events.TextValue(defaultNetwork)
	}
	return events.NetValue(p)
}

// networkName shows a destination as ip does.
func networkName(dst events.Value) events.Name {
	switch dst.Kind {
	case events.Net:
		return events.Name(dst.Prefix.String())
	case events.Addr:
		return events.Name(dst.Prefix.Addr().String())
	case events.Hex:
		return events.Name(hex.EncodeToString([]byte(dst.Str)))
	}
	return events.Name(dst.Str)
}

// nexthops reads RTA_MULTIPATH: each struct rtnexthop with its own attributes.
func (m *message) nexthops(ad *Attributes) events.Value {
	v := events.ListValue()
	for at, b := 0, ad.Bytes(); at < len(b); {
		left, length := len(b)-at, 0
		if left >= unix.SizeofRtNexthop {
			length = int(native.Uint16(b[at:]))
		}
		place := ad.base + ad.at + unix.NLA_HDRLEN + at
		if length < unix.SizeofRtNexthop || length > left {
			ad.Fail(fmt.Errorf("next hop at byte %d: length %d, want %d to the %d bytes left", place, length, unix.SizeofRtNexthop, left))
			break
		}
		hop := Attributes{b: b[at+unix.SizeofRtNexthop : at+length], base: place + unix.SizeofRtNexthop}
		v.Items = append(v.Items, events.Field{Value: m.nexthop(b[at:], &hop)})
		ad.Fail(hop.Err())
		at += align(length)
	}
	return v
}

// nexthop reads one struct rtnexthop, which counts weights from 0.
func (m *message) nexthop(h []byte, ad *Attributes) events.Value {
	var o events.Object
	m.setAll(&o, ad, routeAttributes)
	if index := native.Uint32(h[4:]); index != 0 {
		o.Set("dev", m.link(index))
	}
	o.Set("weight", events.UintValue(uint64(h[3])+1))
	if h[2] != 0 {
		o.Set("flags", bits(routeFlags, uint32(h[2])))
	}
	return events.StructValue(o)
}
