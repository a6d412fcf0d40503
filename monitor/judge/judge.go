// Package judge finds the changes that were made in the wrong network namespace.
//
// A judge is a pure function of the changes that it is shown, in their order. It
// reads no clock, no file and no kernel: what the two worlds looked like stands
// in each change, and times come from the changes. So a log that is judged again
// gives the same warnings.
package judge

import (
	"cmp"
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/ignore"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

// Config says when the judge speaks. A zero stands for the default.
type Config struct {
	// The least confidence for each verdict, from 0 to 1. Below Suspected the
	// judge is silent.
	Suspected, Likely, Certain float64

	// Window is how long one mistake lasts: repeats and further steps within it
	// after its first sign belong to it.
	Window time.Duration

	// Weights are log-odds of facts that are not those of the table.
	Weights map[string]float64

	// Ignore says which warnings not to give; it may be nil.
	Ignore *ignore.Set
}

// The defaults of a Config.
const (
	DefaultSuspected = 0.50
	DefaultLikely    = 0.80
	DefaultCertain   = 0.97
	DefaultWindow    = time.Minute
)

// Judge holds the mistakes of the last while. It is not safe for concurrent use.
type Judge struct {
	config   Config
	mistakes map[mistakeKey]*mistake
	inits    map[string]initProcess // by container id
}

// New makes a judge that has seen nothing yet.
func New(c Config) *Judge {
	c.Suspected = cmp.Or(c.Suspected, DefaultSuspected)
	c.Likely = cmp.Or(c.Likely, DefaultLikely)
	c.Certain = cmp.Or(c.Certain, DefaultCertain)
	c.Window = cmp.Or(c.Window, DefaultWindow)
	return &Judge{config: c, mistakes: map[mistakeKey]*mistake{}, inits: map[string]initProcess{}}
}

// Judge returns the warning that c gives rise to, or nil. Changes come in the
// order of their sequence numbers. The warning keeps nothing of c but what is
// immutable, and is not used by the judge again; its Seq is left to the caller.
func (j *Judge) Judge(c *events.Change) *events.Warning {
	if c.Netns.Host {
		return nil
	}
	j.meet(c)
	if !suspect(c) {
		return nil
	}
	sign, deepened := j.weigh(c)
	if w := j.say(sign, c); w != nil {
		return w
	}
	return j.say(deepened, c)
}

// suspect reports whether a change can be a mistake of this kind at all: a
// process changes the namespace that it lives in, and both worlds are known.
//
// A process that reaches into a namespace that is not its own (a socket that was
// opened there, ip link set netns) names that namespace and knows what it does. A
// runtime or CNI plug-in enters a container's namespace with one thread, for the
// time of the change: its cgroup, which is what makes a process part of a
// container, stays the host's.
func suspect(c *events.Change) bool {
	switch {
	case c.Here == nil, c.Host == nil, !c.Host.Known, c.Process == nil:
		return false
	case c.Process.NetnsInode != c.Netns.Inode:
		return false
	}
	return c.Container != nil || !isRuntime(c.Process)
}

// weigh shows c to every rule. It returns the mistake that the strongest sign in
// c is one of, and a mistake that c is but a step of; either may be nil.
func (j *Judge) weigh(c *events.Change) (sign, deepened *mistake) {
	var best *rules.Finding
	var bestEvidence []events.Evidence
	var bestRule string
	for i := range rules.All {
		rule := &rules.All[i]
		f := rule.Find(c)
		switch {
		case f == nil:
		case f.Step:
			deepened = j.mistake(rule.Name, f.About, c)
			deepened.deepen(evidenceOf(f), c)
		default:
			if e := evidenceOf(f); best == nil || sum(e) > sum(bestEvidence) {
				best, bestEvidence, bestRule = f, e, rule.Name
			}
		}
	}
	if best != nil {
		sign = j.mistake(bestRule, best.About, c)
		sign.show(best, append(bestEvidence, j.context(c)...), c)
	}
	return sign, deepened
}

// evidenceOf weighs the facts of a finding.
func evidenceOf(f *rules.Finding) []events.Evidence {
	evidence := make([]events.Evidence, len(f.Facts))
	for i, fact := range f.Facts {
		evidence[i] = events.Evidence{Fact: fact.Key, Weight: weightOf(fact.Key), Detail: fact.Detail}
	}
	return evidence
}

// sum adds log-odds up.
func sum(evidence []events.Evidence) float64 {
	total := 0.0
	for i := range evidence {
		total += evidence[i].Weight
	}
	return total
}
