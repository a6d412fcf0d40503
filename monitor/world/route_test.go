package world

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// routed is a namespace with a link hv0 and routes over it.
func routed(t *testing.T) *testNetns {
	t.Helper()
	n := newNetns(t)
	n.ip("link add hv0 type veth peer name hv1")
	n.ip("link set hv0 up")
	n.ip("link set hv1 up")
	n.ip("addr add 10.1.0.1/24 dev hv0")
	n.ip("addr add 2001:db8::1/64 dev hv0 nodad")
	n.awaitOwn("2001:db8::1")
	for _, route := range []string{
		"default via 10.1.0.254", "default via 10.1.0.253 metric 7",
		"0.0.0.0/1 via 10.1.0.252", // as VPNs do it: it stands before the default
		"10.2.0.0/16 via 10.1.0.2 metric 5",
		"10.3.0.0/16 via 10.1.0.3", "10.3.0.0/24 via 10.1.0.4", "10.3.128.0/17 via 10.1.0.4",
		"10.4.0.0/31 via 10.1.0.4", "10.4.0.0/32 via 10.1.0.5", "10.4.0.1/32 via 10.1.0.5", // nothing goes by the first any more
		"unreachable 10.5.0.0/16",
		"10.6.0.0/16 via 10.1.0.6 table 100", "default via 10.1.0.7 table 100",
		"2001:db8:2::/48 via 2001:db8::2", "2001:db8:2::/64 via 2001:db8::3",
		"2001:db8:6::/48 via 2001:db8::6 table 100", "default via 2001:db8::7 table 100",
		"default via 2001:db8::ff metric 9", "unreachable 2001:db8:5::/48",
	} {
		n.ip("route add " + route)
	}
	return n
}

