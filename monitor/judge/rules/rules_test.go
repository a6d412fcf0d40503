package rules

import (
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/wrongns/wrongns/events"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// link makes a link's state; a kind of "" is that of a network card.
func link(name events.Name, kind string, flags uint32) *events.Link {
	return &events.Link{Index: 2, Name: name, Kind: kind, Flags: flags, MTU: 1500}
}

const up, down = uint32(syscall.IFF_UP), uint32(0)

// inWeb makes a change that succeeded in the container web, whose uplink is eth0,
// a macvlan on ens3. The host has an eth0 that is down.
func inWeb(change events.Change) *events.Change {
	own := link("eth0", "macvlan", up)
	own.ParentName = "ens3"
	c := &change
	c.Known = true
	c.Netns = events.Namespace{Inode: 4026532281, Owner: "container web"}
	c.Process = &events.Process{PID: 4121, Name: "ip", NetnsInode: 4026532281}
	c.Container = &events.Container{ID: strings.Repeat("84f98fad", 8), Name: "web", Runtime: "docker"}
	c.Here = &events.Facts{
		Known: true, Link: own, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.0.5/24")},
		Defaults: []netip.Addr{addr("10.9.0.1")},
	}
	c.Host = &events.Facts{Known: true, Link: link("eth0", "", down), Defaults: []netip.Addr{addr("192.168.1.1")}}
	return c
}

func setLink(effect events.Effect, request ...events.Field) *events.Change {
	c := inWeb(events.Change{Kind: events.KindLink, Action: events.Set, Target: "eth0", Effect: effect, Request: request})
	c.Before, c.After = c.Here.Link, c.Here.Link
	return c
}

func flag(field, name string) events.Field {
	return events.Field{Name: field, Value: events.ListValue(events.TextValue(name))}
}

func mtu(n uint64) events.Field { return events.Field{Name: "mtu", Value: events.UintValue(n)} }

func lookup(name events.Name) *events.Change {
	c := inWeb(events.Change{Kind: events.KindLink, Action: events.Lookup, Target: name, Errno: syscall.ENODEV, Effect: events.EffectFailed})
	c.Here.Link, c.Host.Link = nil, link(name, "", up)
	return c
}

// enslave puts eth0 into a bridge br0 of web's own.
func enslave() *events.Change {
	c := setLink(events.EffectChanged, events.Field{Name: "master", Value: events.OutsideValue("br0")})
	c.Here.Master = link("br0", "bridge", down)
	c.Here.Master.Index = 3
	return c
}

func addBridge() *events.Change {
	c := inWeb(events.Change{Kind: events.KindLink, Action: events.Add, Target: "br0", Effect: events.EffectChanged, Request: events.Object{
		{Name: "linkinfo", Value: events.StructValue(events.Object{{Name: "info_kind", Value: events.TextValue("bridge")}})},
	}})
	c.Here.Link, c.Host.Link = nil, nil
	return c
}

// addRoute adds a default route by a gateway that is next door to the host.
func addRoute(gateway string, errno syscall.Errno) *events.Change {
	g := addr(gateway)
	c := inWeb(events.Change{Kind: events.KindRoute, Action: events.Add, Target: "default", Errno: errno, Effect: events.EffectChanged,
		Request: events.Object{{Name: "dst", Value: events.TextValue("default")}, {Name: "gateway", Value: events.AddrValue(g)}}})
	if errno != 0 {
		c.Effect = events.EffectFailed
	}
	c.Here.Link, c.Host.Link = nil, nil
	c.Here.Nexthop = &events.Nexthop{Gateway: g, OnLink: errno == 0}
	c.Host.Nexthop = &events.Nexthop{Gateway: g, OnLink: true, Dev: "ens3"}
	return c
}

// deleteRoute deletes a route by 198.51.100.1 that is not here, and that the host has.
func deleteRoute(dst string) *events.Change {
	gateway := addr("198.51.100.1")
	c := inWeb(events.Change{Kind: events.KindRoute, Action: events.Delete, Target: events.Name(dst), Errno: syscall.ESRCH, Effect: events.EffectFailed,
		Request: events.Object{{Name: "dst", Value: events.NetValue(netip.MustParsePrefix(dst))}, {Name: "gateway", Value: events.AddrValue(gateway)}}})
	c.Here.Link, c.Host.Link = nil, nil
	c.Host.Route, c.Host.RouteKnown = &events.Route{Gateway: gateway, Dev: "ens4"}, true
	return c
}

// address adds or deletes an address of web's eth0. The host's eth0 has 192.168.1.2 and 2001:db8::2.
func address(prefix string, action events.Action, errno syscall.Errno) *events.Change {
	p := netip.MustParsePrefix(prefix)
	c := inWeb(events.Change{Kind: events.KindAddress, Action: action, Target: events.Name(prefix), Errno: errno, Effect: events.EffectChanged,
		Request: events.Object{{Name: "local", Value: events.AddrValue(p.Addr())}, {Name: "prefixlen", Value: events.UintValue(uint64(p.Bits()))},
			{Name: "dev", Value: events.OutsideValue("eth0")}}})
	if errno != 0 {
		c.Effect = events.EffectFailed
	}
	c.Host.Addresses = []netip.Prefix{netip.MustParsePrefix("192.168.1.2/24"), netip.MustParsePrefix("2001:db8::2/64")}
	if action == events.Add {
		c.Host.Fit = &events.Fit{Prefix: c.Host.Addresses[0], Dev: "eth0"}
	}
	return c
}

func caseOf(c *events.Change) *Case {
	k := CaseOf(c)
	return &k
}

// with returns c as it is after f.
func with(c *events.Change, f func(c *events.Change)) *events.Change {
	f(c)
	return c
}

// TestRules shows mistakes to the rules, and beside each its innocent twins.
func TestRules(t *testing.T) {
	tests := []struct {
		name   string
		change *events.Change
		rule   string   // "" if no rule shall find anything
		facts  []string // in their order
	}{
		// missing-link
		{"look-up of a link of the host's", lookup("ens3"),
			"missing-link", []string{LinkMissingHere, LinkOnHost}},
		{"change of a link of the host's by ioctl", with(lookup("ens3"), func(c *events.Change) { c.Action, c.Via = events.Set, events.ViaIoctl }),
			"missing-link", []string{LinkMissingHere, LinkOnHost}},
		{"look-up of a link that nobody has", with(lookup("ens3"), func(c *events.Change) { c.Host.Link = nil }), "", nil},
		{"look-up that fails for another reason", with(lookup("ens3"), func(c *events.Change) { c.Errno = syscall.EPERM }), "", nil},
		{"look-up that succeeds", with(lookup("ens3"), func(c *events.Change) { c.Errno = 0 }), "", nil},
		{"change that lacks something else", with(lookup("eth0"), func(c *events.Change) {
			c.Action, c.Here.Link = events.Set, link("eth0", "veth", up)
		}), "", nil},
		{"look-up of a link that is remembered, and gone", with(lookup("eth0"), func(c *events.Change) { c.Here.Link = link("eth0", "veth", up) }),
			"missing-link", []string{LinkMissingHere, LinkOnHost}},

		// no-op-on-shadowed-link
		{"up again, the host's is down", setLink(events.EffectNone, flag("flags", "UP")),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkNotAsAsked}},
		{"up again, the host's is up", with(setLink(events.EffectNone, flag("flags", "UP")), func(c *events.Change) { c.Host.Link.Flags = up }),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkAsAsked}},
		{"down again, the host's is up", with(setLink(events.EffectNone, flag("flags_off", "UP")), func(c *events.Change) {
			c.Here.Link.Flags, c.Host.Link.Flags = down, up
		}), "no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkNotAsAsked}},
		{"same mtu, the host's is another", with(setLink(events.EffectNone, mtu(1500)), func(c *events.Change) { c.Host.Link.MTU = 9000 }),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkNotAsAsked}},
		{"no master again, the host's has one", with(setLink(events.EffectNone, events.Field{Name: "nomaster", Value: events.BoolValue(true)}),
			func(c *events.Change) { c.Host.Link.MasterName = "br1" }),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkNotAsAsked}},
		{"as asked on the host, as far as can be seen", with(setLink(events.EffectNone, mtu(1500),
			events.Field{Name: "txqlen", Value: events.UintValue(9)}), func(*events.Change) {}),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed}},
		{"ioctl hands the other flags back", with(setLink(events.EffectNone, events.Field{Name: "flags", Value: events.ListValue(
			events.TextValue("UP"), events.TextValue("MULTICAST"))}), func(c *events.Change) { c.Via, c.Host.Link.Flags = events.ViaIoctl, up }),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkAsAsked}},
		{"up again, which busybox does not send", with(setLink(events.EffectNone, flag("flags", "UP"), events.Field{Name: "not_sent", Value: events.BoolValue(true)}),
			func(c *events.Change) { c.Via, c.Host.Link.Flags = events.ViaIoctl, up }),
			"no-op-on-shadowed-link", []string{OwnLinkUnchanged, HostLinkShadowed, HostLinkAsAsked}},
		{"up that had an effect", setLink(events.EffectChanged, flag("flags", "UP")), "", nil},
		{"up, who knows whether it had an effect", setLink(events.EffectUnknown, flag("flags", "UP")), "", nil},
		{"up again, the host has no such link", with(setLink(events.EffectNone, flag("flags", "UP")), func(c *events.Change) { c.Host.Link = nil }), "", nil},
		{"loopback up again", with(setLink(events.EffectNone, flag("flags", "UP")), func(c *events.Change) {
			c.Here.Link, c.Host.Link = link("lo", "", up|syscall.IFF_LOOPBACK), link("lo", "", syscall.IFF_LOOPBACK)
		}), "", nil},
		{"something that a link's state does not show", setLink(events.EffectNone, events.Field{Name: "ifalias", Value: events.OutsideValue("x")}), "", nil},

		// uplink-enslaved
		{"macvlan into an own bridge", enslave(), "uplink-enslaved", []string{UplinkEnslaved}},
		{"veth with an address into an own bridge", with(enslave(), func(c *events.Change) { c.Here.Link.Kind = "veth" }),
			"uplink-enslaved", []string{UplinkEnslaved}},
		{"ipvlan into an own vrf", with(enslave(), func(c *events.Change) { c.Here.Link.Kind, c.Here.Master.Kind = "ipvlan", "vrf" }),
			"uplink-enslaved", []string{UplinkEnslaved}},
		{"the host's is in a bridge already", with(enslave(), func(c *events.Change) { c.Host.Link.Master, c.Host.Link.MasterName = 9, "br1" }),
			"uplink-enslaved", []string{UplinkEnslaved, HostUplinkEnslaved}},
		{"veth of the container's own wiring", with(enslave(), func(c *events.Change) { c.Here.Link.Kind, c.Here.Addresses = "veth", nil }), "", nil},
		{"tap of a virtual machine", with(enslave(), func(c *events.Change) { c.Here.Link.Kind = "tun" }), "", nil},
		{"the host has no such link", with(enslave(), func(c *events.Change) { c.Host.Link = nil }), "", nil},
		{"in that bridge already", with(enslave(), func(c *events.Change) { c.Here.Link.Master = 3 }), "", nil},
		{"refused", with(enslave(), func(c *events.Change) { c.Errno, c.Effect = syscall.EBUSY, events.EffectFailed }), "", nil},

		// unreachable-gateway
		{"gateway of the host's subnet", addRoute("192.168.1.9", syscall.ENETUNREACH),
			"unreachable-gateway", []string{GatewayUnreachable, GatewayOnLinkOnHost}},
		{"the same, IPv6", addRoute("2001:db8::1", syscall.EHOSTUNREACH),
			"unreachable-gateway", []string{GatewayUnreachable, GatewayOnLinkOnHost}},
		{"the same, told as invalid", addRoute("192.168.1.9", syscall.EINVAL),
			"unreachable-gateway", []string{GatewayUnreachable, GatewayOnLinkOnHost}},
		{"the host does not reach it either", with(addRoute("203.0.113.1", syscall.ENETUNREACH), func(c *events.Change) { c.Host.Nexthop.OnLink = false }), "", nil},
		{"reachable, and invalid for another reason", with(addRoute("203.0.113.1", syscall.EINVAL), func(c *events.Change) { c.Here.Nexthop.OnLink = true }), "", nil},
		{"an address of the container itself", with(addRoute("203.0.113.1", syscall.EINVAL), func(c *events.Change) { c.Here.Nexthop.Own = true }), "", nil},
		{"link-local gateway without a link", addRoute("fe80::1", syscall.EHOSTUNREACH), "", nil},
		{"a route that is not there", with(addRoute("203.0.113.1", syscall.ESRCH), func(c *events.Change) { c.Action = events.Delete }), "", nil},

		// host-gateway
		{"the host's gateway beside the own", addRoute("192.168.1.1", 0), "host-gateway", []string{GatewayOfHost, OwnDefaultRoute}},
		{"the host's gateway in place of the own", with(addRoute("192.168.1.1", 0), func(c *events.Change) { c.Action = events.Replace }),
			"host-gateway", []string{GatewayOfHost, OwnDefaultRoute}},
		{"the own default route is in the way", addRoute("192.168.1.1", syscall.EEXIST), "host-gateway", []string{GatewayOfHost, OwnDefaultRoute}},
		{"the host's gateway, by a link that is down", addRoute("192.168.1.1", syscall.ENETDOWN), "host-gateway", []string{GatewayOfHost, RouteFailsHere}},
		{"both worlds have that gateway", with(addRoute("192.168.1.1", 0), func(c *events.Change) { c.Here.Defaults = c.Host.Defaults }), "", nil},
		{"another gateway", addRoute("10.9.0.7", 0), "", nil},
		{"no default route here", with(addRoute("192.168.1.1", 0), func(c *events.Change) { c.Here.Defaults = nil }), "", nil},
		{"some other route by the host's gateway", with(addRoute("192.168.1.1", 0), func(c *events.Change) { c.Target = "10.7.0.0/16" }), "", nil},
		// missing-route
		{"route of the host's", deleteRoute("203.0.113.0/24"), "missing-route", []string{RouteMissingHere, RouteOnHost}},
		{"route of the host's by another gateway", with(deleteRoute("203.0.113.0/24"), func(c *events.Change) { c.Host.Route.Gateway = addr("10.1.1.1") }), "", nil},
		{"route that nobody has", with(deleteRoute("203.0.113.0/24"), func(c *events.Change) { c.Host.Route = nil }), "", nil},
		{"route that the host was not asked for", with(deleteRoute("203.0.113.0/24"), func(c *events.Change) { c.Host.RouteKnown = false }), "", nil},
		{"route that is here", with(deleteRoute("203.0.113.0/24"), func(c *events.Change) { c.Errno = 0 }), "", nil},
		{"route that is not there to be changed", with(deleteRoute("203.0.113.0/24"), func(c *events.Change) { c.Action, c.Errno = events.Set, syscall.ENOENT }),
			"missing-route", []string{RouteMissingHere, RouteOnHost}},
		{"address of the host's", address("192.168.1.2/24", events.Delete, syscall.EADDRNOTAVAIL), "missing-route", []string{RouteMissingHere, RouteOnHost}},
		{"the same, IPv6", address("2001:db8::2/64", events.Delete, syscall.EADDRNOTAVAIL), "missing-route", []string{RouteMissingHere, RouteOnHost}},
		{"address that nobody has", address("192.168.1.3/24", events.Delete, syscall.EADDRNOTAVAIL), "", nil},

		// host-address
		{"address of the host's subnet", address("192.168.1.50/24", events.Add, 0), "host-address", []string{SubnetOfHost, LinkOfThatSubnet}},
		{"on another link than the host's", with(address("192.168.1.50/24", events.Add, 0), func(c *events.Change) { c.Host.Fit.Dev = "ens3" }),
			"host-address", []string{SubnetOfHost}},
		{"the host's own address", with(address("192.168.1.2/24", events.Add, 0), func(c *events.Change) { c.Host.Fit.Own = true }),
			"host-address", []string{SubnetOfHost, LinkOfThatSubnet, AddressOfHost}},
		{"the container is in that subnet too", with(address("192.168.1.50/24", events.Add, 0), func(c *events.Change) {
			c.Here.Fit = &events.Fit{Prefix: netip.MustParsePrefix("192.168.1.77/24"), Dev: "eth0"}
		}), "", nil},
		{"address of nobody's subnet", with(address("198.18.0.1/24", events.Add, 0), func(c *events.Change) { c.Host.Fit = nil }), "", nil},
		{"address that is refused", address("192.168.1.50/24", events.Add, syscall.EPERM), "", nil},

		// host-everywhere-but-net
		{"lives in the host's mount namespace", with(setLink(events.EffectChanged, flag("flags_off", "UP")), func(c *events.Change) {
			c.Standing = &events.Standing{Known: true, Namespaces: []string{"mnt", "uts"}}
		}), "host-everywhere-but-net", []string{HostEverywhere}},
		{"rooted in the host's files", with(setLink(events.EffectChanged, flag("flags_off", "UP")), func(c *events.Change) {
			c.Standing = &events.Standing{Known: true, Root: true}
		}), "host-everywhere-but-net", []string{HostEverywhere}},
		{"sees the host's processes only", with(setLink(events.EffectChanged, flag("flags_off", "UP")), func(c *events.Change) {
			c.Standing = &events.Standing{Known: true, Namespaces: []string{"pid"}}
		}), "", nil},
		{"a process of the host's", with(setLink(events.EffectChanged, flag("flags_off", "UP")), func(c *events.Change) {
			c.Container, c.Standing = nil, &events.Standing{Known: true, Namespaces: []string{"mnt", "pid", "uts"}, Root: true}
		}), "", nil},

		{"policy routing", with(addRoute("192.168.1.1", 0), func(c *events.Change) { c.Request.Set("table", events.TextValue("100")) }), "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var gotRule string
			var gotFacts []string
			for _, rule := range All {
				if f := rule.Find(caseOf(test.change)); f != nil {
					if gotRule != "" {
						t.Errorf("both %s and %s found it", gotRule, rule.Name)
					}
					gotRule, gotFacts = rule.Name, keys(f)
				}
			}
			if gotRule != test.rule || !slices.Equal(gotFacts, test.facts) {
				t.Errorf("got %q %q, want %q %q", gotRule, gotFacts, test.rule, test.facts)
			}
		})
	}
}

