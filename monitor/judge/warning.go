package judge

import (
	"math"
	"slices"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/ignore"
)

// say returns the warning of a mistake if its verdict has risen with c, its last
// change, and nil otherwise: if it has not, if only steps of it were seen, if
// somebody said not to want it, if m is nil.
func (j *Judge) say(m *mistake, c *events.Change) *events.Warning {
	if m == nil || m.finding == nil {
		return nil
	}
	evidence := j.believed(m)
	confidence := confidenceOf(sum(evidence))
	verdict := j.verdict(confidence)
	if rank(verdict) <= rank(m.said) {
		return nil
	}
	m.said = verdict
	f := m.finding
	w := &events.Warning{
		Time: c.Time, Rule: m.key.rule, Confidence: confidence, Verdict: verdict,
		Summary: f.Summary, Evidence: evidence,
		Changed: f.Changed, Untouched: f.Untouched, Because: f.Because,
		Own: f.Own, Host: f.Host,
		Advice:  j.advice(m, c),
		Changes: slices.Clone(m.changes), Count: m.count,
		Last: clone(c),
	}
	if j.ignored(w) {
		return nil
	}
	m.told = m.count
	return w
}

// ignored reports whether a warning is not wanted: by the container's label, or
// by a rule of the configuration.
func (j *Judge) ignored(w *events.Warning) bool {
	if container := w.Last.Container; container != nil && ignore.ByLabel(container.Ignore, w.Rule) {
		return true
	}
	_, yes := j.config.Ignore.Match(w)
	return yes
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
