package config

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// An ignore rule, up to its condition: the value stands in line 4, from column 12.
const upToWhen = "judge:\n  ignore:\n    - reason: x\n      when:"

// A mistake in a condition is found where it stands in the file, however YAML lets
// it be written.
func TestConditionPlaces(t *testing.T) {
	tests := []struct{ name, when string }{
		{"plain", ` foo == 1`},
		{"plain, later", ` true && foo == 1`},
		{"plain, over lines", " true &&\n        true\n\n        && foo"},
		{"plain, below", "\n        true && foo"},
		{"single quotes", ` 'foo == 1'`},
		{"single quotes, doubled", ` '''a'' == '''' || foo'`},
		{"single quotes, over lines", " 'true &&\n\n         foo'"},
		{"double quotes", ` "true && foo"`},
		{"double quotes, escaped", ` "\"a\" == \"\\x41\u00e4\" || foo"`},
		{"double quotes, other escapes", ` "\x27\u0061\U00000062' ==\n\t\x27\x27 || foo"`},
		{"double quotes, joined lines", " \"true &&\\\n         \\  foo\""},
		{"double quotes, over lines", " \"true\n         && foo\""},
		{"literal", " |\n        true &&\n        foo"},
		{"literal, indented further", " |\n        true &&\n          foo"},
		{"literal, comment, blank lines", " |- # a comment\n\n\n        true\n\n        && foo"},
		{"literal, own indent", " |2\n         foo ||\n        true"},
		{"folded", " >\n        true\n        &&\n        foo"},
		{"folded, kept lines", " >-\n        true &&\n\n          true &&\n        foo"},
		{"anchor and tag", ` &x !!str true && foo`},
		{"anchor and quotes", ` &x "true && foo"`},
		{"anchor and literal", " &x |\n        true &&\n        foo"},
		{"wide characters", ` '"ä€😀" == "ä€😀" && foo'`},
		{"carriage returns", " |\r\n        true &&\r\n        foo\r"},
		{"tabs", " |\n        true &&\t\tfoo"},
		{"flow", " true\n    - {reason: y, when: foo}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := upToWhen + test.when + "\n"
			before, _, _ := strings.Cut(text, "foo")
			line := strings.Count(before, "\n") + 1
			column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
			checkProblems(t, text, fmt.Sprintf("%d:%d: undeclared reference to 'foo'", line, column))
		})
	}
}

// What is wrong with a condition as a whole, or where it ends.
func TestConditionProblems(t *testing.T) {
	const quote = ": put it in quotes, or on the lines below a |"
	tests := []struct{ name, when, want string }{
		{"no truth", ` process.pid`, "4:13: must be true or false, and is of type int"},
		{"a tag by accident", ` !process.interactive`, "4:13: YAML takes a ! at the beginning for itself: put the condition in quotes, or on the lines below a |"},
		{"a list by accident", ` [1].exists(x, x == 1)`, "4:7: did not find expected key"},
		{"a list", ` [1]`, "4:13: needs a condition, not a list" + quote},
		{"a number", ` 1`, "4:13: needs a condition, not 1" + quote},
		{"nothing", ``, "4:12: needs a condition, not nothing" + quote},
		{"two", " |\n        foo ||\n          container.nmae == 'x'", "5:9: undeclared reference to 'foo'\n6:20: undefined field 'nmae'"},
		{"extra word", ` "true true"`, "4:19: extraneous input 'true' expecting <EOF>"},
		{"pattern", ` process.name.matches("(")`, "4:13: error parsing regexp: missing closing ): `(`"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkProblems(t, upToWhen+test.when+"\n", test.want) })
	}
	for when, want := range map[string]string{
		" |\n        true &&\n\n": "f.yaml:5:16: mismatched input '<EOF>'",
		` ""`:                     "f.yaml:4:14: mismatched input '<EOF>'",
	} {
		_, err := Parse("f.yaml", []byte(upToWhen+when+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("an unfinished condition: %v, want %s", err, want)
		}
	}
}
