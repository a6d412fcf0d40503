package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wrongns/wrongns/monitor/judge/ignore"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

// value is a value that not everything of its kind makes sense for.
type value interface {
	check() error
	schema() map[string]any // what JSON Schema can say of it
}

// Threshold is a least confidence, more than 0 and at most 1.
type Threshold float64

func (t Threshold) check() error {
	if !(t > 0 && t <= 1) {
		return errors.New("must be more than 0 and at most 1")
	}
	return nil
}

func (Threshold) schema() map[string]any {
	return map[string]any{"type": "number", "exclusiveMinimum": 0, "maximum": 1}
}

// Weights are the weights of facts that are not what the judge has by itself.
type Weights map[Fact]Weight

// Weight is what a fact adds to the belief, in log-odds, from -10 to 10: that is 22,000
// to 1, and more would be no evidence but an order.
type Weight float64

const maxWeight = 10

func (w Weight) check() error {
	if !(w >= -maxWeight && w <= maxWeight) {
		return fmt.Errorf("must be from -%d to %[1]d", maxWeight)
	}
	return nil
}

func (Weight) schema() map[string]any {
	return map[string]any{"type": "number", "minimum": -maxWeight, "maximum": maxWeight}
}

// Fact names a fact of the judge's table of weights.
type Fact string

func (f Fact) check() error { return oneOf("fact", string(f), facts()) }

func (Fact) schema() map[string]any { return map[string]any{"enum": facts()} }

// Rule names a rule of the judge.
type Rule string

func (r Rule) check() error { return oneOf("rule", string(r), ruleNames()) }

func (Rule) schema() map[string]any { return map[string]any{"enum": ruleNames()} }

func ruleNames() []string {
	names := make([]string, len(rules.All))
	for i := range rules.All {
		names[i] = rules.All[i].Name
	}
	return names
}

// Rules are one rule or several.
type Rules []Rule

// readNode implements nodeReader: a list of one may go without the brackets.
func (l *Rules) readNode(r *reader, n *yaml.Node) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 {
		r.problem(n, "names no rule: leave the key out if all are meant")
	}
	for _, item := range items {
		var rule Rule
		r.read(item, &rule)
		*l = append(*l, rule)
	}
}

// MarshalYAML implements yaml.Marshaler.
func (l Rules) MarshalYAML() (any, error) {
	if len(l) == 1 {
		return l[0], nil
	}
	return l.names(), nil
}

func (l Rules) names() []string {
	names := make([]string, len(l))
	for i, rule := range l {
		names[i] = string(rule)
	}
	return names
}

func (l Rules) check() error { return nil }

func (l Rules) schema() map[string]any {
	one := Rule("").schema()
	return map[string]any{"anyOf": []any{one, map[string]any{"type": "array", "items": one, "minItems": 1}}}
}

// Reason is a text that says something.
type Reason string

func (r Reason) check() error {
	if strings.TrimSpace(string(r)) == "" {
		return errors.New("must say why")
	}
	return nil
}

func (Reason) schema() map[string]any { return map[string]any{"type": "string", "pattern": `\S`} }

// Expression is a condition in CEL.
type Expression struct {
	Text      string
	condition *ignore.Condition
}

// readNode implements nodeReader.
func (e *Expression) readNode(r *reader, n *yaml.Node) {
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		r.problem(n, "YAML takes a ! at the beginning for itself: put the condition in quotes, or on the lines below a |")
		return
	case n.Kind != yaml.ScalarNode || tag != "!!str" && tag != "!!bool":
		r.problem(n, "needs a condition, not "+describe(n)+": put it in quotes, or on the lines below a |")
		return
	}
	e.Text = n.Value
	condition, err := r.compile(n.Value)
	var mistakes ignore.Mistakes
	switch {
	case errors.As(err, &mistakes):
		for _, m := range mistakes {
			line, column := r.source.locate(n, m.Line, m.Column)
			r.add(line, column, m.Text)
		}
	case err != nil:
		r.problem(n, err.Error())
	}
	e.condition = condition
}

// MarshalYAML implements yaml.Marshaler.
func (e Expression) MarshalYAML() (any, error) { return e.Text, nil }

func (e Expression) check() error { return nil }

func (e Expression) schema() map[string]any {
	return map[string]any{"type": []string{"string", "boolean"}}
}

// oneOf returns an error that names the nearest of names if name is none of them.
func oneOf(kind, name string, names []string) error {
	if slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("unknown %s %.40q: did you mean %q?", kind, name, nearest(name, names))
}
