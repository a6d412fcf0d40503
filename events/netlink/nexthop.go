package netlink

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// nexthopAttributes are NHA_*.
var nexthopAttributes = []attribute{
	unix.NHA_ID:         {name: "id", form: asUint32},
	unix.NHA_GROUP:      {name: "group", form: asHopGroup},
	unix.NHA_GROUP_TYPE: {name: "type", form: asUint16, words: nexthopGroupTypes},
	unix.NHA_BLACKHOLE:  {name: "blackhole", form: asFlag},
	unix.NHA_OIF:        {name: "dev", form: asLink},
	unix.NHA_GATEWAY:    {name: "gateway", form: asHost},
	unix.NHA_ENCAP_TYPE: {name: "encap", form: asUint16, words: encapTypes},
	unix.NHA_ENCAP:      {name: "encap_data", form: asHex},
	unix.NHA_GROUPS:     {name: "groups", form: asFlag},
	unix.NHA_MASTER:     {name: "master", form: asLink},
	11:                  {name: "fdb", form: asFlag},                                          // NHA_FDB
	12:                  {name: "resilient_args", form: asNested, table: resilientAttributes}, // NHA_RES_GROUP
	14:                  {name: "op_flags", form: asUint32},                                   // NHA_OP_FLAGS
	16:                  {name: "hw_stats", form: asUint32},                                   // NHA_HW_STATS_ENABLE
}

// resilientAttributes are NHA_RES_GROUP_*. The timers count hundredths of a second.
var resilientAttributes = []attribute{
	1: {name: "buckets", form: asUint16},
	2: {name: "idle_timer", form: asUint32},
	3: {name: "unbalanced_timer", form: asUint32},
	4: {name: "unbalanced_time", form: asUint64},
}

// nexthopGroupTypes are NEXTHOP_GRP_TYPE_*.
var nexthopGroupTypes = []string{"mpath", "resilient"}

// sizeofNhmsg is the size of struct nhmsg.
const sizeofNhmsg = 8

func decodeNexthop(c *events.Change, m message) error {
	if c.Action = m.nexthopAction(); c.Action == "" {
		return errVerb
	}
	h, ad, err := m.header(sizeofNhmsg)
	if err != nil {
		return err
	}
	o := &c.Request
	if m.af != unix.AF_UNSPEC {
		o.Set("family", events.TextValue(word(addressFamilies, uint64(m.af))))
	}
	if scope := h[1]; scope != unix.RT_SCOPE_UNIVERSE {
		o.Set("scope", events.TextValue(word(scopes, uint64(scope))))
	}
	if protocol := h[2]; protocol != unix.RTPROT_UNSPEC {
		o.Set("protocol", events.TextValue(word(routeProtocols, uint64(protocol))))
	}
	if flags := native.Uint32(h[4:]); flags != 0 {
		o.Set("flags", bits(routeFlags, flags))
	}
	m.setAll(o, &ad, nexthopAttributes)
	c.Target = nexthopName(*o)
	return ad.Err()
}

// nexthopAction tells apart what the flags ask for.
func (m *message) nexthopAction() events.Action {
	switch {
	case m.verb == verbDel:
		return events.Delete
	case m.verb != verbNew:
		return ""
	case m.has(unix.NLM_F_CREATE | unix.NLM_F_REPLACE):
		return events.Replace
	case m.has(unix.NLM_F_REPLACE):
		return events.Set
	}
	return events.Add
}

// nexthopName is "id 10", or, where the kernel is to find a number for it, the
// gateway.
func nexthopName(o events.Object) events.Name {
	if id, ok := o.Uint("id"); ok && id != 0 {
		return events.Name("id " + word(nil, id))
	}
	if gateway := o.Addr("gateway"); gateway != (netip.Addr{}) {
		return events.Name(gateway.String())
	}
	return ""
}

// nexthopGroup reads a run of struct nexthop_grp, which counts weights from 0, in
// a byte and, since Linux 6.12, another for what is above it.
func nexthopGroup(ad *Attributes) events.Value {
	const sizeofNexthopGrp = 8
	v := events.ListValue()
	b := ad.Bytes()
	if len(b)%sizeofNexthopGrp != 0 {
		ad.wrong("a multiple of 8")
		return v
	}
	for ; len(b) > 0; b = b[sizeofNexthopGrp:] {
		o := events.Object{
			{Name: "id", Value: events.UintValue(uint64(native.Uint32(b)))},
			{Name: "weight", Value: events.UintValue(uint64(b[4]) + uint64(b[5])<<8 + 1)},
		}
		if reserved := native.Uint16(b[6:]); reserved != 0 {
			o.Set("reserved", events.UintValue(uint64(reserved)))
		}
		v.Items = append(v.Items, events.Field{Value: events.StructValue(o)})
	}
	return v
}
