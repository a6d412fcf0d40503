package trial

import (
	"net/netip"
	"syscall"
	"testing"

	"github.com/wrongns/wrongns/events"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func text(name, value string) events.Field {
	return events.Field{Name: name, Value: events.OutsideValue(value)}
}

func ipField(name, value string) events.Field {
	return events.Field{Name: name, Value: events.AddrValue(addr(value))}
}

func number(name string, n uint64) events.Field {
	return events.Field{Name: name, Value: events.UintValue(n)}
}

func up(field string) events.Field {
	return events.Field{Name: field, Value: events.ListValue(events.TextValue("UP"))}
}

// world is one that has an eth0, up, in 192.168.1.0/24, a default route by
// 192.168.1.1 and a bridge.
func world() *events.Facts {
	return &events.Facts{
		Known: true, RouteKnown: true,
		Link:      &events.Link{Index: 2, Name: "eth0", Flags: syscall.IFF_UP, MTU: 1500},
		Addresses: []netip.Prefix{prefix("192.168.1.2/24"), prefix("2001:db8::2/64")},
		Defaults:  []netip.Addr{addr("192.168.1.1")},
	}
}

func TestOf(t *testing.T) {
	link := func(action events.Action, request ...events.Field) *events.Change {
		return &events.Change{Kind: events.KindLink, Action: action, Target: "eth0", Request: request}
	}
	ip := func(action events.Action, p string) *events.Change {
		return &events.Change{Kind: events.KindAddress, Action: action, Target: events.Name(p),
			Request: events.Object{ipField("local", prefix(p).Addr().String()), number("prefixlen", uint64(prefix(p).Bits())), text("dev", "eth0")}}
	}
	route := func(action events.Action, request ...events.Field) *events.Change {
		return &events.Change{Kind: events.KindRoute, Action: action, Target: "default", Request: request}
	}
	none := func(f *events.Facts) { f.Link = nil }
	bridge := func(f *events.Facts) { f.Master = &events.Link{Index: 3, Name: "br0", Kind: "bridge"} }
	onLink := func(f *events.Facts) {
		f.Nexthop = &events.Nexthop{Gateway: addr("192.168.1.1"), OnLink: true, Dev: "eth0"}
	}
	far := func(f *events.Facts) { f.Nexthop = &events.Nexthop{Gateway: addr("10.0.0.1")} }
	byIt := func(f *events.Facts) {
		onLink(f)
		f.Route = &events.Route{Gateway: addr("192.168.1.1"), Dev: "eth0", Metric: 100}
	}
	gateway, dev := ipField("gateway", "192.168.1.1"), text("dev", "eth0")
	tests := []struct {
		name   string
		change *events.Change
		world  func(*events.Facts)
		want   Result
		errno  syscall.Errno
	}{
		{"link up that is up", link(events.Set, up("flags")), nil, Idle, 0},
		{"link down", link(events.Set, up("flags_off")), nil, Works, 0},
		{"mtu as it is", link(events.Set, number("mtu", 1500)), nil, Idle, 0},
		{"mtu and something that the state does not show", link(events.Set, number("mtu", 1500), text("ifalias", "x")), nil, Unknown, 0},
		{"link that is not there", link(events.Set, up("flags")), none, Fails, syscall.ENODEV},
		{"look-up", link(events.Lookup), nil, Works, 0},
		{"look-up of what is not there", link(events.Lookup), none, Fails, syscall.ENODEV},
		{"link made", link(events.Add), none, Works, 0},
		{"link made that is there", link(events.Add), nil, Fails, syscall.EEXIST},
		{"link deleted", link(events.Delete), nil, Works, 0},
		{"into a bridge", link(events.Set, text("master", "br0")), bridge, Works, 0},
		{"into a bridge that is not there (yet)", link(events.Set, text("master", "br0")), nil, Unknown, 0},

		{"address added", ip(events.Add, "192.168.1.3/24"), nil, Works, 0},
		{"address added that is there", ip(events.Add, "192.168.1.2/24"), nil, Fails, syscall.EEXIST},
		{"address replaced that is there", ip(events.Replace, "2001:db8::2/64"), nil, Idle, 0},
		{"address deleted", ip(events.Delete, "2001:db8::2/64"), nil, Works, 0},
		{"address deleted that is not there", ip(events.Delete, "2001:db8::3/64"), nil, Fails, syscall.EADDRNOTAVAIL},
		{"address of a link that is not there", ip(events.Add, "192.168.1.3/24"), none, Fails, syscall.ENODEV},

		{"route", route(events.Add, gateway), onLink, Works, 0},
		{"route by a gateway that is far", route(events.Add, ipField("gateway", "10.0.0.1")), far, Fails, syscall.ENETUNREACH},
		{"route by an address of its own", route(events.Add, gateway), func(f *events.Facts) { f.Nexthop = &events.Nexthop{Own: true} }, Fails, syscall.EINVAL},
		{"route by a link that is not there", route(events.Add, dev), none, Fails, syscall.ENODEV},
		{"route that is there", route(events.Add, gateway, number("metric", 100)), byIt, Fails, syscall.EEXIST},
		{"route of another metric", route(events.Add, gateway, number("metric", 50)), byIt, Works, 0},
		{"route replaced by itself", route(events.Replace, gateway), byIt, Idle, 0},
		{"route replaced by another", route(events.Replace, ipField("gateway", "192.168.1.9")), byIt, Works, 0},
		{"route changed that is not there", route(events.Set, gateway), onLink, Fails, syscall.ENOENT},
		{"route deleted", route(events.Delete, gateway), byIt, Works, 0},
		{"route deleted by another gateway", route(events.Delete, ipField("gateway", "192.168.1.9")), byIt, Fails, syscall.ESRCH},
		{"route deleted that is not there", route(events.Delete, gateway), nil, Fails, syscall.ESRCH},
		{"routes not known", route(events.Delete, gateway), func(f *events.Facts) { f.RouteKnown = false }, Unknown, 0},
		{"world not known", link(events.Set, up("flags")), func(f *events.Facts) { f.Known = false }, Unknown, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := world()
			if test.world != nil {
				test.world(f)
			}
			got := Of(test.change, f)
			if got.Result != test.want || got.Errno != test.errno {
				t.Errorf("got %s %v, want %s %v", got.Result, got.Errno, test.want, test.errno)
			}
			if got.Result != Unknown && got.Why == "" {
				t.Error("does not say why")
			}
		})
	}
}

