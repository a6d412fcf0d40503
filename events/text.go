package events

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Style is how parts of the text stand out on a terminal: sequences to begin
// them with, and one to end them all. The zero Style is plain. Whether the
// reader is a terminal, and wants colours (NO_COLOR), is for the caller to know.
type Style struct {
	Wrong  string // the heading of a warning
	Failed string // the result of a request that failed, and losses
	Dim    string // what is there for reference: the time
	Off    string
}

// Colour returns the style for a terminal: red, yellow, and restraint.
func Colour() Style {
	return Style{Wrong: "\x1b[1;31m", Failed: "\x1b[33m", Dim: "\x1b[2m", Off: "\x1b[0m"}
}

// Printer renders events for people, a line each, in columns that stay aligned
// over a stream. Nothing that came from outside can reach the terminal as a
// control character. The zero Printer is plain and narrow.
type Printer struct {
	Wide  bool // namespaces, users, command lines, evidence
	Style Style

	widths [columns]int
	cell   []byte
}

// The columns, but for the time, which always has the same width, and the last.
const (
	columnWhere = iota
	columnCommand
	columnResult
	columnWho
	columnNetns
	columnUser
	columnTier
	columns
)

// widths are the least and the greatest that a column has: it grows with what
// is in it, but one long command must not push all later lines off the screen.
var widths = [columns]struct{ least, most int }{
	columnWhere:   {10, 24},
	columnCommand: {38, 56},
	columnResult:  {9, 24},
	columnWho:     {18, 40},
	columnNetns:   {16, 46},
	columnUser:    {5, 24},
	columnTier:    {6, 10},
}

// AppendChange appends one line for c, with its newline.
func (p *Printer) AppendChange(b []byte, c *Change) []byte {
	b = p.time(b, c.Time)
	b = p.column(b, columnWhere, "", c.appendWhere)
	b = p.column(b, columnCommand, "", c.AppendCommand)
	b = p.column(b, columnResult, p.resultStyle(c), c.appendOutcome)
	b = p.column(b, columnWho, "", c.appendWho)
	if p.Wide {
		b = p.column(b, columnNetns, "", c.appendNetns)
		b = p.column(b, columnUser, "", c.appendUser)
		b = p.column(b, columnTier, "", c.appendTier)
		b = c.appendDetails(b)
	}
	return append(trimBlanks(b), '\n')
}

func (p *Printer) resultStyle(c *Change) string {
	if c.Failed() {
		return p.Style.Failed
	}
	return ""
}

// AppendStatus appends one line for s, with its newline.
func (p *Printer) AppendStatus(b []byte, s *Status) []byte {
	style := ""
	if s.level() == "error" {
		style = p.Style.Failed
	}
	b = p.time(b, s.Time)
	p.cell = s.appendAbout(s.appendPeriod(s.appendLoss(p.cell[:0])))
	return append(p.styled(b, style, p.cell), '\n')
}

// AppendWarning appends the block of lines that says who did what, what it
// changed and left untouched, why that is believed to be a mistake, and what
// to do instead.
func (p *Printer) AppendWarning(b []byte, w *Warning) []byte {
	b = p.styled(b, p.Style.Wrong, []byte(w.title()))
	b = append(w.appendHeading(b), '\n')
	b = line(b, "changed", w.Changed)
	b = line(b, "untouched", w.Untouched)
	b = line(b, "because", w.Because)
	if p.Wide {
		for i := range w.Evidence {
			e := &w.Evidence[i]
			b = line(b, "evidence", fmt.Sprintf("%+.2f  %s: %s", e.Weight, e.Fact, e.Detail))
		}
	}
	for i, advice := range w.Advice {
		if i == 0 {
			b = append(b, "  to reach the host   "...)
		} else {
			b = append(b, "     or "...)
		}
		b = appendShown(b, advice)
	}
	if len(w.Advice) > 0 {
		b = append(b, '\n')
	}
	return b
}

// title says what kind of warning it is.
func (w *Warning) title() string {
	switch w.Rule {
	case "host-changed-by-container":
		return "HOST CHANGED BY CONTAINER"
	case "cross-namespace":
		return "NAMESPACE OF ANOTHER"
	}
	return "WRONG NAMESPACE"
}

// line appends a labelled line of a warning, if there is anything to say.
func line(b []byte, label, text string) []byte {
	if text == "" {
		return b
	}
	b = fmt.Appendf(b, "  %-11s ", label)
	return append(appendShown(b, text), '\n')
}

