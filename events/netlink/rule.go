package netlink

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// ruleAttributes are FRA_*, but for FRA_DST and FRA_SRC, whose lengths stand in
// the header, and those that hold a range.
var ruleAttributes = []attribute{
	unix.FRA_IIFNAME:            {name: "iif", form: asName},
	unix.FRA_GOTO:               {name: "goto", form: asUint32},
	unix.FRA_PRIORITY:           {name: "priority", form: asUint32},
	unix.FRA_FWMARK:             {name: "fwmark", form: asMark},
	unix.FRA_FLOW:               {name: "flow", form: asHex},
	unix.FRA_TUN_ID:             {name: "tun_id", form: asHex},
	unix.FRA_SUPPRESS_IFGROUP:   {name: "suppress_ifgroup", form: asInt32},
	unix.FRA_SUPPRESS_PREFIXLEN: {name: "suppress_prefixlen", form: asInt32},
	unix.FRA_TABLE:              {name: "table", form: asUint32, words: tables},
	unix.FRA_FWMASK:             {name: "fwmask", form: asMark},
	unix.FRA_OIFNAME:            {name: "oif", form: asName},
	unix.FRA_L3MDEV:             {name: "l3mdev", form: asBool},
	unix.FRA_UID_RANGE:          {name: "uid_range", form: asHex},
	unix.FRA_PROTOCOL:           {name: "protocol", form: asUint8, words: routeProtocols},
	unix.FRA_IP_PROTO:           {name: "ipproto", form: asUint8, words: ipProtocols},
	unix.FRA_SPORT_RANGE:        {name: "sport", form: asHex},
	unix.FRA_DPORT_RANGE:        {name: "dport", form: asHex},
	25:                          {name: "dscp", form: asUint8}, // FRA_DSCP
}

// ruleInverted is FIB_RULE_INVERT: the rule is for all that it does not describe.
const ruleInverted = 0x2

func decodeRule(c *events.Change, m message) error {
	switch m.verb {
	case verbNew: // the kernel adds one whatever the flags are
		c.Action = events.Add
	case verbDel:
		c.Action = events.Delete
	default:
		return errVerb
	}
	h, ad, err := m.header(unix.SizeofRtMsg) // struct fib_rule_hdr has the same size
	if err != nil {
		return err
	}
	m.setRuleHeader(&c.Request, h)
	for ad.Next() {
		m.setRule(&c.Request, &ad, h)
	}
	c.Target = ruleName(c)
	return ad.Err()
}

// setRuleHeader sets the fields of a struct fib_rule_hdr. What is zero asks for
// nothing: deletions have it as a wildcard.
func (m *message) setRuleHeader(o *events.Object, h []byte) {
	tos, table, action, flags := h[3], h[4], h[7], native.Uint32(h[8:])
	o.Set("family", events.TextValue(word(addressFamilies, uint64(m.af))))
	if m.af == familyIPMR || m.af == familyIP6MR {
		o.Set("multicast", events.BoolValue(true)) // ip mrule
	}
	if flags&ruleInverted != 0 {
		o.Set("not", events.BoolValue(true))
	}
	if tos != 0 {
		o.Set("tos", hexNumber(uint32(tos)))
	}
	if table != unix.RT_TABLE_UNSPEC {
		o.Set("table", events.TextValue(word(tables, uint64(table))))
	}
	if action != unix.FR_ACT_UNSPEC && action != unix.FR_ACT_TO_TBL && action != unix.FR_ACT_GOTO {
		o.Set("action", events.TextValue(word(ruleActions, uint64(action))))
	}
	if rest := flags &^ ruleInverted; rest != 0 {
		o.Set("flags", bits(nil, rest))
	}
}

// setRule sets the fields of one attribute.
func (m *message) setRule(o *events.Object, ad *Attributes, h []byte) {
	dstLen, srcLen := h[1], h[2]
	switch typ := ad.Type(); {
	case typ == unix.FRA_DST && dstLen != 0:
		o.Set("dst", m.network(ad, dstLen))
	case typ == unix.FRA_SRC && srcLen != 0:
		o.Set("src", m.network(ad, srcLen))
	case typ == unix.FRA_DST, typ == unix.FRA_SRC:
		// without a length, the kernel doesn't look at the address
	case typ == unix.FRA_UID_RANGE && ad.want(8):
		setRange(o, "uid", native.Uint32(ad.Bytes()), native.Uint32(ad.Bytes()[4:]))
	case typ == unix.FRA_SPORT_RANGE && ad.want(4):
		setPorts(o, "sport", ad.Bytes())
	case typ == unix.FRA_DPORT_RANGE && ad.want(4):
		setPorts(o, "dport", ad.Bytes())
	case typ == unix.FRA_FLOW && ad.want(4):
		realms := ad.Uint32()
		o.Set("flow_from", events.UintValue(uint64(realms>>16)))
		o.Set("flow_to", events.UintValue(uint64(realms&0xffff)))
	default:
		m.set(o, ad, ruleAttributes)
	}
}

// setPorts sets a struct fib_rule_port_range; as ip does, one port by itself.
func setPorts(o *events.Object, name string, b []byte) {
	first, last := native.Uint16(b), native.Uint16(b[2:])
	if first == last {
		o.Set(name, events.UintValue(uint64(first)))
		return
	}
	setRange(o, name, uint32(first), uint32(last))
}

func setRange(o *events.Object, name string, first, last uint32) {
	o.Set(name+"_start", events.UintValue(uint64(first)))
	o.Set(name+"_end", events.UintValue(uint64(last)))
}

// ruleName says which rule it is, as far as the request tells: its priority and
// the networks, marks and links that it is for. A new one is for all if it does
// not say for which; a deletion then doesn't care.
func ruleName(c *events.Change) events.Name {
	o := c.Request
	var parts []string
	if _, not := o.Get("not"); not {
		parts = append(parts, "not")
	}
	if src, ok := o.Get("src"); ok {
		parts = append(parts, "from "+string(networkName(src)))
	} else if c.Action == events.Add {
		parts = append(parts, "from all")
	}
	if dst, ok := o.Get("dst"); ok {
		parts = append(parts, "to "+string(networkName(dst)))
	}
	for _, field := range [...]string{"fwmark", "iif", "oif"} {
		if value := o.Name(field); value != "" {
			parts = append(parts, field+" "+string(value))
		}
	}
	name := strings.Join(parts, " ")
	if n, ok := o.Uint("priority"); ok {
		name = strings.TrimSuffix("priority "+strconv.FormatUint(n, 10)+": "+name, ": ")
	}
	return events.Name(name)
}
