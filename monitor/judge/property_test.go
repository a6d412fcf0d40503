package judge

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/ignore"
	"github.com/wrongns/wrongns/monitor/judge/rules"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// rounds is how many random changes each property is tried on.
const rounds = 20_000

// randomChange makes a request of any kind by a container, with any outcome.
func randomChange(r *rand.Rand, s *story) *events.Change {
	address := netip.MustParsePrefix([]string{"192.168.1.50/24", "10.9.0.5/24", "2001:db8::5/64"}[r.IntN(3)])
	gateway := netip.MustParseAddr([]string{"192.168.1.1", "10.9.0.1"}[r.IntN(2)])
	makers := []func() *events.Change{
		s.eth0Up, s.bridgeMade, s.enslaved, s.bridgeUp,
		func() *events.Change { return s.eth0Set([]string{"flags", "flags_off"}[r.IntN(2)]) },
		func() *events.Change { return s.lookup("eth0") },
		func() *events.Change {
			return s.change("ip addr …", events.KindAddress, []events.Action{events.Add, events.Replace, events.Delete}[r.IntN(3)], events.Name(address.String()),
				events.Field{Name: "local", Value: events.AddrValue(address.Addr())}, events.Field{Name: "prefixlen", Value: events.UintValue(uint64(address.Bits()))})
		},
		func() *events.Change {
			return s.change("ip route …", events.KindRoute, []events.Action{events.Add, events.Replace, events.Set, events.Delete}[r.IntN(4)], "default",
				events.Field{Name: "gateway", Value: events.AddrValue(gateway)})
		},
	}
	c := makers[r.IntN(len(makers))]()
	c.Known = r.IntN(8) != 0
	switch r.IntN(3) {
	case 0:
		c.Errno, c.Effect = 0, events.EffectChanged
	case 1:
		c.Errno, c.Effect = 0, events.EffectNone
	default:
		c.Errno = []syscall.Errno{syscall.ENODEV, syscall.ENETUNREACH, syscall.ESRCH, syscall.EADDRNOTAVAIL, syscall.EEXIST, syscall.EPERM}[r.IntN(6)]
		c.Effect = events.EffectFailed
	}
	c.Here, c.Host = randomWorld(r, c, "macvlan"), randomWorld(r, c, "")
	c.Process.Interactive = r.IntN(2) == 0
	return c
}

// randomWorld is a world in which anything may be there that c is about, or not.
func randomWorld(r *rand.Rand, c *events.Change, kind string) *events.Facts {
	f := &events.Facts{Known: r.IntN(10) != 0, RouteKnown: r.IntN(2) == 0}
	if r.IntN(3) != 0 {
		f.Link = &events.Link{Index: 2, Name: "eth0", Kind: kind, Flags: uint32(r.IntN(2)) * syscall.IFF_UP, MTU: 1500}
	}
	if r.IntN(2) == 0 {
		f.Master = &events.Link{Index: 3, Name: "br0", Kind: "bridge"}
	}
	if r.IntN(2) == 0 {
		f.Addresses = []netip.Prefix{trial.AddressOf(c)}
	}
	if g := trial.GatewayOf(c); g.IsValid() {
		f.Nexthop = &events.Nexthop{Gateway: g, OnLink: r.IntN(2) == 0, Dev: "eth0"}
		if r.IntN(2) == 0 {
			f.Defaults = []netip.Addr{g}
		}
	}
	if r.IntN(2) == 0 {
		f.Route = &events.Route{Gateway: netip.MustParseAddr("192.168.1.1"), Dev: "eth0"}
	}
	if a := trial.AddressOf(c); a.IsValid() && r.IntN(2) == 0 {
		f.Fit = &events.Fit{Prefix: a, Dev: "eth0"}
	}
	return f
}

// belief is what one change by itself is believed to be, in log-odds, below every
// threshold too; -1000 if no rule finds anything in it.
func belief(c *events.Change) float64 {
	j := New(Config{})
	sign, _ := j.weigh(rules.All, c)
	if sign == nil {
		return -1000
	}
	return sum(j.believed(sign))
}

// onHost is c with another host.
func onHost(c *events.Change, f *events.Facts) *events.Change {
	d := clone(c)
	d.Host = f
	return d
}

// A request that really changes something here gains no belief from a host where
// it would do the same: there is as much of it as if nothing were known of what it
// would do there.
func TestSameDeedAddsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	var s story
	tried := 0
	for range rounds {
		c := randomChange(r, &s)
		k := rules.CaseOf(c)
		if k.Did.Result != trial.Works || !k.Did.Same(k.Would()) {
			continue
		}
		tried++
		unknown := *c.Host
		unknown.Known = false // to the dry run; the rules read the facts all the same
		if with, without := belief(c), belief(onHost(c, &unknown)); with > without {
			t.Fatalf("%s: believed %.2f where the host does the same, %.2f where that is not known", c.Command(), with, without)
		}
		for _, e := range New(Config{}).against(&k) {
			t.Fatalf("%s: %s weighs %.2f although both worlds do the same", c.Command(), e.Fact, e.Weight)
		}
	}
	if tried < rounds/100 {
		t.Errorf("only %d of %d changes do the same in both worlds", tried, rounds)
	}
}

