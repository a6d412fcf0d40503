package world

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// start is when the memory of the tests was read; changes come after it.
var start = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

const up = unix.IFF_UP | unix.IFF_BROADCAST | unix.IFF_MULTICAST

// web is a container's namespace: eth0, a macvlan with an address and a default
// route, and a bridge that is down.
func web() *memory {
	eth0 := events.Link{Index: 2, Name: "eth0", Flags: up, MTU: 1500, Kind: "macvlan", Parent: 9, ParentName: "ens3"}
	br0 := events.Link{Index: 3, Name: "br0", Flags: up &^ unix.IFF_UP, MTU: 1500, Kind: "bridge"}
	m := &memory{defaults: []*foundRoute{{
		family: unix.AF_INET, kind: unix.RTN_UNICAST, hops: []hop{{netip.MustParseAddr("10.1.0.254"), 2}},
	}}}
	m.set(map[uint32]*knownLink{
		2: {Link: eth0, addresses: []netip.Prefix{netip.MustParsePrefix("10.1.0.5/24")}, since: start},
		3: {Link: br0, since: start},
	})
	return m
}

// change makes a change that succeeded a second after the memory was read.
func change(kind events.Kind, action events.Action, target events.Name, fields ...events.Field) *events.Change {
	return &events.Change{Time: at(1), Kind: kind, Action: action, Via: events.ViaRtnetlink, Target: target, Request: fields, Known: true}
}

func word(name, value string) events.Field {
	return events.Field{Name: name, Value: events.OutsideValue(value)}
}

func number(name string, n uint64) events.Field {
	return events.Field{Name: name, Value: events.UintValue(n)}
}

func ip(name, addr string) events.Field {
	return events.Field{Name: name, Value: events.AddrValue(netip.MustParseAddr(addr))}
}

func inet(fields ...events.Field) []events.Field { return append(fields, word("family", "inet")) }

func route(action events.Action, fields ...events.Field) *events.Change {
	return change(events.KindRoute, action, "default", inet(append(fields, word("dst", "default"), word("table", "main"))...)...)
}

func addr(action events.Action, dev, local string, bits uint64) *events.Change {
	return change(events.KindAddress, action, events.Name(fmt.Sprintf("%s/%d", local, bits)),
		inet(word("dev", dev), ip("local", local), number("prefixlen", bits))...)
}

// ifconfig is a change of eth0's address by ioctl.
func ifconfig(field events.Field) *events.Change {
	c := change(events.KindAddress, events.Set, "eth0", inet(word("ioctl", "SIOCSIFADDR"), word("dev", "eth0"), field)...)
	c.Via = events.ViaIoctl
	return c
}

// failed makes a change fail.
func failed(c *events.Change, errno unix.Errno) *events.Change {
	c.Errno = errno
	return c
}

// state is a copy of a link of web, with a difference.
func state(index uint32, differ func(*events.Link)) *events.Link {
	l := web().links[index].Link
	l.Parent, l.ParentName = 0, "" // a hook may not tell
	if differ != nil {
		differ(&l)
	}
	return &l
}

func isUp(l *events.Link)   { l.Flags |= unix.IFF_UP }
func isDown(l *events.Link) { l.Flags &^= unix.IFF_UP }