// appendHeading appends how sure the warning is, where and by which command.
func (w *Warning) appendHeading(b []byte) []byte {
	b = append(b, "  "...)
	b = appendShown(b, string(w.Verdict))
	b = fmt.Appendf(b, " (%.2f)", w.Confidence)
	if c := w.Last; c != nil {
		b = c.appendScene(b)
	}
	if w.Count > 1 {
		b = fmt.Appendf(b, "  ·  seen %d times", w.Count)
	}
	return b
}

// appendScene appends "  container web  ·  ip link set dev eth0 up  ·  pid 4121, by sh, 06:18:35.676".
func (c *Change) appendScene(b []byte) []byte {
	b = append(b, "  "...)
	if c.Container == nil {
		b = c.Netns.appendOwner(b)
	} else {
		if c.Container.Name != "host" {
			b = append(b, "container "...)
		}
		b = c.Container.appendName(b)
	}
	b = append(b, "  ·  "...)
	if c.Process == nil || c.Process.CommandLine == "" {
		b = append(c.AppendCommand(b), "  ·  "...)
	} else {
		b = append(appendShown(b, string(c.Process.CommandLine)), "  ·  "...)
	}
	if p := c.Process; p != nil {
		b = append(strconv.AppendUint(append(b, "pid "...), uint64(p.PID), 10), ", "...)
		if p.Parent != nil && p.Parent.Name != "" {
			b = append(appendShown(append(b, "by "...), string(p.Parent.Name)), ", "...)
		}
	}
	return appendClock(b, c.Time)
}

// appendNetns appends the number of the namespace that was changed, and of the
// process's own where that is another.
func (c *Change) appendNetns(b []byte) []byte {
	b = strconv.AppendUint(append(b, "netns "...), uint64(c.Netns.Inode), 10)
	if p := c.Process; p != nil && !c.own() {
		b = strconv.AppendUint(append(b, " (process in "...), uint64(p.NetnsInode), 10)
		b = append(b, ')')
	}
	return b
}

// appendUser appends the user and, where it is another, the one who logged in.
func (c *Change) appendUser(b []byte) []byte {
	p := c.Process
	if p == nil || c.Capture.Incomplete {
		return b
	}
	b = strconv.AppendUint(append(b, "uid "...), uint64(p.UID), 10)
	if p.LoginUID != NoUID && p.LoginUID != p.UID {
		b = append(strconv.AppendUint(append(b, " (login "...), uint64(p.LoginUID), 10), ')')
	}
	return b
}

func (c *Change) appendTier(b []byte) []byte { return appendShown(b, c.Capture.Tier) }

// appendDetails appends what has no fixed width.
func (c *Change) appendDetails(b []byte) []byte {
	if c.Container != nil {
		id := c.Container.ID
		b = detail(b, "container", id[:min(len(id), shortID)])
	}
	p := c.Process
	if p == nil {
		return b
	}
	b = detail(b, "exe", string(p.Executable))
	b = detail(b, "cmd", string(p.CommandLine))
	if p.Parent != nil {
		b = detail(b, "parent", string(p.Parent.CommandLine))
	}
	return b
}

func detail(b []byte, label, text string) []byte {
	if text == "" {
		return b
	}
	b = append(append(b, label...), ": "...)
	return append(appendShown(b, text), "  "...)
}

func (p *Printer) time(b []byte, at time.Time) []byte {
	p.cell = appendClock(p.cell[:0], at)
	return append(p.styled(b, p.Style.Dim, p.cell), "  "...)
}

// column appends what content appends, padded to the width that column i has
// reached so far, and two blanks.
func (p *Printer) column(b []byte, i int, style string, content func([]byte) []byte) []byte {
	p.cell = content(p.cell[:0])
	width := utf8.RuneCount(p.cell)
	p.widths[i] = max(p.widths[i], widths[i].least, min(width, widths[i].most))
	b = p.styled(b, style, p.cell)
	for range max(0, p.widths[i]-width) {
		b = append(b, ' ')
	}
	return append(b, "  "...)
}

// styled appends text in a style of p's.
func (p *Printer) styled(b []byte, style string, text []byte) []byte {
	if style == "" {
		return append(b, text...)
	}
	b = append(append(b, style...), text...)
	return append(b, p.Style.Off...)
}

// appendClock appends the local time of day, to the millisecond.
func appendClock(b []byte, at time.Time) []byte {
	return at.Local().AppendFormat(b, "15:04:05.000")
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}