func keys(f *Finding) []string {
	var list []string
	for _, fact := range f.Facts {
		list = append(list, fact.Key)
	}
	return list
}

// TestBothGatewayRules: the host's own gateway that is not reachable here is a
// sign of both, and the stronger must be the one that says why it failed.
func TestBothGatewayRules(t *testing.T) {
	c := addRoute("192.168.1.1", syscall.ENETUNREACH)
	if unreachableGateway(caseOf(c)) == nil || hostGateway(caseOf(c)) == nil {
		t.Error("one of the two rules found nothing")
	}
}

func TestSteps(t *testing.T) {
	bridgeUp := setLink(events.EffectChanged, flag("flags", "UP"))
	bridgeUp.Target, bridgeUp.Here.Link = "br0", link("br0", "bridge", down)
	dummy := addBridge()
	dummy.Request[0].Value.Items[0].Value = events.TextValue("dummy")
	failed := addBridge()
	failed.Errno, failed.Effect = syscall.EEXIST, events.EffectFailed
	tests := []struct {
		name   string
		change *events.Change
		want   string
	}{
		{"bridge made", addBridge(), MasterMadeHere},
		{"bridge set up", bridgeUp, MasterUpHere},
		{"dummy made", dummy, ""},
		{"bridge that is there", failed, ""},
		{"other link set up", setLink(events.EffectChanged, flag("flags", "UP")), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			switch f := uplinkEnslaved(caseOf(test.change)); {
			case f == nil && test.want != "":
				t.Errorf("got nothing, want %s", test.want)
			case f != nil && (!f.Step || f.About != "br0" || f.Facts[0].Key != test.want):
				t.Errorf("got %+v, want a step %q of br0", f, test.want)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	bare := setLink(events.EffectNone, mtu(1500))
	bare.Container, bare.Netns.Owner = nil, "netns blue"
	bare.Host.Link.MTU = 9000
	unnamed := setLink(events.EffectNone, flag("flags", "UP"))
	unnamed.Container.Name, unnamed.Host.Link.Flags = "", up
	hostile := lookup("en\x1b[2J")
	bridged := enslave()
	bridged.Host.Link.Master, bridged.Host.Link.MasterName = 9, "br1"
	replace := addRoute("192.168.1.1", 0)
	replace.Action = events.Replace
	tests := []struct {
		name                                 string
		change                               *events.Change
		find                                 func(*Case) *Finding
		summary, changed, untouched, because string
	}{
		{"no-op", setLink(events.EffectNone, flag("flags", "UP")), noOpOnShadowedLink,
			"web set its own eth0 up, which already was; the host's eth0 is down and was not touched",
			"eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: already up, no effect",
			"eth0 in the host's namespace, which is down",
			"the command had no effect here and would have had one on the host"},
		{"no-op in a bare namespace", bare, noOpOnShadowedLink,
			"ip in netns blue set its own eth0 mtu 1500, which already was; the host's eth0 is mtu 9000 and was not touched",
			"eth0, a macvlan on the host's ens3, in netns blue, namespace 4026532281: already mtu 1500, no effect",
			"eth0 in the host's namespace, which is mtu 9000",
			"the command had no effect here and would have had one on the host"},
		{"no-op in both worlds, by a container without a name", unnamed, noOpOnShadowedLink,
			"84f98fad84f9 set its own eth0 up, which already was; the host's eth0 is up too and was not touched",
			"eth0, a macvlan on the host's ens3, in 84f98fad84f9's own namespace 4026532281: already up, no effect",
			"eth0 in the host's namespace, which is up too",
			"the command had no effect here, and the host has another link of that name"},
		{"missing link with a hostile name", hostile, missingLink,
			`web asked for en\x1b[2J, which its own namespace lacks; the host's en\x1b[2J is up and was not touched`,
			`nothing: there is no en\x1b[2J in web's own namespace 4026532281`,
			`en\x1b[2J in the host's namespace, which is up`,
			"no link here has that name, and one on the host has"},
		{"uplink", enslave(), uplinkEnslaved,
			"web put its own uplink eth0 into its own br0 and so cut itself off; the host's eth0 was not touched",
			"eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: now in the bridge br0",
			"eth0 in the host's namespace, which is down with no master",
			"here it only cuts the container off, on the host it is the usual way to give others a network"},
		{"uplink that the host has in a bridge", bridged, uplinkEnslaved,
			"web put its own uplink eth0 into its own br0 and so cut itself off; the host's eth0 was not touched",
			"eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: now in the bridge br0",
			"eth0 in the host's namespace, which is down and in br1 already",
			"here it only cuts the container off, on the host it is the usual way to give others a network"},
		{"unreachable gateway", addRoute("192.168.1.1", syscall.ENETUNREACH), unreachableGateway,
			"web asked for default via 192.168.1.1, which no link of its own reaches; the host's is on-link by ens3 and its routes were not touched",
			"nothing: default via 192.168.1.1 is refused in web's own namespace 4026532281, ENETUNREACH",
			"the host's routes, where 192.168.1.1 is on-link by ens3",
			"no link here reaches that gateway, and one on the host does"},
		{"host's gateway", replace, hostGateway,
			"web asked for default via 192.168.1.1, the host's own gateway; the host's routes were not touched",
			"default via 192.168.1.1, in web's own namespace 4026532281: in place of default via 10.9.0.1",
			"the host's default via 192.168.1.1",
			"that gateway is the host's own, and the namespace has another default route already"},
		{"missing route", deleteRoute("203.0.113.0/24"), missingRoute,
			"web asked to delete the route to 203.0.113.0/24 via 198.51.100.1, which its own namespace lacks; the host has it, and it was not touched",
			"nothing: there is no route to 203.0.113.0/24 via 198.51.100.1 in web's own namespace 4026532281, ESRCH",
			"the host's route to 203.0.113.0/24 via 198.51.100.1",
			"it is not here, and it is on the host"},
		{"missing address", address("192.168.1.2/24", events.Delete, syscall.EADDRNOTAVAIL), missingRoute,
			"web asked to delete the address 192.168.1.2/24 on eth0, which its own namespace lacks; the host has it, and it was not touched",
			"nothing: there is no address 192.168.1.2/24 on eth0 in web's own namespace 4026532281, EADDRNOTAVAIL",
			"the host's address 192.168.1.2/24 on eth0",
			"it is not here, and it is on the host"},
		{"host's subnet", address("192.168.1.50/24", events.Add, 0), hostAddress,
			"web gave itself 192.168.1.50, which belongs on the host's eth0; the host was not touched",
			"eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: now has 192.168.1.50/24",
			"eth0 in the host's namespace, which has 192.168.1.2/24",
			"the address lies in no subnet of this namespace, and in one of the host's"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := test.find(caseOf(test.change))
			if f == nil {
				t.Fatal("nothing found")
			}
			for _, text := range []struct{ what, got, want string }{
				{"summary", f.Summary, test.summary}, {"changed", f.Changed, test.changed},
				{"untouched", f.Untouched, test.untouched}, {"because", f.Because, test.because},
			} {
				if text.got != text.want {
					t.Errorf("%s:\n got %s\nwant %s", text.what, text.got, text.want)
				}
			}
		})
	}
}

func TestSides(t *testing.T) {
	f := noOpOnShadowedLink(caseOf(setLink(events.EffectNone, flag("flags", "UP"))))
	if want := (events.Side{Link: "eth0", Type: "macvlan", Parent: "ens3", State: "up"}); f.Own != want {
		t.Errorf("own: got %+v, want %+v", f.Own, want)
	}
	if want := (events.Side{Link: "eth0", Type: "ethernet", State: "down"}); f.Host != want {
		t.Errorf("host: got %+v, want %+v", f.Host, want)
	}
	f = unreachableGateway(caseOf(addRoute("192.168.1.1", syscall.ENETUNREACH)))
	if want := (events.Side{Route: "no link reaches 192.168.1.1"}); f.Own != want {
		t.Errorf("own: got %+v, want %+v", f.Own, want)
	}
	if want := (events.Side{Link: "ens3", Route: "default via 192.168.1.1 on-link by ens3"}); f.Host != want {
		t.Errorf("host: got %+v, want %+v", f.Host, want)
	}
}

// TestAllDescribed: what wrongns rules prints is there for each rule.
func TestAllDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All {
		if r.Name == "" || r.Looks == "" || r.Example == "" || r.Silence == "" || r.Find == nil || seen[r.Name] {
			t.Errorf("rule %q is not described in full, or twice", r.Name)
		}
		seen[r.Name] = true
	}
}
