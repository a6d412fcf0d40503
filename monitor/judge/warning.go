package judge

import (
	"math"
	"slices"
	"strings"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

// say returns the warning of a mistake if its verdict has risen with c, its last
// change, and nil otherwise: if it has not, if only steps of it were seen, if m
// is nil.
func (j *Judge) say(m *mistake, c *events.Change) *events.Warning {
	if m == nil || m.finding == nil {
		return nil
	}
	evidence := m.believed()
	confidence := confidenceOf(sum(evidence))
	verdict := j.verdict(confidence)
	if rank(verdict) <= rank(m.said) {
		return nil
	}
	m.said = verdict
	f := m.finding
	return &events.Warning{
		Time: c.Time, Rule: m.key.rule, Confidence: confidence, Verdict: verdict,
		Summary: f.Summary, Evidence: evidence,
		Changed: f.Changed, Untouched: f.Untouched, Because: f.Because,
		Own: f.Own, Host: f.Host,
		Advice:  advice(m.commands, c),
		Changes: slices.Clone(m.changes), Count: m.count,
		Last: clone(c),
	}
}

// confidenceOf turns log-odds into a probability of two digits: what is shown is
// what is compared with the thresholds.
func confidenceOf(logOdds float64) float64 {
	return math.Round(100/(1+math.Exp(-logOdds))) / 100
}

// verdict names a confidence; it is "" below the least threshold.
func (j *Judge) verdict(confidence float64) events.Verdict {
	switch {
	case confidence >= j.config.Certain:
		return events.Certain
	case confidence >= j.config.Likely:
		return events.Likely
	case confidence >= j.config.Suspected:
		return events.Suspected
	}
	return ""
}

// rank orders verdicts: the surer, the greater; 0 for none.
func rank(v events.Verdict) int {
	return slices.Index([]events.Verdict{"", events.Suspected, events.Likely, events.Certain}, v)
}

// enterHost is what runs a command in the host's network namespace.
const enterHost = "nsenter --target 1 --net"

// advice says how to reach the host: the commands of a mistake, in their order,
// as they would have to be run there, and what would have let the container do
// it. Without any command it is a shell in the host's namespace.
func advice(commands []string, c *events.Change) []string {
	there := make([]string, len(commands))
	for i, text := range commands {
		there[i] = enterHost + " -- " + text
	}
	list := []string{enterHost}
	if len(there) > 0 {
		list[0] = strings.Join(there, " && ")
	}
	if c.Container != nil && (c.Container.Runtime == "docker" || c.Container.Runtime == "podman") {
		list = append(list, "run "+rules.Actor(c)+" with --network host")
	}
	return list
}
