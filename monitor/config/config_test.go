package config

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge"
)

const full = `
judge:
  suspected: 0.6
  likely: 0.9
  certain: 1
  window: 1m30s
  weights:
    interactive: 2
    entrypoint: -10
  ignore:
    - rule: missing-link
      when: container.image.name.startsWith("kylemanna/openvpn")
      reason: it looks for the host's links on purpose
    - rule: [missing-link, host-gateway]
      when: |
        container.name == "vpn" &&
        warning.verdict != "certain"
      reason: ours
    - when: true
      reason: a node for trials
`

func TestParse(t *testing.T) {
	c, err := Parse("f.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	host := &events.HostInfo{Name: "node-7"}
	got := c.JudgeConfig(host)
	set := got.Ignore
	got.Ignore = nil
	want := judge.Config{
		Suspected: 0.6, Likely: 0.9, Certain: 1, Window: 90 * time.Second,
		Weights: map[string]float64{"interactive": 2, "entrypoint": -10},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JudgeConfig (-want +got):\n%s", diff)
	}
	if set.Host != host || len(set.Rules) != 3 {
		t.Errorf("ignore rules: %+v", set)
	}
	vpn := &events.Container{Name: "vpn"}
	for _, test := range []struct {
		w    *events.Warning
		want string
	}{
		{&events.Warning{Rule: "missing-link", Last: &events.Change{Container: &events.Container{Image: "kylemanna/openvpn:2"}}}, "it looks for the host's links on purpose"},
		{&events.Warning{Rule: "host-gateway", Verdict: events.Likely, Last: &events.Change{Container: vpn}}, "ours"},
		{&events.Warning{Rule: "host-gateway", Verdict: events.Certain, Last: &events.Change{Container: vpn}}, "a node for trials"},
	} {
		if reason, ignored := set.Match(test.w); !ignored || reason != test.want {
			t.Errorf("Match(%+v) = %q, %t, want %q", test.w, reason, ignored, test.want)
		}
	}
}

// What says nothing gives the defaults, which are the judge's own.
func TestParseEmpty(t *testing.T) {
	for _, text := range []string{
		"", "\n", "# nothing\n", "---\n", "judge:\n", "judge: {}\n", "\ufeff# nothing\n", "judge:\r\n  weights:\r\n  ignore:\r\n",
		"judge:\n  ignore: []\n  weights: {}\n",
	} {
		c, err := Parse("f.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(Default(), c); diff != "" {
			t.Errorf("%q (-default +got):\n%s", text, diff)
		}
	}
}

func TestParseProblems(t *testing.T) {
	tests := []struct {
		name, text string
		want       string
	}{
		{"unknown section", "jugde:\n  likely: 0.9\n", `1:1: unknown key "jugde": did you mean "judge"?`},
		{"unknown key", "judge:\n  suspectd: 0.5\n  Likely: 0.9\n", `2:3: unknown key "suspectd": did you mean "suspected"?
3:3: unknown key "Likely": did you mean "likely"?`},
		{"unknown key of an item", "judge:\n  ignore:\n    - wen: true\n      when: true\n      reason: x\n", `3:7: unknown key "wen": did you mean "when"?`},
		{"unknown key, flow style", `judge: {likely: 0.9, window: 1m, weight: {}}`, `1:34: unknown key "weight": did you mean "weights"?`},
		{"long unknown key", strings.Repeat("k", 100) + ": 1\n", `1:1: unknown key "` + strings.Repeat("k", 40) + `": did you mean "judge"?`},
		{"merge key", "x: &x {likely: 0.9}\njudge:\n  <<: *x\n", `1:1: unknown key "x": did you mean "judge"?
3:3: unknown key "<<": did you mean "likely"?`},
		{"key twice", "judge:\n  likely: 0.8\n  likely: 0.9\n", `3:3: key "likely" stands in line 2 already`},
		{"key that is none", "judge:\n  [a]: 1\n", `2:3: needs a word as key, not a list`},
		{"section that is none", "judge: 7\n", `1:8: needs keys and values, not 7`},
		{"file that is none", "- judge\n", `1:1: needs keys and values, not a list`},
		{"number that is text", "judge:\n  likely: \"0.9\"\n", `2:11: needs a number, not the text "0.9"`},
		{"number that is nothing", "judge:\n  likely:\n", `2:10: needs a number, not nothing`},
		{"number that is a list", "judge:\n  likely: [0.9]\n", `2:11: needs a number, not a list`},
		{"number that is true", "judge:\n  likely: true\n", `2:11: needs a number, not true`},
		{"threshold of 0", "judge:\n  suspected: 0\n", `2:14: must be more than 0 and at most 1`},
		{"threshold beyond", "judge:\n  certain: 1.01\n", `2:12: must be more than 0 and at most 1`},
		{"threshold of nan", "judge:\n  certain: .nan\n", `2:12: must be more than 0 and at most 1`},
		{"thresholds fall", "judge:\n  likely: 0.4\n  suspected: 0.5\n", `2:11: likely, 0.4, must be more than suspected, 0.5`},
		{"threshold above a default", "judge:\n  suspected: 0.85\n", `2:14: likely, 0.8, must be more than suspected, 0.85`},
		{"thresholds are alike", "judge:\n  likely: 0.9\n  certain: 0.9\n", `3:12: certain, 0.9, must be more than likely, 0.9`},
		{"window without unit", "judge:\n  window: 60\n", `2:11: needs a time with its unit, such as 30s or 5m, not 60`},
		{"window of text", "judge:\n  window: soon\n", `2:11: needs a time with its unit, such as 30s or 5m, not the text "soon"`},
		{"window of 0", "judge:\n  window: 0s\n", `2:11: must be more than 0`},
		{"window behind us", "judge:\n  window: -1m\n", `2:11: must be more than 0`},
		{"unknown fact", "judge:\n  weights: {interactiv: 1}\n", `2:13: unknown fact "interactiv": did you mean "interactive"?`},
		{"weight beyond", "judge:\n  weights:\n    interactive: 11\n    entrypoint: -10.5\n", `3:18: must be from -10 to 10
4:17: must be from -10 to 10`},
		{"weight without bounds", "judge:\n  weights: {interactive: -.inf}\n", `2:26: must be from -10 to 10`},
		{"ignore is no list", "judge:\n  ignore:\n    when: true\n    reason: x\n", `3:5: needs a list, not keys and values`},
		{"ignore without anything", "judge:\n  ignore:\n    -\n", `3:6: lacks the key "when"
3:6: lacks the key "reason"`},
		{"ignore without reason", "judge:\n  ignore:\n    - when: true\n", `3:7: lacks the key "reason"`},
		{"reason that says nothing", "judge:\n  ignore:\n    - when: true\n      reason: \" \"\n", `4:15: must say why`},
		{"reason that is a number", "judge:\n  ignore:\n    - when: true\n      reason: 4711\n", `4:15: needs text, not 4711`},
		{"unknown rule", "judge:\n  ignore:\n    - rule: mising-link\n      when: true\n      reason: x\n", `3:13: unknown rule "mising-link": did you mean "missing-link"?`},
		{"unknown rule of several", "judge:\n  ignore:\n    - rule: [missing-link, gateway]\n      when: true\n      reason: x\n", `3:28: unknown rule "gateway": did you mean "host-gateway"?`},
		{"no rule", "judge:\n  ignore:\n    - rule: []\n      when: true\n      reason: x\n", `3:13: names no rule: leave the key out if all are meant`},
		{"rule that is nothing", "judge:\n  ignore:\n    - rule:\n      when: true\n      reason: x\n", `3:12: needs text, not nothing`},
		{"several problems", "judge:\n  likly: 1\n  window: 1\n  ignore:\n    - when: process.pidd == 1\n", `2:3: unknown key "likly": did you mean "likely"?
3:11: needs a time with its unit, such as 30s or 5m, not 1
5:7: lacks the key "reason"
5:20: undefined field 'pidd'`},
		{"alias", "judge:\n  likely: &a 7\n  certain: *a\n", `2:11: must be more than 0 and at most 1
2:11: must be more than 0 and at most 1`},
		{"alias of itself", "judge: &a\n  ignore: *a\n", `1:8: needs a list, not keys and values`},
		{"second document", "judge:\n---\njudge:\n", `2:1: there is a second document in the file`},
		{"broken: colon", "judge:\n  ignore:\n    - when: true\n      reason: a: b\n", `4:7: mapping values are not allowed in this context`},
		{"broken: first line", "a: b: c\n", `1:1: mapping values are not allowed in this context`},
		{"broken: indent", "judge:\n  likely: 0.9\n certain: 1\n", `3:2: did not find expected key`},
		{"broken: tab", "judge:\n\tlikely: 0.9\n", `2:2: found character that cannot start any token`},
		{"broken: quotes", "judge:\n  ignore:\n    - reason: x\n      when: \"a\" == container.name\n", `4:7: did not find expected key`},
		{"broken: never closed", "judge:\n  weights: {\n    interactive: 1\n  likely: 0.9\n", `2:3: did not find expected ',' or '}'`},
		{"broken: unknown alias", "judge:\n  likely: *x\n", `2:3: unknown anchor 'x' referenced`},
		{"broken: control character", "judge:\n  likely: \x01\n", `2:3: control characters are not allowed`},
		{"not UTF-8", "judge:\n  # \xff\n", `2:3: not UTF-8`},
		{"UTF-16", "\xff\xfej\x00", `1:1: not UTF-8`},
		{"too long", strings.Repeat("# much\n", 10_000), `1:1: longer than 64 KiB`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkProblems(t, test.text, test.want) })
	}
}

// checkProblems parses text, of which want are all problems, without the file's name.
func checkProblems(t *testing.T, text, want string) {
	t.Helper()
	_, err := Parse("f.yaml", []byte(text))
	if err == nil {
		t.Fatalf("no problem, want:\n%s", want)
	}
	want = "f.yaml:" + strings.ReplaceAll(want, "\n", "\nf.yaml:")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if !errors.As(err, new(*Problem)) {
		t.Errorf("%T has no Problem", err)
	}
}
