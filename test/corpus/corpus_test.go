package corpus

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/test/docker"
)

var update = flag.Bool("update", false, "record what the corpus gave, and write docs/corpus.md")

// parallel is how many scenarios are under way. Most of the time they wait, for the container to be some seconds old.
const parallel = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", parallel); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// goal is what precision and recall have to reach.
const goal = 0.95

func load(t testing.TB) []*Scenario {
	t.Helper()
	all, err := Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLive makes all scenarios, and holds what wrongns says against what is expected.
func TestLive(t *testing.T) {
	all := load(t)
	s := newStage(t)
	live := &liveRun{stage: s}
	t.Cleanup(func() { live.finish(t, all) }) // after the late ones, before the stage is removed
	for _, sc := range all {
		t.Run(sc.Name, func(t *testing.T) { live.make(t, sc) })
	}
}

// liveRun is a run of the whole corpus.
type liveRun struct {
	*stage
	made []*Made // under turn
}

func (l *liveRun) make(t *testing.T, sc *Scenario) {
	t.Parallel()
	p := &play{stage: l.stage, Scenario: sc, t: t}
	if sc.onNode() {
		l.turn.Lock()
		defer l.turn.Unlock()
		l.calm.Lock()
		defer l.calm.Unlock()
		defer restoreNode(t, l.node)
	} else {
		p.beginCalmly()
		time.Sleep(time.Until(p.began.Add(ages[sc.Age])))
		l.turn.Lock()
		defer l.turn.Unlock()
	}
	made := p.perform()
	l.made = append(l.made, made)
	judge(t, sc, said(made, l.events))
	if t.Failed() {
		l.explain(t, made)
	}
}

// explain logs what wrongns told of a scenario.
func (l *liveRun) explain(t *testing.T, made *Made) {
	for i := range l.events {
		switch e := &l.events[i]; {
		case !made.owns(e):
		case e.Event == "warning":
			t.Logf("%s", e.Line)
		default:
			t.Logf("%s: %s by %s (%s)", e.Event, e.Message, e.Process.Name, e.Change.Result)
		}
	}
}

// judge fails the test if what was said is not as expected.
func judge(t *testing.T, sc *Scenario, said Said) {
	t.Helper()
	for _, line := range sc.Expect.wrong(said) {
		t.Errorf("%s\n%s", line, sc.Why)
	}
}

// said sums the warnings up that a scenario owns.
func said(made *Made, events []docker.Event) Said {
	said := Said{}
	for i := range events {
		if e := &events[i]; e.Event == "warning" && made.owns(e) {
			said.add(e.Warning.Rule, e.Warning.Verdict)
		}
	}
	return said
}

// finish looks at the run as a whole.
func (l *liveRun) finish(t *testing.T, all []*Scenario) {
	l.events = append(l.events, l.watch.Fence()...)
	for i := range l.events {
		if e := &l.events[i]; e.Event == "warning" && !l.owned(e) && (e.Netns.Host || e.Container.Name != "") {
			t.Errorf("a warning that belongs to no scenario: %s", e.Line)
		}
	}
	table := tabulate(all, l.made, l.events)
	t.Logf("\n%s", table)
	l.events = slices.DeleteFunc(l.events, func(e docker.Event) bool {
		ofHost := e.Netns.Host && e.Container.ID == "" && e.Event == "change" // Docker's wiring, mostly
		return ofHost || !l.owned(&e)
	})
	log := &recording{l.made, l.events}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "log.jsonl"), log.log(), 0o644); err != nil {
		t.Error(err)
	}
	if len(l.made) == len(all) { // not for -run Live/some
		if *update {
			log.write(t, table)
		}
		table.check(t)
		log.replay(t)
	}
}

// owned reports whether an event belongs to a scenario. What does not may come from another test on the machine.
func (l *liveRun) owned(e *docker.Event) bool {
	return slices.ContainsFunc(l.made, func(m *Made) bool { return m.owns(e) })
}

// tabulate counts the scenarios that were made.
func tabulate(all []*Scenario, made []*Made, events []docker.Event) *Table {
	table := newTable()
	for _, sc := range all {
		for _, m := range made {
			if m.Name == sc.Name {
				table.add(sc, said(m, events))
			}
		}
	}
	return table
}

// check fails the test if the judge is not as good as it has to be.
func (t *Table) check(tb testing.TB) {
	tb.Helper()
	if t.Precision() < goal || t.Recall() < goal {
		tb.Errorf("precision %.3f, recall %.3f; want both at least %.2f", t.Precision(), t.Recall(), goal)
	}
	for _, label := range []string{innocent, undecidable} {
		if n := t.verdicts[label][certain]; n > 0 {
			tb.Errorf("%d scenarios that are %s have warnings that are certain; want none", n, label)
		}
	}
}

// TestCorpus checks the corpus itself: how much of what it has.
func TestCorpus(t *testing.T) {
	all := load(t)
	labelled, expected := map[string]int{}, map[string]int{}
	for _, sc := range all {
		labelled[sc.label()]++
		for _, rule := range sc.Expect.Likely {
			expected[rule]++
		}
		if _, ok := kinds[sc.Container]; !ok {
			t.Errorf("%s: container %s: there is no such kind", sc.Name, sc.Container)
		}
	}
	t.Logf("%d scenarios: %v", len(all), labelled)
	for _, rule := range rules {
		if expected[rule] == 0 {
			t.Errorf("no mistake expects %s", rule)
		}
	}
	for label, least := range map[string]int{mistake: 40, innocent: 40} {
		if labelled[label] < least {
			t.Errorf("%d scenarios are labelled %s, want at least %d", labelled[label], label, least)
		}
	}
}

