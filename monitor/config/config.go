// Package config reads the configuration's file: YAML, in which every key is known
// and every value makes sense, or it is not read at all.
//
// The types are the file. What a section's fields are called, what they are for
// and which values they take is said once, beside them; the reader, the schema and
// the printed configuration go by that. To add a key, add a field.
package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge"
	"github.com/wrongns/wrongns/monitor/judge/ignore"
)

// Config is a configuration. What a file leaves out has its default.
type Config struct {
	Judge Judge `yaml:"judge" doc:"When to warn."`
}

// Judge says when the judge speaks.
type Judge struct {
	Suspected Threshold     `yaml:"suspected" doc:"The least confidence for the verdict suspected. Below it there is no warning."`
	Likely    Threshold     `yaml:"likely" doc:"The least confidence for the verdict likely."`
	Certain   Threshold     `yaml:"certain" doc:"The least confidence for the verdict certain."`
	Window    time.Duration `yaml:"window" doc:"How long one mistake lasts: repeats and further steps within it belong to the same warning."`
	Weights   Weights       `yaml:"weights" doc:"What a fact adds to the belief in a mistake, in log-odds: 0.7 doubles the odds, -0.7 halves them."`
	Ignore    []Ignore      `yaml:"ignore" doc:"Which warnings not to give."`
}

// Ignore says which warnings not to give.
type Ignore struct {
	Rule   Rules      `yaml:"rule,omitempty" doc:"Only the warnings of this rule, or of these; without it, those of all."`
	When   Expression `yaml:"when" need:"yes" doc:"A condition in CEL over the warning's JSON."`
	Reason Reason     `yaml:"reason" need:"yes" doc:"Why, for whoever reads this file later."`
}

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{Judge: Judge{
		Suspected: judge.DefaultSuspected,
		Likely:    judge.DefaultLikely,
		Certain:   judge.DefaultCertain,
		Window:    judge.DefaultWindow,
		Weights:   Weights{},
		Ignore:    []Ignore{},
	}}
}

// Load reads a file. The error tells all that is wrong with it, as Parse has it.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse reads the text of a file of that name. The error joins a *Problem for each
// thing that is wrong with it, in the order of the text.
func Parse(name string, data []byte) (*Config, error) {
	c := Default()
	r := newReader(name, data)
	r.file(c)
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// JudgeConfig is what the judge is told. Ignore rules see host as the machine.
func (c *Config) JudgeConfig(host *events.HostInfo) judge.Config {
	weights := make(map[string]float64, len(c.Judge.Weights))
	for fact, weight := range c.Judge.Weights {
		weights[string(fact)] = float64(weight)
	}
	set := &ignore.Set{Host: host}
	for _, i := range c.Judge.Ignore {
		set.Rules = append(set.Rules, ignore.Rule{Rules: i.Rule.names(), When: i.When.condition, Reason: string(i.Reason)})
	}
	return judge.Config{
		Suspected: float64(c.Judge.Suspected),
		Likely:    float64(c.Judge.Likely),
		Certain:   float64(c.Judge.Certain),
		Window:    c.Judge.Window,
		Weights:   weights,
		Ignore:    set,
	}
}

// check implements section.
func (j *Judge) check(at places) {
	if j.Window <= 0 {
		at.problem("must be more than 0", "window")
	}
	rising := []struct {
		key   string
		value Threshold
	}{{"suspected", j.Suspected}, {"likely", j.Likely}, {"certain", j.Certain}}
	for i := range rising[1:] {
		if low, high := rising[i], rising[i+1]; low.value >= high.value {
			at.problem(fmt.Sprintf("%s, %v, must be more than %s, %v", high.key, high.value, low.key, low.value), high.key, low.key)
		}
	}
}

// effective returns the table of weights as it is in force.
func (w Weights) effective() []judge.Weight {
	table := slices.Clone(judge.Weights)
	for i := range table {
		if weight, ok := w[Fact(table[i].Fact)]; ok {
			table[i].LogOdds = float64(weight)
		}
	}
	return table
}

// MarshalYAML implements yaml.Marshaler: all weights, in the order of the table.
func (w Weights) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, weight := range w.effective() {
		value := &yaml.Node{}
		if err := value.Encode(weight.LogOdds); err != nil {
			return nil, fmt.Errorf("write the weight of %s: %w", weight.Fact, err)
		}
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: weight.Fact}, value)
	}
	return n, nil
}

// facts are the names of all that has a weight.
func facts() []string {
	names := map[string]bool{}
	for _, weight := range judge.Weights {
		names[weight.Fact] = true
	}
	return slices.Sorted(maps.Keys(names))
}
