package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/wrongns/wrongns/monitor/judge"
)

// What is printed is a file that gives the same.
func TestWrite(t *testing.T) {
	for _, text := range []string{"", full} {
		c, err := Parse("f.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		first := write(t, c)
		again, err := Parse("printed.yaml", []byte(first))
		if err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		if diff := cmp.Diff(first, write(t, again)); diff != "" {
			t.Errorf("printed again (-first +second):\n%s", diff)
		}
		for _, weight := range judge.Weights {
			want := weight.LogOdds
			if own, ok := c.Judge.Weights[Fact(weight.Fact)]; ok {
				want = float64(own)
			}
			if got := float64(again.Judge.Weights[Fact(weight.Fact)]); got != want {
				t.Errorf("%s is printed as %v, want %v", weight.Fact, got, want)
			}
		}
	}
}

func write(t testing.TB, c *Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The schema lets through what the reader does, as far as it can tell.
func TestSchema(t *testing.T) {
	schema := fileSchema(t)
	for _, text := range []string{full, "judge:\n", "judge:\n  ignore:\n  weights:\n", write(t, Default())} {
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	for _, text := range []string{
		"jugde:\n", "judge: 7\n", "judge: {likly: 1}\n", "judge: {likely: 0}\n", "judge: {likely: 1.1}\n", "judge: {window: 60}\n",
		"judge: {window: -1m}\n", "judge: {weights: {interactiv: 1}}\n", "judge: {weights: {interactive: 11}}\n",
		"judge: {ignore: [{when: true}]}\n", "judge: {ignore: [{reason: x}]}\n", "judge: {ignore: [{when: true, reason: ' '}]}\n",
		"judge: {ignore: [{when: true, reason: x, rule: []}]}\n", "judge: {ignore: [{when: true, reason: x, rule: mising-link}]}\n",
		"judge: {ignore: [null]}\n",
	} {
		if err := validate(t, schema, text); err == nil {
			t.Errorf("the schema lets through %s", text)
		}
		if _, err := Parse("f.yaml", []byte(text)); err == nil {
			t.Errorf("the reader lets through %s", text)
		}
	}
}

func fileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSchema(&b); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.schema.json", v); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate holds YAML against a schema, as an editor would.
func validate(t testing.TB, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON)); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}

var block = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The examples in the docs are files that can be used, and nothing is missing there.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	schema := fileSchema(t)
	examples := block.FindAllSubmatch(text, -1)
	if len(examples) < 8 {
		t.Errorf("only %d examples", len(examples))
	}
	for _, example := range examples {
		if _, err := Parse("docs/configuration.md", example[1]); err != nil {
			t.Errorf("%v in\n%s", err, example[1])
		}
		if err := validate(t, schema, string(example[1])); err != nil {
			t.Errorf("%v in\n%s", err, example[1])
		}
	}
	var names []string
	for _, section := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Judge](), reflect.TypeFor[Ignore]()} {
		names = append(names, fieldsOf(section).names...)
	}
	for _, name := range names {
		if !bytes.Contains(text, []byte("`"+name+"`")) && !bytes.Contains(text, []byte("."+name+"`")) {
			t.Errorf("docs/configuration.md does not explain %s", name)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wrongns.yaml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("judge:\n  likely: 7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var problem *Problem
	_, err := Load(path)
	if !errors.As(err, &problem) {
		t.Fatalf("a wrong file: %v", err)
	}
	if diff := cmp.Diff(&Problem{path, 2, 11, "must be more than 0 and at most 1"}, problem); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
}

// place is how each problem of a file called f begins.
var place = regexp.MustCompile(`^f:([0-9]+):([0-9]+): .`)

// FuzzParse: whatever the text, each problem has its place in it, and what has
// none can be printed and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data)
		if err == nil {
			text := write(t, c)
			if _, err := Parse("printed", []byte(text)); err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !place.MatchString(line) {
				t.Errorf("%q: no place", line)
			}
		}
		var p *Problem
		lines := lineEnd.Split(string(data), -1)
		if errors.As(err, &p); p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len(lines[p.Line-1])+1 {
			t.Errorf("%v: not a place in %q", p, data)
		}
	})
}
