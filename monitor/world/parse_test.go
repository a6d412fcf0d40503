package world

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// rtattr is one attribute, padded.
func rtattr(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func u32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// rtmsg is the header of a route.
func rtmsg(family, bits, kind byte) []byte {
	return []byte{family, bits, 0, 0, unix.RT_TABLE_MAIN, 0, 0, kind, 0, 0, 0, 0}
}

// nexthop is one struct rtnexthop.
func nexthop(dev uint32, attributes ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtNexthop+len(attributes)))
	b = append(b, 0, 0)
	return append(append(b, u32(dev)...), attributes...)
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestParseRoute(t *testing.T) {
	two := join(nexthop(2, rtattr(unix.RTA_GATEWAY, 10, 0, 0, 1)...), nexthop(3, rtattr(unix.RTA_GATEWAY, 10, 0, 0, 2)...))
	via := append(binary.NativeEndian.AppendUint16(nil, unix.AF_INET6), netip.MustParseAddr("fe80::1").AsSlice()...)
	tests := []struct {
		name string
		m    []byte
		want string
	}{
		{"by a gateway", join(rtmsg(unix.AF_INET, 0, unix.RTN_UNICAST), rtattr(unix.RTA_OIF, u32(2)...), rtattr(unix.RTA_GATEWAY, 10, 0, 0, 1), rtattr(unix.RTA_PRIORITY, u32(7)...)),
			"0 bits, metric 7, 10.0.0.1 by 2"},
		{"on a link", join(rtmsg(unix.AF_INET, 24, unix.RTN_UNICAST), rtattr(unix.RTA_OIF, u32(2)...)), "24 bits, metric 0, invalid IP by 2"},
		{"by several gateways", join(rtmsg(unix.AF_INET, 0, unix.RTN_UNICAST), rtattr(unix.RTA_MULTIPATH, two...)), "0 bits, metric 0, 10.0.0.1 by 2 10.0.0.2 by 3"},
		{"by the other family's gateway", join(rtmsg(unix.AF_INET, 0, unix.RTN_UNICAST), rtattr(unix.RTA_VIA, via...)), "0 bits, metric 0, fe80::1 by 0"},
		{"nowhere", rtmsg(unix.AF_INET, 0, unix.RTN_BLACKHOLE), "0 bits, metric 0,"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseRoute(tt.m)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%d bits, metric %d,", r.dst.Bits(), r.metric)
			for _, h := range r.hops {
				got += fmt.Sprintf(" %s by %d", h.gateway, h.dev)
			}
			if got != tt.want {
				t.Errorf("route = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	header := join([]byte{unix.AF_INET, 24, 0, 0}, u32(5))
	tests := []struct {
		name string
		m    []byte
		want string
	}{
		{"IPv4", join(header, rtattr(unix.IFA_ADDRESS, 10, 0, 0, 1), rtattr(unix.IFA_LOCAL, 10, 0, 0, 1)), "5 10.0.0.1/24"},
		{"with a peer", join(header, rtattr(unix.IFA_ADDRESS, 10, 0, 0, 2), rtattr(unix.IFA_LOCAL, 10, 0, 0, 1)), "5 10.0.0.1/24"},
		{"IPv6", join(header, rtattr(unix.IFA_ADDRESS, netip.MustParseAddr("2001:db8::1").AsSlice()...)), "5 2001:db8::1/24"},
	}
	for _, tt := range tests {
		index, prefix, err := parseAddress(tt.m)
		if got := fmt.Sprint(index, " ", prefix); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	if _, _, err := parseAddress(header); err == nil {
		t.Error("an answer without an address is taken")
	}
}

// Whatever comes, nothing panics, and what is too short is an error.
func FuzzParse(f *testing.F) {
	f.Add(join(rtmsg(unix.AF_INET, 0, unix.RTN_UNICAST), rtattr(unix.RTA_MULTIPATH, nexthop(2)...)))
	f.Add(join(make([]byte, unix.SizeofIfInfomsg), rtattr(unix.IFLA_IFNAME, 'e', 0), rtattr(unix.IFLA_LINKINFO, rtattr(unix.IFLA_INFO_KIND, 'v', 0)...)))
	f.Add(join(make([]byte, unix.SizeofIfAddrmsg), rtattr(unix.IFA_LOCAL, 10, 0, 0, 1)))
	f.Fuzz(func(t *testing.T, m []byte) {
		_, errLink := parseLink(m)
		_, _, errAddress := parseAddress(m)
		_, errRoute := parseRoute(m)
		if len(m) < unix.SizeofIfAddrmsg && (errLink == nil || errAddress == nil || errRoute == nil) {
			t.Errorf("an answer of %d bytes is taken", len(m))
		}
	})
}
