package docker

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// wrong is a mistake, and what its one warning has to say. In all texts stand $name, $netns and $uplink for the
// container's name, its network namespace and the host's link that its eth0 hangs on, $second for the one of eth1,
// and $gateway for a neighbour of the host's, $enter for what enters the host's network namespace.
type wrong struct {
	name               string
	commands           []string // the last one gives the warning
	rule, verdict      string
	changed, untouched string // the beginnings of the texts
	own, host          string // state or route
	advice             string
}

// wrongs are made in one container, in this order. The first one's verdict depends on the host's eth0.
var wrongs = []wrong{{
	name:      "link that is up here and on the host",
	commands:  []string{"ip link set dev eth0 up"},
	rule:      "no-op-on-shadowed-link",
	changed:   "eth0, a macvlan on the host's $uplink, in $name's own namespace $netns: already up, no effect",
	untouched: "eth0 in the host's namespace, which is ",
	own:       "up",
	advice:    "$enter -- ip link set dev eth0 up",
}, {
	name:     "link that is up here and down on the host",
	commands: []string{"ip link set eth1 up"},
	rule:     "no-op-on-shadowed-link", verdict: "likely",
	changed:   "eth1, a macvlan on the host's $second, in $name's own namespace $netns: already up, no effect",
	untouched: "eth1 in the host's namespace, which is down",
	own:       "up", host: "down",
	advice: "$enter -- ip link set eth1 up",
}, {
	name:     "link of the host's that is not here",
	commands: []string{"ip link set $uplink up"},
	rule:     "missing-link", verdict: "likely",
	changed:   "nothing: there is no $uplink in $name's own namespace $netns",
	untouched: "$uplink in the host's namespace, which is up",
	own:       "absent", host: "up",
	advice: "$enter -- ip link set $uplink up",
}, {
	name:     "default route by a gateway of the host's",
	commands: []string{"ip route add default via $gateway"},
	rule:     "unreachable-gateway", verdict: "likely",
	changed:   "nothing: default via $gateway is refused in $name's own namespace $netns, ENETUNREACH",
	untouched: "the host's routes, where $gateway is on-link by $uplink",
	own:       "no link reaches $gateway", host: "$gateway on-link by $uplink",
	advice: "$enter -- ip route add default via $gateway",
}, {
	name:     "bridge with the uplink in it",
	commands: []string{"ip link add br0 type bridge", "ip link set eth0 master br0", "ip link set br0 up"},
	rule:     "uplink-enslaved", verdict: "likely",
	changed:   "eth0, a macvlan on the host's $uplink, in $name's own namespace $netns: now in the bridge br0",
	untouched: "eth0 in the host's namespace, which is ",
	own:       "up",
	advice:    "$enter -- ip link add br0 type bridge && $enter -- ip link set eth0 master br0",
}}

// TestMistakes watches a real Docker with the program that is shipped, in the machine's own network namespace.
func TestMistakes(t *testing.T) {
	d := Start(t)
	s := &scene{Daemon: d, first: d.Macvlan(t), second: d.Macvlan(t)}
	subnet := freeSubnetIn(t, "192.168", 1)
	s.gateway = subnet + ".1"
	mustIP(t, "address", "add", subnet+".2/24", "dev", s.first.Parent)
	early := s.create(t, "early", s.first)
	s.watch = StartWatch(t, d)

	t.Run("container", func(t *testing.T) {
		s.shadow(t)
		for _, image := range []string{Iproute2, Busybox} {
			t.Run(filepath.Base(image), func(t *testing.T) { testWrongs(t, s, image) })
		}
	})
	t.Run("gone", func(t *testing.T) { testGone(t, s) })
	t.Run("host", func(t *testing.T) { testHost(t, s) })
	t.Run("host network", func(t *testing.T) { testHostNetwork(t, s) })
	t.Run("life on macvlan", func(t *testing.T) { testLife(t, s, s.create(t, "life", s.first), s.second) })
	t.Run("life on a bridge", func(t *testing.T) { testLife(t, s, s.create(t, "bridged", d.Bridge(t)), s.second) })
	t.Run("life begun before", func(t *testing.T) { testLife(t, s, early, s.second) })
	t.Run("entrypoint", func(t *testing.T) { testEntrypoint(t, s) })
}

// scene is where the mistakes are made.
type scene struct {
	*Daemon
	watch         *Watch
	first, second *Network // of the containers' eth0 and eth1; the host's link of first has a neighbour, gateway
	gateway       string
}

// shadow sees to it that the host has links of the containers' links' names: an eth0, its own if it has one, and an
// eth1 that is down.
func (s *scene) shadow(t *testing.T) {
	t.Helper()
	if _, err := net.InterfaceByName("eth1"); err == nil {
		t.Skip("the machine has an eth1 of its own, which is nobody's to test with")
	}
	s.HostLink(t, "eth1")
	if _, err := net.InterfaceByName("eth0"); err != nil {
		s.HostLink(t, "eth0")
		mustIP(t, "link", "set", "dev", "eth0", "up")
	}
}

