package judge

import (
	"path"
	"slices"
	"strings"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

// tools are the programs whose command lines say the same on the host.
var tools = []string{"ip", "bridge", "tc", "ifconfig", "route", "brctl", "busybox", "ifup", "ifdown", "ethtool", "vconfig", "ip6tables"}

// command is how to make a change again: the command line that made it, if that is
// one of a tool that everybody has and was read in full, or else the same request in
// the words of ip. It is "" for a look-up by any other program.
func command(c *events.Change) string {
	line := c.Process.CommandLine
	first, _, _ := strings.Cut(string(line), " ")
	switch {
	case line != "" && !c.Process.Truncated && slices.Contains(tools, path.Base(first)):
		return line.String()
	case c.Action != events.Lookup:
		return c.Command()
	}
	return ""
}

// advice says how to reach the host: the commands of a mistake, in their order,
// as they would have to be run on the node, and what would have let the container
// do it. Without any command it is a shell in the host's namespace.
func (j *Judge) advice(m *mistake, c *events.Change) []string {
	if m.seen {
		return nil // it is where it was meant to go
	}
	commands := m.commands
	enter := j.config.EnterHost
	there := make([]string, len(commands))
	for i, text := range commands {
		there[i] = enter + " -- " + text
	}
	list := []string{enter}
	if len(there) > 0 {
		list[0] = strings.Join(there, " && ")
	}
	if other := otherwise(c); other != "" {
		list = append(list, other)
	}
	return list
}

// otherwise is how the container, or the shell, would have been in the host's
// network to begin with.
func otherwise(c *events.Change) string {
	if c.Container == nil {
		return ""
	}
	who := rules.Actor(c)
	switch c.Container.Runtime {
	case "docker", "podman":
		return "run " + who + " with --network host"
	case "containerd", "cri-o":
		return "give the pod of " + who + " hostNetwork: true"
	case "lxc":
		return "give " + who + " lxc.net.0.type = none"
	case "systemd-nspawn":
		return "start " + who + " without --private-network or --network-*"
	}
	return ""
}
