package config

import (
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/wrongns/wrongns/monitor/judge"
)

// Write writes the configuration in force as a file that would give it: with all
// that has a default, and what each key is for.
func (c *Config) Write(w io.Writer) error {
	var n yaml.Node
	if err := n.Encode(c); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	comment(&n, reflect.TypeFor[Config]())
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(&n); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return e.Close()
}

// comment puts above each key of a section what it is for.
func comment(n *yaml.Node, t reflect.Type) {
	for i := range t.NumField() {
		key, item := n.Content[2*i], n.Content[2*i+1]
		key.HeadComment = t.Field(i).Tag.Get("doc")
		switch of := t.Field(i).Type; {
		case of == reflect.TypeFor[Weights]():
			commentWeights(item)
		case of.Kind() == reflect.Struct:
			comment(item, of)
		}
	}
}

// commentWeights puts behind each weight the reason for it, which holds for the
// weight of the table and so says what a file's own is up against.
func commentWeights(n *yaml.Node) {
	for i, weight := range judge.Weights {
		n.Content[2*i+1].LineComment = weight.Reason
	}
}
