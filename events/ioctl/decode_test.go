package ioctl

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink/netlinktest"
)

// capturedRequests are what real programs made, in a namespace whose link 3 was
// called hvx at the end.
const capturedRequests = "testdata/requests.txt"

func testLinks(index uint32) events.Name {
	if index == 3 {
		return "hvx"
	}
	return ""
}

// input reads a request's number, its socket's family and its argument.
func input(t testing.TB, s string) (cmd uint32, family uint16, arg []byte) {
	t.Helper()
	var b string
	if _, err := fmt.Sscan(s, &cmd, &family, &b); err != nil {
		t.Fatalf("read %q: %v", s, err)
	}
	return cmd, family, netlinktest.Bytes(t, b)
}

func TestDecodeCaptured(t *testing.T) {
	netlinktest.Requests(t, capturedRequests, func(t *testing.T, s string, c *events.Change) error {
		cmd, family, arg := input(t, s)
		return Decode(c, cmd, family, arg, testLinks)
	})
}

// ifreq makes a struct ifreq of a link's name and what stands behind it.
func ifreq(name string, value ...byte) []byte {
	b := make([]byte, 40)
	copy(b, name)
	copy(b[16:], value)
	return b
}

// sockaddr makes a struct sockaddr_in.
func sockaddr(a, b, c, d byte) []byte {
	return append(native.AppendUint16(nil, unix.AF_INET), 0, 0, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0)
}

// rtentry makes a struct rtentry of parts that stand at their offsets.
func rtentry(parts map[int][]byte) []byte {
	b := make([]byte, 120, 136)
	for at, part := range parts {
		b = b[:max(len(b), at+len(part))]
		copy(b[at:], part)
	}
	return b
}