func TestParse(t *testing.T) {
	s, err := Parse("web", []byte(`# The operator wants
# the host's card up.
expect: likely no-op-on-shadowed-link, maybe missing-link
image: busybox
network: macvlan, bridge
options: --pid host
age: old
-- host --
ip link set eth1 down
-- exec tty --
# a comment
! ip link set eth9 up
? ip link set eth1 up
ip link set eth1 up
-- entrypoint --
# goes into the script
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Scenario{
		Name: "web", Why: "The operator wants the host's card up.",
		Expect:    Expectation{said: true, Likely: []string{"no-op-on-shadowed-link"}, Maybe: []string{"missing-link"}},
		Container: "docker", Image: "busybox", Networks: []string{"macvlan", "bridge"}, Options: []string{"--pid", "host"}, Age: "old",
		Steps: []Step{
			{Kind: "host", Lines: []Line{{Text: "ip link set eth1 down"}}},
			{Kind: "exec", TTY: true, Lines: []Line{
				{Text: "ip link set eth9 up", Fails: true}, {Text: "ip link set eth1 up", Either: true}, {Text: "ip link set eth1 up"},
			}},
			{Kind: "entrypoint", Lines: []Line{{Text: "# goes into the script"}}},
		},
	}
	if difference := cmp.Diff(want, s, cmp.AllowUnexported(Expectation{})); difference != "" {
		t.Errorf("-want +got:\n%s", difference)
	}
}

func TestParseErrors(t *testing.T) {
	const good = "# why\nexpect: silence\n"
	for text, want := range map[string]string{
		"expect: silence\n":                                     "no comment says why it is what it is",
		"# why\n":                                               "it expects nothing: expect: silence is to be said",
		"# why\nexpect: likely nonsense\n":                      `expect: "likely nonsense": not silence, nor a verdict and a rule`,
		"# why\nexpect: surely missing-link\n":                  `expect: "surely missing-link": not likely, suspected or maybe`,
		good + "colour: red\n":                                  "colour: there is no such key",
		good + "image:\n":                                       "image: has no value",
		good + "age: young\n":                                   "age young: there is none of that name",
		good + "-- host --\n:\n-- before --\n:\n":               "the section before is not the first",
		good + "what\n":                                         `"what": neither # comment nor key: value`,
		good + "-- nowhere --\nip link\n":                       `section "nowhere": there is none of that name`,
		good + "-- exec quietly --\nip link\n":                  `section "exec quietly": there is none of that name`,
		good + "-- exec --\n# nothing\n":                        `section "exec": is empty`,
		good + "command: init\n-- entrypoint --\n:\n":           "it has a command and an entrypoint",
		"# why\nexpect: likely missing-link\nundecidable: so\n": "what is undecidable can't be expected to be likely",
	} {
		if _, err := Parse("x", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestExpectation(t *testing.T) {
	for _, test := range []struct {
		expect string
		said   Said
		wrong  int
	}{
		{"silence", Said{}, 0},
		{"silence", Said{"missing-link": suspected}, 1},
		{"suspected missing-link", Said{}, 0},
		{"suspected missing-link", Said{"missing-link": suspected}, 0},
		{"suspected missing-link", Said{"missing-link": likely}, 1},
		{"suspected missing-link", Said{"host-address": suspected}, 1},
		{"likely missing-link", Said{}, 1},
		{"likely missing-link", Said{"missing-link": suspected}, 1},
		{"likely missing-link", Said{"missing-link": likely}, 0},
		{"likely missing-link", Said{"missing-link": certain, "host-address": suspected}, 0},
		{"likely missing-link", Said{"missing-link": certain, "host-address": likely}, 1},
		{"likely missing-link, maybe host-address", Said{"missing-link": certain, "host-address": likely}, 0},
		{"likely missing-link, likely host-address", Said{"missing-link": certain}, 1},
	} {
		e, err := parseExpectation(test.expect)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := e.wrong(test.said); len(wrong) != test.wrong {
			t.Errorf("expect: %s, said %v: wrong is %q, want %d lines", test.expect, test.said, wrong, test.wrong)
		}
	}
}

func TestTable(t *testing.T) {
	table := newTable()
	for _, row := range []struct {
		expect, undecidable string
		said                Said
	}{
		{"likely missing-link", "", Said{"missing-link": certain}},
		{"likely missing-link", "", Said{"missing-link": suspected}},
		{"silence", "", Said{}},
		{"silence", "", Said{"host-gateway": likely}},
		{"suspected host-address", "nobody knows", Said{"host-address": suspected}},
	} {
		e, err := parseExpectation(row.expect)
		if err != nil {
			t.Fatal(err)
		}
		table.add(&Scenario{Expect: e, Undecidable: row.undecidable}, row.said)
	}
	got := fmt.Sprintf("%.2f %.2f %+v %+v", table.Precision(), table.Recall(), *table.rules["missing-link"], *table.rules["host-gateway"])
	want := "0.50 0.50 {expected:2 hit:1 missed:1 wrong:0} {expected:0 hit:0 missed:0 wrong:1}"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