// What the kernel answered and what the state shows counts for the world where a
// request was made, whatever the facts would make of it.
func TestHere(t *testing.T) {
	tests := []struct {
		known  bool
		errno  syscall.Errno
		effect events.Effect
		want   Result
	}{
		{true, 0, events.EffectChanged, Works},
		{true, 0, events.EffectNone, Idle},
		{true, 0, events.EffectUnknown, Unknown},
		{true, syscall.EPERM, events.EffectFailed, Fails},
		{false, 0, events.EffectUnknown, Unknown},
	}
	for _, test := range tests {
		c := &events.Change{Kind: events.KindLink, Action: events.Set, Known: test.known, Errno: test.errno, Effect: test.effect, Here: world()}
		if got := Here(c); got.Result != test.want || got.Errno != test.errno {
			t.Errorf("%+v: got %s %v", test, got.Result, got.Errno)
		}
	}
}

func TestFits(t *testing.T) {
	route := &events.Change{Kind: events.KindRoute, Action: events.Add, Request: events.Object{ipField("gateway", "192.168.1.1")}}
	ip := &events.Change{Kind: events.KindAddress, Action: events.Add, Request: events.Object{ipField("local", "192.168.1.3")}}
	for _, test := range []struct {
		name   string
		change *events.Change
		world  func(*events.Facts)
		want   bool
	}{
		{"gateway that the world goes by", route, func(*events.Facts) {}, true},
		{"another gateway", route, func(f *events.Facts) { f.Defaults = nil }, false},
		{"address in a subnet", ip, func(f *events.Facts) { f.Fit = &events.Fit{Dev: "eth0"} }, true},
		{"address in none", ip, func(*events.Facts) {}, false},
	} {
		f := world()
		test.world(f)
		if got := Of(test.change, f).Fits; got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

func TestGatewayOf(t *testing.T) {
	hops := events.Field{Name: "nexthops", Value: events.ListValue(
		events.StructValue(events.Object{text("dev", "eth0")}), events.StructValue(events.Object{ipField("gateway", "10.0.0.2")}))}
	via := events.Field{Name: "via", Value: events.StructValue(events.Object{ipField("host", "fe80::1")})}
	for name, test := range map[string]struct {
		request events.Object
		want    string
	}{
		"gateway":        {events.Object{ipField("gateway", "10.0.0.1")}, "10.0.0.1"},
		"several hops":   {events.Object{hops}, "10.0.0.2"},
		"other family":   {events.Object{via}, "fe80::1"},
		"straight out":   {events.Object{text("dev", "eth0")}, "invalid IP"},
		"nothing at all": {nil, "invalid IP"},
	} {
		c := &events.Change{Kind: events.KindRoute, Action: events.Add, Request: test.request}
		if got := GatewayOf(c).String(); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
	if GatewayOf(&events.Change{Kind: events.KindRoute, Action: events.Delete, Request: events.Object{ipField("gateway", "10.0.0.1")}}).IsValid() {
		t.Error("a deletion makes no route")
	}
}
