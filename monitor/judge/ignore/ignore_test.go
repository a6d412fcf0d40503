package ignore

import (
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
)

func compiler(t testing.TB) *Compiler {
	t.Helper()
	c, err := NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compile(t testing.TB, text string) *Condition {
	t.Helper()
	condition, err := compiler(t).Compile(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return condition
}

// vpn is a warning about a VPN's container that failed to set a link of the host's.
func vpn() *events.Warning {
	process := &events.Process{
		PID: 4121, TID: 4121, Name: "ip", CommandLine: "ip link set dev ens3 mtu 1400", Executable: "/sbin/ip", UID: 0,
		LoginUID: events.NoUID, Session: events.NoUID, Capabilities: 1 << 12, NetnsInode: 4026532281,
		Parent: &events.Parent{PID: 4100, Name: "openvpn", CommandLine: "openvpn --config /etc/openvpn.conf"},
	}
	return &events.Warning{
		Rule: "missing-link", Confidence: 1, Verdict: events.Likely, Summary: "s", Count: 2, Changes: []uint64{7},
		Evidence: []events.Evidence{{Fact: "link-missing-here", Weight: 3}, {Fact: "prior", Weight: -2.5}},
		Host:     events.Side{Link: "ens3", Type: "ethernet", State: "up"},
		Last: &events.Change{
			Kind: events.KindLink, Action: events.Set, Via: events.ViaRtnetlink, Target: "ens3", Known: true, Errno: syscall.ENODEV,
			Request: events.Object{
				{Name: "ifname", Value: events.OutsideValue("ens3")}, {Name: "mtu", Value: events.UintValue(1400)},
			},
			Netns: events.Namespace{Inode: 4026532281, Owner: "container vpn"}, Process: process,
			Container: &events.Container{ID: "84f98fadc384", Name: "vpn", Runtime: "docker", Image: "kylemanna/openvpn:2.4"},
			Here:      &events.Facts{Known: true},
			Host:      &events.Facts{Known: true, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24")}, Link: &events.Link{Index: 2, Name: "ens3"}},
		},
	}
}

// bare is the same of a process in no container, of which only the pid is known.
func bare() *events.Warning {
	w := vpn()
	w.Last.Container, w.Last.Process = nil, &events.Process{PID: 4121, LoginUID: events.NoUID, Session: events.NoUID}
	w.Last.Capture.Incomplete = true
	return w
}

func TestMatch(t *testing.T) {
	tests := []struct {
		when        string
		vpn, onBare bool
	}{
		{`true`, true, true},
		{`false`, false, false},
		{`container.name == "vpn"`, true, false},
		{`container.name != "vpn"`, false, false},
		{`container.name != "web"`, true, false},
		{`!(container.name == "web")`, true, false},
		{`container.image.name.startsWith("kylemanna/openvpn")`, true, false},
		{`container.image.name.matches("^(docker.io/)?kylemanna/")`, true, false},
		{`has(container.id)`, true, false},
		{`!has(container.id)`, false, true},
		{`has(container.image.name)`, true, false},
		{`!has(container.image.name)`, false, true},
		{`container.name == "vpn" || process.pid == 4121`, true, true},
		{`process.pid == 4121 || container.name == "vpn"`, true, true},
		{`container.name == "web" || container.image.name == "x"`, false, false},
		{`process.parent.name == "openvpn"`, true, false},
		{`process.user.id == 0`, true, false},
		{`!process.interactive`, true, false},
		{`"net_admin" in process.capabilities`, true, false},
		{`warning.rule == "missing-link" && warning.verdict != "certain"`, true, true},
		{`warning.confidence == 1.0`, true, true},
		{`warning.confidence * 2.0 > 1`, true, true},
		{`warning.count + 1 == 3 && warning.changes == [7]`, true, true},
		{`warning.evidence.exists(e, e.fact == "prior" && e.weight < 0)`, true, true},
		{`warning.evidence[0].weight == 3.0`, true, true},
		{`warning.host.link.startsWith("ens")`, true, true},
		{`warning.own.link == "ens3"`, false, false},
		{`netns.owner == "container vpn" && !netns.host`, true, true},
		{`change.kind == "link" && change.result == "ENODEV"`, true, true},
		{`change.request.mtu == 1400`, true, true},
		{`change.request.mtu == "1400"`, false, false},
		{`change.request.master == "br0"`, false, false},
		{`has(change.request.master)`, false, false},
		{`change.before.ifname == "ens3"`, false, false},
		{`!has(change.before.linkinfo.info_kind)`, true, true},
		{`facts.here.known && !has(facts.here.link.ifname)`, true, true},
		{`facts.host.link.ifname == change.target`, true, true},
		{`facts.host.addresses.exists(a, a.startsWith("192.168."))`, true, true},
		{`host.name == "node-7"`, true, true},
		{`has(process.name_hex) || has(process.command_line_cut)`, false, false},
		{`warning.evidence[7].weight == 3.0`, false, false},
		{`1 / (process.pid - 4121) == 0`, false, false},
	}
	for _, test := range tests {
		t.Run(test.when, func(t *testing.T) {
			s := &Set{
				Host:  &events.HostInfo{Name: "node-7"},
				Rules: []Rule{{When: compile(t, test.when), Reason: "why"}},
			}
			for _, of := range []struct {
				name string
				w    *events.Warning
				want bool
			}{{"vpn", vpn(), test.vpn}, {"bare", bare(), test.onBare}} {
				reason, ignored := s.Match(of.w)
				if ignored != of.want || (reason == "why") != of.want {
					t.Errorf("%s: Match = %q, %t, want %t", of.name, reason, ignored, of.want)
				}
			}
		})
	}
}

// A hostile name is matched as it is logged, and can be told from one that only
// looks like it.
func TestMatchHostileName(t *testing.T) {
	w := vpn()
	w.Last.Container.Name = "a\x1bb"
	for when, want := range map[string]bool{
		`container.name == "a\\x1bb"`:                             true,
		`container.name == "a\\x1bb" && !has(container.name_hex)`: false,
		`container.name_hex == "611b62"`:                          true,
	} {
		if _, got := (&Set{Rules: []Rule{{When: compile(t, when)}}}).Match(w); got != want {
			t.Errorf("%s: %t, want %t", when, got, want)
		}
	}
}

func TestMatchRules(t *testing.T) {
	yes := compile(t, "true")
	s := &Set{Rules: []Rule{
		{Rules: []string{"host-gateway"}, When: yes, Reason: "gateway"},
		{Rules: []string{"host-gateway", "missing-link"}, When: yes, Reason: "two"},
		{When: yes, Reason: "any"},
	}}
	for rule, want := range map[string]string{"host-gateway": "gateway", "missing-link": "two", "uplink-enslaved": "any"} {
		w := vpn()
		w.Rule = rule
		if reason, ignored := s.Match(w); !ignored || reason != want {
			t.Errorf("%s: Match = %q, %t, want %q", rule, reason, ignored, want)
		}
	}
	var none *Set
	if _, ignored := none.Match(vpn()); ignored {
		t.Error("a nil Set ignores")
	}
	w := vpn()
	w.Last = nil
	if _, ignored := (&Set{Rules: []Rule{{When: compile(t, `warning.count == 2 && !has(process.pid)`)}}}).Match(w); !ignored {
		t.Error("a warning without its last change has no variables")
	}
}

// A condition that would take for ever does not hold, and does not take for ever.
func TestMatchCost(t *testing.T) {
	const list = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"
	when := "process.pid == 4121"
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		when = list + ".all(" + name + ", " + when + ")"
	}
	if _, ignored := (&Set{Rules: []Rule{{When: compile(t, when)}}}).Match(vpn()); ignored {
		t.Error("20^7 steps were taken")
	}
	w := vpn()
	w.Last.Process.CommandLine = events.Name(strings.Repeat("x", 15<<10))
	pattern := `process.command_line.matches("(a|b|c)+ link (set|add) .*(up|down)$") || process.command_line.size() == 15360`
	if _, ignored := (&Set{Rules: []Rule{{When: compile(t, pattern)}}}).Match(w); !ignored {
		t.Error("a pattern against the longest command line costs too much")
	}
}

func TestCompileMistakes(t *testing.T) {
	tests := []struct {
		text string
		want Mistakes
	}{
		{`containr.name == "vpn"`, Mistakes{{1, 1, "undeclared reference to 'containr' (did you mean 'contains' or 'container'?)"}}},
		{`container.nmae == "vpn"`, Mistakes{{1, 10, "undefined field 'nmae'"}}},
		{`container.image == "vpn"`, Mistakes{{1, 17, "found no matching overload for '_==_' applied to '(wrongns.container.image, string)'"}}},
		{"true &&\n  process.pidd == 1 &&\n  foo", Mistakes{
			{2, 10, "undefined field 'pidd'"}, {3, 3, "undeclared reference to 'foo'"},
		}},
		{`process.pid`, Mistakes{{1, 1, "must be true or false, and is of type int"}}},
		{`change.request.mtu`, Mistakes{{1, 1, "must be true or false, and is of type dyn"}}},
		{`container.pid_hex == ""`, Mistakes{{1, 10, "undefined field 'pid_hex'"}}},
		{`time == ""`, Mistakes{{1, 1, "undeclared reference to 'time' (did you mean 'timestamp'?)"}}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			_, err := compiler(t).Compile(test.text)
			if diff := cmp.Diff(error(test.want), err); diff != "" {
				t.Errorf("Compile (-want +got):\n%s", diff)
			}
		})
	}
	for _, text := range []string{"", "container.name ==", `container.name == "vpn`, "a b", "has(container)", `process.name.matches("(")`} {
		if _, err := compiler(t).Compile(text); err == nil {
			t.Errorf("%q compiles", text)
		} else {
			t.Logf("%q: %v", text, err)
		}
	}
}

func TestByLabel(t *testing.T) {
	tests := []struct {
		label string
		want  bool
	}{
		{"", false},
		{"true", true},
		{" true ", true},
		{"all", true},
		{"missing-link", true},
		{"host-gateway,missing-link", true},
		{" host-gateway , missing-link ", true},
		{",missing-link,", true},
		{"host-gateway", false},
		{"missing", false},
		{"missing-link-too", false},
		{"missing-link host-gateway", false},
		{"True", false},
		{"yes", false},
		{"1", false},
		{"false", false},
		{"*", false},
		{"host-gateway,all", false},
		{",", false},
	}
	for _, test := range tests {
		if got := ByLabel(test.label, "missing-link"); got != test.want {
			t.Errorf("ByLabel(%q) = %t, want %t", test.label, got, test.want)
		}
	}
}
