package netlink

import (
	"net/netip"
	"testing"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink/netlinktest"
)

// TestTablesReadBack: a value of every attribute of every table comes back from
// its JSON as what it is. One that holds addresses or bytes and is new in a table
// is new in the vocabularies of package events, too.
func TestTablesReadBack(t *testing.T) {
	link := func(o events.Object) *events.Change {
		return &events.Change{Kind: events.KindLink, Action: events.Add, Request: o}
	}
	in := func(name string, o events.Object) events.Object {
		return events.Object{{Name: name, Value: events.StructValue(o)}}
	}
	netlinktest.ReadBack(t, link(sample(linkAttributes)))
	netlinktest.ReadBack(t, &events.Change{Kind: events.KindAddress, Action: events.Add, Request: sample(addressAttributes)})
	for name, table := range map[string][]attribute{"af_spec": afSpecAttributes, "protinfo": bridgePortAttributes} {
		netlinktest.ReadBack(t, link(in(name, sample(table))))
	}
	for kind, table := range linkKinds {
		t.Log(kind)
		netlinktest.ReadBack(t, link(in("linkinfo", in("info_data", sample(table)))))
	}
	for _, table := range portKinds {
		netlinktest.ReadBack(t, link(in("linkinfo", in("info_slave_data", sample(table)))))
	}
	netlinktest.ReadBack(t, link(in("linkinfo", in("info_data", in("peer", sample(linkAttributes))))))
	netlinktest.ReadBack(t, &events.Change{Kind: events.KindRule, Action: events.Add, Request: sample(ruleAttributes)})
	netlinktest.ReadBack(t, &events.Change{Kind: events.KindNeighbour, Action: events.Add, Request: sample(neighbourAttributes)})
	route := sample(routeAttributes)
	route.Set("nexthops", events.ListValue(events.StructValue(sample(routeAttributes))))
	netlinktest.ReadBack(t, &events.Change{Kind: events.KindRoute, Action: events.Add, Request: route})
	netlinktest.ReadBack(t, &events.Change{Kind: events.KindNexthop, Action: events.Add, Request: sample(nexthopAttributes)})
	netlinktest.ReadBack(t, &events.Change{Kind: events.KindQdisc, Action: events.Add, Request: sample(qdiscAttributes)})
}

// sample is a request with each attribute of a table, of values that are easily
// taken for others: a link that is called like an address, an address that looks
// like a longer one.
func sample(table []attribute) events.Object {
	var o events.Object
	for i := range table {
		if a := &table[i]; a.name != "" {
			o.Set(a.name, a.sample())
		}
	}
	return o
}

func (a *attribute) sample() events.Value {
	address := events.AddrValue(netip.MustParseAddr("fe80::1"))
	switch a.form {
	case asHex:
		return events.HexValue([]byte{0xfe, 0x80})
	case asMac:
		return events.MacValue([]byte{0xfe, 0x80, 0, 0, 0, 0, 0, 1})
	case asAddr, asHost:
		return address
	case asAddrs:
		return events.ListValue(address, events.HexValue([]byte{1}))
	case asName, asLink:
		return events.OutsideValue("fe80::1")
	case asNames:
		return events.ListValue(events.OutsideValue("fe80::1"), events.OutsideValue("fe80"))
	case asNested, asAFSpec:
		return events.StructValue(sample(a.table))
	case asVia:
		return events.StructValue(events.Object{{Name: "host", Value: address}})
	case asHopGroup:
		return events.ListValue(events.StructValue(events.Object{{Name: "id", Value: events.UintValue(1)}}))
	case asInt32:
		return events.IntValue(-1)
	case asBool, asFlag:
		return events.BoolValue(true)
	case asBits16, asBits32:
		return bits(a.words, 1<<31|1)
	case asEtherType:
		return etherType(0x8100)
	case asLinkInfo, asPeer, asNexthops:
		return events.StructValue(nil) // filled by the test itself
	case asMark:
		return hexNumber(255)
	}
	return a.number(255)
}
