// Package judge finds the changes that were made in the wrong network namespace.
//
// A judge is a pure function of the changes that it is shown, in their order. It
// reads no clock, no file and no kernel: what the two worlds looked like stands
// in each change, and times come from the changes. So a log that is judged again
// gives the same warnings.
package judge

import (
	"cmp"
	"maps"
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/ignore"
	"github.com/wrongns/wrongns/monitor/judge/rules"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// Config says when the judge speaks. A zero stands for the default.
type Config struct {
	// The least confidence for each verdict, from 0 to 1. Below Suspected the
	// judge is silent.
	Suspected, Likely, Certain float64

	// Window is how long one mistake lasts: repeats and further steps within it
	// after its first sign belong to it.
	Window time.Duration

	// Weights are log-odds that count instead of those of the table Weights, by fact.
	Weights map[string]float64

	// Ignore says which warnings not to give; it may be nil.
	Ignore *ignore.Set

	// EnterHost is what runs a command in the host's network namespace when it is
	// put before it and "--", for the advice.
	EnterHost string
}

// The defaults of a Config.
const (
	DefaultSuspected = 0.50
	DefaultLikely    = 0.80
	DefaultCertain   = 0.97
	DefaultWindow    = time.Minute
	DefaultEnterHost = "nsenter --target 1 --net"
)

// Judge holds the mistakes of the last while. It is not safe for concurrent use.
type Judge struct {
	config   Config
	weights  map[string]float64
	mistakes map[mistakeKey]*mistake
	inits    map[string]initProcess // by container id, of those that began before its eyes
	tried    rules.Case             // the change that is judged
}

// New makes a judge that has seen nothing yet.
func New(c Config) *Judge {
	c.Suspected = cmp.Or(c.Suspected, DefaultSuspected)
	c.Likely = cmp.Or(c.Likely, DefaultLikely)
	c.Certain = cmp.Or(c.Certain, DefaultCertain)
	c.Window = cmp.Or(c.Window, DefaultWindow)
	c.EnterHost = cmp.Or(c.EnterHost, DefaultEnterHost)
	j := &Judge{
		config: c, weights: make(map[string]float64, len(Weights)),
		mistakes: map[mistakeKey]*mistake{}, inits: map[string]initProcess{},
	}
	for i := range Weights {
		j.weights[Weights[i].Fact] = Weights[i].LogOdds
	}
	maps.Copy(j.weights, c.Weights)
	return j
}

// Judge returns the warning that c gives rise to, or nil. Changes come in the
// order of their sequence numbers. The warning keeps nothing of c but what is
// immutable, and is not used by the judge again; its Seq is left to the caller.
func (j *Judge) Judge(c *events.Change) *events.Warning {
	j.meet(c)
	list := rulesFor(c)
	if list == nil {
		return nil
	}
	sign, deepened := j.weigh(list, c)
	if w := j.say(sign, c); w != nil {
		return w
	}
	return j.say(deepened, c)
}

// rulesFor are the rules that a change is shown to.
//
// A mistake of this kind is made by a process that changes the namespace that it
// lives in. One that reaches into a namespace which is not its own (a socket that
// was opened there, nsenter) knows what it does: that is a matter of the
// neighbouring rules. A runtime or CNI plug-in enters a container's namespace with
// one thread, for the time of the change: its cgroup, which is what makes a
// process part of a container, stays the host's.
func rulesFor(c *events.Change) []rules.Rule {
	switch {
	case c.Process == nil, c.Container == nil && isRuntime(c.Process):
		return nil
	case c.Netns.Host && c.Container == nil:
		return nil // the host's own people
	case rules.Away(c):
		if isRuntime(c.Process) {
			return nil // it wires the containers inside its own
		}
		return rules.Neighbours
	case c.Process.NetnsInode != c.Netns.Inode:
		return nil
	case c.Netns.Host, c.Here == nil, c.Host == nil, !c.Host.Known:
		return nil
	}
	return rules.All
}

// weigh shows c to rules. It returns the mistake that the strongest sign in
// c is one of, and a mistake that c is but a step of; either may be nil.
func (j *Judge) weigh(list []rules.Rule, c *events.Change) (sign, deepened *mistake) {
	var best *rules.Finding
	var bestEvidence []events.Evidence
	var bestRule *rules.Rule
	j.tried = rules.CaseOf(c)
	for i := range list {
		f := list[i].Find(&j.tried)
		switch {
		case f == nil:
		case f.Step:
			deepened = j.mistake(list[i].Name, f.About, c)
			deepened.deepen(j.evidenceOf(f), c)
		default:
			if e := j.evidenceOf(f); best == nil || sum(e) > sum(bestEvidence) {
				best, bestEvidence, bestRule = f, e, &list[i]
			}
		}
	}
	if best != nil {
		if !bestRule.Seen {
			bestEvidence = append(bestEvidence, j.against(&j.tried)...)
		}
		sign = j.mistake(bestRule.Name, best.About, c)
		sign.seen = bestRule.Seen
		sign.show(best, append(bestEvidence, j.context(c)...), c)
	}
	return sign, deepened
}

// against is what the dry run on the host says against a mistake.
func (j *Judge) against(k *rules.Case) []events.Evidence {
	if k.Did.Result == trial.Fails || k.Would().Result != trial.Fails {
		return nil
	}
	var known evidence
	known.add(failsOnHost, "on the host it would fail: %s", k.Would().Why)
	return j.weighed(known)
}

// evidenceOf weighs the facts of a finding.
func (j *Judge) evidenceOf(f *rules.Finding) []events.Evidence {
	known := make(evidence, len(f.Facts))
	for i, fact := range f.Facts {
		known[i] = events.Evidence{Fact: fact.Key, Detail: fact.Detail}
	}
	return j.weighed(known)
}

// weighed fills in the weights of facts.
func (j *Judge) weighed(known evidence) []events.Evidence {
	for i := range known {
		known[i].Weight = j.weights[known[i].Fact] // a test proves that the table has every fact
	}
	return known
}

// sum adds log-odds up.
func sum(evidence []events.Evidence) float64 {
	total := 0.0
	for i := range evidence {
		total += evidence[i].Weight
	}
	return total
}
