package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxSize is the longest file that is read, in bytes: where a mistake in the YAML
// itself stands is found by trying (see broken), which takes the square of it.
const maxSize = 64 << 10

// source is the text of a file.
type source struct {
	data  []byte
	lines [][]rune // without their ends
	ends  []int    // where each line ends, with its end, in bytes
}

// lineEnd is what YAML takes for the end of a line.
var lineEnd = regexp.MustCompile(`\r\n|[\n\r\x{85}\x{2028}\x{2029}]`)

func newSource(data []byte) source {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s := source{data: data}
	begin := 0
	for _, end := range append(lineEnd.FindAllIndex(data, -1), []int{len(data), len(data)}) {
		s.lines = append(s.lines, []rune(string(data[begin:end[0]])))
		s.ends = append(s.ends, end[1])
		begin = end[1]
	}
	return s
}

// parse returns the root of the file's only document, or nil if it has none.
func (s source) parse() (*yaml.Node, error) {
	switch {
	case len(s.data) > maxSize:
		return nil, fmt.Errorf("longer than %d KiB", maxSize>>10)
	case !utf8.Valid(s.data):
		return nil, errors.New("not UTF-8")
	}
	return parse(s.data)
}

func parse(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	switch err := d.Decode(&second); {
	case err == nil:
		return nil, errors.New("there is a second document in the file")
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return document.Content[0], nil
}

// broken returns where the text stops being YAML: the line behind the longest
// beginning that is. The parser itself tells where the thing began which it could
// not make sense of, or nothing.
func (s source) broken() (line, column int) {
	if len(s.data) > maxSize {
		return 1, 1
	}
	whole := 0
	for i, end := range s.ends {
		if !utf8.Valid(s.data[:end]) {
			whole = i
			break
		}
		if _, err := parse(s.data[:end]); err == nil {
			whole = i + 1
		}
	}
	whole = min(whole, len(s.lines)-1)
	indent := len(s.lines[whole]) - len([]rune(strings.TrimLeftFunc(string(s.lines[whole]), unicode.IsSpace)))
	return whole + 1, indent + 1
}

// where is what the parser says of the place, which broken knows better.
var where = regexp.MustCompile(`^(yaml: )?(line \d+: )?`)

func syntaxText(err error) string { return where.ReplaceAllString(err.Error(), "") }

// locate returns where a place in a scalar's value stands in the file: line and
// column are counted from 1, in characters. However a scalar is written, it has
// the visible characters of its value in their order; only the spaces between
// them differ. So the visible characters before the place are counted.
func (s source) locate(n *yaml.Node, line, column int) (fileLine, fileColumn int) {
	before, visible := split(n.Value, line, column)
	c := s.start(n)
	for range countVisible(before) {
		c.column += c.seek()
	}
	if visible && c.seek() == 0 || c.line >= len(c.lines) {
		return n.Line, n.Column // not written as this knows it: better near than nowhere
	}
	return c.line + 1, c.column + 1
}

// split returns what of a text stands before a place, and whether a visible
// character stands at it.
func split(text string, line, column int) (before string, visible bool) {
	for ; line > 1; line-- {
		end := strings.IndexByte(text, '\n')
		if end < 0 {
			break
		}
		before += text[:end+1]
		text = text[end+1:]
	}
	for i, r := range text {
		if column--; column == 0 {
			return before + text[:i], !unicode.IsSpace(r)
		}
	}
	return before + text, false
}

func countVisible(text string) int {
	count := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			count++
		}
	}
	return count
}

// cursor walks over the characters of a scalar in the file.
type cursor struct {
	lines        [][]rune
	line, column int // from 0
	style        yaml.Style
}

// start returns a cursor at a scalar's first character: behind its anchor and tag,
// its quote, or the line that says how a block is written.
func (s source) start(n *yaml.Node) *cursor {
	c := &cursor{lines: s.lines, line: n.Line - 1, column: n.Column - 1, style: n.Style}
	for c.skipSpace() && (c.at() == '&' || c.at() == '!') {
		for c.column < len(c.lines[c.line]) && !unicode.IsSpace(c.at()) {
			c.column++
		}
	}
	switch {
	case c.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		c.line, c.column = c.line+1, 0
		c.skipSpace()
	case c.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		c.column++
	}
	return c
}

func (c *cursor) at() rune { return c.lines[c.line][c.column] }

// skipSpace goes on to the next visible character, and reports whether there is one.
func (c *cursor) skipSpace() bool {
	for c.line < len(c.lines) {
		if c.column >= len(c.lines[c.line]) {
			c.line, c.column = c.line+1, 0
		} else if unicode.IsSpace(c.at()) {
			c.column++
		} else {
			return true
		}
	}
	return false
}

// seek goes on to the next visible character of the value, and returns how many
// characters of the file it takes, or 0 if there is none.
func (c *cursor) seek() int {
	for c.skipSpace() {
		width, visible := 1, true
		switch at := c.at(); {
		case at == '\\' && c.style&yaml.DoubleQuotedStyle != 0:
			width, visible = escape(c.lines[c.line][c.column:])
		case at == '\'' && c.style&yaml.SingleQuotedStyle != 0:
			width = 2
		}
		if visible {
			return width
		}
		c.column += width
	}
	return 0
}

// escape returns the length of an escape in double quotes, and whether what it
// stands for is visible.
func escape(text []rune) (width int, visible bool) {
	if len(text) < 2 {
		return 1, false // the end of a line, which goes on in the next
	}
	switch text[1] {
	case 'x':
		return 4, true
	case 'u':
		return 6, true
	case 'U':
		return 10, true
	case 'n', 't', 'r', 'v', 'f', 'N', '_', 'L', 'P', ' ', '\t':
		return 2, false
	}
	return 2, true
}