// Nor is it the host's facts alone that make a sign of it: whatever a rule finds in
// a request that does the same in both worlds is something that happened here.
func TestSameDeedIsFoundByItsHarm(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	var s story
	byHarm := map[string]bool{"uplink-enslaved": true, "host-everywhere-but-net": true}
	for range rounds {
		c := randomChange(r, &s)
		k := rules.CaseOf(c)
		if k.Did.Result != trial.Works || !k.Did.Same(k.Would()) {
			continue
		}
		for i := range rules.All {
			if f := rules.All[i].Find(&k); f != nil && !f.Step && !byHarm[rules.All[i].Name] {
				t.Fatalf("%s finds a sign in %s, which does the same in both worlds", rules.All[i].Name, c.Command())
			}
		}
	}
}

// A request that works here loses belief if it would fail on the host.
func TestFailureOnHostTakesBelief(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	var s story
	tried := 0
	for range rounds {
		c := randomChange(r, &s)
		k := rules.CaseOf(c)
		if !c.Known || k.Did.Result == trial.Fails || k.Would().Result != trial.Fails {
			continue
		}
		unknown := *c.Host
		unknown.Known = false
		fails, open := belief(c), belief(onHost(c, &unknown))
		if open == -1000 {
			continue
		}
		tried++
		if fails >= open {
			t.Fatalf("%s: believed %.2f although it would fail there (%s), %.2f if that is not known", c.Command(), fails, k.Would().Why, open)
		}
	}
	if tried < 10 {
		t.Errorf("only %d changes tried it", tried)
	}
}

// What is done in one container says nothing of another: however the changes of
// several are mixed, each gets the same warnings.
func TestOrderOfUnrelatedChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	for range 50 {
		lives := make([][]*events.Change, 3)
		var s story
		for i := range 120 {
			c := randomChange(r, &s)
			which := i % len(lives)
			c.Container.ID = string(rune('a' + which))
			c.Netns.Inode += uint32(which)
			c.Process.NetnsInode = c.Netns.Inode
			lives[which] = append(lives[which], c)
		}
		var want []string
		for _, life := range lives {
			want = append(want, verdicts(judged(life...))...)
		}
		got := verdicts(judged(shuffled(r, lives)...))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("mixed: %q\napart: %q", got, want)
		}
	}
}

// shuffled mixes several logs, each of which stays in its order.
func shuffled(r *rand.Rand, logs [][]*events.Change) (mixed []*events.Change) {
	next := make([]int, len(logs))
	for {
		var open []int
		for i := range logs {
			if next[i] < len(logs[i]) {
				open = append(open, i)
			}
		}
		if len(open) == 0 {
			return mixed
		}
		i := open[r.IntN(len(open))]
		mixed = append(mixed, logs[i][next[i]])
		next[i]++
	}
}

func verdicts(warnings []*events.Warning) (all []string) {
	for _, w := range warnings {
		all = append(all, w.Last.Container.ID+" "+w.Rule+" "+string(w.Verdict)+" "+w.Summary)
	}
	return all
}

// An ignore rule takes warnings away and never adds one.
func TestIgnoringAddsNothing(t *testing.T) {
	compiler, err := ignore.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	var conditions []*ignore.Condition
	for _, text := range []string{"process.interactive", "true", "warning.confidence < 0.9", `change.kind == "route"`, `container.name == "web"`, "false"} {
		condition, err := compiler.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		conditions = append(conditions, condition)
	}
	r := rand.New(rand.NewPCG(17, 6))
	fewer := 0
	for range 30 {
		var s story
		var life []*events.Change
		for range 100 {
			life = append(life, randomChange(r, &s))
		}
		all := told(life, Config{})
		rule := ignore.Rule{When: conditions[r.IntN(len(conditions))], Reason: "test"}
		if r.IntN(2) == 0 {
			rule.Rules = []string{rules.All[r.IntN(len(rules.All))].Name}
		}
		left := told(life, Config{Ignore: &ignore.Set{Rules: []ignore.Rule{rule}}})
		for w := range left {
			if !all[w] {
				t.Fatalf("%v is said only with an ignore rule", w)
			}
		}
		if len(left) < len(all) {
			fewer++
		}
	}
	if fewer == 0 {
		t.Error("no rule ignored anything")
	}
}

// warned is a warning by its place in the log.
type warned struct {
	seq     uint64
	rule    string
	verdict events.Verdict
}

func told(life []*events.Change, config Config) map[warned]bool {
	j, all := New(config), map[warned]bool{}
	for _, c := range life {
		if w := j.Judge(c); w != nil {
			all[warned{w.Last.Seq, w.Rule, w.Verdict}] = true
		}
	}
	return all
}
