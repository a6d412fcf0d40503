package events

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

func addr(s string) Value { return AddrValue(netip.MustParseAddr(s)) }

func TestCommand(t *testing.T) {
	kind := func(k string, data ...Field) Value {
		o := Object{{"info_kind", OutsideValue(k)}}
		if data != nil {
			o.Set("info_data", StructValue(data))
		}
		return StructValue(o)
	}
	up := ListValue(TextValue("UP"))
	tests := []struct {
		kind    Kind
		action  Action
		target  Name
		request Object
		want    string
	}{
		{KindLink, Set, "eth0", Object{{"ifindex", IntValue(2)}, {"flags", up}}, "ip link set eth0 up"},
		{KindLink, Set, "eth0", Object{{"ifname", OutsideValue("eth0")}, {"flags_off", up}, {"ioctl", TextValue("SIOCSIFFLAGS")}}, "ip link set eth0 down"},
		{KindLink, Set, "eth0", Object{{"flags", up}, {"ioctl", TextValue("SIOCGIFFLAGS")}, {"not_sent", BoolValue(true)}}, "ip link set eth0 up"},
		{KindLink, Set, "eth0", Object{{"flags", ListValue(TextValue("NOARP"), TextValue("PROMISC"))}}, "ip link set eth0 arp off promisc on"},
		{KindLink, Set, "eth0", Object{{"flags", ListValue(TextValue("UP"), TextValue("DEBUG"))}}, "ip link set eth0 up …"},
		{KindLink, Set, "eth0", Object{{"master", OutsideValue("br0")}}, "ip link set eth0 master br0"},
		{KindLink, Set, "eth0", Object{{"nomaster", BoolValue(true)}}, "ip link set eth0 nomaster"},
		{KindLink, Set, "eth0", Object{{"newname", OutsideValue("lan")}, {"mtu", UintValue(1400)}}, "ip link set eth0 name lan mtu 1400"},
		{KindLink, Set, "eth0", Object{{"address", MacValue([]byte{2, 0, 0, 0, 0, 0xfe})}}, "ip link set eth0 address 02:00:00:00:00:fe"},
		{KindLink, Set, "eth0", Object{{"attr_99", HexValue([]byte{1})}}, "ip link set eth0 …"},
		{KindLink, Move, "veth1", Object{{"net_ns_pid", UintValue(4121)}}, "ip link set veth1 netns 4121"},
		{KindLink, Move, "veth1", Object{{"net_ns_fd", UintValue(5)}}, "ip link set veth1 netns /proc/7/fd/5"},
		{KindLink, Delete, "br0", nil, "ip link del br0"},
		{KindLink, Add, "br0", Object{{"ifname", OutsideValue("br0")}, {"linkinfo", kind("bridge")}}, "ip link add br0 type bridge"},
		{KindLink, Add, "mv0", Object{{"link", OutsideValue("ens3")}, {"linkinfo", kind("macvlan", Field{"mode", TextValue("bridge")})}},
			"ip link add mv0 link ens3 type macvlan mode bridge"},
		{KindLink, Add, "v0", Object{{"linkinfo", kind("veth", Field{"peer", StructValue(Object{{"ifname", OutsideValue("v1")}})})}},
			"ip link add v0 type veth peer name v1"},
		{KindLink, Add, "bond0", Object{{"linkinfo", kind("bond", Field{"arp_ip_target", ListValue(addr("10.0.0.1"), addr("10.0.0.2"))}, Field{"flags", ListValue()})}},
			"ip link add bond0 type bond arp_ip_target 10.0.0.1,10.0.0.2 flags"},
		{KindLink, Set, "eth0", Object{{"linkinfo", StructValue(Object{{"info_slave_kind", TextValue("bridge")}, {"info_slave_data", HexValue([]byte{1})}})}},
			"ip link set eth0 type bridge_slave …"},
		{KindLink, Set, "eth0", Object{{"linkinfo", StructValue(Object{{"info_kind", TextValue("bridge_slave")}, {"info_slave_data", StructValue(Object{{"hairpin", BoolValue(true)}})}})}},
			"ip link set eth0 type bridge_slave hairpin on"},
		{KindLink, Set, "group 7", Object{{"group", TextValue("7")}, {"flags", up}}, "ip link set group 7 up"},
		{KindLink, Lookup, "hv0", Object{{"ifname", OutsideValue("hv0")}}, "look-up of link hv0"},
		{KindLink, Set, "$(reboot)", nil, "ip link set '$(reboot)'"},
		{KindLink, Set, "a'b", nil, `ip link set 'a'\''b'`},
		{KindLink, Set, "a'\x1b\\", nil, `ip link set $'a\'\x1b\\'`},
		{KindLink, Set, "", nil, "ip link set ''"},
		{KindAddress, Add, "10.0.0.5/24", Object{
			{"family", TextValue("inet")}, {"local", addr("10.0.0.5")}, {"prefixlen", UintValue(24)}, {"dev", OutsideValue("eth0")},
			{"scope", TextValue("global")}, {"broadcast", addr("10.0.0.255")},
		}, "ip address add 10.0.0.5/24 broadcast 10.0.0.255 dev eth0"},
		{KindAddress, Replace, "fd00::1/64", Object{
			{"local", addr("fd00::1")}, {"dev", OutsideValue("eth0")}, {"scope", TextValue("link")}, {"flags", ListValue(TextValue("nodad"))},
		}, "ip address replace fd00::1/64 dev eth0 scope link nodad"},
		{KindRoute, Add, "default", Object{
			{"family", TextValue("inet")}, {"dst", TextValue("default")}, {"table", TextValue("main")}, {"protocol", TextValue("boot")},
			{"scope", TextValue("global")}, {"gateway", addr("192.168.1.1")},
		}, "ip route add default via 192.168.1.1"},
		{KindRoute, Replace, "10.0.0.0/8", Object{
			{"dst", NetValue(netip.MustParsePrefix("10.0.0.0/8"))}, {"scope", TextValue("link")}, {"dev", OutsideValue("eth0")},
			{"table", TextValue("100")}, {"protocol", TextValue("static")}, {"prefsrc", addr("10.0.0.5")}, {"metric", UintValue(7)},
			{"metrics", StructValue(Object{{"mtu", UintValue(1400)}})},
		}, "ip route replace 10.0.0.0/8 dev eth0 src 10.0.0.5 table 100 proto static metric 7 mtu 1400"},
		{KindRoute, Set, "default", Object{{"family", TextValue("inet6")}, {"dst", TextValue("default")}, {"dev", OutsideValue("eth0")}},
			"ip -6 route change default dev eth0"},
		{KindRoute, Add, "10.0.0.0/8", Object{{"type", TextValue("blackhole")}}, "ip route add blackhole 10.0.0.0/8"},
		{KindRoute, Append, "default", Object{{"nexthops", ListValue(
			StructValue(Object{{"gateway", addr("10.0.0.1")}, {"weight", UintValue(1)}}),
			StructValue(Object{{"dev", OutsideValue("eth1")}, {"weight", UintValue(2)}, {"flags", ListValue(TextValue("onlink"))}}),
		)}}, "ip route append default nexthop via 10.0.0.1 weight 1 nexthop dev eth1 weight 2 onlink"},
		{KindRoute, Add, "10.0.0.0/8", Object{{"via", StructValue(Object{{"family", TextValue("inet6")}, {"host", addr("fe80::1")}})}},
			"ip route add 10.0.0.0/8 via inet6 fe80::1"},
		{KindNexthop, Add, "id 1", Object{
			{"family", TextValue("inet")}, {"flags", ListValue(TextValue("onlink"))}, {"id", UintValue(1)}, {"gateway", addr("10.0.0.1")},
			{"dev", OutsideValue("eth0")}, {"protocol", TextValue("static")},
		}, "ip nexthop add id 1 via 10.0.0.1 dev eth0 onlink protocol static"},
		{KindNexthop, Replace, "id 2", Object{{"family", TextValue("inet6")}, {"id", UintValue(2)}, {"blackhole", BoolValue(true)}},
			"ip -6 nexthop replace id 2 blackhole"},
		{KindNexthop, Add, "id 3", Object{{"id", UintValue(3)}, {"type", TextValue("resilient")}, {"group", ListValue(
			StructValue(Object{{"id", UintValue(1)}, {"weight", UintValue(1)}}), StructValue(Object{{"id", UintValue(2)}, {"weight", UintValue(7)}}))},
			{"resilient_args", StructValue(Object{{"buckets", UintValue(8)}, {"idle_timer", UintValue(6000)}})},
		}, "ip nexthop add id 3 group 1/2,7 type resilient buckets 8 idle_timer 60"},
		{KindNexthop, Add, "id 3", Object{{"resilient_args", StructValue(Object{{"idle_timer", UintValue(50)}})}}, "ip nexthop add …"},
		{KindNexthop, Add, "id 4", Object{{"id", UintValue(4)}, {"group", HexValue([]byte{1})}}, "ip nexthop add id 4 …"},
		{KindNexthop, Add, "id 5", Object{{"id", UintValue(5)}, {"gateway", addr("10.0.0.1")}, {"encap", TextValue("mpls")}, {"encap_data", HexValue([]byte{1})}},
			"ip nexthop add id 5 via 10.0.0.1 …"},
		{KindNexthop, Delete, "id 6", Object{{"id", UintValue(6)}}, "ip nexthop del id 6"},
		{KindQdisc, Add, "dev eth0 root", Object{
			{"object", TextValue("qdisc")}, {"dev", OutsideValue("eth0")}, {"parent", TextValue("root")}, {"handle", TextValue("1:")},
			{"kind", OutsideValue("htb")}, {"options", HexValue([]byte{1})},
		}, "tc qdisc add dev eth0 root handle 1: htb …"},
		{KindQdisc, Replace, "dev eth0 1:10", Object{
			{"object", TextValue("qdisc")}, {"dev", OutsideValue("eth0")}, {"parent", TextValue("1:10")}, {"kind", OutsideValue("pfifo")},
			{"options", StructValue(Object{{"limit", UintValue(9)}})},
		}, "tc qdisc replace dev eth0 parent 1:10 pfifo limit 9"},
		{KindQdisc, Delete, "dev eth0 ingress", Object{
			{"object", TextValue("qdisc")}, {"dev", OutsideValue("eth0")}, {"parent", TextValue("ingress")}, {"handle", TextValue("ffff:")},
			{"kind", OutsideValue("ingress")}, {"options", HexValue(nil)},
		}, "tc qdisc del dev eth0 ingress"},
		{KindQdisc, Delete, "dev eth0 ingress", Object{{"object", TextValue("qdisc")}, {"dev", OutsideValue("eth0")}, {"parent", TextValue("ingress")}},
			"tc qdisc del dev eth0 parent ffff:fff1"},
		{KindQdisc, Set, "dev eth0 1:1", Object{
			{"object", TextValue("class")}, {"dev", OutsideValue("eth0")}, {"parent", TextValue("1:")}, {"handle", TextValue("1:1")}, {"kind", OutsideValue("htb")},
		}, "tc class change dev eth0 parent 1: classid 1:1 htb"},
		{KindQdisc, Add, "dev eth0 egress", Object{
			{"object", TextValue("filter")}, {"dev", OutsideValue("eth0")}, {"parent", TextValue("egress")}, {"protocol", TextValue("ip")},
			{"pref", UintValue(5)}, {"handle", TextValue("0x1")}, {"kind", OutsideValue("matchall")}, {"chain", UintValue(3)},
		}, "tc filter add dev eth0 egress protocol ip pref 5 handle 0x1 chain 3 matchall"},
		{KindQdisc, Add, "block 22", Object{{"object", TextValue("filter")}, {"block", UintValue(22)}, {"kind", OutsideValue("$(reboot)")}},
			"tc filter add block 22 '$(reboot)'"},
		{"netns", Add, "7", nil, "ip netns add 7"},
		{KindRule, Add, "", Object{
			{"family", TextValue("inet")}, {"not", BoolValue(true)}, {"tos", TextValue("0x10")}, {"table", TextValue("100")},
			{"dst", NetValue(netip.MustParsePrefix("10.9.0.0/16"))}, {"fwmark", TextValue("0x1")}, {"fwmask", TextValue("0xff")},
			{"iif", OutsideValue("a b")}, {"priority", UintValue(50)}, {"protocol", TextValue("static")},
		}, "ip rule add not to 10.9.0.0/16 tos 0x10 iif 'a b' fwmark 0x1/0xff priority 50 table 100 protocol static"},
		{KindRule, Add, "", Object{
			{"family", TextValue("inet6")}, {"table", TextValue("main")}, {"uid_start", UintValue(5)}, {"uid_end", UintValue(6)},
			{"ipproto", TextValue("tcp")}, {"sport_start", UintValue(1)}, {"sport_end", UintValue(9)}, {"dport", UintValue(80)},
			{"l3mdev", BoolValue(true)}, {"suppress_prefixlen", IntValue(0)}, {"flow_from", UintValue(5)}, {"flow_to", UintValue(6)},
			{"protocol", TextValue("boot")},
		}, "ip -6 rule add uidrange 5-6 ipproto tcp sport 1-9 dport 80 l3mdev suppress_prefixlength 0 realms 5/6"},
		{KindRule, Delete, "", Object{{"family", TextValue("inet")}, {"src", addr("192.0.2.1")}, {"table", TextValue("main")}, {"attr_99", HexValue([]byte{1})}},
			"ip rule del from 192.0.2.1 table main …"},
		{KindRule, Add, "", Object{{"multicast", BoolValue(true)}, {"fwmask", TextValue("0x1")}, {"action", TextValue("unreachable")}},
			"ip mrule add fwmark 0/0x1 unreachable"},
		{KindNeighbour, Add, "10.0.0.1", Object{
			{"family", TextValue("inet")}, {"dev", OutsideValue("eth0")}, {"state", ListValue(TextValue("PERMANENT"))},
			{"dst", addr("10.0.0.1")}, {"lladdr", MacValue([]byte{2, 0, 0, 0, 0, 1})},
		}, "ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0"},
		{KindNeighbour, Set, "10.0.0.1", Object{
			{"dst", addr("10.0.0.1")}, {"dev", OutsideValue("eth0")}, {"state", ListValue(TextValue("STALE"))},
			{"flags", ListValue(TextValue("router"), TextValue("extern_learn"))}, {"protocol", TextValue("static")},
		}, "ip neigh change 10.0.0.1 dev eth0 protocol static nud stale router extern_learn"},
		{KindNeighbour, Replace, "10.0.0.1", Object{{"dst", addr("10.0.0.1")}, {"state", ListValue(TextValue("STALE"), TextValue("PROBE"))}},
			"ip neigh replace 10.0.0.1 …"},
		{KindNeighbour, Add, "fe80::1", Object{{"dst", addr("fe80::1")}, {"dev", OutsideValue("eth0")}, {"flags", ListValue(TextValue("proxy"))}},
			"ip neigh add proxy fe80::1 dev eth0"},
		{KindNeighbour, Add, "10.0.0.1", Object{{"dst", addr("10.0.0.1")}, {"flags", ListValue(TextValue("offload"))}}, "ip neigh add 10.0.0.1 nud none …"},
		{KindNeighbour, Append, "00:00:00:00:00:00", Object{
			{"family", TextValue("bridge")}, {"dev", OutsideValue("vx0")}, {"state", ListValue(TextValue("NOARP"), TextValue("PERMANENT"))},
			{"flags", ListValue(TextValue("self"))}, {"lladdr", MacValue(make([]byte, 6))}, {"dst", addr("192.0.2.7")}, {"vni", UintValue(9)},
			{"via", OutsideValue("eth0")},
		}, "bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.7 vni 9 via eth0 self"},
		{KindNeighbour, Set, "02:00:00:00:00:01", Object{
			{"family", TextValue("bridge")}, {"dev", OutsideValue("p0")}, {"state", ListValue(TextValue("REACHABLE"), TextValue("NOARP"))},
			{"lladdr", MacValue([]byte{2, 0, 0, 0, 0, 1})}, {"vlan", UintValue(7)},
		}, "bridge fdb replace 02:00:00:00:00:01 dev p0 vlan 7 master static"},
		{KindNeighbour, Delete, "02:00:00:00:00:01", Object{
			{"family", TextValue("bridge")}, {"dev", OutsideValue("vx0")}, {"lladdr", MacValue([]byte{2, 0, 0, 0, 0, 1})}, {"dst", addr("192.0.2.7")},
		}, "bridge fdb del 02:00:00:00:00:01 dev vx0 dst 192.0.2.7 self"},
		{KindNeighbour, Add, "02:00:00:00:00:01", Object{
			{"family", TextValue("bridge")}, {"dev", OutsideValue("p0")}, {"lladdr", MacValue([]byte{2, 0, 0, 0, 0, 1})},
			{"state", ListValue(TextValue("PERMANENT"))},
		}, "bridge fdb add 02:00:00:00:00:01 dev p0 …"},
		{KindNeighbour, Delete, "br0", Object{{"family", TextValue("bridge")}, {"dev", OutsideValue("br0")}, {"flags", ListValue(TextValue("self"))}},
			"bridge fdb flush dev br0 self"},
	}
	for _, tt := range tests {
		c := &Change{Kind: tt.kind, Action: tt.action, Target: tt.target, Request: tt.request, Process: &Process{PID: 7}}
		if got := c.Command(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// TestArgumentForAShell has a real shell read back what was quoted for it.
func TestArgumentForAShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, name := range []string{"eth0", "", "a b", "$(reboot)", "`x`", "a'b'", `a\`, "\x1b[2J'\\\n", "\xff\xfe", "ä;*?~!", "#x", "-n\u202e"} {
		out, err := exec.Command(bash, "-c", "printf %s "+string(appendArgument(nil, name))).Output()
		if err != nil || string(out) != name {
			t.Errorf("bash reads %q of %q: %v", out, appendArgument(nil, name), err)
		}
	}
}

func TestMessage(t *testing.T) {
	route := func(edit func(*Change)) *Change {
		c := sampleGateway()
		edit(c)
		return c
	}
	tests := []struct {
		c    *Change
		want string
	}{
		{sampleUp(), "web: link set eth0 up: no effect"},
		{sampleGateway(), "web: route add default via 192.168.1.1: ENETUNREACH Nexthop has invalid gateway."},
		{sampleRoute(), "host: route add 10.7.0.0/16 via 192.168.1.1 dev eth0 proto bird metric 32: ok"},
		{route(func(c *Change) { c.Known = false }), "web: route add default via 192.168.1.1: result unknown"},
		{route(func(c *Change) { c.Known, c.Effect = false, EffectChanged }), "web: route add default via 192.168.1.1: changed"},
		{route(func(c *Change) { c.Container.Name = "" }), "84f98fadc384: route add default via"},
		{route(func(c *Change) { c.Container.Name = "host" }), "container host: route add"},
		{route(func(c *Change) { c.Netns = Namespace{Inode: 5, Cookie: 1, Host: true, Owner: "host"} }), "web → host: route add"},
		{route(func(c *Change) { c.Container, c.Netns = nil, Namespace{Inode: 5} }), "netns 5: route add"},
	}
	for _, tt := range tests {
		if got := string(tt.c.appendMessage(nil)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
