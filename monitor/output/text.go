package output

import (
	"io"

	"github.com/wrongns/wrongns/events"
)

// Text writes events as lines for people.
type Text struct {
	*lines
	printer events.Printer
	line    []byte
}

// NewText returns an output that prints to w, which stays the caller's to close.
func NewText(w io.Writer, wide bool, style events.Style) *Text {
	return &Text{lines: newLines(w), printer: events.Printer{Wide: wide, Style: style}}
}

// OpenText returns an output that appends to the file at path, without colours,
// and makes it with mode 0600 if it is not there.
func OpenText(path string, wide bool) (*Text, error) {
	l, err := openLines(path)
	if err != nil {
		return nil, err
	}
	return &Text{lines: l, printer: events.Printer{Wide: wide}}, nil
}

// Change implements Output.
func (t *Text) Change(c *events.Change) error {
	return t.write(t.printer.AppendChange(t.line[:0], c))
}

// Warning implements Output.
func (t *Text) Warning(w *events.Warning) error {
	return t.write(t.printer.AppendWarning(t.line[:0], w))
}

// Status implements Output.
func (t *Text) Status(s *events.Status) error {
	return t.write(t.printer.AppendStatus(t.line[:0], s))
}

func (t *Text) write(line []byte) error {
	t.line = line
	_, err := t.Write(line)
	return err
}
