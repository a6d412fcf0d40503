package judge

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wrongns/wrongns/events"
)

// The facts that the judge knows by itself.
const (
	prior         = "prior"
	interactive   = "interactive"
	execLate      = "exec-late"
	entrypoint    = "entrypoint"
	daemonAtWork  = "network-daemon"
	runtimeAtWork = "runtime-in-container"
	bareNamespace = "bare-namespace"
	namedByItself = "namespace-named"
)

// late is how long after a container's start a process counts as sent in later.
const late = time.Minute

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

// context returns what is known of the process that made a change and speaks for
// or against a mistake of its own.
func (j *Judge) context(c *events.Change) []events.Evidence {
	var facts []events.Evidence
	add := func(fact, format string, args ...any) {
		facts = append(facts, events.Evidence{Fact: fact, Weight: weightOf(fact), Detail: fmt.Sprintf(format, args...)})
	}
	p := c.Process
	if p.Interactive {
		add(interactive, "%s has a terminal", p.Name)
	}
	// What runs by itself is one fact, however many signs of it there are.
	first, known := j.inits[containerID(c)]
	switch daemon := daemonOf(p); {
	case daemon != "":
		add(daemonAtWork, "%s is at work", daemon)
	case isRuntime(p):
		add(runtimeAtWork, "%s is a container runtime", p.Name)
	case known && !p.Interactive && first.begat(p):
		add(entrypoint, "it was run by the container's init, pid %d", first.pid)
	case known && first.before(p) > late:
		add(execLate, "%s was started %s after the container", p.Name, first.before(p).Round(time.Second))
	}
	if c.Container == nil && p.Namespaces.PID == events.InitialPIDNamespace {
		add(bareNamespace, "%s is in no container, and lives among the host's processes", p.Name)
	}
	if namesNetns(p) {
		add(namedByItself, "%s was told which namespace by its own command line", p.Name)
	}
	return facts
}

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

// initProcess is the first process of a container.
type initProcess struct {
	pid   uint32
	start uint64 // ns since boot
}

// begat reports whether p is the init itself or is known to descend from it.
func (i initProcess) begat(p *events.Process) bool {
	switch {
	case p.PID == i.pid && p.Start == i.start:
		return true
	case p.Parent != nil && p.Parent.PID == i.pid && p.Parent.Start == i.start:
		return true
	}
	return slices.Contains(p.Descent, i.pid) && p.Start >= i.start
}

// before is how long before p the init was started.
func (i initProcess) before(p *events.Process) time.Duration {
	return time.Duration(p.Start - i.start)
}

// maxInits is how many containers' first processes are remembered. Beyond it all
// are forgotten, which costs a little evidence and nothing else.
const maxInits = 4096

// meet remembers a container's first process. It is seen when runc or crun,
// already in the container, sets the new namespace's loopback link up, a moment
// before it becomes the container's init.
func (j *Judge) meet(c *events.Change) {
	p := c.Process
	if c.Container == nil || p == nil || c.Target != "lo" {
		return
	}
	if !strings.HasPrefix(string(p.Name), "runc:[") && p.Name != "crun" {
		return
	}
	if len(j.inits) >= maxInits {
		clear(j.inits)
	}
	j.inits[c.Container.ID] = initProcess{p.PID, p.Start}
}

func containerID(c *events.Change) string {
	if c.Container == nil {
		return ""
	}
	return c.Container.ID
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
