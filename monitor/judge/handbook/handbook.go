// Package handbook writes what people read about the rules, docs/rules.md, from the
// rules themselves: what each looks for and why, with an example that the judge has
// really judged, and the table of weights.
package handbook

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

// Markdown is docs/rules.md as far as it comes from the code.
func Markdown() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(opening)
	for _, rule := range rules.All {
		if err := chapter(&b, rule); err != nil {
			return nil, err
		}
	}
	b.WriteString(aboutNeighbours)
	for _, rule := range rules.Neighbours {
		if err := chapter(&b, rule); err != nil {
			return nil, err
		}
	}
	weights(&b)
	return b.Bytes(), nil
}

const opening = `# The rules

A process in a container changes the network namespace of its container. Did it mean the host's? Each request is weighed
against both worlds, as they stood when it was made: what does it do here, and what would it have done in the host's
namespace? A request that is pointless or impossible here and sensible there was meant for there. That one idea carries
every rule; a rule is a kind of evidence, not a pattern of commands.

For that, the request is tried on the facts of the host's world, by the same code that could try it on any other
(` + "`monitor/judge/trial`" + `): would it fail, change nothing, or work? Nothing is changed by that. The facts stand in the change's
JSON under ` + "`facts`" + `, so a log that is judged again gives the same warnings.

Each fact has a weight; the weights add up, and give the confidence. [Below](#the-weights) is the whole table. Where what
can be seen does not tell two intentions apart, the verdict is *suspected* at most.

What silences every rule: an ignore rule in the [configuration](configuration.md), or the label ` + "`wrongns.ignore`" + ` on the
container: ` + "`true`" + `, or the names of rules.

This page is made from the rules by ` + "`wrongns rules -o markdown`" + `. The texts of the examples are what the judge says of them.

`

const aboutNeighbours = `## Two neighbours

They are no mistakes of this kind, and have their own kind of warning: somebody changes a namespace that is not his own.

`

// chapter writes what there is to know of a rule.
func chapter(b *bytes.Buffer, rule rules.Rule) error {
	sample, ok := samples[rule.Name]
	if !ok {
		return fmt.Errorf("rule %s has no sample", rule.Name)
	}
	c := sample()
	w := judge.New(judge.Config{}).Judge(c)
	if w == nil || w.Rule != rule.Name {
		return fmt.Errorf("rule %s finds nothing in its own sample", rule.Name)
	}
	fmt.Fprintf(b, "## %s\n\n**Looks for** %s.\n\n**Why.** %s\n\n**For example** `%s`, in a container:\n\n", rule.Name, rule.Looks, rule.Why, rule.Example)
	printer := events.Printer{Wide: true}
	text := string(printer.AppendWarning(nil, w))
	for line := range strings.Lines(text) {
		b.WriteString("    " + strings.TrimRight(line, " \n") + "\n")
	}
	fmt.Fprintf(b, "\n**To silence it**: %s.\n\n", rule.Silence)
	return nil
}

// weights writes the table of weights.
func weights(b *bytes.Buffer) {
	fmt.Fprintf(b, `## The weights

Log-odds: +0.7 doubles the odds that the host was meant, -0.7 halves them. The confidence is 1 / (1 + e^-sum). It is called
*suspected* from %.2f, *likely* from %.2f, *certain* from %.2f. Each number can be set in the
[configuration](configuration.md) under `+"`judge.weights`"+`.

The numbers are set so that the plain case of a mistake, by a command with neither a terminal nor anything else that speaks
for or against it, is likely; that what would have done the same in both worlds is suspected at most; that what runs by
itself takes more than the strongest sign to be suspected; and that certain takes a very strong sign and more.

| fact | weight | why |
|---|---|---|
`, judge.DefaultSuspected, judge.DefaultLikely, judge.DefaultCertain)
	for _, w := range judge.Weights {
		fmt.Fprintf(b, "| `%s` | %+.1f | %s |\n", w.Fact, w.LogOdds, w.Reason)
	}
}
