package world

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// longName is one that only an alternative name can be.
const longName = "the-uplink-of-the-host"

// hostIndex is the number of the host's ens9, which no link of the container has.
const hostIndex = 7777

// newNamed is a node whose links have other names too: the host's ens3 and the
// container's eth0 both answer to uplink, and ens3 to a long name.
func newNamed(t *testing.T) *node {
	t.Helper()
	n := newNode(t)
	n.host.ip("link property add dev ens3 altname uplink altname " + longName)
	n.host.ip(fmt.Sprintf("link add ens9 index %d type bridge", hostIndex))
	n.host.ip("addr add 192.168.9.1/24 dev ens9")
	n.container.ip("link property add dev eth0 altname uplink")
	n.World = New(n.World.host, nil)
	return n
}

func byIoctl(c *events.Change) *events.Change { c.Via = events.ViaIoctl; return c }

// gone makes a change fail because there is no such link.
func gone(c *events.Change) *events.Change { return failed(c, unix.ENODEV) }

// A link that is named by its number or by another name is looked for on the host
// as one that is named by its name.
func TestLinkAsItWasAskedFor(t *testing.T) {
	n := newNamed(t)
	here, there := uint64(n.linkNow(n.container, "eth0").Index), uint64(hostIndex)
	unnamed := fmt.Sprintf("if%d", there)
	numbered := fmt.Sprintf("if%d", here)
	set := func(target events.Name, fields ...events.Field) *events.Change {
		return change(events.KindLink, events.Set, target, fields...)
	}
	lookup := func(target events.Name, field events.Field) *events.Change {
		return gone(change(events.KindLink, events.Lookup, target, field))
	}
	tests := []struct {
		name       string
		change     *events.Change
		here, host events.Name // "" for none
	}{
		{"by number", set("eth0", number("ifindex", here)), "eth0", "eth0"},
		{"by number, not named yet", set(events.Name(numbered), number("ifindex", here)), "eth0", "eth0"},
		{"by a number that is the host's", gone(set(events.Name(unnamed), number("ifindex", there))), "", "ens9"},
		{"by a number that is nobody's", gone(set("if99999", number("ifindex", 99999))), "", ""},
		{"deleted by a number that is the host's", gone(change(events.KindLink, events.Delete, events.Name(unnamed), number("ifindex", there))), "", "ens9"},
		{"look-up of a number by ioctl", byIoctl(lookup(events.Name(unnamed), number("ifindex", there))), "", "ens9"},
		{"bridge's port by ioctl", byIoctl(set("eth0", number("ifindex", here), word("master", "br0"))), "eth0", "eth0"},
		{"bridge's port that is the host's, by ioctl", byIoctl(gone(set(events.Name(unnamed), number("ifindex", there), word("master", "br0")))), "", "ens9"},
		{"new link with a number", change(events.KindLink, events.Add, "eth7", word("ifname", "eth7"), number("ifindex", there)), "", ""},
		{"a name like a number", gone(set(events.Name(unnamed), word("ifname", unnamed))), "", ""},
		{"by another name", set("uplink", word("ifname", "uplink")), "eth0", "ens3"},
		{"by another name only", set("uplink", word("altname", "uplink")), "eth0", "ens3"},
		{"by another name, by ioctl", byIoctl(set("uplink", word("ifname", "uplink"))), "eth0", "ens3"},
		{"by a long name that is the host's", gone(set(longName, word("altname", longName))), "", "ens3"},
		{"look-up of a long name", lookup(longName, word("altname", longName)), "", "ens3"},
		{"look-up of another name", lookup("nosuch", word("ifname", "nosuch")), "", ""},
		{"address by number", addr(events.Add, numbered, "10.1.0.6", 24), "eth0", "eth0"},
		{"address by a number that is the host's", gone(addr(events.Add, unnamed, "192.168.1.11", 24)), "", "ens9"},
		{"IPv6 address by a number that is the host's", gone(addr6(events.Delete, unnamed, "2001:db8::1", 64)), "", "ens9"},
		{"IPv6 address by a number that is the host's, by ioctl", byIoctl(gone(addr6(events.Add, unnamed, "2001:db8::1", 64))), "", "ens9"},
		{"address by ioctl", ifconfig(ip("local", "10.1.0.7")), "eth0", "eth0"},
		{"address by another name, by ioctl", byIoctl(change(events.KindAddress, events.Set, "uplink", inet(word("dev", "uplink"), ip("local", "10.1.0.8"))...)), "eth0", "ens3"},
		{"address of a name like a number, by ioctl", byIoctl(gone(change(events.KindAddress, events.Set, "1", inet(word("dev", numbered), ip("local", "10.1.0.8"))...))), "", ""},
		{"route by a number that is the host's", gone(route(events.Add, word("dev", unnamed))), "", "ens9"},
		{"route by number", route(events.Add, word("dev", numbered)), "eth0", "eth0"},
		{"route by another name, by ioctl", byIoctl(route(events.Add, word("dev", "uplink"))), "eth0", "ens3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fresh := *n
			fresh.World = New(n.World.host, nil) // without what the others did
			c := fresh.inContainer(tt.change)
			if got := nameOf(c.Here.Link); got != tt.here {
				t.Errorf("link here = %q, want %q", got, tt.here)
			}
			if got := nameOf(c.Host.Link); got != tt.host {
				t.Errorf("host's link = %q, want %q", got, tt.host)
			}
			if want := map[events.Name]string{"ens3": "[192.168.1.10/24]", "ens9": "[192.168.9.1/24]"}[tt.host]; want != "" && fmt.Sprint(c.Host.Addresses) != want {
				t.Errorf("host's addresses = %v, want %s", c.Host.Addresses, want)
			}
		})
	}
}

func nameOf(l *events.Link) events.Name {
	if l == nil {
		return ""
	}
	return l.Name
}

// No change told of the other name: it is found out when a change goes by it.
func TestNewAltName(t *testing.T) {
	n := newNode(t)
	n.container.ip("link property add dev eth0 altname wan")
	c := n.inContainer(change(events.KindLink, events.Set, "wan", word("ifname", "wan")))
	if nameOf(c.Here.Link) != "eth0" {
		t.Errorf("link here = %+v, want eth0", c.Here.Link)
	}
	if nameOf(c.Before) != "eth0" {
		t.Errorf("before = %+v, want eth0 as it is remembered", c.Before)
	}
}

// A link can take the name that was another's other name.
func TestAltNameTakenOver(t *testing.T) {
	m := web()
	m.links[2].altNames = []events.Name{"wan"}
	m.set(m.links)
	if l := m.byName("wan"); l == nil || l.Index != 2 {
		t.Fatalf("wan is %+v, want eth0", l)
	}
	m.put(&events.Link{Index: 7, Name: "wan"}, at(1))
	if l := m.byName("wan"); l == nil || l.Index != 7 || m.links[2] == nil {
		t.Errorf("wan is %+v, eth0 %+v, want the new link and eth0 still known", l, m.links[2])
	}
}