func TestDecode(t *testing.T) {
	up, down := native.AppendUint16(nil, unix.IFF_UP|unix.IFF_MULTICAST|unix.IFF_RUNNING), native.AppendUint16(nil, unix.IFF_MULTICAST)
	for _, test := range []struct {
		name   string
		cmd    uint32
		family uint16
		arg    []byte
		before *events.Link
		want   string
	}{
		{"up, nothing known", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0", up...), nil,
			`link set "eth0" {ioctl=SIOCSIFFLAGS ifname="eth0" flags=[UP MULTICAST]}`},
		{"down, nothing known", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0", down...), nil,
			`link set "eth0" {ioctl=SIOCSIFFLAGS ifname="eth0" flags=[MULTICAST] flags_off=[UP]}`},
		{"up from down", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0", up...), &events.Link{Flags: unix.IFF_MULTICAST},
			`link set "eth0" {ioctl=SIOCSIFFLAGS ifname="eth0" flags=[UP]}`},
		{"up again", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0", up...), &events.Link{Flags: unix.IFF_UP | unix.IFF_MULTICAST},
			`link set "eth0" {ioctl=SIOCSIFFLAGS ifname="eth0" flags=[UP]}`},
		{"down again", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0", down...), &events.Link{Flags: unix.IFF_MULTICAST},
			`link set "eth0" {ioctl=SIOCSIFFLAGS ifname="eth0" flags_off=[UP]}`},
		{"promiscuous off", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0", up...), &events.Link{Flags: unix.IFF_UP | unix.IFF_MULTICAST | unix.IFF_PROMISC},
			`link set "eth0" {ioctl=SIOCSIFFLAGS ifname="eth0" flags_off=[PROMISC]}`},
		{"alias down", unix.SIOCSIFFLAGS, unix.AF_INET, ifreq("eth0:1", down...), nil,
			`address delete "eth0" {ioctl=SIOCSIFFLAGS family=inet dev="eth0" label="eth0:1"}`},
		{"name of full length, no NUL", unix.SIOCGIFFLAGS, unix.AF_INET, []byte("0123456789abcdefXYZ"), nil,
			`link lookup "0123456789abcdef" {ioctl=SIOCGIFFLAGS ifname="0123456789abcdef"}`},
		{"look-up of an alias", unix.SIOCETHTOOL, unix.AF_PACKET, ifreq("eth0:1"), nil,
			`link lookup "eth0" {ioctl=SIOCETHTOOL ifname="eth0"}`},
		{"look-up by index", unix.SIOCGIFNAME, unix.AF_INET, ifreq("", 9, 0, 0, 0), nil,
			`link lookup "if9" {ioctl=SIOCGIFNAME ifindex=9}`},
		{"peer", unix.SIOCSIFDSTADDR, unix.AF_INET, ifreq("ppp0", sockaddr(192, 0, 2, 2)...), nil,
			`address set "ppp0" {ioctl=SIOCSIFDSTADDR family=inet dev="ppp0" address=192.0.2.2}`},
		{"InfiniBand", unix.SIOCSIFHWADDR, unix.AF_INET, ifreq("ib0", 32, 0, 1, 2), nil,
			`link set "ib0" {ioctl=SIOCSIFHWADDR ifname="ib0" address=01:02:00:00:00:00:00:00:00:00:00:00:00:00}`},
		{"bond's slave", unix.SIOCBONDENSLAVE, unix.AF_INET, ifreq("bond0", []byte("eth0")...), nil,
			`link set "eth0" {ioctl=SIOCBONDENSLAVE ifname="eth0" master="bond0"}`},
		{"bond's slave no more", unix.SIOCBONDRELEASE, unix.AF_INET, ifreq("bond0", []byte("eth0")...), nil,
			`link set "eth0" {ioctl=SIOCBONDRELEASE ifname="eth0" nomaster=true bond="bond0"}`},
		{"metric", unix.SIOCSIFMETRIC, unix.AF_INET, ifreq("eth0", 0xff, 0xff, 0xff, 0xff), nil,
			`link set "eth0" {ioctl=SIOCSIFMETRIC ifname="eth0" metric=-1}`},
		{"route's metrics", unix.SIOCADDRT, unix.AF_INET, rtentry(map[int][]byte{
			rtDst: sockaddr(10, 0, 0, 0), rtGenmask: sockaddr(255, 0, 0, 0), rtFlags: native.AppendUint16(nil, unix.RTF_MTU|unix.RTF_WINDOW|unix.RTF_IRTT),
			rtMTU: {0xdc, 5}, rtWindow: {9}, rtIRTT: {7}, rtDevName: []byte("eth0:2\x00")}), nil,
			`route add "10.0.0.0/8" {ioctl=SIOCADDRT family=inet dst=10.0.0.0/8 dev="eth0" metrics={advmss=1460 window=9 rtt=7}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := events.Change{Before: test.before}
			if err := Decode(&c, test.cmd, test.family, test.arg, testLinks); err != nil {
				t.Error(err)
			}
			if got := netlinktest.Render(&c); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	tooLong := make([]byte, 80)
	tooLong[rtmsgDstLen] = 129
	address := make([]byte, 24)
	address[16] = 200
	for _, test := range []struct {
		name   string
		cmd    uint32
		family uint16
		arg    []byte
		err    string
		want   string
	}{
		{"not known", 0x89ff, unix.AF_INET, ifreq("eth0"), "decode ioctl 0x89ff: no decoder", `  "" {}`},
		{"not known on this family", unix.SIOCDIFADDR, unix.AF_INET, ifreq("eth0"), "decode ioctl 0x8936: no decoder", `  "" {}`},
		{"too short", unix.SIOCSIFMTU, unix.AF_INET, ifreq("eth0")[:19], "decode SIOCSIFMTU: argument of 19 bytes, want 20", `  "" {ioctl=SIOCSIFMTU}`},
		{"no argument", unix.SIOCADDRT, unix.AF_INET6, nil, "decode SIOCADDRT: argument of 0 bytes, want 80", `  "" {ioctl=SIOCADDRT}`},
		{"no address", unix.SIOCSIFADDR, unix.AF_INET, ifreq("eth0"), "decode SIOCSIFADDR: address of family 0 at byte 16: want 2",
			`address set "eth0" {ioctl=SIOCSIFADDR family=inet dev="eth0"}`},
		{"mask with holes", unix.SIOCSIFNETMASK, unix.AF_INET, ifreq("eth0", sockaddr(255, 0, 255, 0)...), "decode SIOCSIFNETMASK: netmask 255.0.255.0 has holes",
			`address set "eth0" {ioctl=SIOCSIFNETMASK family=inet dev="eth0" netmask=255.0.255.0}`},
		{"destination's mask with holes", unix.SIOCADDRT, unix.AF_INET, rtentry(map[int][]byte{rtDst: sockaddr(10, 0, 0, 0), rtGenmask: sockaddr(0, 255, 0, 0)}),
			"decode SIOCADDRT: destination 10.0.0.0: netmask 0.255.0.0 has holes", `route add "" {ioctl=SIOCADDRT family=inet}`},
		{"destination of no family", unix.SIOCDELRT, unix.AF_INET, rtentry(nil), "decode SIOCDELRT: destination: address of family 0 at byte 8: want 2",
			`route delete "" {ioctl=SIOCDELRT family=inet}`},
		{"prefix too long", unix.SIOCDELRT, unix.AF_INET6, tooLong, "decode SIOCDELRT: destination: prefix length 129 of ::: want 0 to 128",
			`route delete "" {ioctl=SIOCDELRT family=inet6}`},
		{"address's prefix too long", unix.SIOCSIFADDR, unix.AF_INET6, address, "decode SIOCSIFADDR: prefix length 200 of ::: want 0 to 128",
			`address add "::" {ioctl=SIOCSIFADDR family=inet6 local=:: prefixlen=200 dev="if0"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := events.Change{Kind: "left", Action: "over", Target: "x", Request: events.Object{{Name: "y"}}}
			err := Decode(&c, test.cmd, test.family, test.arg, testLinks)
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if got := netlinktest.Render(&c); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// wanted says whether an ioctl is a request to change something that Decode
// understands on a socket of some family, or a look-up of a link.
func wanted(cmd uint32) (change, lookup bool) {
	_, change = commands[cmd]
	if !change {
		_, change = commands6[cmd]
	}
	_, lookup = lookups[cmd]
	return change, lookup
}

func TestWanted(t *testing.T) {
	for _, test := range []struct {
		cmd            uint32
		change, lookup bool
	}{
		{unix.SIOCSIFFLAGS, true, false},
		{unix.SIOCDIFADDR, true, false},
		{unix.SIOCGIFFLAGS, false, true},
		{unix.SIOCETHTOOL, false, true},
		{unix.SIOCGIFCONF, false, false},
		{0, false, false},
	} {
		if change, lookup := wanted(test.cmd); change != test.change || lookup != test.lookup {
			t.Errorf("wanted(%#x) = %t, %t, want %t, %t", test.cmd, change, lookup, test.change, test.lookup)
		}
	}
}

// FuzzDecode decodes whatever comes: no panic, no value without a kind, and no
// string that still belongs to the argument.
func FuzzDecode(f *testing.F) {
	for _, s := range netlinktest.Inputs(f, capturedRequests) {
		cmd, family, arg := input(f, s)
		f.Add(cmd, family, arg)
	}
	f.Fuzz(func(t *testing.T, cmd uint32, family uint16, input []byte) {
		arg := bytes.Clone(input) // what the fuzzer hands out must stay as it is
		var c events.Change
		err := Decode(&c, cmd, family, arg, testLinks)
		before := netlinktest.Render(&c)
		if strings.Contains(before, netlinktest.NoKind) {
			t.Errorf("value without a kind in %s", before)
		}
		if err == nil && (c.Kind == "" || c.Action == "") {
			t.Errorf("no kind or action, and no error: %s", before)
		}
		for i := range arg {
			arg[i] ^= 0xff
		}
		if after := netlinktest.Render(&c); after != before {
			t.Errorf("the change holds on to the argument:\nwas %s\n is %s", before, after)
		}
	})
}
