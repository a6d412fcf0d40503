package judge

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

var start = time.Date(2026, 11, 22, 6, 18, 35, 0, time.UTC)

// story makes the changes of one container, web, whose uplink eth0 is a macvlan
// on the host's ens3. Each is a second after the last, by a process of its own
// that is not at a terminal, as docker exec starts them.
type story struct {
	seq uint64
}

func (s *story) change(commandLine string, kind events.Kind, action events.Action, target events.Name, request ...events.Field) *events.Change {
	s.seq++
	gateway := netip.MustParseAddr("192.168.1.1")
	return &events.Change{
		Time: start.Add(time.Duration(s.seq) * time.Second), Seq: s.seq,
		Kind: kind, Action: action, Via: events.ViaRtnetlink, Target: target, Request: request,
		Known: true, Effect: events.EffectChanged,
		Netns: events.Namespace{Inode: 4026532281, Cookie: 4098, Owner: "container web"},
		Process: &events.Process{
			PID: 4000 + uint32(s.seq), Start: s.seq * 1e9, Name: "ip", CommandLine: events.Name(commandLine), NetnsInode: 4026532281,
			Namespaces: events.Namespaces{PID: 4026532280}, Parent: &events.Parent{PID: 77, Name: "containerd-shim"},
		},
		Container: &events.Container{ID: strings.Repeat("84f98fad", 8), Name: "web", Runtime: "docker"},
		Here:      &events.Facts{Known: true, Defaults: []netip.Addr{netip.MustParseAddr("10.9.0.1")}},
		Host:      &events.Facts{Known: true, Defaults: []netip.Addr{gateway}},
	}
}

func flag(field, name string) events.Field {
	return events.Field{Name: field, Value: events.ListValue(events.TextValue(name))}
}

// eth0Up sets the link up that is up. The host's is down.
func (s *story) eth0Up() *events.Change {
	c := s.change("ip link set dev eth0 up", events.KindLink, events.Set, "eth0", flag("flags", "UP"))
	c.Effect = events.EffectNone
	c.Here.Link = &events.Link{Index: 2, Name: "eth0", Kind: "macvlan", ParentName: "ens3", Flags: syscall.IFF_UP}
	c.Host.Link = &events.Link{Index: 7, Name: "eth0"}
	return c
}

// eth0Set sets the link up or down and so changes it.
func (s *story) eth0Set(field string) *events.Change {
	c := s.eth0Up()
	c.Request = events.Object{flag(field, "UP")}
	c.Effect = events.EffectChanged
	return c
}

// lookup asks for a link of the host's.
func (s *story) lookup(name events.Name) *events.Change {
	c := s.change("ip link set "+string(name)+" up", events.KindLink, events.Lookup, name)
	c.Errno, c.Effect = syscall.ENODEV, events.EffectFailed
	c.Host.Link = &events.Link{Index: 3, Name: name, Kind: "veth", Flags: syscall.IFF_UP}
	return c
}

func (s *story) bridgeMade() *events.Change {
	info := events.Object{{Name: "info_kind", Value: events.TextValue("bridge")}}
	return s.change("ip link add br0 type bridge", events.KindLink, events.Add, "br0",
		events.Field{Name: "linkinfo", Value: events.StructValue(info)})
}

func (s *story) enslaved() *events.Change {
	c := s.eth0Set("flags")
	c.Process.CommandLine = "ip link set eth0 master br0"
	c.Request = events.Object{{Name: "master", Value: events.OutsideValue("br0")}}
	c.Here.Master = &events.Link{Index: 5, Name: "br0", Kind: "bridge"}
	return c
}

func (s *story) bridgeUp() *events.Change {
	c := s.change("ip link set br0 up", events.KindLink, events.Set, "br0", flag("flags", "UP"))
	c.Here.Link = &events.Link{Index: 5, Name: "br0", Kind: "bridge"}
	return c
}

// route adds a default route by the host's gateway.
func (s *story) route(errno syscall.Errno) *events.Change {
	gateway := netip.MustParseAddr("192.168.1.1")
	c := s.change("ip route add default via 192.168.1.1", events.KindRoute, events.Add, "default",
		events.Field{Name: "gateway", Value: events.AddrValue(gateway)})
	if c.Errno = errno; errno != 0 {
		c.Effect = events.EffectFailed
	}
	c.Here.Nexthop = &events.Nexthop{Gateway: gateway, OnLink: errno == 0 || errno == syscall.ENETDOWN}
	c.Host.Nexthop = &events.Nexthop{Gateway: gateway, OnLink: true, Dev: "ens3"}
	return c
}

