package judge

import (
	"path"
	"slices"
	"strings"

	"github.com/wrongns/wrongns/events"
)

// runtimes set up containers' namespaces on purpose, acting from the host:
// engines, their helpers, and what gives Kubernetes' pods their network. CNI
// plug-ins are told by where they live (see isRuntime), since their names are
// common words: one is called bridge, and so is a tool of iproute2's.
var runtimes = []string{
	"dockerd", "docker-proxy", "libnetwork-setkey", "containerd", "containerd-shim*", "ctr", "runc", "runc:[*", "crun", "youki",
	"podman", "conmon", "netavark", "aardvark-dns", "slirp4netns", "pasta*", "rootlessport", "buildkitd", "crio", "kubelet",
	"lxc-*", "lxd", "incusd", "systemd-nspawn", "multus*", "calico*", "flannel*", "cilium*", "weave*", "kube-router", "antrea*",
	"aws-cni", "aws-k8s-agent", "azure-vnet*", "istio-cni*",
}

// daemons set links, addresses and routes as long as they run, and so do the
// scripts that they call.
var daemons = []string{
	"dhclient*", "dhcpcd*", "udhcpc*", "default.script", "odhcp6c", "systemd-network*", "NetworkManager", "nm-*", "connmand", "netifd",
	"ifup", "ifdown", "keepalived*", "vrrpd", "ucarp", "wg", "wg-quick", "wireguard*", "boringtun*", "tailscaled", "zerotier-one",
	"netbird", "nebula", "openvpn*", "openconnect", "vpnc*", "charon*", "pluto", "pppd", "xl2tpd", "tincd", "bird", "bird6", "zebra",
	"mgmtd", "staticd", "bgpd", "ospfd", "ospf6d", "ripd", "isisd", "babeld", "gobgpd", "watchfrr*", "radvd", "hostapd",
	"wpa_supplicant",
}

// isRuntime reports whether p is a container runtime or a CNI plug-in.
func isRuntime(p *events.Process) bool {
	return matches(runtimes, string(p.Name)) || matches(runtimes, path.Base(string(p.Executable))) ||
		strings.Contains(string(p.Executable), "/cni/")
}

// daemonOf returns the network daemon that p is or that called it, or "".
func daemonOf(p *events.Process) events.Name {
	switch {
	case matches(daemons, string(p.Name)):
		return p.Name
	case matches(daemons, path.Base(string(p.Executable))):
		return events.Name(path.Base(string(p.Executable)))
	case p.Parent != nil && matches(daemons, string(p.Parent.Name)):
		return p.Parent.Name
	}
	return ""
}

// matches reports whether name is in list, where a trailing * stands for any end.
// A comm is cut to 15 characters, so a name of that length may go on.
func matches(list []string, name string) bool {
	for _, pattern := range list {
		prefix, open := strings.CutSuffix(pattern, "*")
		if name == pattern || open && strings.HasPrefix(name, prefix) ||
			len(name) == commLength && strings.HasPrefix(pattern, name) {
			return true
		}
	}
	return false
}

// commLength is the length to which the kernel cuts a process's name:
// TASK_COMM_LEN without its NUL.
const commLength = 15

// namesNetns reports whether a command of iproute2 was told the namespace to work
// in, as by ip -n blue: it is entered before the first request.
func namesNetns(p *events.Process) bool {
	if !matches([]string{"ip", "bridge", "tc"}, string(p.Name)) {
		return false
	}
	for i, word := range strings.Fields(string(p.CommandLine)) {
		switch {
		case i > 0 && !strings.HasPrefix(word, "-"):
			return false // the object: options stand before it
		case word == "-n", word == "-net", word == "-netns":
			return true
		}
	}
	return false
}

func containerID(c *events.Change) string {
	if c.Container == nil {
		return ""
	}
	return c.Container.ID
}

// showing are iproute2's words for looking at an object, and the abbreviations that mean nothing else.
var showing = []string{"show", "sho", "sh", "list", "lst", "ls", "get"}

// looks reports whether a command line changes nothing by its own words: ip link
// show eth0, ip link, ifconfig eth0.
func looks(commandLine string) bool {
	words := strings.Fields(commandLine)
	if len(words) > 0 && path.Base(words[0]) == "busybox" {
		words = words[1:]
	}
	if len(words) == 0 {
		return false
	}
	switch path.Base(words[0]) {
	case "ip":
		words = slices.DeleteFunc(words[1:], func(word string) bool { return strings.HasPrefix(word, "-") })
		return len(words) < 2 || slices.Contains(showing, words[1])
	case "ifconfig":
		return len(words) < 3
	}
	return false
}