// expand puts the container's and the host's names into a text.
func (s *scene) expand(c *Container, text string) string {
	return strings.NewReplacer("$enter", enterHost(), "$name", c.Name, "$netns", strconv.FormatUint(c.Netns, 10), "$gateway", s.gateway,
		"$uplink", s.first.Parent, "$second", s.second.Parent).Replace(text)
}

func testWrongs(t *testing.T, s *scene, image string) {
	c := s.Run(t, "web-"+filepath.Base(image), image, s.first.Name)
	s.must(t, nil, "network", "connect", s.second.Name, c.Name)
	mustIP(t, "link", "set", "dev", "eth1", "down") // the host's, that the test has made
	for _, m := range wrongs {
		t.Run(m.name, func(t *testing.T) {
			var commands []string
			events := s.watch.during(func() {
				for _, command := range m.commands {
					command = s.expand(c, command)
					commands = append(commands, command)
					c.Exec(strings.Fields(command)...)
				}
			})
			testNamed(t, c, image, commands, events)
			warnings := only(events, func(e *Event) bool { return e.Event == "warning" && e.Container.ID == c.ID })
			if len(warnings) != 1 {
				t.Fatalf("%d warnings, want 1; all events:\n%s", len(warnings), show(events))
			}
			testWarning(t, s, c, &m, &warnings[0])
		})
	}
	t.Run("advice", func(t *testing.T) { testAdvice(t, s, c) })
}

// testNamed checks that each command gave a change in the container's namespace that tells who made it.
func testNamed(t *testing.T, c *Container, image string, commands []string, events []Event) {
	t.Helper()
	for _, command := range commands {
		changes := only(events, func(e *Event) bool { return e.Event == "change" && e.Process.CommandLine == command })
		if len(changes) == 0 {
			t.Errorf("%s: no change of all these:\n%s", command, show(events))
		}
		for _, e := range changes {
			testWho(t, c, image, &e)
			if e.Netns.Host || e.Netns.Inode != c.Netns || e.Netns.Owner != "container "+c.Name {
				t.Errorf("%s: changed %+v, want namespace %d of container %s", command, e.Netns, c.Netns, c.Name)
			}
		}
	}
}

// testWho checks the container and the process of an event.
func testWho(t *testing.T, c *Container, image string, e *Event) {
	t.Helper()
	if e.Container.ID != c.ID || e.Container.Name != c.Name || e.Container.Runtime != "docker" || e.Container.Image.Name != image {
		t.Errorf("container %+v, want %s, %s, of image %s", e.Container, c.ID, c.Name, image)
	}
	executable := map[string]string{Iproute2: "/sbin/ip", Busybox: "/bin/busybox"}[image]
	if p := e.Process; p.PID == 0 || p.Name != "ip" || p.Executable.Path != executable || p.Parent.PID == 0 || p.Parent.Name == "" {
		t.Errorf("process %+v, want ip of %s, with its parent", p, executable)
	}
}

func testWarning(t *testing.T, s *scene, c *Container, m *wrong, e *Event) {
	t.Helper()
	verdict, w := m.verdict, e.Warning
	if verdict == "" {
		verdict = verdictOfEth0(t, m.rule)
	}
	if w.Rule != m.rule || w.Verdict != verdict {
		t.Errorf("rule %s, %s; want %s, %s", w.Rule, w.Verdict, m.rule, verdict)
	}
	for what, text := range map[string][2]string{"changed": {w.Changed, m.changed}, "untouched": {w.Untouched, m.untouched}} {
		if want := s.expand(c, text[1]); !strings.HasPrefix(text[0], want) {
			t.Errorf("%s %q, want %q", what, text[0], want)
		}
	}
	if own, want := w.Own.State+w.Own.Route, s.expand(c, m.own); own != want {
		t.Errorf("own side %+v, want %s", w.Own, want)
	}
	if host, want := w.Host.State+w.Host.Route, s.expand(c, m.host); want != "" && host != want {
		t.Errorf("host's side %+v, want %s", w.Host, want)
	}
	if want := []string{s.expand(c, m.advice), "run " + c.Name + " with --network host"}; !slices.Equal(w.Advice, want) {
		t.Errorf("advice %q, want %q", w.Advice, want)
	}
	if !strings.HasPrefix(w.Summary, c.Name+" ") || w.Because == "" {
		t.Errorf("summary %q, because %q", w.Summary, w.Because)
	}
	testWho(t, c, map[bool]string{true: Iproute2, false: Busybox}[c.Name == "web-"+filepath.Base(Iproute2)], e)
}

// verdictOfEth0 is how sure a warning about the host's eth0 can be: to set a link up that is up on the host too may
// be a habit.
func verdictOfEth0(t *testing.T, rule string) string {
	t.Helper()
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	if rule == "no-op-on-shadowed-link" && link.Flags&net.FlagUp != 0 {
		return "suspected"
	}
	return "likely"
}

