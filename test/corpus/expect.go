package corpus

import (
	"fmt"
	"slices"
	"strings"
)

// verdicts are what wrongns says of a scenario, from the least sure; none stands for silence.
var verdicts = []string{none, suspected, likely, certain}

const (
	none      = "none"
	suspected = "suspected"
	likely    = "likely"
	certain   = "certain"
)

// rank orders verdicts: the surer, the greater. One that is not known is less than all.
func rank(verdict string) int { return slices.Index(verdicts, verdict) }

// atLeastLikely reports whether a verdict is one to act on.
func atLeastLikely(verdict string) bool { return rank(verdict) >= rank(likely) }

// Expectation is what wrongns has to say of a scenario.
type Expectation struct {
	said      bool
	Likely    []string // the rules that have to say likely or certain
	Suspected []string // those that may say suspected
	Maybe     []string // those that may say anything
}

// mistake reports whether a warning to act on is expected.
func (e *Expectation) mistake() bool { return len(e.Likely) > 0 }

// parseExpectation reads the value of expect:.
func parseExpectation(text string) (Expectation, error) {
	e := Expectation{said: true}
	if text == "silence" {
		return e, nil
	}
	for _, part := range split(text) {
		verdict, rule, ok := strings.Cut(part, " ")
		if !ok || !slices.Contains(rules, rule) {
			return e, fmt.Errorf("%q: not silence, nor a verdict and a rule", part)
		}
		switch verdict {
		case likely:
			e.Likely = append(e.Likely, rule)
		case suspected:
			e.Suspected = append(e.Suspected, rule)
		case "maybe":
			e.Maybe = append(e.Maybe, rule)
		default:
			return e, fmt.Errorf("%q: not likely, suspected or maybe", part)
		}
	}
	return e, nil
}

// rules are all that there are, in the order in which they are shown.
var rules = []string{
	"missing-link", "no-op-on-shadowed-link", "uplink-enslaved", "host-gateway", "unreachable-gateway", "missing-route",
	"host-address", "host-everywhere-but-net", "host-changed-by-container", "cross-namespace",
}

// Said is the surest verdict of each rule that spoke.
type Said map[string]string

// wrong says what of it is not as expected, one thing a line; nothing if all is.
func (e *Expectation) wrong(said Said) []string {
	var lines []string
	for _, rule := range e.Likely {
		if !atLeastLikely(said[rule]) {
			lines = append(lines, fmt.Sprintf("%s: says %s, want likely", rule, said.of(rule)))
		}
	}
	for rule := range said {
		if e.unexpected(rule, said) {
			lines = append(lines, fmt.Sprintf("%s: says %s, which nobody expects", rule, said.of(rule)))
		}
	}
	slices.Sort(lines)
	return lines
}

// unexpected reports whether a rule says more than it may.
func (e *Expectation) unexpected(rule string, said Said) bool {
	switch {
	case slices.Contains(e.Likely, rule) || slices.Contains(e.Maybe, rule):
		return false
	case e.mistake() || slices.Contains(e.Suspected, rule):
		return atLeastLikely(said[rule])
	}
	return true
}

// of is the verdict of a rule, none if it did not speak.
func (s Said) of(rule string) string {
	if verdict, ok := s[rule]; ok {
		return verdict
	}
	return none
}

// surest is the surest verdict of all rules but for those that may say anything.
func (s Said) surest(e *Expectation) string {
	surest := none
	for rule, verdict := range s {
		if !slices.Contains(e.Maybe, rule) && rank(verdict) > rank(surest) {
			surest = verdict
		}
	}
	return surest
}

// add takes a warning in.
func (s Said) add(rule, verdict string) {
	if rank(verdict) > rank(s.of(rule)) {
		s[rule] = verdict
	}
}
