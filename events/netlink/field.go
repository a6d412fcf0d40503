package netlink

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// An attribute is one line of a table of attributes, which is indexed by their
// types: its name, and the form of its payload.
type attribute struct {
	name  string
	form  form
	words []string    // for the numbers: what they are called; for asBits: by bit
	table []attribute // for asNested
}

// A form is how a payload is read and shown.
type form uint8

const (
	asHex form = iota

	// Numbers, or their words.
	asUint8
	asUint16
	asUint32
	asUint64
	asInt32
	asBig16 // in network byte order
	asBig32
	asMark   // shown in hex
	asBits16 // the words of the bits that are set
	asBits32
	asRTT    // in eighths of a millisecond
	asRTTVar // in quarters of a millisecond
	asEtherType

	asBool // a byte
	asFlag // true by being there
	asName // a string from outside
	asMac  // a link-layer address of any length
	asAddr // an IP address of either family
	asHost // an IP address of the message's family
	asVia  // struct rtvia
	asLink // a link's index, shown as its name

	asNested   // attributes, by their own table
	asNames    // attributes that are all names
	asAddrs    // attributes that are all IP addresses
	asNexthops // a run of struct rtnexthop
	asHopGroup // a run of struct nexthop_grp
	asAFSpec   // asNested, but for bridges, which have other attributes there
	asPeer     // a link of its own: struct ifinfomsg and attributes
	asLinkInfo // a link's kind, and what that kind has of its own
)

// maxFields is how many fields an object may have before attributes that are not
// known get no field of their own any more, so that a message stuffed with them
// is decoded in linear time.
const maxFields = 96

// setAll sets a field for each attribute of the walk.
func (m *message) setAll(o *events.Object, ad *Attributes, table []attribute) {
	for ad.Next() {
		m.set(o, ad, table)
	}
}

// set sets the field of the current attribute. A payload that is not what it
// should be is kept as hex under the attribute's name.
func (m *message) set(o *events.Object, ad *Attributes, table []attribute) {
	t := int(ad.Type())
	if t >= len(table) || table[t].name == "" {
		setUnknown(o, ad)
		return
	}
	v := m.value(ad, &table[t])
	if ad.bad {
		v = events.HexValue(ad.Bytes())
	}
	o.Set(table[t].name, v)
}

// setUnknown keeps an attribute that no table knows as attr_N; when there are
// too many of them, all that stands from here on as attr_rest. What is known
// among the rest is decoded all the same.
func setUnknown(o *events.Object, ad *Attributes) {
	const rest = "attr_rest"
	if len(*o) < maxFields {
		o.Set("attr_"+strconv.Itoa(int(ad.Type())), events.HexValue(ad.Bytes()))
	} else if _, ok := o.Get(rest); !ok {
		o.Set(rest, events.HexValue(ad.rest()))
	}
}

// value reads the current attribute's payload.
func (m *message) value(ad *Attributes, a *attribute) events.Value {
	switch a.form {
	case asUint8:
		return a.number(uint64(ad.Uint8()))
	case asUint16:
		return a.number(uint64(ad.Uint16()))
	case asUint32:
		return a.number(uint64(ad.Uint32()))
	case asUint64:
		return a.number(ad.Uint64())
	case asInt32:
		return events.IntValue(int64(int32(ad.Uint32())))
	case asBig16:
		return a.number(uint64(ad.BigEndian16()))
	case asBig32:
		return a.number(uint64(ad.BigEndian32()))
	case asMark:
		return hexNumber(ad.Uint32())
	case asBits16:
		return bits(a.words, uint32(ad.Uint16()))
	case asBits32:
		return bits(a.words, ad.Uint32())
	case asBool:
		return events.BoolValue(ad.Uint8() != 0)
	case asFlag:
		return events.BoolValue(true)
	case asName:
		return events.OutsideValue(ad.Name())
	case asMac:
		return events.MacValue(ad.Bytes())
	case asEtherType:
		return etherType(ad.BigEndian16())
	case asRTT:
		return events.UintValue(uint64(ad.Uint32() / 8))
	case asRTTVar:
		return events.UintValue(uint64(ad.Uint32() / 4))
	}
	return m.compound(ad, a)
}

