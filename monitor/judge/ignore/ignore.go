// Package ignore keeps warnings quiet that a node's administrator, or the label
// of a container, has said not to want.
//
// The administrator says so by conditions in CEL, the Common Expression Language
// (cel.dev), over the JSON that is logged. They are checked against its schema
// when they are compiled, so that a field that does not exist is a mistake at the
// start and not a rule that never matches.
package ignore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/wrongns/wrongns/events"
)

// Rule says which warnings not to give.
type Rule struct {
	Rules  []string // the warnings of these rules of the judge; if there is none, of all
	When   *Condition
	Reason string // for a person
}

// Set is a list of rules. It must not be changed while it is used; then it may be
// used by several goroutines at once. A nil Set ignores nothing.
type Set struct {
	Host  *events.HostInfo // what conditions see as host; nil if not known
	Rules []Rule
}

// Match returns the reason of the first rule that ignores w, and whether there is
// one. A condition that cannot be evaluated does not hold: one that asks for what
// w does not have, or that takes too long.
func (s *Set) Match(w *events.Warning) (reason string, ignored bool) {
	if s == nil || len(s.Rules) == 0 {
		return "", false
	}
	seen, err := s.variables(w)
	if err != nil {
		return "", false
	}
	for i := range s.Rules {
		if rule := &s.Rules[i]; rule.covers(w.Rule) && rule.When.holds(seen) {
			return rule.Reason, true
		}
	}
	return "", false
}

// covers reports whether the warnings of a rule of the judge are meant at all.
func (r *Rule) covers(rule string) bool {
	return len(r.Rules) == 0 || slices.Contains(r.Rules, rule)
}

// variables are what a condition can name: the objects of w's line, and those of
// the line of its last change.
func (s *Set) variables(w *events.Warning) (map[string]any, error) {
	lines := w.AppendJSON(nil, s.Host)
	if w.Last != nil {
		lines = append(w.Last.AppendJSON(nil, s.Host), lines...)
	}
	all := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(lines))
	d.UseNumber()
	for d.More() {
		var fields map[string]any
		if err := d.Decode(&fields); err != nil {
			return nil, fmt.Errorf("read our own JSON: %w", err)
		}
		maps.Copy(all, fields)
	}
	numbers(all)
	return all, nil
}

// numbers makes CEL's numbers of the JSON numbers in v: an int, if it is one.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		// One that is beyond a double's range is infinite, which serves as well.
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return v
}
