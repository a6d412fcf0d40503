package netlink

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink/netlinktest"
)

// TestDecode has what real programs seldom send, and what hostile ones do.
func TestDecode(t *testing.T) {
	const create = unix.NLM_F_CREATE
	peers := attr(unix.IFLA_LINKINFO,
		attr(unix.IFLA_INFO_DATA, attr(1, info(0), name("p"), attr(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, text("veth"))))),
		attr(unix.IFLA_INFO_KIND, text("veth")))
	for _, test := range []struct {
		name string
		msg  []byte
		want string
	}{
		{"last duplicate wins", build(unix.RTM_NEWLINK, 0, info(0), name("eth0"), attr(unix.IFLA_MASTER, u32(4)), name("eth9"), attr(unix.IFLA_MASTER, u32(0))),
			`link set "eth9" {ifname="eth9" nomaster=true}`},
		{"unknown attributes", build(unix.RTM_NEWLINK, 0, info(3), attr(999, raw(1, 2)), attr(unix.IFLA_WIRELESS, raw(3))),
			`link set "hv0" {ifindex=3 attr_999=0x0102 attr_11=0x03}`},
		{"hostile name", build(unix.RTM_NEWLINK, 0, info(0), name("\x1b[2J\n")),
			`link set "\x1b[2J\n" {ifname="\x1b[2J\n"}`},
		{"link not known", build(unix.RTM_SETLINK, 0, info(12), attr(unix.IFLA_MASTER, u32(13))),
			`link set "if12" {ifindex=12 master="if13"}`},
		{"rename of a link not known", build(unix.RTM_NEWLINK, 0, info(12), name("wan9")),
			`link set "wan9" {ifindex=12 ifname="wan9"}`},
		{"by the name it has", build(unix.RTM_NEWLINK, 0, info(3), name("hv0")),
			`link set "hv0" {ifindex=3 ifname="hv0"}`},
		{"created where there is one", build(unix.RTM_NEWLINK, create, info(3)),
			`link set "hv0" {ifindex=3}`},
		{"other name", build(unix.RTM_SETLINK, 0, info(0), attr(unix.IFLA_ALT_IFNAME, text("alt"))),
			`link set "alt" {altname="alt"}`},
		{"whole word of flags", build(unix.RTM_NEWLINK, 0, infoFlags(3, unix.IFF_RUNNING|unix.IFF_PROMISC, 0)),
			`link set "hv0" {ifindex=3 flags=[PROMISC] flags_off=[UP]}`},
		{"mask of all flags", build(unix.RTM_NEWLINK, 0, infoFlags(3, unix.IFF_UP, ^uint32(0))),
			`link set "hv0" {ifindex=3 flags=[UP]}`},
		{"flag without a name", build(unix.RTM_NEWLINK, 0, infoFlags(3, 1<<30|unix.IFF_UP, 1<<30|unix.IFF_NOARP|unix.IFF_UP)),
			`link set "hv0" {ifindex=3 flags=[UP 0x40000000] flags_off=[NOARP]}`},
		{"link in another namespace", build(unix.RTM_NEWLINK, create, info(0), attr(unix.IFLA_LINK, u32(3)), attr(unix.IFLA_LINK_NETNSID, u32(0))),
			`link add "" {link="if3" link_netnsid=0}`},
		{"master where it goes", build(unix.RTM_NEWLINK, 0, info(3), attr(unix.IFLA_MASTER, u32(4)), attr(unix.IFLA_NET_NS_FD, u32(9))),
			`link move "hv0" {ifindex=3 master="if4" net_ns_fd=9}`},
		{"deleted in another namespace", build(unix.RTM_DELLINK, 0, info(3), attr(unix.IFLA_TARGET_NETNSID, u32(1))),
			`link delete "if3" {ifindex=3 target_netnsid=1}`},
		{"port's VLAN deleted", build(unix.RTM_DELLINK, 0, append(raw(unix.AF_BRIDGE), info(3)[1:]...), attr(unix.IFLA_AF_SPEC, attr(2, u16(0), u16(7)))),
			`link set "hv0" {family=bridge ifindex=3 af_spec=0x0800020000000700 deleted=true}`},
		{"data before kind, peer in peer", build(unix.RTM_NEWLINK, create, info(0), peers),
			`link add "veth%d" {linkinfo={info_kind="veth" info_data={peer={ifname="p" linkinfo=0x090001007665746800000000}}}}`},
		{"data of a kind not known", build(unix.RTM_NEWLINK, create, info(0), attr(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, text("team")), attr(unix.IFLA_INFO_DATA, raw(1, 2, 3)))),
			`link add "team%d" {linkinfo={info_kind="team" info_data=0x010203}}`},
		{"address without local", build(unix.RTM_NEWADDR, 0, raw(unix.AF_INET, 24, 0x80, 254, 3, 0, 0, 0), attr(unix.IFA_ADDRESS, raw(10, 0, 0, 1))),
			`address add "10.0.0.1/24" {family=inet local=10.0.0.1 prefixlen=24 dev="hv0" scope=host flags=[permanent]}`},
		{"no address at all", build(unix.RTM_DELADDR, 0, raw(unix.AF_INET6, 0, 0, 0, 3, 0, 0, 0)),
			`address delete "hv0" {family=inet6 prefixlen=0 dev="hv0" scope=global}`},
		{"default route spelt out", build(unix.RTM_NEWROUTE, create, rtmsg(0), attr(unix.RTA_DST, raw(0, 0, 0, 0))),
			`route add "default" {family=inet dst=default table=main protocol=boot scope=global}`},
		{"destination without address", build(unix.RTM_NEWROUTE, create, rtmsg(8)),
			`route add "0.0.0.0/8" {family=inet dst=0.0.0.0/8 table=main protocol=boot scope=global}`},
		{"MPLS", build(unix.RTM_NEWROUTE, create, append(raw(unix.AF_MPLS), rtmsg(20)[1:]...), attr(unix.RTA_DST, raw(0, 6, 0x41, 0))),
			`route add "00064100" {family=mpls dst=0x00064100 table=main protocol=boot scope=global}`},
		{"metrics", build(unix.RTM_NEWROUTE, 0, rtmsg(0), attr(unix.RTA_METRICS, attr(unix.RTAX_LOCK, u32(1<<unix.RTAX_MTU)), attr(unix.RTAX_MTU, u32(1400)), attr(unix.RTAX_CC_ALGO, text("bbr")))),
			`route set "default" {family=inet dst=default table=main protocol=boot scope=global metrics={lock=[mtu] mtu=1400 congestion="bbr"}}`},
		{"nexthop group of heavy members", build(unix.RTM_NEWNEXTHOP, create, raw(0, 0, 0, 0, 0, 0, 0, 0), attr(unix.NHA_GROUP, u32(7), raw(255, 1, 0, 0), u32(8), raw(0, 0, 5, 0))),
			`nexthop add "" {group=[{id=7 weight=512} {id=8 weight=1 reserved=5}]}`},
		{"nexthop changed where it is, with a scope", build(unix.RTM_NEWNEXTHOP, unix.NLM_F_REPLACE, raw(unix.AF_INET, unix.RT_SCOPE_LINK, 0, 0, 0, 0, 0, 0), attr(unix.NHA_ID, u32(7)), attr(unix.NHA_ENCAP_TYPE, u16(unix.LWTUNNEL_ENCAP_IP))),
			`nexthop set "id 7" {family=inet scope=link id=7 encap=ip}`},
		{"resilient group", build(unix.RTM_NEWNEXTHOP, create|unix.NLM_F_REPLACE, raw(0, 0, 0, 0, 0, 0, 0, 0), attr(unix.NHA_ID, u32(7)), attr(12, attr(1, u16(32)), attr(3, u32(50)), attr(9, raw(1)))),
			`nexthop replace "id 7" {id=7 resilient_args={buckets=32 unbalanced_timer=50 attr_9=0x01}}`},
		{"class of a link not known", build(unix.RTM_NEWTCLASS, create|unix.NLM_F_EXCL, tcmsg(12, 0x1001a, 0x10000, 0), attr(unix.TCA_KIND, text("htb")), attr(unix.TCA_OPTIONS, raw(1)), attr(99, raw(2))),
			`qdisc add "dev if12 1:1a" {object=class dev="if12" parent=1: handle=1:1a kind="htb" options=0x01 attr_99=0x02}`},
		{"qdisc without a parent", build(unix.RTM_DELQDISC, 0, tcmsg(3, 0x10000, 0, 9)),
			`qdisc delete "dev hv0 1:" {object=qdisc dev="hv0" info=9 handle=1:}`},
		{"qdisc of a hostile kind", build(unix.RTM_NEWQDISC, create|unix.NLM_F_EXCL, tcmsg(3, 0, parentRoot, 0), attr(unix.TCA_OPTIONS, u32(9)), attr(unix.TCA_KIND, text("\x1b[2J"))),
			`qdisc add "dev hv0 root" {object=qdisc dev="hv0" parent=root options=0x09000000 kind="\x1b[2J"}`},
		{"options before kind", build(unix.RTM_NEWQDISC, create, tcmsg(3, 0, 0x1000a, 0), attr(unix.TCA_OPTIONS, u32(9)), attr(unix.TCA_KIND, text("bfifo"))),
			`qdisc replace "dev hv0 1:a" {object=qdisc dev="hv0" parent=1:a options={limit=9} kind="bfifo"}`},
		{"filter of a block", build(unix.RTM_NEWTFILTER, create|unix.NLM_F_EXCL, tcmsg(indexBlock, 1, 22, 5<<16|0xa888), attr(unix.TCA_KIND, text("flower"))),
			`qdisc add "block 22" {object=filter block=22 protocol=802.1ad pref=5 handle=0x1 kind="flower"}`},
		{"filter of the egress", build(unix.RTM_DELTFILTER, 0, tcmsg(3, 0, filterEgress, 0xcd88)),
			`qdisc delete "dev hv0 egress" {object=filter dev="hv0" parent=egress protocol=0x88cd}`},
		{"rule of a library, that says nothing", build(unix.RTM_NEWRULE, create, rulemsg(0, 0, unix.FR_ACT_TO_TBL, 0)),
			`rule add "from all" {family=inet}`},
		{"rule with an address without a length", build(unix.RTM_NEWRULE, 0, rulemsg(0, 0, unix.FR_ACT_TO_TBL, 0), attr(unix.FRA_SRC), attr(unix.FRA_DST, raw(10, 0, 0, 0))),
			`rule add "from all" {family=inet}`},
		{"rule of flags and a hostile link", build(unix.RTM_NEWRULE, 0, rulemsg(0, 32, 99, 1<<31|ruleInverted), attr(unix.FRA_SRC, raw(10, 0, 0, 1)), attr(unix.FRA_IIFNAME, text("\x1b[2J"))),
			`rule add "not from 10.0.0.1 iif \x1b[2J" {family=inet not=true action=99 flags=[0x80000000] src=10.0.0.1 iif="\x1b[2J"}`},
		{"rule with what is newer", build(unix.RTM_DELRULE, 0, rulemsg(0, 0, 0, 0), attr(25, raw(8)), attr(26, u32(1)), attr(unix.FRA_SUPPRESS_PREFIXLEN, u32(^uint32(0)))),
			`rule delete "" {family=inet dscp=8 attr_26=0x01000000 suppress_prefixlen=-1}`},
		{"neighbour without a link", build(unix.RTM_NEWNEIGH, create, ndmsg(unix.AF_INET6, 0, 0x8000, 0), attr(unix.NDA_DST, make([]byte, 16)), attr(99, raw(1))),
			`neighbour add "::" {family=inet6 state=[0x8000] dst=:: attr_99=0x01}`},
		{"neighbour of no address", build(unix.RTM_DELNEIGH, 0, ndmsg(unix.AF_INET, 3, 0, 0)), `neighbour delete "hv0" {family=inet dev="hv0"}`},
		{"forwarding entry of InfiniBand", build(unix.RTM_NEWNEIGH, 0, ndmsg(unix.AF_BRIDGE, 3, unix.NUD_PERMANENT, 0), attr(unix.NDA_LLADDR, make([]byte, 8))),
			`neighbour set "00:00:00:00:00:00:00:00" {family=bridge dev="hv0" state=[PERMANENT] lladdr=00:00:00:00:00:00:00:00}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c events.Change
			if err := Decode(&c, test.msg, testLinks); err != nil {
				t.Error(err)
			}
			if got := netlinktest.Render(&c); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestDecodeManyUnknown stuffs a message with attributes that no table knows. It
// is decoded all the same, what stands behind them included.
func TestDecodeManyUnknown(t *testing.T) {
	var stuffing []byte
	for typ := uint16(1000); typ < 9000; typ++ {
		stuffing = append(stuffing, attr(typ)...)
	}
	msg := build(unix.RTM_NEWLINK, 0, info(0), stuffing, name("eth0"))
	var c events.Change
	if err := Decode(&c, msg, nil); err != nil {
		t.Fatal(err)
	}
	if c.Target != "eth0" || len(c.Request) > maxFields+2 {
		t.Errorf("target %q with %d fields, want eth0 with at most %d", c.Target, len(c.Request), maxFields+2)
	}
	rest, _ := c.Request.Get("attr_rest")
	if want := stuffing[4*maxFields:]; !bytes.HasPrefix([]byte(rest.Str), want) {
		t.Errorf("attr_rest has %d bytes, want those from attribute %d on", len(rest.Str), maxFields)
	}
}
