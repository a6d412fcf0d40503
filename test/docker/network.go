package docker

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// How the names of the links begin that the harness makes on the host.
const (
	parentPrefix = "wnhv"
	peerPrefix   = "wnhp"
	bridgePrefix = "wnbr"
)

// Network is a Docker network that hangs on a link of the host. Its addresses are from 198.18.0.0/15, which is set
// aside for benchmarks and routed nowhere.
type Network struct {
	Name    string
	ID      string
	Parent  string // the host's link: the macvlan's parent, or the bridge
	Peer    string // of a macvlan network: the other end of Parent, a veth; on the host too, without an address
	Address string // of the host on Parent
	Subnet  string // as 198.18.7.0/24
	Gateway string // of the containers; in a macvlan network nobody answers there
}

// Macvlan makes a macvlan network on one end of a new veth pair, which stands for the host's network card. When the
// test ends it is removed, so its containers must go before: make them with Run after it.
func (d *Daemon) Macvlan(t testing.TB) *Network {
	t.Helper()
	subnet := freeSubnet(t)
	n := &Network{
		Parent:  linkName(parentPrefix),
		Peer:    linkName(peerPrefix),
		Address: subnet + ".1",
		Subnet:  subnet + ".0/24",
		Gateway: subnet + ".254",
	}
	d.addLink(t, n.Parent)
	mustIP(t, "link", "add", n.Parent, "type", "veth", "peer", "name", n.Peer)
	mustIP(t, "address", "add", n.Address+"/24", "dev", n.Parent)
	mustIP(t, "link", "set", "dev", n.Peer, "up")
	mustIP(t, "link", "set", "dev", n.Parent, "up")
	// Docker does not know the host's address, and would give it to the first container.
	d.create(t, n, "macvlan", "parent="+n.Parent, "--aux-address", "host="+n.Address)
	return n
}

// Bridge makes a bridge network, Docker's usual kind: its containers have one end of a veth pair, the bridge has
// the other and the gateway's address. Like all of them it is removed when the test ends.
func (d *Daemon) Bridge(t testing.TB) *Network {
	t.Helper()
	subnet := freeSubnet(t)
	n := &Network{
		Parent:  linkName(bridgePrefix),
		Address: subnet + ".1",
		Subnet:  subnet + ".0/24",
		Gateway: subnet + ".1",
	}
	d.addLink(t, n.Parent)
	d.create(t, n, "bridge", "com.docker.network.bridge.name="+n.Parent)
	return n
}

func (d *Daemon) create(t testing.TB, n *Network, driver, option string, args ...string) {
	t.Helper()
	n.Name = driver + "-" + n.Parent
	n.ID = d.CreateNetwork(t, n.Name, append([]string{"--driver", driver, "--opt", option,
		"--subnet", n.Subnet, "--gateway", n.Gateway}, args...)...)
}

// CreateNetwork makes a network with these options of docker network create, and removes it when the test ends. It
// returns its ID.
func (d *Daemon) CreateNetwork(t testing.TB, name string, options ...string) string {
	t.Helper()
	args := append([]string{"network", "create"}, options...)
	id := strings.TrimSpace(d.must(t, nil, append(args, name)...))
	t.Cleanup(func() {
		if out, exit, err := d.Docker("network", "rm", name); exit != 0 && d.alive() {
			t.Errorf("remove network %s: exit %d: %v: %s", name, exit, err, out)
		}
	})
	return id
}

// addLink notes that a link is about to be made, and removes it when the test ends. If the test is killed, the next
// one finds the note.
func (d *Daemon) addLink(t testing.TB, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.linksDir(), name), nil, 0o600); err != nil {
		t.Fatalf("note link: %v", err)
	}
	t.Cleanup(func() {
		if err := removeLink(name); err != nil {
			t.Errorf("remove link: %v", err)
		}
	})
}

// linksDir holds an empty file for each link that was made on the host.
func (d *Daemon) linksDir() string { return filepath.Join(d.dir, "links") }

// linkName returns a name for a new link. It is random, so that a link which a killed test left behind can't be in
// the way of the next.
func linkName(prefix string) string {
	return fmt.Sprintf("%s%04x", prefix, rand.N(1<<16))
}

// HostLink makes a link on the host that is called as it is told, which no link is yet: one end of a veth pair, down.
// It is noted by its other end, so that what a killed test left behind can't lead to a link of somebody else's.
func (d *Daemon) HostLink(t testing.TB, name string) {
	t.Helper()
	peer := linkName(peerPrefix)
	d.addLink(t, peer)
	mustIP(t, "link", "add", peer, "type", "veth", "peer", "name", name)
}

// freeSubnet returns the first three numbers of a subnet that means nothing to the host.
func freeSubnet(t testing.TB) string {
	t.Helper()
	return freeSubnetIn(t, "198.18", 7)
}

// freeSubnetIn is freeSubnet for one that begins with these two numbers, the third at least as told.
func freeSubnetIn(t testing.TB, begin string, third int) string {
	t.Helper()
	taken, err := subnets()
	if err != nil {
		t.Fatal(err)
	}
	for ; third < 256; third++ {
		subnet := fmt.Sprintf("%s.%d", begin, third)
		if !slices.ContainsFunc(taken, netip.MustParsePrefix(subnet+".0/24").Overlaps) {
			return subnet
		}
	}
	t.Fatalf("find subnet: the host knows every one of %s.0.0/16", begin)
	return ""
}

// subnets returns those that the host has an address in, or a route to.
func subnets() ([]netip.Prefix, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	routes, err := ipJSON("-4", "route", "show")
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, address := range addresses {
		texts = append(texts, address.String())
	}
	for _, route := range routes {
		dst, _ := route["dst"].(string)
		texts = append(texts, dst, dst+"/32") // which of the two it is, parsing tells
	}
	var taken []netip.Prefix
	for _, text := range texts {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			taken = append(taken, prefix.Masked())
		}
	}
	return taken, nil
}