// enterHost is what the advice enters the host's network by: init, or a kernel thread where nobody can look at init.
func enterHost() string {
	if _, err := os.Readlink("/proc/1/ns/net"); err == nil {
		return "nsenter --target 1 --net"
	}
	return "nsenter --net=/proc/2/ns/net"
}

// testAdvice does what the warning about eth1 says, and so what was meant in the first place.
func testAdvice(t *testing.T, s *scene, c *Container) {
	advice := s.expand(c, "$enter -- ip link set eth1 up") // as testWarning has seen it: it is run as it was printed
	events := s.watch.during(func() {
		if out, err := exec.Command("sh", "-c", advice).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", advice, err, out)
		}
	})
	if link, err := net.InterfaceByName("eth1"); err != nil || link.Flags&net.FlagUp == 0 {
		t.Errorf("%s: the host's eth1 is %+v, %v; want it up", advice, link, err)
	}
	changes := only(events, func(e *Event) bool { return e.Change.Target == "eth1" && e.Netns.Host })
	if len(changes) != 1 || changes[0].Change.Effect != "changed" || changes[0].Container.ID != "" {
		t.Errorf("want one change of the host's eth1 by nobody's container:\n%s", show(changes))
	}
}

// testGone has a process that is gone, and its parent too, before wrongns gets to read of it.
func testGone(t *testing.T, s *scene) {
	c := s.Run(t, "gone", Iproute2, s.first.Name)
	const command = "ip link set dev eth0 mtu 1400"
	events := s.watch.during(func() {
		s.watch.pause(func() {
			if out, exit := c.Exec("sh", "-c", command+"; exit 0"); exit != 0 {
				t.Errorf("%s: exit %d: %s", command, exit, out)
			}
		})
	})
	changes := only(events, func(e *Event) bool { return e.Container.ID == c.ID })
	if len(changes) != 1 {
		t.Fatalf("%d events of the container, want 1; all:\n%s", len(changes), show(events))
	}
	testNamed(t, c, Iproute2, []string{command}, changes)
	p := changes[0].Process
	if p.Parent.Name != "sh" {
		t.Errorf("parent %+v, want sh", p.Parent)
	}
	for _, pid := range []int{p.PID, p.Parent.PID} {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
}

// testHost makes the mistakes where they are none: on the host, with its own links. Those of the machine stay as
// they are; the links are the test's, and the route is in a table that nothing asks.
func testHost(t *testing.T, s *scene) {
	for _, program := range []string{"ip", "busybox ip"} {
		t.Run(program, func(t *testing.T) {
			link, bridge := linkName(parentPrefix), linkName(bridgePrefix)
			s.HostLink(t, link)
			s.addLink(t, bridge)
			mustIP(t, "link", "set", "dev", link, "up")
			for _, arguments := range []string{
				"link set dev " + link + " up",
				"link set nosuchlink up",
				"route add default via " + s.gateway + " table 199",
				"link add " + bridge + " type bridge",
				"link set " + link + " master " + bridge,
				"link set " + bridge + " up",
			} {
				testOnHost(t, s, program+" "+arguments)
			}
			mustIP(t, "route", "delete", "default", "table", "199")
		})
	}
}

func testOnHost(t *testing.T, s *scene, command string) {
	t.Helper()
	events := s.watch.during(func() {
		words := strings.Fields(command)
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		if fails := strings.Contains(command, "nosuchlink"); (err != nil) != fails {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	})
	mine := only(events, func(e *Event) bool { return e.Process.CommandLine == command })
	if len(mine) == 0 {
		t.Errorf("%s: no change of all these:\n%s", command, show(events))
	}
	for _, e := range mine {
		if e.Event != "change" || !e.Netns.Host || e.Netns.Owner != "host" || e.Container.ID != "" {
			t.Errorf("%s: want changes of the host, by no container: %s", command, show([]Event{e}))
		}
	}
}

// testHostNetwork has a container change the host where it may: that is not the wrong namespace.
func testHostNetwork(t *testing.T, s *scene) {
	link := linkName(parentPrefix)
	s.HostLink(t, link)
	c := s.Run(t, "guest", Iproute2, "host")
	events := s.watch.during(func() {
		if out, exit := c.Exec("ip", "link", "set", "dev", link, "mtu", "1400"); exit != 0 {
			t.Errorf("set mtu: exit %d: %s", exit, out)
		}
	})
	mine := only(events, func(e *Event) bool { return e.Container.ID == c.ID })
	if len(mine) != 1 {
		t.Fatalf("%d events of the container, want 1; all:\n%s", len(mine), show(events))
	}
	testWho(t, c, Iproute2, &mine[0])
	if e := mine[0]; e.Event != "change" || !e.Netns.Host || e.Netns.Owner != "host" || e.Change.Target != link {
		t.Errorf("want a change of the host's %s: %s", link, show(mine))
	}
}
