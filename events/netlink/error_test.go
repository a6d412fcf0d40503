package netlink

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink/netlinktest"
)

// TestDecodeErrors has malformed messages: each gives an error that says where,
// and what is well formed in it is kept.
func TestDecodeErrors(t *testing.T) {
	long := build(unix.RTM_NEWLINK, 0, info(3), name("eth0"), attr(unix.IFLA_MTU, u32(1400)))
	short := func(n int) []byte { return long[:n:n] }
	withLength := func(n uint32) []byte { return append(u32(n), long[4:]...) }
	for _, test := range []struct {
		name      string
		msg       []byte
		err       string
		truncated bool
		want      string
	}{
		{"empty", nil, "decode message: header: message truncated: 0 of 16 bytes", true, `  "" {}`},
		{"length of nothing", withLength(15), "decode RTM_NEWLINK: length 15, want 16 or more", false, `  "" {}`},
		{"not of rtnetlink", build(unix.NLMSG_ERROR, 0), "decode message of type 2: no decoder", false, `  "" {}`},
		{"no change", build(unix.RTM_GETROUTE, 0, rtmsg(0)), "decode RTM_GETROUTE: not a change", false, `route  "" {}`},
		{"no header", build(unix.RTM_NEWROUTE, 0, u32(2)), "decode RTM_NEWROUTE: header at byte 16: 4 bytes left, want 12", false, `route set "" {}`},
		{"link without header", build(unix.RTM_DELLINK, 0), "decode RTM_DELLINK: header at byte 16: 0 bytes left, want 16", false, `link delete "" {}`},
		{"cut between attributes", short(44), "decode RTM_NEWLINK: message truncated: 44 of 52 bytes", true, `link set "hv0" {ifindex=3 newname="eth0"}`},
		{"cut in an attribute", short(50), "truncated: 50 of 52 bytes: attribute at byte 44: length 8", true, `link set "hv0" {ifindex=3 newname="eth0"}`},
		{"malformed attribute", build(unix.RTM_NEWLINK, 0, info(0), name("eth0"), u16(2), u16(4), name("eth1")),
			"decode RTM_NEWLINK: attribute at byte 44: length 2, want 4 to the 16 bytes left", false, `link set "eth0" {ifname="eth0"}`},
		{"payload too long, then a name", build(unix.RTM_NEWLINK, 0, info(0), attr(unix.IFLA_MTU, u32(1), u32(2)), name("eth0")),
			"attribute 4 at byte 32: payload of 8 bytes, want 4", false, `link set "eth0" {mtu=0x0100000002000000 ifname="eth0"}`},
		{"malformed nested, then a name", build(unix.RTM_NEWLINK, 0, info(0), attr(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, text("veth")), u32(1)), name("eth0")),
			"attribute at byte 48: length 1, want 4 to the 4 bytes left", false, `link set "eth0" {linkinfo={info_kind="veth"} ifname="eth0"}`},
		{"peer without header", build(unix.RTM_NEWLINK, unix.NLM_F_CREATE, info(0), attr(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, text("veth")), attr(unix.IFLA_INFO_DATA, attr(1, u32(7))))),
			"attribute 1 at byte 52: payload of 4 bytes, want 16 or more", false, `link add "veth%d" {linkinfo={info_kind="veth" info_data={peer=0x07000000}}}`},
		{"master that is no index", build(unix.RTM_NEWLINK, 0, info(3), attr(unix.IFLA_MASTER, raw(4))),
			"attribute 10 at byte 32: payload of 1 bytes, want 4", false, `link set "hv0" {ifindex=3 master=0x04}`},
		{"prefix too long", build(unix.RTM_NEWADDR, 0, raw(unix.AF_INET, 33, 0, 0, 3, 0, 0, 0), attr(unix.IFA_LOCAL, raw(10, 0, 0, 1))),
			"decode RTM_NEWADDR: prefix length 33 of 10.0.0.1: want 0 to 32", false, `address add "10.0.0.1" {family=inet local=10.0.0.1 prefixlen=33 dev="hv0" scope=global}`},
		{"destination too long", build(unix.RTM_DELROUTE, 0, rtmsg(40), attr(unix.RTA_DST, raw(10, 0, 0, 1))),
			"decode RTM_DELROUTE: prefix length 40 of 10.0.0.1: want 0 to 32", false, `route delete "10.0.0.1" {family=inet dst=10.0.0.1 table=main protocol=boot scope=global}`},
		{"gateway of another family", build(unix.RTM_NEWROUTE, 0, rtmsg(0), attr(unix.RTA_GATEWAY, make([]byte, 16))),
			"attribute 5 at byte 28: payload of 16 bytes, want 4", false, `route set "default" {family=inet dst=default table=main protocol=boot scope=global gateway=0x00000000000000000000000000000000}`},
		{"next hop past the end", build(unix.RTM_NEWROUTE, 0, rtmsg(0), attr(unix.RTA_MULTIPATH, u16(8), raw(0, 0), u32(3), u16(80), raw(0, 0), u32(3))),
			"next hop at byte 40: length 80, want 8 to the 8 bytes left", false, `route set "default" {family=inet dst=default table=main protocol=boot scope=global nexthops=[{dev="hv0" weight=1}]}`},
		{"via of nothing", build(unix.RTM_NEWROUTE, 0, rtmsg(0), attr(unix.RTA_VIA, raw(2))),
			"attribute 18 at byte 28: payload of 1 bytes, want 2 or more", false, `route set "default" {family=inet dst=default table=main protocol=boot scope=global via=0x02}`},
		{"rule without header", build(unix.RTM_NEWRULE, 0, u32(2)), "decode RTM_NEWRULE: header at byte 16: 4 bytes left, want 12", false, `rule add "" {}`},
		{"rule asked for", build(unix.RTM_GETRULE, 0, rulemsg(0, 0, 0, 0)), "decode RTM_GETRULE: not a change", false, `rule  "" {}`},
		{"rule of a malformed network", build(unix.RTM_NEWRULE, 0, rulemsg(0, 33, 0, 0), attr(unix.FRA_SRC, raw(10, 0, 0, 1))),
			"prefix length 33 of 10.0.0.1", false, `rule add "from 10.0.0.1" {family=inet src=10.0.0.1}`},
		{"rule of malformed ranges", build(unix.RTM_NEWRULE, 0, rulemsg(0, 0, 0, 0), attr(unix.FRA_UID_RANGE, u32(1)), attr(unix.FRA_DPORT_RANGE, u16(1)), attr(unix.FRA_FLOW, raw(1))),
			"attribute 20 at byte 28: payload of 4 bytes, want 8", false, `rule add "from all" {family=inet uid_range=0x01000000 dport=0x0100 flow=0x01}`},
		{"neighbour without header", build(unix.RTM_NEWNEIGH, 0), "decode RTM_NEWNEIGH: header at byte 16: 0 bytes left, want 12", false, `neighbour set "" {}`},
		{"neighbour of half an address", build(unix.RTM_DELNEIGH, 0, ndmsg(unix.AF_INET, 0, 0, 0), attr(unix.NDA_DST, raw(10, 0))),
			"attribute 1 at byte 28: payload of 2 bytes, want 4 or 16", false, `neighbour delete "0a00" {family=inet dst=0x0a00}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := events.Change{Kind: "left", Action: "over", Target: "x", Request: events.Object{{Name: "y"}}}
			err := Decode(&c, test.msg, testLinks)
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if errors.Is(err, ErrTruncated) != test.truncated {
				t.Errorf("error %v is ErrTruncated: %t, want %t", err, !test.truncated, test.truncated)
			}
			if got := netlinktest.Render(&c); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}