func TestBefore(t *testing.T) {
	early := change(events.KindLink, events.Set, "eth0")
	early.Time = at(-1)
	tests := []struct {
		name   string
		change *events.Change
		want   events.Name
	}{
		{"by name", change(events.KindLink, events.Set, "eth0"), "eth0"},
		{"by index", change(events.KindLink, events.Set, "eth0", number("ifindex", 3)), "br0"},
		{"by an index that is not there", change(events.KindLink, events.Set, "eth0", number("ifindex", 77)), ""},
		{"by a name that is not there", change(events.KindLink, events.Set, "eth1"), ""},
		{"what it adds", change(events.KindLink, events.Add, "eth0"), ""},
		{"a failed look-up", failed(change(events.KindLink, events.Lookup, "eth1"), unix.ENODEV), ""},
		{"of an address", addr(events.Add, "eth0", "10.1.0.6", 24), "eth0"},
		{"of a route, which is not about its link", route(events.Add, word("dev", "br0")), ""},
		{"made before the memory was read", early, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := events.Name("")
			if l := web().before(tt.change); l != nil {
				got = l.Name
			}
			if got != tt.want {
				t.Errorf("before = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEffect(t *testing.T) {
	set := func(before, after *events.Link, fields ...events.Field) *events.Change {
		c := change(events.KindLink, events.Set, "eth0", fields...)
		c.Before, c.After = before, after
		return c
	}
	flags := func(words ...string) events.Field {
		list := events.ListValue()
		for _, w := range words {
			list.Items = append(list.Items, events.Field{Value: events.TextValue(w)})
		}
		return events.Field{Name: "flags", Value: list}
	}
	unknown := change(events.KindLink, events.Set, "eth0")
	unknown.Known = false
	eth0 := state(2, nil)
	tests := []struct {
		name   string
		change *events.Change
		want   events.Effect
	}{
		{"result not seen", unknown, events.EffectUnknown},
		{"failed", failed(set(eth0, eth0), unix.EPERM), events.EffectFailed},
		{"failed look-up", failed(change(events.KindLink, events.Lookup, "eth1"), unix.ENODEV), events.EffectFailed},
		{"up already", set(eth0, eth0, flags("UP")), events.EffectNone},
		{"only the carrier came", set(eth0, state(2, func(l *events.Link) { l.Flags |= unix.IFF_RUNNING }), flags("UP")), events.EffectNone},
		{"goes down", set(eth0, state(2, isDown)), events.EffectChanged},
		{"new name", set(eth0, state(2, func(l *events.Link) { l.Name = "wan" }), word("newname", "wan")), events.EffectChanged},
		{"new mtu", set(eth0, state(2, func(l *events.Link) { l.MTU = 9000 }), number("mtu", 9000)), events.EffectChanged},
		{"new master", set(eth0, state(2, func(l *events.Link) { l.Master = 3 }), word("master", "br0")), events.EffectChanged},
		{"new address", set(state(2, func(l *events.Link) { l.Address = "\x02\x00\x00\x00\x00\x01" }), state(2, func(l *events.Link) { l.Address = "\x02\x00\x00\x00\x00\x02" })), events.EffectChanged},
		{"something that the state does not tell", set(eth0, eth0, number("txqlen", 7)), events.EffectUnknown},
		{"promiscuous", set(eth0, eth0, flags("PROMISC")), events.EffectUnknown},
		{"no state before", set(nil, eth0), events.EffectUnknown},
		{"no state after", set(eth0, nil), events.EffectUnknown},
		{"link added", change(events.KindLink, events.Add, "br1"), events.EffectChanged},
		{"link added or set", change(events.KindLink, events.Replace, "br1"), events.EffectChanged},
		{"link deleted", change(events.KindLink, events.Delete, "br0"), events.EffectChanged},
		{"link moved", change(events.KindLink, events.Move, "br0"), events.EffectChanged},
		{"address added", addr(events.Add, "eth0", "10.1.0.6", 24), events.EffectChanged},
		{"address replaced that was there", addr(events.Replace, "eth0", "10.1.0.5", 24), events.EffectNone},
		{"address replaced that was not there", addr(events.Replace, "eth0", "10.1.0.6", 24), events.EffectChanged},
		{"ifconfig sets the same address", ifconfig(ip("local", "10.1.0.5")), events.EffectNone},
		{"ifconfig sets another address", ifconfig(ip("local", "10.1.0.6")), events.EffectChanged},
		{"ifconfig sets the same netmask", ifconfig(number("prefixlen", 24)), events.EffectNone},
		{"ifconfig sets another netmask", ifconfig(number("prefixlen", 16)), events.EffectChanged},
		{"ifconfig sets something else", ifconfig(ip("broadcast", "10.1.0.255")), events.EffectUnknown},
		{"route deleted", route(events.Delete), events.EffectChanged},
		{"default route replaced by itself", route(events.Replace, ip("gateway", "10.1.0.254")), events.EffectNone},
		{"default route replaced", route(events.Replace, ip("gateway", "10.1.0.253")), events.EffectChanged},
		{"default route of another metric", route(events.Replace, ip("gateway", "10.1.0.254"), number("metric", 5)), events.EffectChanged},
		{"other route replaced", change(events.KindRoute, events.Replace, "10.9.0.0/16", inet()...), events.EffectUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := effect(tt.change, web()); got != tt.want {
				t.Errorf("effect = %s, want %s", got, tt.want)
			}
		})
	}
	if got := effect(addr(events.Replace, "eth0", "10.1.0.5", 24), nil); got != events.EffectUnknown {
		t.Errorf("effect in a namespace that is not remembered = %s, want unknown", got)
	}
}

// after returns web after changes.
func after(changes ...*events.Change) *memory {
	m := web()
	for _, c := range changes {
		m.advance(c)
	}
	return m
}

// view is what of a memory the tests of advance look at.
func view(m *memory) string {
	s := ""
	for index := range uint32(10) {
		if l := m.links[index]; l != nil {
			s += fmt.Sprintf("%s up=%t master=%d %v; ", l.Name, l.Up(), l.Master, l.addresses)
		}
	}
	return s + fmt.Sprint(gateways(m.defaults, unix.AF_INET))
}

func TestAdvance(t *testing.T) {
	linked := func(action events.Action, target events.Name, result *events.Link) *events.Change {
		c := change(events.KindLink, action, target)
		c.After = result
		return c
	}
	const (
		eth0     = "eth0 up=true master=0 [10.1.0.5/24]; "
		br0      = "br0 up=false master=0 []; "
		gateway0 = "[10.1.0.254]"
	)
	elsewhere := linked(events.Add, "veth0", &events.Link{Index: 7, Name: "veth0"})
	elsewhere.To = &events.Namespace{Inode: 1}
	tests := []struct {
		name    string
		changes []*events.Change
		want    string
	}{
		{"nothing", nil, eth0 + br0 + gateway0},
		{"link up", []*events.Change{linked(events.Set, "br0", state(3, isUp))}, eth0 + "br0 up=true master=0 []; " + gateway0},
		{"link down takes its routes", []*events.Change{linked(events.Set, "eth0", state(2, isDown))}, "eth0 up=false master=0 [10.1.0.5/24]; " + br0 + "[]"},
		{"another link down takes none", []*events.Change{linked(events.Set, "br0", state(3, isDown))}, eth0 + br0 + gateway0},
		{"rename", []*events.Change{linked(events.Set, "eth0", state(2, func(l *events.Link) { l.Name = "wan" })), addr(events.Add, "wan", "10.1.0.6", 24)},
			"wan up=true master=0 [10.1.0.5/24 10.1.0.6/24]; " + br0 + gateway0},
		{"enslave, then delete the master", []*events.Change{linked(events.Set, "eth0", state(2, func(l *events.Link) { l.Master = 3 })), linked(events.Delete, "br0", nil)}, eth0 + gateway0},
		{"new link with the name of one that went unseen", []*events.Change{linked(events.Add, "br0", &events.Link{Index: 7, Name: "br0"})}, eth0 + br0 + gateway0},
		{"new link", []*events.Change{linked(events.Add, "tun0", &events.Link{Index: 7, Name: "tun0"})}, eth0 + br0 + "tun0 up=false master=0 []; " + gateway0},
		{"new link in another namespace", []*events.Change{elsewhere}, eth0 + br0 + gateway0},
		{"link moved away", []*events.Change{linked(events.Move, "eth0", nil)}, br0 + "[]"},
		{"failed deletion", []*events.Change{failed(linked(events.Delete, "eth0", state(2, nil)), unix.EBUSY)}, eth0 + br0 + gateway0},
		{"address added twice", []*events.Change{addr(events.Add, "br0", "10.2.0.1", 16), addr(events.Replace, "br0", "10.2.0.1", 16)}, eth0 + "br0 up=false master=0 [10.2.0.1/16]; " + gateway0},
		{"last address deleted takes the routes", []*events.Change{addr(events.Delete, "eth0", "10.1.0.5", 24)}, "eth0 up=true master=0 []; " + br0 + "[]"},
		{"ifconfig eth0 192.168.7.1 netmask 255.255.0.0", []*events.Change{ifconfig(ip("local", "192.168.7.1")), ifconfig(number("prefixlen", 16))}, "eth0 up=true master=0 [192.168.7.1/16]; " + br0 + gateway0},
		{"ifconfig eth0 172.16.0.1", []*events.Change{ifconfig(ip("local", "172.16.0.1"))}, "eth0 up=true master=0 [172.16.0.1/16]; " + br0 + gateway0},
		{"ifconfig eth0 0.0.0.0", []*events.Change{ifconfig(ip("local", "0.0.0.0"))}, "eth0 up=true master=0 []; " + br0 + "[]"},
		{"failed address", []*events.Change{failed(addr(events.Add, "br0", "10.2.0.1", 16), unix.EEXIST)}, eth0 + br0 + gateway0},
		{"second default route", []*events.Change{route(events.Add, ip("gateway", "10.1.0.253"), number("metric", 9))}, eth0 + br0 + "[10.1.0.254 10.1.0.253]"},
		{"default route replaced", []*events.Change{route(events.Replace, ip("gateway", "10.1.0.253"))}, eth0 + br0 + "[10.1.0.253]"},
		{"default route deleted", []*events.Change{route(events.Delete)}, eth0 + br0 + "[]"},
		{"another default route deleted", []*events.Change{route(events.Delete, ip("gateway", "10.1.0.253"))}, eth0 + br0 + gateway0},
		{"default route deleted by link", []*events.Change{route(events.Delete, word("dev", "eth0"))}, eth0 + br0 + "[]"},
		{"failed default route", []*events.Change{failed(route(events.Add, ip("gateway", "192.168.1.1")), unix.ENETUNREACH)}, eth0 + br0 + gateway0},
		{"default route of another table", []*events.Change{change(events.KindRoute, events.Add, "default", inet(word("table", "100"), ip("gateway", "10.1.0.7"))...)}, eth0 + br0 + gateway0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, view(after(tt.changes...))); diff != "" {
				t.Errorf("memory (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdvanceDoubts(t *testing.T) {
	unseen := addr(events.Add, "eth0", "10.1.0.6", 24)
	unseen.Known = false
	for name, tt := range map[string]struct {
		change *events.Change
		want   bool
	}{
		"result not seen":           {unseen, true},
		"broadcast address":         {ifconfig(ip("broadcast", "10.1.0.255")), true},
		"link set, state not told":  {change(events.KindLink, events.Set, "eth0"), true},
		"link deleted":              {change(events.KindLink, events.Delete, "br0"), true},
		"address of an unseen link": {addr(events.Add, "eth7", "10.1.0.6", 24), true},
		"address":                   {addr(events.Add, "eth0", "10.1.0.6", 24), false},
		"failed":                    {failed(addr(events.Add, "eth0", "10.1.0.5", 24), unix.EEXIST), false},
		"route":                     {route(events.Delete), false},
		"nexthop added":             {change(events.KindNexthop, events.Add, "id 1"), false},
		"nexthop replaced":          {change(events.KindNexthop, events.Replace, "id 1"), true},
		"nexthop deleted":           {change(events.KindNexthop, events.Delete, "id 1"), true},
		"qdisc deleted":             {change(events.KindQdisc, events.Delete, "dev eth0 root", word("dev", "eth0")), false},
	} {
		if m := after(tt.change); m.doubt != tt.want {
			t.Errorf("%s: doubt = %t, want %t", name, m.doubt, tt.want)
		}
	}
}

// What a change made is not among the facts, though the namespace was read after it.
func TestFactsShowWhatStoodBefore(t *testing.T) {
	tests := []struct {
		name   string
		change *events.Change
		want   events.Facts
	}{
		{"link that was added", change(events.KindLink, events.Add, "eth0"), events.Facts{Known: true}},
		{"link that could not be added", failed(change(events.KindLink, events.Add, "eth0"), unix.EEXIST),
			events.Facts{Known: true, Link: &events.Link{Name: "eth0"}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.1.0.5/24")}}},
		{"address that was added", addr(events.Add, "eth0", "10.1.0.5", 24),
			events.Facts{Known: true, Link: &events.Link{Name: "eth0"}, Addresses: []netip.Prefix{}, Defaults: []netip.Addr{netip.MustParseAddr("10.1.0.254")}}},
		{"route that was added", route(events.Add, ip("gateway", "10.1.0.254"), word("dev", "eth0")),
			events.Facts{Known: true, Link: &events.Link{Name: "eth0"}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.1.0.5/24")},
				Nexthop: &events.Nexthop{Gateway: netip.MustParseAddr("10.1.0.254"), OnLink: true, Dev: "eth0"}, RouteKnown: true}},
		{"master", change(events.KindLink, events.Set, "eth0", word("master", "br0")),
			events.Facts{Known: true, Link: &events.Link{Name: "eth0"}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.1.0.5/24")}, Master: &events.Link{Name: "br0"}}},
		{"failed look-up", failed(change(events.KindLink, events.Lookup, "ens3"), unix.ENODEV), events.Facts{Known: true}},
	}
	onlyName := cmp.Transformer("name", func(l events.Link) events.Name { return l.Name })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, web().facts(tt.change), onlyName, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNexthop(t *testing.T) {
	m := after(addr(events.Add, "br0", "10.1.0.129", 25), addr(events.Add, "br0", "10.2.0.1", 16))
	for gateway, want := range map[string]events.Nexthop{
		"10.1.0.254":  {OnLink: true, Dev: "eth0"}, // br0's longer prefix does not count, for br0 is down
		"10.1.0.5":    {Own: true, Dev: "eth0"},
		"10.2.0.9":    {},
		"192.168.1.1": {},
	} {
		want.Gateway = netip.MustParseAddr(gateway)
		if got := *m.nexthop(want.Gateway); got != want {
			t.Errorf("nexthop(%s) = %+v, want %+v", gateway, got, want)
		}
	}
	m.advance(&events.Change{Time: at(2), Kind: events.KindLink, Action: events.Set, Known: true, Target: "br0", After: state(3, isUp)})
	if got := m.nexthop(netip.MustParseAddr("10.1.0.254")); got.Dev != "br0" {
		t.Errorf("nexthop by the longer prefix = %+v, want br0", got)
	}
}

func TestLinkLocalNexthop(t *testing.T) {
	c := change(events.KindRoute, events.Add, "default", word("family", "inet6"), word("dev", "eth0"), ip("gateway", "fe80::1"))
	if got := web().facts(c).Nexthop; got == nil || !got.OnLink || got.Dev != "eth0" {
		t.Errorf("nexthop = %+v, want it on eth0", got)
	}
}

func TestNameLinks(t *testing.T) {
	m := web()
	m.put(&events.Link{Index: 8, Name: "if2"}, start) // a link can be called so
	tests := []struct {
		name   string
		change *events.Change
		target events.Name
		dev    events.Name
	}{
		{"by number", change(events.KindLink, events.Set, "if3", number("ifindex", 3)), "br0", ""},
		{"by a name like a number", change(events.KindLink, events.Set, "if2", word("ifname", "if2")), "if2", ""},
		{"a link that is not there", failed(change(events.KindLink, events.Lookup, "if3", word("ifname", "if3")), unix.ENODEV), "if3", ""},
		{"a route's link", route(events.Add, word("dev", "if3")), "default", "br0"},
		{"a route's link with a name like a number", route(events.Add, word("dev", "if2")), "default", "if2"},
		{"a qdisc's link", change(events.KindQdisc, events.Add, "dev if3 root", word("dev", "if3")), "dev br0 root", "br0"},
		{"a qdisc's link alone", change(events.KindQdisc, events.Delete, "dev if3", word("dev", "if3")), "dev br0", "br0"},
		{"a nexthop's link", change(events.KindNexthop, events.Add, "id 1", word("dev", "if3")), "id 1", "br0"},
		{"a number that nothing has", route(events.Add, word("dev", "if77")), "default", "if77"},
		{"not the usual form", route(events.Add, word("dev", "if03")), "default", "if03"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.nameLinks(tt.change)
			if dev := tt.change.Request.Name("dev"); tt.change.Target != tt.target || dev != tt.dev {
				t.Errorf("target %s, dev %s, want %s, %s", tt.change.Target, dev, tt.target, tt.dev)
			}
		})
	}
}

// A hook that reads a link's state does not tell all; what it stands on stays known.
func TestParentIsRemembered(t *testing.T) {
	m := web()
	read := state(2, isDown)
	m.complete(read)
	if read.ParentName != "ens3" || read.Parent != 9 {
		t.Errorf("state is completed to %+v, want parent ens3", read)
	}
	m.put(state(2, func(l *events.Link) { l.Parent, l.ParentName = 9, "wan" }), at(1))
	if got := m.links[2].ParentName; got != "wan" {
		t.Errorf("parent = %s, want wan, which the hook told", got)
	}
}

func TestMerge(t *testing.T) {
	m := after(&events.Change{Time: at(5), Kind: events.KindLink, Action: events.Set, Known: true, Target: "br0", After: state(3, isUp)})
	later := web() // shows br0 down again, which a change that has not come yet did
	delete(later.links, 2)
	later.links[4] = &knownLink{Link: events.Link{Index: 4, Name: "veth0"}, since: at(9)}
	later.links[3].addresses = []netip.Prefix{netip.MustParsePrefix("10.2.0.1/16")}
	m.merge(later)
	if got, want := view(m), "br0 up=true master=0 [10.2.0.1/16]; veth0 up=false master=0 []; [10.1.0.254]"; got != want {
		t.Errorf("memory = %s, want %s", got, want)
	}
	if l := m.links[3]; !l.since.Equal(at(5)) {
		t.Errorf("br0's state is right since %s, want the change's time", l.since)
	}
}

// A namespace can be read between a link's end and the record of who ended it.
func TestGoneBeforeItIsTold(t *testing.T) {
	for _, request := range []events.Object{{{Name: "ifindex", Value: events.UintValue(2)}}, nil} {
		m, later := web(), web()
		later.drop(2)
		later.read = at(9)
		m.merge(later)
		deleted := &events.Change{Time: at(5), Kind: events.KindLink, Action: events.Delete, Known: true, Target: "eth0", Request: request}
		if request != nil {
			deleted.Target = "if2"
			m.nameLinks(deleted)
		}
		if before := m.before(deleted); before == nil || before.Name != "eth0" || deleted.Target != "eth0" {
			t.Errorf("%s: before is %+v, want eth0", deleted.Target, before)
		}
		looked := &events.Change{Time: at(10), Kind: events.KindLink, Action: events.Set, Known: true, Target: "eth0", Request: request}
		if l := m.subject(looked); l != nil {
			t.Errorf("%s is there when it is gone", l.Name)
		}
	}
}

// What was in doubt can be read again between a change and its record: then the
// state before the change is what was known till then.
func TestFormerState(t *testing.T) {
	m, later := web(), web()
	m.links[2].doubt = true
	later.links[2].Name, later.links[2].since = "lan0", at(9)
	later.set(later.links)
	later.read = at(9)
	m.merge(later)
	renamed := &events.Change{Time: at(5), Kind: events.KindLink, Action: events.Set, Known: true, Target: "eth0"}
	if before := m.before(renamed); before == nil || before.Name != "eth0" {
		t.Errorf("before is %+v, want eth0", before)
	}
	renamed.Time = at(10)
	if before := m.before(renamed); before != nil {
		t.Errorf("before is %+v, want none: nothing is called eth0 any more", before)
	}
}
