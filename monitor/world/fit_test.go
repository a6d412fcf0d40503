package world

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// shown is a Fit as the tests write it.
func shown(f *events.Fit) string {
	if f == nil {
		return "none"
	}
	if f.Own {
		return fmt.Sprintf("own %s on %s", f.Prefix, f.Dev)
	}
	return fmt.Sprintf("%s on %s", f.Prefix, f.Dev)
}

// addr6 is a change of an IPv6 address.
func addr6(action events.Action, dev, local string, bits uint64) *events.Change {
	return change(events.KindAddress, action, events.Name(fmt.Sprintf("%s/%d", local, bits)),
		word("family", "inet6"), ip("local", local), number("prefixlen", bits), word("dev", dev))
}

func TestFit(t *testing.T) {
	n := newNode(t)
	n.host.ip("link set lo up")
	n.host.ip("addr add 192.168.1.200/28 dev wire")
	n.host.ip("addr add 172.20.0.1/16 dev eth0") // which is down, so that no route leads there
	n.host.ip("route add 10.77.0.0/16 dev ens3") // no subnet of a link's
	for _, of := range []*testNetns{n.host, n.container} {
		run(t, "ip", "netns", "exec", of.name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.disable_ipv6=0")
	}
	n.host.ip("link set ens3 up")
	n.host.ip("addr add 2001:db8:1::10/64 dev ens3 nodad")
	n.host.awaitOwn("2001:db8:1::10")
	n.container.ip("addr add 2001:db8:2::5/64 dev eth0 nodad")
	n.World = New(n.World.host, nil)
	set6 := addr6(events.Add, "eth0", "2001:db8:1::77", 64)
	set6.Via = events.ViaIoctl

	tests := []struct {
		name       string
		change     *events.Change
		here, host string
	}{
		{"of the host's subnet", addr(events.Add, "eth0", "192.168.1.77", 24), "none", "192.168.1.10/24 on ens3"},
		{"of the host's longest subnet", addr(events.Add, "eth0", "192.168.1.201", 24), "none", "192.168.1.200/28 on wire"},
		{"the host's own", addr(events.Add, "eth0", "192.168.1.10", 24), "none", "own 192.168.1.10/24 on ens3"},
		{"as a host", addr(events.Replace, "eth0", "192.168.1.77", 32), "none", "192.168.1.10/24 on ens3"},
		{"of the container's subnet", addr(events.Add, "eth0", "10.1.0.6", 24), "10.1.0.5/24 on eth0", "none"},
		{"the container's own", failed(addr(events.Add, "eth0", "10.1.0.5", 24), unix.EEXIST), "own 10.1.0.5/24 on eth0", "none"},
		{"deleted here", addr(events.Delete, "eth0", "10.1.0.5", 24), "own 10.1.0.5/24 on eth0", "none"},
		{"deleted, but the host's", failed(addr(events.Delete, "eth0", "192.168.1.10", 24), unix.EADDRNOTAVAIL), "none", "own 192.168.1.10/24 on ens3"},
		{"of a link that is down", addr(events.Add, "eth0", "172.20.0.9", 16), "none", "172.20.0.1/16 on eth0"},
		{"of nobody's", addr(events.Add, "eth0", "203.0.113.1", 24), "none", "none"},
		{"by a route alone", addr(events.Add, "eth0", "10.77.0.1", 24), "none", "none"},
		{"of the loopback", addr(events.Add, "lo", "127.0.0.5", 8), "none", "none"},
		{"IPv6 of the host's subnet", addr6(events.Add, "eth0", "2001:db8:1::77", 64), "none", "2001:db8:1::10/64 on ens3"},
		{"IPv6 the host's own", addr6(events.Replace, "eth0", "2001:db8:1::10", 64), "none", "own 2001:db8:1::10/64 on ens3"},
		{"IPv6 of the container's subnet", addr6(events.Add, "eth0", "2001:db8:2::6", 64), "2001:db8:2::5/64 on eth0", "none"},
		{"IPv6 link-local", addr6(events.Add, "eth0", "fe80::77", 64), "none", "none"},
		{"IPv6 loopback", addr6(events.Add, "lo", "::1", 128), "none", "none"},
		{"by ioctl", ifconfig(ip("local", "192.168.1.77")), "none", "192.168.1.10/24 on ens3"},
		{"by ioctl, away", ifconfig(ip("local", "0.0.0.0")), "none", "none"},
		{"by ioctl, its netmask", ifconfig(number("prefixlen", 16)), "none", "none"},
		{"IPv6 by ioctl", set6, "none", "2001:db8:1::10/64 on ens3"},
		{"no address", change(events.KindLink, events.Set, "eth0", word("ifname", "eth0")), "none", "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fresh := *n
			fresh.World = New(n.World.host, nil) // without what the others did
			c := fresh.inContainer(tt.change)
			if here, host := shown(c.Here.Fit), shown(c.Host.Fit); here != tt.here || host != tt.host {
				t.Errorf("fits here: %s, on the host: %s, want %s, %s", here, host, tt.here, tt.host)
			}
		})
	}
}

// What the change itself made is nothing that it fits.
func TestFitWithoutItself(t *testing.T) {
	m := web()
	m.read = at(9) // after the change, so that it shows it
	m.links[2].addresses = append(m.links[2].addresses, netip.MustParsePrefix("192.168.1.77/24"), netip.MustParsePrefix("2001:db8::7/64"))
	set := ifconfig(ip("local", "192.168.1.77"))
	for name, tt := range map[string]struct {
		change *events.Change
		want   string
	}{
		"added":                {addr(events.Add, "eth0", "192.168.1.77", 24), "none"},
		"replaced":             {addr(events.Replace, "eth0", "192.168.1.77", 24), "none"},
		"set by ioctl":         {set, "none"},
		"IPv6 added":           {addr6(events.Add, "eth0", "2001:db8::7", 64), "none"},
		"refused":              {failed(addr(events.Add, "eth0", "192.168.1.77", 24), unix.EEXIST), "own 192.168.1.77/24 on eth0"},
		"added on another too": {addr(events.Add, "br0", "192.168.1.77", 24), "own 192.168.1.77/24 on eth0"},
		"another of it":        {addr(events.Add, "eth0", "192.168.1.78", 24), "192.168.1.77/24 on eth0"},
	} {
		if got := shown(m.fit(tt.change)); got != tt.want {
			t.Errorf("%s: fits %s, want %s", name, got, tt.want)
		}
	}
	m.read = start // before it, so that it was there before
	if got, want := shown(m.fit(addr(events.Replace, "eth0", "192.168.1.77", 24))), "own 192.168.1.77/24 on eth0"; got != want {
		t.Errorf("replaced by itself: fits %s, want %s", got, want)
	}
}