func TestHostRoutes(t *testing.T) {
	h := openHost(t, routed(t).name)
	const main = unix.RT_TABLE_MAIN
	tests := []struct {
		name, dst string
		table     uint32
		want      string // each route, in their order
	}{
		{"default", "0.0.0.0/0", main, "10.1.0.254 by hv0 metric 0; 10.1.0.253 by hv0 metric 7; "},
		{"half of all", "0.0.0.0/1", main, "10.1.0.252 by hv0 metric 0; "},
		{"the other half", "128.0.0.0/1", main, ""},
		{"on the link", "10.1.0.0/24", main, "invalid IP by hv0 metric 0; "},
		{"wider than that", "10.1.0.0/16", main, ""},
		{"a part of that", "10.1.0.0/25", main, ""},
		{"its own address", "10.1.0.1/32", main, ""},
		{"its own address, as the kernel has it", "10.1.0.1/32", unix.RT_TABLE_LOCAL, "invalid IP by hv0 metric 0; "},
		{"by a gateway", "10.2.0.0/16", main, "10.1.0.2 by hv0 metric 5; "},
		{"with more special ones", "10.3.0.0/16", main, "10.1.0.3 by hv0 metric 0; "},
		{"hidden by more special ones", "10.4.0.0/31", main, "10.1.0.4 by hv0 metric 0; "},
		{"to nowhere", "10.5.0.0/16", main, "invalid IP by  metric 0; "},
		{"in another table", "10.6.0.0/16", 100, "10.1.0.6 by hv0 metric 0; "},
		{"not in the main table", "10.6.0.0/16", main, ""},
		{"not in another table", "10.2.0.0/16", 100, ""},
		{"default in another table", "0.0.0.0/0", 100, "10.1.0.7 by hv0 metric 0; "},
		{"in a table that is not there", "10.6.0.0/16", 101, ""},
		{"IPv6 default", "::/0", main, "2001:db8::ff by hv0 metric 9; "},
		{"IPv6 on the link", "2001:db8::/64", main, "invalid IP by hv0 metric 256; "},
		{"IPv6 with a more special one", "2001:db8:2::/48", main, "2001:db8::2 by hv0 metric 1024; "},
		{"IPv6 that is not there", "2001:db8:3::/48", main, ""},
		{"IPv6 wider", "2001:db8::/32", main, ""},
		{"IPv6 to nowhere", "2001:db8:5::/48", main, "invalid IP by lo metric 1024; "},
		{"IPv6 in another table", "2001:db8:6::/48", 100, "2001:db8::6 by hv0 metric 1024; "},
		{"IPv6 default in another table", "::/0", 100, "2001:db8::7 by hv0 metric 1024; "},
		{"IPv6 in a table that is not there", "2001:db8:6::/48", 101, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			routes, known, err := h.Routes(netip.MustParsePrefix(tt.dst), tt.table)
			if err != nil || !known {
				t.Errorf("known %t, error %v", known, err)
			}
			got := ""
			for _, r := range routes {
				got += fmt.Sprintf("%s by %s metric %d; ", r.Gateway, r.Dev, r.Metric)
			}
			if got != tt.want {
				t.Errorf("routes = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHostWithoutRoutesHasNone(t *testing.T) {
	h := openHost(t, newNetns(t).name)
	for _, dst := range []string{"0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32"} {
		if routes, known, err := h.Routes(netip.MustParsePrefix(dst), unix.RT_TABLE_MAIN); len(routes) != 0 || !known || err != nil {
			t.Errorf("Routes(%s) = %v, %t, %v, want none, known", dst, routes, known, err)
		}
	}
}

// In a table of very many routes, one that can't be asked for is not looked for.
func TestRoutesAmongMany(t *testing.T) {
	n := newNetns(t)
	n.noIPv6()
	n.ip("link add hv0 type veth peer name hv1")
	n.ip("link set hv0 up")
	n.ip("addr add 10.1.0.1/24 dev hv0")
	var batch strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&batch, "route add 11.%d.%d.0/24 dev hv0 table 100\n", i>>8, i&255)
	}
	batch.WriteString("route add 12.0.0.0/8 via 10.1.0.2\nroute add 12.0.0.0/8 via 10.1.0.2 table 100\n")
	n.batch(batch.String())
	h := openHost(t, n.name)
	before := openFiles(t)
	for table, want := range map[uint32]bool{unix.RT_TABLE_MAIN: true, 100: false} {
		if routes, known, err := h.Routes(netip.MustParsePrefix("12.0.0.0/8"), table); len(routes) > 0 != want || known != want || err != nil {
			t.Errorf("table %d: %v, known %t, error %v, want known %t", table, routes, known, err, want)
		}
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, were %d", after, before)
	}
}

func TestDestinationOf(t *testing.T) {
	net := func(prefix string) events.Field {
		return events.Field{Name: "dst", Value: events.NetValue(netip.MustParsePrefix(prefix))}
	}
	routeTo := func(target events.Name, fields ...events.Field) *events.Change {
		return change(events.KindRoute, events.Delete, target, fields...)
	}
	six, ioctl := word("family", "inet6"), word("ioctl", "SIOCDELRT")
	tests := []struct {
		name   string
		change *events.Change
		want   string
	}{
		{"network", routeTo("10.2.0.0/16", inet(net("10.2.0.0/16"), word("table", "main"))...), "10.2.0.0/16 254"},
		{"host", routeTo("10.2.0.1", inet(ip("dst", "10.2.0.1"))...), "10.2.0.1/32 254"},
		{"more than the network", routeTo("2001:db8::1/32", six, net("2001:db8::1/32")), "2001:db8::/32 254"},
		{"default", route(events.Delete), "0.0.0.0/0 254"},
		{"IPv6 default", routeTo("default", six, word("dst", "default")), "::/0 254"},
		{"by ioctl", routeTo("default", inet(ioctl, word("dst", "default"))...), "0.0.0.0/0 254"},
		{"table by number", routeTo("10.2.0.0/16", inet(net("10.2.0.0/16"), word("table", "51820"))...), "10.2.0.0/16 51820"},
		{"table by name", routeTo("10.2.0.0/16", inet(net("10.2.0.0/16"), word("table", "local"))...), "10.2.0.0/16 255"},
		{"for one source only", routeTo("default", six, word("dst", "default"), net("2001:db8::/32"), ip("from", "2001:db8::1")), ""},
		{"for one type of service only", routeTo("10.2.0.0/16", inet(net("10.2.0.0/16"), number("tos", 16))...), ""},
		{"not told", routeTo("", inet()...), ""},
		{"of another family", routeTo("default", word("family", "mpls"), word("dst", "default")), ""},
		{"no route", addr(events.Add, "eth0", "10.1.0.5", 24), ""},
	}
	for _, tt := range tests {
		got := ""
		if to, ok := destinationOf(tt.change); ok {
			got = fmt.Sprint(to.dst, " ", to.table)
		}
		if got != tt.want {
			t.Errorf("%s: destination %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFactsOfMissingRoute(t *testing.T) {
	n := newNode(t)
	n.host.ip("route add 10.9.0.0/16 via 192.168.1.2")
	n.host.ip("route add default via 192.168.1.3 metric 8")
	n.host.ip("link set lo up")
	to := events.Field{Name: "dst", Value: events.NetValue(netip.MustParsePrefix("10.9.0.0/16"))}
	c := n.inContainer(failed(change(events.KindRoute, events.Delete, "10.9.0.0/16", inet(to)...), unix.ESRCH))
	if c.Here.RouteKnown || c.Here.Route != nil {
		t.Errorf("here: route %v, known %t, want not known", c.Here.Route, c.Here.RouteKnown)
	}
	if want := (events.Route{Gateway: netip.MustParseAddr("192.168.1.2"), Dev: "ens3"}); !c.Host.RouteKnown || *c.Host.Route != want {
		t.Errorf("host: route %+v, known %t, want %+v", c.Host.Route, c.Host.RouteKnown, want)
	}
	c = n.inContainer(failed(route(events.Delete, ip("gateway", "192.168.1.3")), unix.ESRCH))
	if want := (events.Route{Gateway: netip.MustParseAddr("10.1.0.254"), Dev: "eth0"}); !c.Here.RouteKnown || *c.Here.Route != want {
		t.Errorf("here: default route %+v, known %t, want %+v", c.Here.Route, c.Here.RouteKnown, want)
	}
	if want := (events.Route{Gateway: netip.MustParseAddr("192.168.1.3"), Dev: "ens3", Metric: 8}); !c.Host.RouteKnown || *c.Host.Route != want {
		t.Errorf("host: default route %+v, known %t, want %+v", c.Host.Route, c.Host.RouteKnown, want)
	}
}

func TestLikest(t *testing.T) {
	via := func(gateway string, metric uint32) *events.Route {
		r := &events.Route{Dev: "eth0", Metric: metric}
		if gateway != "" {
			r.Gateway = netip.MustParseAddr(gateway)
		}
		return r
	}
	routes := []*events.Route{via("10.1.0.1", 0), via("10.1.0.2", 7), via("", 9), via("10.1.0.2", 11)}
	for name, tt := range map[string]struct {
		change *events.Change
		want   *events.Route
	}{
		"any":                    {route(events.Delete), routes[0]},
		"by gateway":             {route(events.Delete, ip("gateway", "10.1.0.2")), routes[1]},
		"by metric":              {route(events.Delete, number("metric", 9)), routes[2]},
		"by both":                {route(events.Delete, ip("gateway", "10.1.0.2"), number("metric", 11)), routes[3]},
		"by gateway or metric":   {route(events.Delete, ip("gateway", "10.1.0.1"), number("metric", 9)), routes[0]},
		"by a gateway of none's": {route(events.Delete, ip("gateway", "10.1.0.9")), routes[0]},
	} {
		if got := likest(routes, tt.change); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	if got := likest(nil, route(events.Delete)); got != nil {
		t.Errorf("of none: %+v", got)
	}
}

// A flood of routes is not a flood of questions.
func TestRouteQuestionsAreFew(t *testing.T) {
	n := newNode(t)
	known := 0
	n.answers.begin(time.Now())
	for i := range 2 * mostRoutes {
		dst := netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(i >> 8), byte(i), 0}), 24)
		c := change(events.KindRoute, events.Add, events.Name(dst.String()), inet(events.Field{Name: "dst", Value: events.NetValue(dst)})...)
		if n.answers.given = time.Now(); n.inContainer(c).Host.RouteKnown {
			known++
		}
	}
	if known > mostRoutes || known == 0 {
		t.Errorf("%d routes were asked for, want %d at most", known, mostRoutes)
	}
}

// The namespace was read after the change, so it may hold what the change made.
func TestRouteOfStaleMemory(t *testing.T) {
	m := web()
	m.read = at(9)
	gateway := ip("gateway", "10.1.0.254")
	for name, tt := range map[string]struct {
		change *events.Change
		want   bool
	}{
		"replaced":              {route(events.Replace, gateway), false},
		"deleted":               {route(events.Delete, gateway), false},
		"added":                 {route(events.Add, gateway), true},
		"could not be replaced": {failed(route(events.Replace, gateway), unix.EPERM), true},
	} {
		if _, known := m.routeTo(tt.change); known != tt.want {
			t.Errorf("%s: known = %t, want %t", name, known, tt.want)
		}
	}
}
