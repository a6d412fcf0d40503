package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/xrash/smetrics"
	"go.yaml.in/yaml/v3"

	"github.com/wrongns/wrongns/monitor/judge/ignore"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File         string
	Line, Column int // from 1, in characters
	Text         string
}

// Error implements error.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// nodeReader is a value that reads itself.
type nodeReader interface{ readNode(r *reader, n *yaml.Node) }

// section is a part of the file whose values have to agree. Its check is called
// when each of them makes sense by itself.
type section interface{ check(at places) }

// reader fills Go values from the tree of a YAML file, and notes what is wrong
// with it.
type reader struct {
	name     string
	source   source
	problems []*Problem
	compiler func() (*ignore.Compiler, error)
}

func newReader(name string, data []byte) *reader {
	return &reader{name: name, source: newSource(data), compiler: sync.OnceValues(ignore.NewCompiler)}
}

// compile makes a condition of an expression. A file without one needs no compiler.
func (r *reader) compile(text string) (*ignore.Condition, error) {
	compiler, err := r.compiler()
	if err != nil {
		return nil, err
	}
	return compiler.Compile(text)
}

func (r *reader) add(line, column int, text string) {
	r.problems = append(r.problems, &Problem{File: r.name, Line: line, Column: column, Text: text})
}

func (r *reader) problem(n *yaml.Node, text string) { r.add(n.Line, n.Column, text) }

// err joins the problems in the order of the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(r.problems))
	for i, p := range r.problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// file reads the whole file into the struct that target points at.
func (r *reader) file(target any) {
	root, err := r.source.parse()
	switch {
	case err != nil:
		line, column := r.source.broken()
		r.add(line, column, syntaxText(err))
	case root != nil:
		r.read(root, target)
	}
}

// read reads a node into what target points at.
func (r *reader) read(n *yaml.Node, target any) { r.value(n, reflect.ValueOf(target).Elem()) }

func (r *reader) value(n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	before := len(r.problems)
	switch own, ok := v.Addr().Interface().(nodeReader); {
	case ok:
		own.readNode(r, n)
	case v.Kind() == reflect.Struct:
		r.section(n, v)
	case v.Kind() == reflect.Map:
		r.table(n, v)
	case v.Kind() == reflect.Slice:
		r.list(n, v)
	default:
		r.scalar(n, v)
	}
	if checked, ok := v.Interface().(value); ok && len(r.problems) == before {
		if err := checked.check(); err != nil {
			r.problem(n, err.Error())
		}
	}
}

// section reads keys that are a struct's fields. Without any it may be empty.
func (r *reader) section(n *yaml.Node, v reflect.Value) {
	before := len(r.problems)
	at := places{reader: r, section: n, values: map[string]*yaml.Node{}}
	fields := fieldsOf(v.Type())
	for key, item := range r.pairs(n) {
		if i, ok := fields.index[key.Value]; ok {
			at.values[key.Value] = item
			r.value(item, v.Field(i))
			continue
		}
		r.problem(key, oneOf("key", key.Value, fields.names).Error())
	}
	for _, name := range fields.needed {
		if at.values[name] == nil {
			r.problem(n, fmt.Sprintf("lacks the key %q", name))
		}
	}
	if s, ok := v.Addr().Interface().(section); ok && len(r.problems) == before {
		s.check(at)
	}
}

// table reads keys that are not known beforehand.
func (r *reader) table(n *yaml.Node, v reflect.Value) {
	for key, item := range r.pairs(n) {
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		r.value(key, k)
		r.value(item, e)
		v.SetMapIndex(k, e)
	}
}

// pairs yields the keys of a mapping and what stands behind them. A key that
// stands there twice is a problem: one of the two was forgotten.
func (r *reader) pairs(n *yaml.Node) func(yield func(key, item *yaml.Node) bool) {
	return func(yield func(key, item *yaml.Node) bool) {
		switch {
		case isNull(n):
			return
		case n.Kind != yaml.MappingNode:
			r.problem(n, "needs keys and values, not "+describe(n))
			return
		}
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			line, twice := lines[key.Value]
			switch {
			case key.Kind != yaml.ScalarNode:
				r.problem(key, "needs a word as key, not "+describe(key))
			case twice:
				r.problem(key, fmt.Sprintf("key %q stands in line %d already", key.Value, line))
			default:
				lines[key.Value] = key.Line
				if !yield(key, n.Content[i+1]) {
					return
				}
			}
		}
	}
}

func (r *reader) list(n *yaml.Node, v reflect.Value) {
	switch {
	case isNull(n):
		return
	case n.Kind != yaml.SequenceNode:
		r.problem(n, "needs a list, not "+describe(n))
		return
	}
	for _, item := range n.Content {
		e := reflect.New(v.Type().Elem()).Elem()
		r.value(item, e)
		v.Set(reflect.Append(v, e))
	}
}

// scalar reads a number, a text or a time. YAML's own conversions between them
// are not wanted: a text of digits is a slip.
func (r *reader) scalar(n *yaml.Node, v reflect.Value) {
	kind := kinds[v.Kind()]
	if n.Kind != yaml.ScalarNode || !slices.Contains(kind.tags, n.ShortTag()) {
		r.problem(n, "needs "+kind.needs+", not "+describe(n))
		return
	}
	if v.Type() != durationType {
		if err := n.Decode(v.Addr().Interface()); err != nil {
			r.problem(n, "needs "+kind.needs+", not "+describe(n))
		}
		return
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil {
		r.problem(n, "needs "+kind.needs+", not "+describe(n))
	}
	v.SetInt(int64(d))
}

var durationType = reflect.TypeFor[time.Duration]()

// kinds are the scalars that there are: what YAML takes them for, and what to call them.
var kinds = map[reflect.Kind]struct {
	tags  []string
	needs string
}{
	reflect.String:  {[]string{"!!str"}, "text"},
	reflect.Float64: {[]string{"!!int", "!!float"}, "a number"},
	reflect.Int64:   {[]string{"!!str"}, "a time with its unit, such as 30s or 5m"},
}

// fields are the keys of a section.
type fields struct {
	names  []string
	index  map[string]int
	needed []string
}

func fieldsOf(t reflect.Type) fields {
	f := fields{index: map[string]int{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		f.names = append(f.names, name)
		f.index[name] = i
		if t.Field(i).Tag.Get("need") == "yes" {
			f.needed = append(f.needed, name)
		}
	}
	return f
}

// places say where a section's values stand in the file.
type places struct {
	reader  *reader
	section *yaml.Node
	values  map[string]*yaml.Node
}

// problem notes what is wrong with the first of keys that the file has.
func (p places) problem(text string, keys ...string) {
	for _, key := range keys {
		if n := p.values[key]; n != nil {
			p.reader.problem(n, text)
			return
		}
	}
	p.reader.problem(p.section, text)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe says what a node is, for a person who expects something else there.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.AliasNode:
		return describe(n.Alias)
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n) && n.Value == "":
		return "nothing"
	case n.ShortTag() == "!!str":
		return fmt.Sprintf("the text %.40q", n.Value)
	}
	return strings.Trim(fmt.Sprintf("%.40q", n.Value), `"`)
}

// nearest returns the one of names that takes the fewest changes to become name.
func nearest(name string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int {
		return cmp.Compare(smetrics.WagnerFischer(name, a, 1, 1, 1), smetrics.WagnerFischer(name, b, 1, 1, 1))
	})
}
