package corpus

import (
	"fmt"
	"slices"
	"strings"
)

// The labels, in the order in which they are shown.
const (
	mistake     = "mistake"
	innocent    = "innocent"
	undecidable = "undecidable"
)

var labels = []string{mistake, innocent, undecidable}

func (s *Scenario) label() string {
	switch {
	case s.Undecidable != "":
		return undecidable
	case s.Expect.mistake():
		return mistake
	}
	return innocent
}

// Table counts what was said by what is so.
type Table struct {
	verdicts map[string]map[string]int // by label and surest verdict
	rules    map[string]*count
}

// count is for one rule, of warnings that are likely and above.
type count struct{ expected, hit, missed, wrong int }

func newTable() *Table {
	t := &Table{verdicts: map[string]map[string]int{}, rules: map[string]*count{}}
	for _, label := range labels {
		t.verdicts[label] = map[string]int{}
	}
	for _, rule := range rules {
		t.rules[rule] = &count{}
	}
	return t
}

// add counts a scenario.
func (t *Table) add(s *Scenario, said Said) {
	t.verdicts[s.label()][said.surest(&s.Expect)]++
	for _, rule := range rules {
		c, wanted, spoke := t.rules[rule], slices.Contains(s.Expect.Likely, rule), atLeastLikely(said[rule])
		switch {
		case wanted && spoke:
			c.expected++
			c.hit++
		case wanted:
			c.expected++
			c.missed++
		case spoke && s.Expect.unexpected(rule, said):
			c.wrong++
		}
	}
}

// loud is how many scenarios of a label had a warning that is likely or certain.
func (t *Table) loud(label string) int { return t.verdicts[label][likely] + t.verdicts[label][certain] }

func (t *Table) all(label string) int {
	all := 0
	for _, n := range t.verdicts[label] {
		all += n
	}
	return all
}

// Precision is which part of the scenarios with a warning of likely and above are mistakes; 1 if there are none.
func (t *Table) Precision() float64 {
	loud := 0
	for _, label := range labels {
		loud += t.loud(label)
	}
	return ratio(t.loud(mistake), loud)
}

// Recall is which part of the mistakes has a warning of likely and above; 1 if there are none.
func (t *Table) Recall() float64 { return ratio(t.loud(mistake), t.all(mistake)) }

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// String is the table as Markdown.
func (t *Table) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "| | %s |\n|---|%s\n", strings.Join(verdicts, " | "), strings.Repeat("--:|", len(verdicts)))
	for _, label := range labels {
		fmt.Fprintf(&text, "| %s (%d) |", label, t.all(label))
		for _, verdict := range verdicts {
			fmt.Fprintf(&text, " %d |", t.verdicts[label][verdict])
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "\nOf `likely` and above: precision %.2f, recall %.2f.\n\n", t.Precision(), t.Recall())
	text.WriteString("| rule | expected | hit | missed | false |\n|---|--:|--:|--:|--:|\n")
	for _, rule := range rules {
		c := t.rules[rule]
		fmt.Fprintf(&text, "| `%s` | %d | %d | %d | %d |\n", rule, c.expected, c.hit, c.missed, c.wrong)
	}
	return text.String()
}