// judged returns the warnings that a new judge gives.
func judged(changes ...*events.Change) []*events.Warning {
	j := New(Config{})
	var warnings []*events.Warning
	for _, c := range changes {
		if w := j.Judge(c); w != nil {
			warnings = append(warnings, w)
		}
	}
	return warnings
}

func with(c *events.Change, f func(c *events.Change)) *events.Change {
	f(c)
	return c
}

// TestVerdicts is what one change by itself, with what is known of who made it,
// is believed to be.
func TestVerdicts(t *testing.T) {
	var s story
	byDaemon := func(c *events.Change) { c.Process.Name = "keepalived" }
	byScriptOfDaemon := func(c *events.Change) { c.Process.Parent.Name = "dhclient-script" }
	atTerminal := func(c *events.Change) { c.Process.Interactive = true }
	bare := func(c *events.Change) {
		c.Container, c.Netns.Owner, c.Process.Namespaces.PID = nil, "netns blue", events.InitialPIDNamespace
	}
	hostUp := func(c *events.Change) { c.Host.Link.Flags = syscall.IFF_UP }
	tests := []struct {
		name       string
		change     *events.Change
		rule       string // "" for silence
		confidence float64
		verdict    events.Verdict
	}{
		// The plain case of each rule: docker exec web ip …
		{"link up that is up", s.eth0Up(), "no-op-on-shadowed-link", 0.86, events.Likely},
		{"link that is not here", s.lookup("ens3"), "missing-link", 0.94, events.Likely},
		{"uplink enslaved", s.enslaved(), "uplink-enslaved", 0.83, events.Likely},
		{"gateway that is not reachable", s.route(syscall.ENETUNREACH), "unreachable-gateway", 0.94, events.Likely},
		{"host's gateway, fails", s.route(syscall.ENETDOWN), "host-gateway", 0.85, events.Likely},
		// By what can be seen it may be meant, so it is suspected at most.
		{"host's gateway, works", s.route(0), "host-gateway", 0.52, events.Suspected},
		{"host's gateway, works, at a terminal", with(s.route(0), atTerminal), "host-gateway", 0.71, events.Suspected},
		{"link up that is up in both worlds", with(s.eth0Up(), hostUp), "no-op-on-shadowed-link", 0.55, events.Suspected},

		{"link up that is up, at a terminal", with(s.eth0Up(), atTerminal), "no-op-on-shadowed-link", 0.93, events.Likely},
		{"link that is not here, at a terminal", with(s.lookup("ens3"), atTerminal), "missing-link", 0.97, events.Certain},
		{"link up that is up, by keepalived", with(s.eth0Up(), byDaemon), "", 0, ""},
		{"link up that is up, by dhclient's script", with(s.eth0Up(), byScriptOfDaemon), "", 0, ""},
		{"link that is not here, by keepalived", with(s.lookup("ens3"), byDaemon), "", 0, ""},
		{"link that is not here, only shown", with(s.lookup("ens3"), func(c *events.Change) { c.Process.CommandLine = "ip link show ens3" }),
			"missing-link", 0.67, events.Suspected},
		{"by Docker inside the container", with(s.eth0Up(), func(c *events.Change) { c.Process.Name = "dockerd" }), "", 0, ""},

		{"link up that is up, in a bare namespace", with(s.eth0Up(), bare), "no-op-on-shadowed-link", 0.73, events.Suspected},
		{"link that is not here, in a bare namespace", with(s.lookup("ens3"), bare), "missing-link", 0.87, events.Likely},
		{"link up that is up in both, in a bare namespace", with(with(s.eth0Up(), hostUp), bare), "", 0, ""},

		{"runtime from the host", with(with(s.lookup("ens3"), bare), func(c *events.Change) { c.Process.Name = "dockerd" }), "", 0, ""},
		{"CNI plug-in from the host", with(with(s.lookup("ens3"), bare), func(c *events.Change) {
			c.Process.Name, c.Process.Executable = "bridge", "/opt/cni/bin/bridge"
		}), "", 0, ""},
		{"the host's own namespace", with(s.lookup("ens3"), func(c *events.Change) { c.Netns.Host = true }), "", 0, ""},
		{"socket of another namespace", with(s.lookup("ens3"), func(c *events.Change) { c.Process.NetnsInode = 1 }), "", 0, ""},
		{"host that could not be asked", with(s.lookup("ens3"), func(c *events.Change) { c.Host.Known = false }), "", 0, ""},
		{"no facts", with(s.lookup("ens3"), func(c *events.Change) { c.Here, c.Host = nil, nil }), "", 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			warnings := judged(test.change)
			switch {
			case test.rule == "" && len(warnings) != 0:
				t.Errorf("got %s %.2f, want silence", warnings[0].Rule, warnings[0].Confidence)
			case test.rule == "":
			case len(warnings) != 1:
				t.Errorf("got %d warnings, want one of %s", len(warnings), test.rule)
			case warnings[0].Rule != test.rule || warnings[0].Confidence != test.confidence || warnings[0].Verdict != test.verdict:
				t.Errorf("got %s %.2f %s, want %s %.2f %s", warnings[0].Rule, warnings[0].Confidence, warnings[0].Verdict,
					test.rule, test.confidence, test.verdict)
			}
		})
	}
}

