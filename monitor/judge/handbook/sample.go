package handbook

import (
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/wrongns/wrongns/events"
)

// The samples play in a container called web, whose eth0 is a macvlan on the host's
// ens3, in 10.9.0.0/24. The host has an eth0, down, in 192.168.1.0/24, and goes by 192.168.1.1.
const (
	webNetns  = 4026532281
	hostNetns = 4026531840
)

// samples are changes that each rule finds a sign in, by its name.
var samples = map[string]func() *events.Change{
	"missing-link": func() *events.Change {
		c := sample("ip link set dev ens3 up", events.KindLink, events.Lookup, "ens3")
		fail(c, syscall.ENODEV)
		c.Host.Link = &events.Link{Index: 2, Name: "ens3", Flags: syscall.IFF_UP, MTU: 1500}
		return c
	},
	"unreachable-gateway": func() *events.Change {
		c := sample("ip route add default via 192.168.1.1", events.KindRoute, events.Add, "default", address("gateway", "192.168.1.1"))
		fail(c, syscall.ENETUNREACH)
		c.Extack = "Nexthop has invalid gateway"
		gateway := netip.MustParseAddr("192.168.1.1")
		c.Here.Nexthop = &events.Nexthop{Gateway: gateway}
		c.Host.Nexthop = &events.Nexthop{Gateway: gateway, OnLink: true, Dev: "eth0"}
		c.Host.Defaults = nil
		return c
	},
	"uplink-enslaved": func() *events.Change {
		c := onEth0("ip link set dev eth0 master br0", events.Field{Name: "master", Value: events.OutsideValue("br0")})
		c.Here.Master = &events.Link{Index: 5, Name: "br0", Kind: "bridge"}
		return c
	},
	"no-op-on-shadowed-link": func() *events.Change {
		c := onEth0("ip link set dev eth0 up", events.Field{Name: "flags", Value: events.ListValue(events.TextValue("UP"))})
		c.Effect = events.EffectNone
		return c
	},
	"host-gateway": func() *events.Change {
		c := sample("ip route replace default via 192.168.1.1", events.KindRoute, events.Replace, "default", address("gateway", "192.168.1.1"))
		c.Process.Interactive = true
		gateway := netip.MustParseAddr("192.168.1.1")
		c.Here.Nexthop = &events.Nexthop{Gateway: gateway, OnLink: true, Dev: "eth0"}
		c.Host.Nexthop = &events.Nexthop{Gateway: gateway, OnLink: true, Dev: "eth0"}
		return c
	},
	"missing-route": func() *events.Change {
		dst := netip.MustParsePrefix("203.0.113.0/24")
		c := sample("ip route del 203.0.113.0/24", events.KindRoute, events.Delete, "203.0.113.0/24",
			events.Field{Name: "dst", Value: events.NetValue(dst)})
		fail(c, syscall.ESRCH)
		c.Host.Route, c.Host.RouteKnown = &events.Route{Gateway: netip.MustParseAddr("192.168.1.7"), Dev: "eth0"}, true
		return c
	},
	"host-address": func() *events.Change {
		c := onEth0("ip address add 192.168.1.50/24 dev eth0")
		c.Kind, c.Action, c.Target = events.KindAddress, events.Add, "192.168.1.50/24"
		c.Request = events.Object{address("local", "192.168.1.50"), {Name: "prefixlen", Value: events.UintValue(24)}, {Name: "dev", Value: events.OutsideValue("eth0")}}
		c.Process.Interactive = true
		c.Host.Fit = &events.Fit{Prefix: netip.MustParsePrefix("192.168.1.2/24"), Dev: "eth0"}
		return c
	},
	"host-everywhere-but-net": func() *events.Change {
		c := onEth0("ip link set dev eth0 mtu 9000", events.Field{Name: "mtu", Value: events.UintValue(9000)})
		c.Standing = &events.Standing{Known: true, Namespaces: []string{"mnt", "pid", "uts"}, Root: true}
		return c
	},
	"host-changed-by-container": func() *events.Change {
		c := sample("ip route del default", events.KindRoute, events.Delete, "default")
		c.Netns = events.Namespace{Inode: hostNetns, Host: true, Owner: "host"}
		c.Container.Told, c.Container.Netns = true, webNetns
		return c
	},
	"cross-namespace": func() *events.Change {
		c := sample("ip link set dev eth0 down", events.KindLink, events.Set, "eth0", events.Field{Name: "flags_off", Value: events.ListValue(events.TextValue("UP"))})
		c.Netns = events.Namespace{Inode: webNetns + 77, Owner: "container db"}
		c.Process.NetnsInode = c.Netns.Inode
		c.Container.Told, c.Container.Netns = true, webNetns
		return c
	},
}

// sample is a change that worked, made in web by docker exec.
func sample(commandLine string, kind events.Kind, action events.Action, target events.Name, request ...events.Field) *events.Change {
	return &events.Change{
		Time: time.Date(2026, 11, 22, 6, 18, 35, 676e6, time.UTC), Seq: 1042,
		Kind: kind, Action: action, Via: events.ViaRtnetlink, Target: target, Request: request,
		Known: true, Effect: events.EffectChanged,
		Netns: events.Namespace{Inode: webNetns, Owner: "container web"},
		Process: &events.Process{
			PID: 4121, TID: 4121, Name: "ip", CommandLine: events.Name(commandLine), Executable: "/sbin/ip",
			NetnsInode: webNetns, Parent: &events.Parent{PID: 4100, Name: "sh"},
		},
		Container: &events.Container{ID: strings.Repeat("84f98fad", 8), Name: "web", Runtime: "docker"},
		Here:      &events.Facts{Known: true, Defaults: []netip.Addr{netip.MustParseAddr("10.9.0.1")}},
		Host:      &events.Facts{Known: true, Defaults: []netip.Addr{netip.MustParseAddr("192.168.1.1")}},
	}
}

// onEth0 is a sample that is about the link eth0, which both worlds have.
func onEth0(commandLine string, request ...events.Field) *events.Change {
	c := sample(commandLine, events.KindLink, events.Set, "eth0", request...)
	c.Here.Link = &events.Link{Index: 2, Name: "eth0", Kind: "macvlan", ParentName: "ens3", Flags: syscall.IFF_UP, MTU: 1500}
	c.Here.Addresses = []netip.Prefix{netip.MustParsePrefix("10.9.0.5/24")}
	c.Host.Link = &events.Link{Index: 7, Name: "eth0", MTU: 1500}
	c.Host.Addresses = []netip.Prefix{netip.MustParsePrefix("192.168.1.2/24")}
	return c
}

func fail(c *events.Change, errno syscall.Errno) {
	c.Errno, c.Effect = errno, events.EffectFailed
}

func address(name, value string) events.Field {
	return events.Field{Name: name, Value: events.AddrValue(netip.MustParseAddr(value))}
}
