package main

import (
	"fmt"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/output"
)

// tally is an output that counts what passes through it, and lets no more pass
// when it is enough.
type tally struct {
	output.Output
	limit  int    // of changes and warnings together; 0: none
	enough func() // called once, when the limit is reached

	changes, warnings int
	lost              uint64
	full              bool
}

// Change implements output.Output.
func (t *tally) Change(c *events.Change) error {
	if t.full {
		return nil
	}
	t.changes++
	return t.passed(t.Output.Change(c))
}

// Warning implements output.Output.
func (t *tally) Warning(w *events.Warning) error {
	if t.full {
		return nil
	}
	t.warnings++
	return t.passed(t.Output.Warning(w))
}

// Status implements output.Output.
func (t *tally) Status(s *events.Status) error {
	if s.State == "lost" {
		t.lost += s.Count
	}
	return t.Output.Status(s)
}

func (t *tally) passed(err error) error {
	if t.changes+t.warnings == t.limit {
		t.full = true
		t.enough()
	}
	return err
}

// String is the summary for the end: "2 warnings, 14 changes, 0 lost".
func (t *tally) String() string {
	return fmt.Sprintf("%s, %s, %d lost", plural(t.warnings, "warning"), plural(t.changes, "change"), t.lost)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