// TestWarning is the example of the documentation in full.
func TestWarning(t *testing.T) {
	s := story{seq: 1041}
	c := s.eth0Up()
	c.Process.Interactive = true
	got := judged(c)
	want := []*events.Warning{{
		Time: c.Time, Rule: "no-op-on-shadowed-link", Confidence: 0.93, Verdict: events.Likely,
		Summary: "web set its own eth0 up, which already was; the host's eth0 is down and was not touched",
		Evidence: []events.Evidence{
			{Fact: "own-link-unchanged", Weight: 1.6, Detail: "eth0 was already up"},
			{Fact: "host-link-shadowed", Weight: 1.5, Detail: "the host's eth0 is a different link, a network card"},
			{Fact: "host-link-not-as-asked", Weight: 1.2, Detail: "the host's eth0 is down"},
			{Fact: "interactive", Weight: 0.8, Detail: "ip has a terminal"},
			{Fact: "prior", Weight: -2.5, Detail: "most changes of a container are meant for itself"},
		},
		Changed:   "eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: already up, no effect",
		Untouched: "eth0 in the host's namespace, which is down",
		Because:   "the command had no effect here and would have had one on the host",
		Own:       events.Side{Link: "eth0", Type: "macvlan", Parent: "ens3", State: "up"},
		Host:      events.Side{Link: "eth0", Type: "ethernet", State: "down"},
		Advice:    []string{"nsenter --target 1 --net -- ip link set dev eth0 up", "run web with --network host"},
		Changes:   []uint64{1042}, Count: 1, Last: c,
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestInnocentLife: what runtimes and containers do all day is passed over.
func TestInnocentLife(t *testing.T) {
	var s story
	loopback := func(c *events.Change) {
		c.Target, c.Process.Name = "lo", "runc:[2:INIT]"
		c.Here.Link, c.Host.Link = &events.Link{Index: 1, Name: "lo"}, &events.Link{Index: 1, Name: "lo"}
	}
	wiring := func(c *events.Change) { c.Container, c.Process.Name = nil, "dockerd" }
	life := []*events.Change{
		with(s.eth0Set("flags"), loopback),
		with(s.eth0Set("flags"), wiring),
		with(s.route(0), wiring),
		s.eth0Set("flags_off"),
		s.eth0Set("flags"),
		s.bridgeMade(),
		s.bridgeUp(),
		s.change("ip address add 10.8.0.1/24 dev br0", events.KindAddress, events.Add, "10.8.0.1/24"),
	}
	if got := judged(life...); len(got) != 0 {
		t.Errorf("got %d warnings, first %s", len(got), got[0].Summary)
	}
}

// TestEntrypoint: what a container's init runs is believed, what is sent in later
// is not, once the init has been seen.
func TestEntrypoint(t *testing.T) {
	var s story
	birth := s.eth0Set("flags")
	birth.Target, birth.Process.Name = "lo", "runc:[2:INIT]"
	first := birth.Process
	sent := func(c *events.Change, by uint32, start uint64, after time.Duration) *events.Change {
		c.Process.Parent = &events.Parent{PID: by, Start: start}
		c.Process.Start = first.Start + uint64(after)
		return c
	}
	tests := []struct {
		name   string
		change *events.Change
		want   string // the fact of the context
	}{
		{"child of the init", sent(s.lookup("ens3"), first.PID, first.Start, time.Hour), entrypoint},
		{"grandchild", with(sent(s.lookup("ens3"), 9, 9, time.Hour), func(c *events.Change) { c.Process.Descent = []uint32{9, first.PID} }), entrypoint},
		{"child of another with its pid", sent(s.lookup("ens3"), first.PID, first.Start+1e9, 5*time.Second), ""},
		{"sent in at once", sent(s.lookup("ens3"), 9, 9, time.Second), startUp},
		{"sent in late", sent(s.lookup("ens3"), 9, 9, time.Hour), execLate},
		{"shell as init, at a terminal", with(sent(s.lookup("ens3"), first.PID, first.Start, time.Second),
			func(c *events.Change) { c.Process.Interactive = true }), interactive},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := New(Config{Suspected: 0.01}) // to be told what silence is made of
			j.Judge(birth)
			got := j.Judge(test.change)
			if got == nil {
				t.Fatal("got no warning")
			}
			var facts []string
			for _, e := range got.Evidence {
				if slices.Contains([]string{entrypoint, execLate, startUp, interactive}, e.Fact) {
					facts = append(facts, e.Fact)
				}
			}
			if strings.Join(facts, " ") != test.want {
				t.Errorf("got %q, want %q", facts, test.want)
			}
		})
	}
}

// TestSequence: the bridge, the uplink in it, the bridge up: one warning.
func TestSequence(t *testing.T) {
	var s story
	made, enslaved, up := s.bridgeMade(), s.enslaved(), s.bridgeUp()
	got := judged(made, enslaved, up)
	if len(got) != 1 {
		t.Fatalf("got %d warnings, want 1", len(got))
	}
	w := got[0]
	if w.Confidence != 0.89 || !slices.Equal(w.Changes, []uint64{1, 2}) {
		t.Errorf("got %.2f by %d, want 0.89 by the first two changes", w.Confidence, w.Changes)
	}
	want := "nsenter --target 1 --net -- ip link add br0 type bridge && nsenter --target 1 --net -- ip link set eth0 master br0"
	if w.Advice[0] != want {
		t.Errorf("got %q\nwant %q", w.Advice[0], want)
	}
}

// TestGrowth: a warning is said again when, and only when, its verdict rises.
func TestGrowth(t *testing.T) {
	j := New(Config{Likely: 0.85})
	var s story
	var said []events.Verdict
	var last *events.Warning
	for _, c := range []*events.Change{s.enslaved(), s.enslaved(), s.bridgeUp(), s.bridgeUp(), s.enslaved()} {
		if w := j.Judge(c); w != nil {
			said, last = append(said, w.Verdict), w
		}
	}
	if !slices.Equal(said, []events.Verdict{events.Suspected, events.Likely}) {
		t.Fatalf("said %q, want suspected and then likely", said)
	}
	if last.Confidence != 0.87 || last.Count != 2 || !slices.Equal(last.Changes, []uint64{1, 2, 3}) || last.Last.Seq != 3 {
		t.Errorf("got %.2f, count %d, changes %d, last %d; want 0.87, 2, [1 2 3], 3", last.Confidence, last.Count, last.Changes, last.Last.Seq)
	}
}

// TestRepeats: what is made again in the window is not said, and counted in what
// is said after it.
func TestRepeats(t *testing.T) {
	j := New(Config{})
	var s story
	var counts []int
	for range 130 { // seconds: three windows
		if w := j.Judge(s.lookup("ens3")); w != nil {
			counts = append(counts, w.Count)
		}
	}
	if want := []int{1, 60, 60}; !slices.Equal(counts, want) {
		t.Errorf("counts %d, want %d", counts, want)
	}
	for name, c := range map[string]*events.Change{
		"another link":      s.lookup("ens4"),
		"another rule":      s.eth0Up(),
		"another container": with(s.lookup("ens3"), func(c *events.Change) { c.Container.ID = "other" }),
		"another namespace": with(s.lookup("ens3"), func(c *events.Change) { c.Netns.Inode, c.Process.NetnsInode = 5, 5 }),
	} {
		if j.Judge(c) == nil {
			t.Errorf("%s: got silence, want a warning of its own", name)
		}
	}
}

// TestSecondLookup: iproute2 looks a name up by netlink and then by ioctl.
func TestSecondLookup(t *testing.T) {
	var s story
	first, second := s.lookup("ens3"), s.lookup("ens3")
	second.Process, second.Via = first.Process, events.ViaIoctl
	j := New(Config{})
	if j.Judge(first) == nil || j.Judge(second) != nil {
		t.Error("want the first look-up to warn and the second one not")
	}
	for _, m := range j.mistakes {
		if m.count != 1 || len(m.changes) != 2 {
			t.Errorf("got count %d of %d changes, want 1 of 2", m.count, len(m.changes))
		}
	}
}

// TestStrongerRule: the host's gateway that is out of reach is a sign of two
// rules, and one mistake.
func TestStrongerRule(t *testing.T) {
	var s story
	c := s.route(syscall.ENETUNREACH)
	found := 0
	for _, r := range rules.All {
		if k := rules.CaseOf(c); r.Find(&k) != nil {
			found++
		}
	}
	got := judged(c)
	if found != 2 || len(got) != 1 || got[0].Rule != "unreachable-gateway" {
		t.Errorf("%d rules found it, %d warnings, want 2 and one of unreachable-gateway", found, len(got))
	}
}

func TestAdvice(t *testing.T) {
	var s story
	cut := func(c *events.Change) { c.Process.Truncated = true }
	tests := []struct {
		name   string
		change *events.Change
		want   []string
	}{
		{"command line cut", with(s.eth0Up(), cut),
			[]string{"nsenter --target 1 --net -- ip link set eth0 up", "run web with --network host"}},
		{"command line of a look-up cut", with(s.lookup("ens3"), cut), []string{"nsenter --target 1 --net", "run web with --network host"}},
		{"runtime not known", with(s.lookup("ens3"), func(c *events.Change) { c.Container.Runtime = "" }),
			[]string{"nsenter --target 1 --net -- ip link set ens3 up"}},
		{"Kubernetes", with(s.eth0Up(), func(c *events.Change) { c.Container.Runtime = "containerd" }),
			[]string{"nsenter --target 1 --net -- ip link set dev eth0 up", "give the pod of web hostNetwork: true"}},
		{"LXC", with(s.eth0Up(), func(c *events.Change) { c.Container.Runtime = "lxc" }),
			[]string{"nsenter --target 1 --net -- ip link set dev eth0 up", "give web lxc.net.0.type = none"}},
		{"systemd-nspawn", with(s.eth0Up(), func(c *events.Change) { c.Container.Runtime = "systemd-nspawn" }),
			[]string{"nsenter --target 1 --net -- ip link set dev eth0 up", "start web without --private-network or --network-*"}},
		{"ip netns", with(s.lookup("ens3"), func(c *events.Change) { c.Container, c.Netns.Owner = nil, "netns blue" }),
			[]string{"nsenter --target 1 --net -- ip link set ens3 up"}},
		{"a program of one's own", with(s.eth0Up(), func(c *events.Change) { c.Process.CommandLine = "python3 up.py" }),
			[]string{"nsenter --target 1 --net -- ip link set eth0 up", "run web with --network host"}},
		{"hostile command line", with(s.lookup("ens3"), func(c *events.Change) { c.Process.CommandLine, c.Container.Name = "ip \x1b[2J", "w\x1beb" }),
			[]string{`nsenter --target 1 --net -- ip \x1b[2J`, `run w\x1beb with --network host`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := judged(test.change); len(got) != 1 || !slices.Equal(got[0].Advice, test.want) {
				t.Errorf("got %q, want %q", got[0].Advice, test.want)
			}
		})
	}
}

// TestLastStaysValid: the next change is decoded into the memory of this one.
func TestLastStaysValid(t *testing.T) {
	var s story
	c := s.enslaved()
	c.Request = append(c.Request, events.Field{Name: "linkinfo", Value: events.StructValue(events.Object{flag("x", "y")})})
	c.Here.Addresses = []netip.Prefix{netip.MustParsePrefix("10.9.0.5/24")}
	c.Host.Nexthop = &events.Nexthop{Dev: "ens3"}
	c.Before, c.To = &events.Link{Name: "eth0"}, &events.Namespace{Inode: 5}
	w := judged(c)[0]
	before := clone(w.Last)
	if !reflect.DeepEqual(w.Last, c) {
		t.Fatalf("got %+v, want a copy of %+v", w.Last, c)
	}
	c.Request[0].Value.Str, c.Request[1].Value.Items[0].Value.Items[0].Value.Str = "other", "other"
	c.Here.Addresses[0], c.Here.Defaults[0] = netip.Prefix{}, netip.Addr{}
	*c.Here.Link, *c.Here.Master, *c.Host.Nexthop = events.Link{}, events.Link{}, events.Nexthop{}
	*c.Here, *c.Host, *c.Before, *c.To, *c.Container = events.Facts{}, events.Facts{}, events.Link{}, events.Namespace{}, events.Container{}
	if !reflect.DeepEqual(w.Last, before) {
		t.Errorf("changed to %+v, was %+v", w.Last, before)
	}
}

// TestWeights: every fact has its weight and its reason, once.
func TestWeights(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range Weights {
		if w.Fact == "" || w.LogOdds == 0 || w.Reason == "" || seen[w.Fact] {
			t.Errorf("%q: no fact, no weight, no reason, or there twice", w.Fact)
		}
		seen[w.Fact] = true
	}
	for _, fact := range []string{
		rules.LinkMissingHere, rules.LinkOnHost, rules.OwnLinkUnchanged, rules.HostLinkShadowed, rules.HostLinkNotAsAsked, rules.HostLinkAsAsked,
		rules.UplinkEnslaved, rules.HostUplinkEnslaved, rules.MasterMadeHere, rules.MasterUpHere,
		rules.GatewayUnreachable, rules.GatewayOnLinkOnHost, rules.GatewayOfHost, rules.OwnDefaultRoute, rules.RouteFailsHere,
		rules.RouteMissingHere, rules.RouteOnHost, rules.SubnetOfHost, rules.LinkOfThatSubnet, rules.AddressOfHost, rules.HostEverywhere,
		rules.HostChanged, rules.OtherNamespace, rules.ContainerReachesOut, failsOnHost, startUp, privileged, hostMounts, hostFiles,
		hostProcesses, hostName,
		prior, interactive, execLate, entrypoint, daemonAtWork, runtimeAtWork, bareNamespace, namedByItself, onlyLooks,
	} {
		if !seen[fact] {
			t.Errorf("%q has no weight", fact)
		}
		delete(seen, fact)
	}
	for fact := range seen {
		t.Errorf("%q is a fact that nothing gives", fact)
	}
}

// randomLife makes a log of changes of several containers and the host.
func randomLife(r *rand.Rand, n int) []*events.Change {
	var s story
	log := make([]*events.Change, n)
	for i := range log {
		makers := []func() *events.Change{
			s.eth0Up, s.bridgeMade, s.enslaved, s.bridgeUp,
			func() *events.Change { return s.eth0Set("flags_off") },
			func() *events.Change { return s.lookup("ens3") },
			func() *events.Change { return s.route(0) },
			func() *events.Change { return s.route(syscall.ENETUNREACH) },
		}
		c := makers[r.IntN(len(makers))]()
		c.Container.ID = []string{"a", "b", "c"}[r.IntN(3)]
		c.Process.Interactive = r.IntN(2) == 0
		c.Netns.Host = r.IntN(8) == 0
		log[i] = c
	}
	return log
}

func TestReplayIsTheSame(t *testing.T) {
	log := randomLife(rand.New(rand.NewPCG(1, 2)), 2000)
	first, second := judged(log...), judged(log...)
	if len(first) == 0 || !reflect.DeepEqual(first, second) {
		t.Errorf("got %d warnings and then %d, or others", len(first), len(second))
	}
}

// TestEvidenceAddsUp: the confidence that is shown is the sum of what is shown.
func TestEvidenceAddsUp(t *testing.T) {
	for _, w := range judged(randomLife(rand.New(rand.NewPCG(3, 4)), 2000)...) {
		total := 0.0
		for _, e := range w.Evidence {
			total += e.Weight
		}
		if p := 1 / (1 + math.Exp(-total)); math.Abs(p-w.Confidence) > 0.005+1e-9 {
			t.Fatalf("%s: evidence makes %.4f, shown is %.2f", w.Rule, p, w.Confidence)
		}
	}
}

// TestUnrelatedChanges: what others do alters no verdict.
func TestUnrelatedChanges(t *testing.T) {
	log := randomLife(rand.New(rand.NewPCG(5, 6)), 2000)
	mine := slices.DeleteFunc(slices.Clone(log), func(c *events.Change) bool { return c.Container.ID != "a" })
	ofA := slices.DeleteFunc(judged(log...), func(w *events.Warning) bool { return w.Last.Container.ID != "a" })
	if alone := judged(mine...); len(alone) == 0 || !reflect.DeepEqual(alone, ofA) {
		t.Errorf("got %d warnings alone and %d among others, or others", len(alone), len(ofA))
	}
}

// TestSameDeed: a request that really changes something here gains no belief from
// a host where it would do the same, whatever that host's link and who asks.
func TestSameDeed(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	kinds := []string{"", "macvlan", "veth", "bridge"}
	for range 2000 {
		var s story
		c := s.eth0Set([]string{"flags", "flags_off"}[r.IntN(2)])
		if r.IntN(2) == 0 {
			c = s.route(0)
			c.Here.Defaults = c.Host.Defaults
		}
		c.Host.Link = &events.Link{Index: 9, Name: "eth0", Kind: kinds[r.IntN(len(kinds))], Flags: uint32(r.IntN(2)), MTU: 1500}
		c.Process.Interactive = true
		if got := judged(c); len(got) != 0 {
			t.Fatalf("%s: got %s %.2f, want silence", c.Process.CommandLine, got[0].Rule, got[0].Confidence)
		}
	}
}

// TestMemoryIsBounded: somebody who makes mistakes without end fills nothing.
func TestMemoryIsBounded(t *testing.T) {
	j := New(Config{})
	var s story
	for range 3 * maxMistakes {
		c := s.lookup("ens3")
		c.Time = start // all in one window
		c.Container.ID = strconv.FormatUint(s.seq, 10)
		j.Judge(c)
	}
	if n := len(j.mistakes); n > maxMistakes {
		t.Errorf("holds %d mistakes, want %d at most", n, maxMistakes)
	}
}

// TestNothingToSay: the common path allocates nothing.
func TestNothingToSay(t *testing.T) {
	var s story
	for name, c := range map[string]*events.Change{
		"on the host":    with(s.eth0Set("flags"), func(c *events.Change) { c.Netns.Host = true }),
		"in a container": s.eth0Set("flags"),
	} {
		j := New(Config{})
		if n := testing.AllocsPerRun(100, func() { j.Judge(c) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	var s story
	for _, bench := range []struct {
		name   string
		change *events.Change
	}{
		{"host", with(s.eth0Set("flags"), func(c *events.Change) { c.Netns.Host = true })},
		{"container", s.eth0Set("flags")},
		{"mistake", s.eth0Up()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			j := New(Config{})
			b.ReportAllocs()
			for b.Loop() {
				j.Judge(bench.change)
			}
		})
	}
}

// Who tells ip the namespace by name has not lost track of it: nothing is said.
func TestNamedByItself(t *testing.T) {
	for line, silent := range map[string]bool{
		"ip -n web link set ens3 up":           true,
		"ip -br -netns web link set ens3 up":   true,
		"ip link set ens3 up":                  false,
		"ip link set ens3 up -n":               false,
		"ip -br link set ens3 up":              false,
		" ":                                    false,
		"ip":                                   false,
		"":                                     false,
		"ip route add default via 10.0.0.1 -n": false,
	} {
		var s story
		c := s.lookup("ens3")
		c.Process.CommandLine = events.Name(line)
		if got := judged(c); (len(got) == 0) != silent {
			t.Errorf("%q: %d warnings, want silence: %v", line, len(got), silent)
		}
	}
}

func TestLooks(t *testing.T) {
	for line, want := range map[string]bool{
		"ip link show eth1":         true,
		"/sbin/ip -6 addr ls eth1":  true,
		"ip link":                   true,
		"busybox ip link show eth1": true,
		"ifconfig eth1":             true,
		"ip link set eth1 up":       false,
		"ip link s eth1":            false, // that is set, too
		"ifconfig eth1 up":          false,
		"brctl addif br0 eth1":      false,
		"busybox":                   false,
		"":                          false,
	} {
		if looks(line) != want {
			t.Errorf("%q: got %v", line, !want)
		}
	}
}
