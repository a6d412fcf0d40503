package judge

import (
	"slices"
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

// mistakeKey says which signs belong to one mistake: the same place, the same
// kind of evidence, about the same thing.
type mistakeKey struct {
	container string // its id; "" for a bare namespace
	inode     uint32 // of the namespace
	cookie    uint64
	rule      string
	about     string
}

// mistake is what has been seen of one mistake within its window.
type mistake struct {
	key      mistakeKey
	first    time.Time
	finding  *rules.Finding    // the strongest sign; nil as long as there are only steps
	seen     bool              // it is of a rule that sees and does not infer
	evidence []events.Evidence // of that sign and of the context that it was made in
	steps    []events.Evidence // what earlier and later steps add
	said     events.Verdict    // "" as long as nothing was said
	count    int               // of its signs
	told     int               // of these, when it was last said
	changes  []uint64
	commands []string
	asked    asking // the last sign, to tell a repeat from one command's second look-up
}

// asking is a look-up by one process.
type asking struct {
	pid   uint32
	start uint64
}

// Of a mistake that is made again and again only so much is kept.
const (
	maxMistakes = 4096
	maxChanges  = 32
	maxCommands = 8
)

// mistake returns the mistake that a sign of rule about a thing belongs to: the
// one of its window, or a new one.
func (j *Judge) mistake(rule, about string, c *events.Change) *mistake {
	key := mistakeKey{containerID(c), c.Netns.Inode, c.Netns.Cookie, rule, about}
	before := j.mistakes[key]
	if before != nil && j.open(before, c.Time) {
		return before
	}
	if len(j.mistakes) >= maxMistakes {
		j.forget(c.Time)
	}
	m := &mistake{key: key, first: c.Time}
	if before != nil {
		m.count = before.count - before.told // repeats that were not said are told of now
	}
	j.mistakes[key] = m
	return m
}

// open reports whether a mistake's window is still open at a time.
func (j *Judge) open(m *mistake, at time.Time) bool {
	return at.Sub(m.first) < j.config.Window
}

// forget drops the mistakes whose windows are over. If there are none, somebody
// makes them faster than they can be kept: then all go, and some may be said
// twice.
func (j *Judge) forget(now time.Time) {
	for key, m := range j.mistakes {
		if !j.open(m, now) {
			delete(j.mistakes, key)
		}
	}
	if len(j.mistakes) >= maxMistakes {
		clear(j.mistakes)
	}
}

// show adds a sign to a mistake. Of several the strongest is believed, since
// they are signs of the same thing.
func (m *mistake) show(f *rules.Finding, evidence []events.Evidence, c *events.Change) {
	if m.finding == nil || sum(evidence) > sum(m.evidence) {
		m.finding, m.evidence = f, evidence
	}
	// One command may look a link up twice (iproute2: RTM_GETLINK, then libc's
	// if_nametoindex): that is one mistake and not two.
	this := asking{c.Process.PID, c.Process.Start}
	if c.Action != events.Lookup || m.asked != this {
		m.count++
	}
	m.asked = asking{}
	if c.Action == events.Lookup {
		m.asked = this
	}
	m.note(c)
}

// deepen adds a step to a mistake: each kind of step once.
func (m *mistake) deepen(evidence []events.Evidence, c *events.Change) {
	for _, e := range evidence {
		known := func(s events.Evidence) bool { return s.Fact == e.Fact }
		if !slices.ContainsFunc(m.steps, known) {
			m.steps = append(m.steps, e)
		}
	}
	m.note(c)
}

// note remembers which change it was and how to make it again.
func (m *mistake) note(c *events.Change) {
	if len(m.changes) < maxChanges && c.Seq != 0 { // a filter may have kept it out of the log
		m.changes = append(m.changes, c.Seq)
	}
	if text := command(c); text != "" && len(m.commands) < maxCommands && !slices.Contains(m.commands, text) {
		m.commands = append(m.commands, text)
	}
}

// believed returns all the evidence for a mistake. It adds up to its log-odds.
func (j *Judge) believed(m *mistake) []events.Evidence {
	all := slices.Concat(m.evidence, m.steps)
	if m.seen {
		return all
	}
	var known evidence
	known.add(prior, "most changes of a container are meant for itself")
	return append(all, j.weighed(known)...)
}