// compound reads a payload that takes more than a getter.
func (m *message) compound(ad *Attributes, a *attribute) events.Value {
	switch a.form {
	case asAddr:
		return events.AddrValue(ad.Addr())
	case asHost:
		return events.AddrValue(m.host(ad))
	case asVia:
		return via(ad)
	case asLink:
		return m.link(ad.Uint32())
	case asAFSpec:
		if m.af == unix.AF_BRIDGE {
			return events.HexValue(ad.Bytes())
		}
		return m.nested(ad, a.table)
	case asNested:
		return m.nested(ad, a.table)
	case asNames, asAddrs:
		return list(ad, a.form)
	case asNexthops:
		return m.nexthops(ad)
	case asHopGroup:
		return nexthopGroup(ad)
	case asPeer:
		return m.peerLink(ad)
	case asLinkInfo:
		return m.linkInfo(ad)
	}
	return events.HexValue(ad.Bytes())
}

// number is n, or the word for it.
func (a *attribute) number(n uint64) events.Value {
	if a.words == nil {
		return events.UintValue(n)
	}
	return events.TextValue(word(a.words, n))
}

// link shows a link's index as its name. There is no link 0: it says that none is meant.
func (m *message) link(index uint32) events.Value {
	if index == 0 {
		return events.UintValue(0)
	}
	return events.OutsideValue(string(LinkName(m.links, index)))
}

// host reads an address of the message's family. One of a family whose addresses
// are not IP's is not wrong, but stays hex.
func (m *message) host(ad *Attributes) netip.Addr {
	switch m.af {
	case unix.AF_INET, familyIPMR:
		ad.want(4)
	case unix.AF_INET6, familyIP6MR:
		ad.want(16)
	default:
		ad.bad = true
	}
	if ad.bad {
		return netip.Addr{}
	}
	return ad.Addr()
}

// via reads a next hop of another address family than the route's.
func via(ad *Attributes) events.Value {
	b := ad.Bytes()
	if len(b) < 2 {
		ad.wrong("2 or more")
		return events.Value{}
	}
	o := events.Object{{Name: "family", Value: events.TextValue(word(addressFamilies, uint64(native.Uint16(b))))}}
	if a, ok := netip.AddrFromSlice(b[2:]); ok {
		o.Set("host", events.AddrValue(a))
	} else {
		o.Set("host", events.HexValue(b[2:]))
	}
	return events.StructValue(o)
}

// nested reads attributes by their own table.
func (m *message) nested(ad *Attributes, table []attribute) events.Value {
	var o events.Object
	inner := ad.Nested()
	m.setAll(&o, &inner, table)
	ad.Fail(inner.Err())
	return events.StructValue(o)
}

// list reads attributes whose types don't matter.
func list(ad *Attributes, f form) events.Value {
	v := events.ListValue()
	inner := ad.Nested()
	for inner.Next() {
		item := events.OutsideValue(inner.Name())
		if f == asAddrs {
			item = events.AddrValue(inner.Addr())
		}
		if inner.bad {
			item = events.HexValue(inner.Bytes())
		}
		v.Items = append(v.Items, events.Field{Value: item})
	}
	ad.Fail(inner.Err())
	return v
}

// find returns the field called name to be changed in place, or nil.
func find(o events.Object, name string) *events.Field {
	for i := range o {
		if o[i].Name == name {
			return &o[i]
		}
	}
	return nil
}

// remove takes the field called name out of the object.
func remove(o *events.Object, name string) {
	kept := (*o)[:0]
	for _, f := range *o {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	*o = kept
}

// prefix makes an IP prefix, or an error if the length is not one of the address's.
func prefix(a netip.Addr, length uint8) (netip.Prefix, error) {
	p := netip.PrefixFrom(a, int(length))
	if !p.IsValid() {
		return p, fmt.Errorf("prefix length %d of %s: want 0 to %d", length, a, a.BitLen())
	}
	return p, nil
}
