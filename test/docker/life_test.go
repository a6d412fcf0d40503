package docker

import (
	"strings"
	"testing"
)

// create makes a container that does not run yet, and removes it when the test ends.
func (s *scene) create(t *testing.T, name string, n *Network, command ...string) *Container {
	t.Helper()
	c := &Container{Name: name, daemon: s.Daemon, t: t}
	t.Cleanup(c.remove)
	if len(command) == 0 {
		command = []string{"sleep", "2147483647"}
	}
	args := []string{"create", "--name", name, "--network", n.Name, "--cap-add", "NET_ADMIN", "--stop-signal", "KILL", Iproute2}
	words := strings.Fields(s.must(t, nil, append(args, command...)...))
	c.ID = words[len(words)-1] // after what it warns of
	return c
}

// testLife takes a container through an ordinary life. Everything that is done to its network is the runtime's
// doing, is known to be in this container's namespace, and is nobody's mistake.
func testLife(t *testing.T, s *scene, c *Container, other *Network) {
	events := s.watch.during(func() {
		for _, step := range [][]string{
			{"start", c.Name},
			{"network", "connect", other.Name, c.Name},
			{"network", "disconnect", other.Name, c.Name},
			{"restart", c.Name},
			{"stop", c.Name},
			{"rm", c.Name},
		} {
			s.must(t, nil, step...)
		}
	})
	testQuiet(t, s, c, events)
	byDocker := only(events, func(e *Event) bool { return e.Process.PID == s.PID && !e.Netns.Host })
	for _, e := range byDocker {
		if e.Netns.Owner != "container "+c.Name || e.Container.ID != "" {
			t.Errorf("want a change in the namespace of %s, by no container: %s", c.Name, show([]Event{e}))
		}
	}
	for what, want := range map[string]int{
		"address add":       3, // it is started twice, and once connected
		"route add default": 2,
		"link move":         3, // out of it, when it is stopped or disconnected
	} {
		found := only(byDocker, func(e *Event) bool {
			return strings.HasPrefix(e.Change.Kind+" "+e.Change.Action+" "+e.Change.Target, what)
		})
		if len(found) < want {
			t.Errorf("%s: %d changes by dockerd, want at least %d of these:\n%s", what, len(found), want, show(byDocker))
		}
	}
	births := only(events, func(e *Event) bool { return e.Container.ID == c.ID && e.Change.Target == "lo" })
	if len(births) != 2 || births[0].Container.Name != c.Name || births[0].Netns.Owner != "container "+c.Name {
		t.Errorf("want runc to set lo up twice in the container:\n%s", show(births))
	}
}

// testQuiet checks that there is no warning about a container or about those who set it up. There may be others: the
// whole machine is watched.
func testQuiet(t *testing.T, s *scene, c *Container, events []Event) {
	t.Helper()
	warnings := only(events, func(e *Event) bool {
		return e.Event == "warning" && (e.Container.ID == c.ID || e.Netns.Owner == "container "+c.Name || e.Process.PID == s.PID)
	})
	if len(warnings) > 0 {
		t.Errorf("want no warnings:\n%s", show(warnings))
	}
}

// testEntrypoint has a container set up its own network when it starts, as it was built to do: in a command of the
// container's init, and in the init itself.
func testEntrypoint(t *testing.T, s *scene) {
	const command = "ip link set dev eth0 up"
	for name, entrypoint := range map[string][]string{
		"entry-script": {"sh", "-c", command + "; exit 0"},
		"entry-init":   strings.Fields(command),
	} {
		c := s.create(t, name, s.first, entrypoint...)
		events := s.watch.during(func() { s.must(t, nil, "start", "--attach", name) }) // until it has ended
		testQuiet(t, s, c, events)
		changes := only(events, func(e *Event) bool { return e.Process.CommandLine == command })
		if len(changes) != 1 || changes[0].Change.Effect != "none" || changes[0].Netns.Owner != "container "+name {
			t.Errorf("%s: want one change of %s, without effect:\n%s", name, name, show(events))
		}
		for _, e := range changes {
			testWho(t, c, Iproute2, &e)
		}
	}
}
