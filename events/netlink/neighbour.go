package netlink

import (
	"net"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// neighbourAttributes are NDA_*.
var neighbourAttributes = []attribute{
	unix.NDA_DST:          {name: "dst", form: asAddr},
	unix.NDA_LLADDR:       {name: "lladdr", form: asMac},
	unix.NDA_CACHEINFO:    {name: "cacheinfo", form: asHex},
	unix.NDA_PROBES:       {name: "probes", form: asUint32},
	unix.NDA_VLAN:         {name: "vlan", form: asUint16},
	unix.NDA_PORT:         {name: "port", form: asBig16},
	unix.NDA_VNI:          {name: "vni", form: asUint32},
	unix.NDA_IFINDEX:      {name: "via", form: asLink},
	unix.NDA_MASTER:       {name: "master", form: asLink},
	unix.NDA_LINK_NETNSID: {name: "link_netnsid", form: asInt32},
	unix.NDA_SRC_VNI:      {name: "src_vni", form: asUint32},
	12:                    {name: "protocol", form: asUint8, words: routeProtocols},     // NDA_PROTOCOL
	13:                    {name: "nhid", form: asUint32},                               // NDA_NH_ID
	14:                    {name: "fdb_ext_attrs", form: asHex},                         // NDA_FDB_EXT_ATTRS
	15:                    {name: "flags_ext", form: asBits32, words: extendedFlags},    // NDA_FLAGS_EXT
	16:                    {name: "state_mask", form: asBits16, words: neighbourStates}, // NDA_NDM_STATE_MASK
	17:                    {name: "flags_mask", form: asUint8},                          // NDA_NDM_FLAGS_MASK
}

// decodeNeighbour decodes what the neighbour tables and the forwarding tables of
// bridges and VXLANs are told. The latter are of family bridge.
func decodeNeighbour(c *events.Change, m message) error {
	if c.Action = m.routeAction(); c.Action == "" {
		return errVerb
	}
	h, ad, err := m.header(unix.SizeofNdMsg)
	if err != nil {
		return err
	}
	o, index, state, flags := &c.Request, native.Uint32(h[4:]), native.Uint16(h[8:]), h[10]
	o.Set("family", events.TextValue(word(addressFamilies, uint64(m.af))))
	if index != 0 {
		o.Set("dev", m.link(index))
	}
	if state != 0 {
		o.Set("state", bits(neighbourStates, uint32(state)))
	}
	if flags != 0 {
		o.Set("flags", bits(neighbourFlags, uint32(flags)))
	}
	m.setAll(o, &ad, neighbourAttributes)
	c.Target = neighbourName(m.af, *o)
	return ad.Err()
}

// neighbourName shows a neighbour's address, an entry of a forwarding table by
// its link-layer address, or the link if all of its entries are meant.
func neighbourName(af uint8, o events.Object) events.Name {
	if af == unix.AF_BRIDGE {
		if mac, ok := o.Get("lladdr"); ok {
			return events.Name(net.HardwareAddr(mac.Str).String())
		}
	} else if dst, ok := o.Get("dst"); ok {
		return networkName(dst)
	}
	return o.Name("dev")
}
