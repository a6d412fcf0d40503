package corpus

import (
	"fmt"
	"testing"

	"github.com/wrongns/wrongns/test/docker"
)

// bridgeLink is the node's link of the network bridge.
const bridgeLink = "br-corpus"

// network is what a container's link hangs on.
type network struct {
	parent  string   // the node's link: a macvlan's parent, or the bridge
	mode    string   // of a macvlan: bridge or private; "" for a veth on the bridge
	prefix4 string   // as 10.77.0. and fd77::, what a number is added to
	prefix6 string   // "" for none
	options []string // of docker network create
}

// networks are by name those of README.md, but for none and host.
var networks = map[string]network{
	"macvlan":         {parent: "ens4", mode: "bridge", prefix4: "10.77.0.", prefix6: "fd77::"},
	"macvlan-private": {parent: "ens5", mode: "private", prefix4: "10.78.0.", prefix6: "fd78::"},
	"lan":             {parent: "eth0", mode: "bridge", prefix4: "192.168.1.", options: []string{"--ip-range", "192.168.1.64/26"}},
	"bridge":          {parent: bridgeLink, prefix4: "10.79.0.", prefix6: "fd79::"},
}

// create makes Docker's network.
func (n network) create(t testing.TB, d *docker.Daemon, name string) {
	t.Helper()
	options := []string{"--subnet", n.prefix4 + "0/24", "--gateway", n.prefix4 + "1"}
	if n.prefix6 != "" {
		options = append(options, "--ipv6", "--subnet", n.prefix6+"/64", "--gateway", n.prefix6+"1")
	}
	if n.mode == "" {
		options = append(options, "--driver", "bridge", "--opt", "com.docker.network.bridge.name="+n.parent)
	} else {
		options = append(options, "--driver", "macvlan", "--opt", "parent="+n.parent, "--opt", "macvlan_mode="+n.mode)
	}
	d.CreateNetwork(t, dockersName(name), append(options, n.options...)...)
}

// dockersName is what Docker calls a network: bridge is taken, and none and host are its own.
func dockersName(name string) string {
	if _, ok := networks[name]; ok {
		return "corpus-" + name
	}
	return name
}

// attach gives a bare namespace a link of this network, with the addresses of a number, and its default routes.
func (n network) attach(netns, link string, number int) error {
	const made = "wnmade" // its name until it is in the namespace
	if n.mode == "" {
		// As Docker's: the end on the node is called veth….
		peer := fmt.Sprintf("vethwn%d", number)
		if err := batch(nodeNetns, fmt.Sprintf("link add %s master %s type veth peer name %s netns %s\nlink set %s up",
			peer, n.parent, link, netns, peer)); err != nil {
			return err
		}
	} else if err := batch(nodeNetns, fmt.Sprintf("link add link %s name %s type macvlan mode %s\nlink set %s netns %s name %s",
		n.parent, made, n.mode, made, netns, link)); err != nil {
		return err
	}
	commands := fmt.Sprintf("link set lo up\naddress add %s%d/24 dev %s\nlink set %s up", n.prefix4, number, link, link)
	if n.prefix6 != "" {
		commands += fmt.Sprintf("\naddress add %s%d/64 dev %s nodad", n.prefix6, number, link)
	}
	if link == "eth0" {
		commands += fmt.Sprintf("\nroute add default via %s1", n.prefix4)
		if n.prefix6 != "" {
			commands += fmt.Sprintf("\n-6 route add default via %s1 dev %s", n.prefix6, link)
		}
	}
	return batch(netns, commands)
}
