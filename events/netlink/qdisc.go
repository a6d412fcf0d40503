package netlink

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// qdiscAttributes are TCA_*, which queueing disciplines, classes and filters share.
var qdiscAttributes = []attribute{
	unix.TCA_KIND:           {name: "kind", form: asName},
	unix.TCA_OPTIONS:        {name: "options", form: asHex},
	unix.TCA_STATS:          {name: "stats", form: asHex},
	unix.TCA_XSTATS:         {name: "xstats", form: asHex},
	unix.TCA_RATE:           {name: "rate", form: asHex},
	unix.TCA_FCNT:           {name: "fcnt", form: asHex},
	unix.TCA_STATS2:         {name: "stats2", form: asHex},
	unix.TCA_STAB:           {name: "stab", form: asHex},
	unix.TCA_DUMP_INVISIBLE: {name: "dump_invisible", form: asFlag},
	unix.TCA_CHAIN:          {name: "chain", form: asUint32},
	unix.TCA_HW_OFFLOAD:     {name: "offloaded", form: asBool},
	unix.TCA_INGRESS_BLOCK:  {name: "ingress_block", form: asUint32},
	unix.TCA_EGRESS_BLOCK:   {name: "egress_block", form: asUint32},
}

// What stands in a struct tcmsg in place of a number.
const (
	sizeofTcmsg   = 20
	parentRoot    = 0xffffffff // TC_H_ROOT
	parentIngress = 0xfffffff1 // TC_H_INGRESS, and TC_H_CLSACT, which is the same
	filterIngress = 0xfffffff2 // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
	filterEgress  = 0xfffffff3 // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
	indexBlock    = 0xffffffff // TCM_IFINDEX_MAGIC_BLOCK: the parent is the number of a block
)

func decodeQdisc(c *events.Change, m message) error {
	h, ad, err := m.beginQdisc(c, "qdisc")
	if err != nil {
		return err
	}
	o := &c.Request
	switch parent := native.Uint32(h[12:]); parent {
	case 0:
	case parentIngress:
		o.Set("parent", events.TextValue("ingress"))
	default:
		o.Set("parent", qdiscHandle(parent))
	}
	m.setHandle(o, h)
	m.setAll(o, &ad, qdiscAttributes)
	setLimit(o)
	c.Target = qdiscName(*o, "parent", "handle")
	return ad.Err()
}

func decodeClass(c *events.Change, m message) error {
	h, ad, err := m.beginQdisc(c, "class")
	if err != nil {
		return err
	}
	o := &c.Request
	if parent := native.Uint32(h[12:]); parent != 0 {
		o.Set("parent", qdiscHandle(parent))
	}
	m.setHandle(o, h)
	m.setAll(o, &ad, qdiscAttributes)
	c.Target = qdiscName(*o, "handle", "parent")
	return ad.Err()
}

func decodeFilter(c *events.Change, m message) error {
	h, ad, err := m.beginQdisc(c, "filter")
	if err != nil {
		return err
	}
	o := &c.Request
	switch parent := native.Uint32(h[12:]); {
	case native.Uint32(h[4:]) == indexBlock:
		o.Set("block", events.UintValue(uint64(parent)))
	case parent == filterIngress:
		o.Set("parent", events.TextValue("ingress"))
	case parent == filterEgress:
		o.Set("parent", events.TextValue("egress"))
	case parent != 0:
		o.Set("parent", qdiscHandle(parent))
	}
	setFilterInfo(o, native.Uint32(h[16:]))
	if handle := native.Uint32(h[8:]); handle != 0 {
		o.Set("handle", events.TextValue("0x"+strconv.FormatUint(uint64(handle), 16))) // each kind has its own way to write it
	}
	m.setAll(o, &ad, qdiscAttributes)
	c.Target = qdiscName(*o, "parent", "block")
	return ad.Err()
}

// beginQdisc sets the action and the fields that qdiscs, classes and filters share,
// and returns the struct tcmsg and the attributes.
func (m *message) beginQdisc(c *events.Change, object string) ([]byte, Attributes, error) {
	if c.Action = m.qdiscAction(); c.Action == "" {
		return nil, Attributes{}, errVerb
	}
	h, ad, err := m.header(sizeofTcmsg)
	if err != nil {
		return nil, Attributes{}, err
	}
	c.Request.Set("object", events.TextValue(object))
	if index := native.Uint32(h[4:]); index != 0 && (index != indexBlock || object != "filter") {
		c.Request.Set("dev", m.link(index))
	}
	if info := native.Uint32(h[16:]); info != 0 && object != "filter" {
		c.Request.Set("info", events.UintValue(uint64(info)))
	}
	return h, ad, nil
}

// qdiscAction tells apart what the flags ask for. NLM_F_CREATE alone changes what
// is there.
func (m *message) qdiscAction() events.Action {
	switch {
	case m.verb == verbDel:
		return events.Delete
	case m.verb != verbNew:
		return ""
	case m.has(unix.NLM_F_CREATE | unix.NLM_F_EXCL):
		return events.Add
	case m.has(unix.NLM_F_CREATE):
		return events.Replace
	}
	return events.Set
}

// setHandle sets the number that a qdisc or a class has or is to have.
func (m *message) setHandle(o *events.Object, h []byte) {
	if handle := native.Uint32(h[8:]); handle != 0 {
		o.Set("handle", qdiscHandle(handle))
	}
}

// setFilterInfo sets what a filter has in tcm_info: its place among the filters,
// and the packets that it is for, in network byte order.
func setFilterInfo(o *events.Object, info uint32) {
	if protocol := uint16(info); protocol != 0 {
		o.Set("protocol", filterProtocol(protocol>>8|protocol<<8))
	}
	if pref := info >> 16; pref != 0 {
		o.Set("pref", events.UintValue(uint64(pref)))
	}
}

// filterProtocol is tc's word for an ethernet protocol, or the number in hex.
func filterProtocol(n uint16) events.Value {
	switch n {
	case unix.ETH_P_ALL:
		return events.TextValue("all")
	case unix.ETH_P_IP:
		return events.TextValue("ip")
	case unix.ETH_P_IPV6:
		return events.TextValue("ipv6")
	case unix.ETH_P_ARP:
		return events.TextValue("arp")
	}
	return etherType(n)
}

// qdiscHandle writes a number as tc does: major and minor half in hex, without a 0.
func qdiscHandle(n uint32) events.Value {
	if n == parentRoot {
		return events.TextValue("root")
	}
	half := func(n uint32) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatUint(uint64(n), 16)
	}
	return events.TextValue(half(n>>16) + ":" + half(n&0xffff))
}

// setLimit reads the options of the simplest queues, a struct tc_fifo_qopt.
func setLimit(o *events.Object) {
	options := find(*o, "options")
	kind := o.Name("kind")
	if options == nil || kind != "pfifo" && kind != "bfifo" || len(options.Value.Str) != 4 {
		return
	}
	limit := events.UintValue(uint64(native.Uint32([]byte(options.Value.Str))))
	options.Value = events.StructValue(events.Object{{Name: "limit", Value: limit}})
}

// qdiscName is "dev eth0 root": the link, and the first of the fields that is there.
func qdiscName(o events.Object, fields ...string) events.Name {
	name := ""
	if dev := o.Name("dev"); dev != "" {
		name = "dev " + string(dev) + " "
	}
	for _, field := range fields {
		switch v, _ := o.Get(field); v.Kind {
		case events.Text:
			return events.Name(name + v.Str)
		case events.Uint:
			return events.Name(name + field + " " + word(nil, v.Num))
		}
	}
	return events.Name(name[:max(0, len(name)-1)])
}
