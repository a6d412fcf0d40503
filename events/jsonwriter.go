package events

import (
	"math"
	"math/bits"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"
)

// writer builds one JSON object by appending to b. It knows nothing of events.
// Its methods leave out what is empty: absent means not known.
type writer struct {
	b    []byte
	cut  cut
	stop int // a request's fields are left out once b is longer than this
}

// cut says how much of what came from outside is written. What is cut leaves
// its original length beside it, under its own key with _cut behind it.
type cut struct {
	text    int // the longest text, in bytes of the original
	list    int // the most elements of a list
	request int // the most JSON that a request may grow to, in bytes
}

// cuts are tried one after the other until the line is short enough. The first
// leaves out only what could not fit by itself, the last fits whatever the event
// holds.
var cuts = [...]cut{
	{MaxLine, MaxLine, MaxLine},
	{2048, 256, 8192},
	{512, 64, 6144},
	{128, 32, 4096},
	{16, 8, 2048},
}

func (w *writer) begin() { w.b = append(w.b, '{') }
func (w *writer) end()   { w.b = append(w.b, '}') }

// object opens a nested object; end closes it.
func (w *writer) object(key string) {
	w.key(key)
	w.begin()
}

// comma separates from what stands before, unless that is an opening bracket. No
// value ends in one: text ends in a quote.
func (w *writer) comma() {
	if c := w.b[len(w.b)-1]; c != '{' && c != '[' {
		w.b = append(w.b, ',')
	}
}

func (w *writer) key(key string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, key...)
	w.b = append(w.b, '"', ':')
}

// keyBeside starts the field that stands beside another and explains it.
func (w *writer) keyBeside(key, suffix string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, key...)
	w.b = append(w.b, suffix...)
	w.b = append(w.b, '"', ':')
}

func (w *writer) bool(key string, v bool) {
	w.key(key)
	w.b = strconv.AppendBool(w.b, v)
}

// uint writes a number of which 0 means not known.
func (w *writer) uint(key string, v uint64) {
	if v != 0 {
		w.number(key, v)
	}
}

func (w *writer) number(key string, v uint64) {
	w.key(key)
	w.b = strconv.AppendUint(w.b, v, 10)
}

// float writes a number; JSON has no name for one that is not finite.
func (w *writer) float(key string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	w.key(key)
	w.b = strconv.AppendFloat(w.b, v, 'f', -1, 64)
}

func (w *writer) time(key string, t time.Time) {
	if t.IsZero() {
		return
	}
	w.key(key)
	w.b = append(w.b, '"')
	w.b = t.UTC().AppendFormat(w.b, "2006-01-02T15:04:05.000000000Z07:00")
	w.b = append(w.b, '"')
}

// word writes a word of our own vocabulary, which needs no escaping.
func (w *writer) word(key, s string) {
	if s == "" {
		return
	}
	w.key(key)
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"')
}

// text writes a string that came from outside: as it is where it is printable,
// else escaped, with its bytes as hex beside it.
func (w *writer) text(key, s string) {
	if s == "" {
		return
	}
	kept := shorten(s, w.cut.text)
	w.key(key)
	var printable bool
	if w.b, printable = appendQuoted(w.b, kept); !printable {
		w.keyBeside(key, "_hex")
		w.b = appendHex(w.b, kept)
	}
	w.cutFrom(key, len(kept), len(s))
}

// hex writes raw bytes as hex, mac as a link-layer address.
func (w *writer) hex(key, s string) {
	kept := s[:min(len(s), w.cut.text)]
	w.key(key)
	w.b = appendHex(w.b, kept)
	w.cutFrom(key, len(kept), len(s))
}

func (w *writer) mac(key, s string) {
	if s == "" {
		return
	}
	kept := s[:min(len(s), w.cut.text)]
	w.key(key)
	w.b = append(w.b, '"')
	w.b = appendMac(w.b, kept)
	w.b = append(w.b, '"')
	w.cutFrom(key, len(kept), len(s))
}

// cutFrom tells the original length of what was cut: bytes of a text, elements
// of a list, fields of an object.
func (w *writer) cutFrom(key string, kept, length int) {
	if kept == length {
		return
	}
	w.keyBeside(key, "_cut")
	w.b = strconv.AppendInt(w.b, int64(length), 10)
}

func (w *writer) addr(key string, a netip.Addr) {
	if !a.IsValid() {
		return
	}
	w.key(key)
	w.b = appendAddr(w.b, a)
}

// array writes a list with append for each element, quoted or not by append itself.
func array[E any](w *writer, key string, list []E, element func([]byte, E) []byte) {
	if len(list) == 0 {
		return
	}
	kept := min(len(list), w.cut.list)
	w.key(key)
	w.b = append(w.b, '[')
	for _, e := range list[:kept] {
		w.comma()
		w.b = element(w.b, e)
	}
	w.b = append(w.b, ']')
	w.cutFrom(key, kept, len(list))
}

func appendNumber[N uint32 | uint64](b []byte, n N) []byte {
	return strconv.AppendUint(b, uint64(n), 10)
}

func appendPrefix(b []byte, p netip.Prefix) []byte {
	return append(p.AppendTo(append(b, '"')), '"')
}

// appendAddr leaves out the zone: it is a name from outside, and ours have none.
func appendAddr(b []byte, a netip.Addr) []byte {
	return append(a.WithZone("").AppendTo(append(b, '"')), '"')
}

// set writes the names of the bits that are set in v, the lowest first, and
// those that have none as one hexadecimal number at the end.
func (w *writer) set(key string, v uint64, names []string) {
	w.key(key)
	w.b = append(w.b, '[')
	for known := v & (1<<len(names) - 1); known != 0; known &= known - 1 {
		w.comma()
		w.b = append(w.b, '"')
		w.b = append(w.b, names[bits.TrailingZeros64(known)]...)
		w.b = append(w.b, '"')
	}
	if v >>= len(names); v != 0 {
		w.comma()
		w.b = append(w.b, `"0x`...)
		w.b = strconv.AppendUint(w.b, v<<len(names), 16)
		w.b = append(w.b, '"')
	}
	w.b = append(w.b, ']')
}

// value writes one decoded attribute.
func (w *writer) value(key string, v *Value) {
	switch v.Kind {
	case Text, Outside:
		w.text(key, v.Str)
	case Hex:
		w.hex(key, v.Str)
	case Mac:
		w.mac(key, v.Str)
	case List:
		w.list(key, v.Items)
	case Struct:
		w.object(key)
		w.fields(v.Items)
		w.end()
	default:
		w.key(key)
		w.scalar(v)
	}
}

// fields writes the fields of a decoded object, as long as there is room.
func (w *writer) fields(o Object) {
	for i := range o {
		if len(w.b) > w.stop {
			w.cutFrom("", i, len(o))
			return
		}
		w.value(o[i].Name, &o[i].Value)
	}
}

// list writes the elements of a decoded list. Has one of them bytes that can't
// be shown, then the bytes of all stand beside it as hex.
func (w *writer) list(key string, items Object) {
	kept := min(len(items), w.cut.list)
	printable := true
	w.key(key)
	w.b = append(w.b, '[')
	for i := range items[:kept] {
		if len(w.b) > w.stop {
			kept = i
			break
		}
		w.comma()
		printable = w.element(&items[i].Value) && printable
	}
	w.b = append(w.b, ']')
	if !printable {
		w.elementsHex(key, items[:kept])
	}
	w.cutFrom(key, kept, len(items))
}

// texts writes a list of texts in the way of list, even if it is empty.
func texts[S ~string](w *writer, key string, list []S) {
	kept := list[:min(len(list), w.cut.list)]
	printable := true
	w.key(key)
	w.b = append(w.b, '[')
	for _, s := range kept {
		w.comma()
		var plain bool
		w.b, plain = appendQuoted(w.b, shorten(string(s), w.cut.text))
		printable = printable && plain
	}
	w.b = append(w.b, ']')
	if !printable {
		w.keyBeside(key, "_hex")
		w.b = append(w.b, '[')
		for _, s := range kept {
			w.comma()
			w.b = appendHex(w.b, shorten(string(s), w.cut.text))
		}
		w.b = append(w.b, ']')
	}
	w.cutFrom(key, len(kept), len(list))
}

// element writes one element of a list and reports whether it could be shown as it is.
func (w *writer) element(v *Value) (printable bool) {
	switch v.Kind {
	case Text, Outside:
		w.b, printable = appendQuoted(w.b, shorten(v.Str, w.cut.text))
		return printable
	case Struct:
		w.begin()
		w.fields(v.Items)
		w.end()
	case Hex:
		w.b = appendHex(w.b, v.Str[:min(len(v.Str), w.cut.text)])
	default:
		w.scalar(v)
	}
	return true
}

// elementsHex writes the bytes of each text of a list, null for what is none.
func (w *writer) elementsHex(key string, items Object) {
	w.keyBeside(key, "_hex")
	w.b = append(w.b, '[')
	for i := range items {
		w.comma()
		if v := &items[i].Value; v.Kind == Text || v.Kind == Outside {
			w.b = appendHex(w.b, shorten(v.Str, w.cut.text))
		} else {
			w.b = append(w.b, "null"...)
		}
	}
	w.b = append(w.b, ']')
}

// scalar writes a value that is neither text nor made of others.
func (w *writer) scalar(v *Value) {
	switch v.Kind {
	case Int:
		w.b = strconv.AppendInt(w.b, int64(v.Num), 10)
	case Uint:
		w.b = strconv.AppendUint(w.b, v.Num, 10)
	case Bool:
		w.b = strconv.AppendBool(w.b, v.Num != 0)
	case Mac, Addr, Net:
		w.b = append(w.b, '"')
		w.b = appendPlain(w.b, v)
		w.b = append(w.b, '"')
	default:
		w.b = append(w.b, "null"...)
	}
}

// appendPlain appends a Mac, Addr or Net value as `ip` shows it.
func appendPlain(b []byte, v *Value) []byte {
	switch {
	case v.Kind == Mac:
		return appendMac(b, v.Str)
	case v.Kind == Addr:
		return v.Prefix.Addr().AppendTo(b)
	case v.Prefix.IsValid() && v.Prefix.Bits() == 0:
		return append(b, "default"...)
	}
	return v.Prefix.AppendTo(b)
}

// digits are the hexadecimal ones.
const digits = "0123456789abcdef"

// appendMac appends a link-layer address as aa:bb:…
func appendMac(b []byte, s string) []byte {
	for i := range len(s) {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digits[s[i]>>4], digits[s[i]&15])
	}
	return b
}

// appendHex appends the bytes of s as a JSON string of hex digits.
func appendHex(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		b = append(b, digits[s[i]>>4], digits[s[i]&15])
	}
	return append(b, '"')
}

// appendQuoted appends s as a JSON string, in the form of Name.String, and
// reports whether it could be shown as it is.
func appendQuoted(b []byte, s string) (_ []byte, printable bool) {
	b = append(b, '"')
	if plainJSON(s) {
		return append(append(b, s...), '"'), true
	}
	start := len(b)
	if printable = Printable(s); printable {
		b = append(b, s...)
	} else {
		b = AppendName(b, s)
	}
	return append(escapeFrom(b, start), '"'), printable
}

// plainJSON reports whether s is ASCII that stands for itself in a JSON string,
// as nearly every name is.
func plainJSON(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// escapeFrom escapes the printable text from start on for JSON, in place. That
// it has a quote or a backslash is rare, so it is looked for first.
func escapeFrom(b []byte, start int) []byte {
	special := 0
	for _, c := range b[start:] {
		if c == '"' || c == '\\' {
			special++
		}
	}
	if special == 0 {
		return b
	}
	from, to := len(b)-1, len(b)+special-1
	b = append(b, make([]byte, special)...)
	for ; from < to; from, to = from-1, to-1 {
		b[to] = b[from]
		if b[from] == '"' || b[from] == '\\' {
			to--
			b[to] = '\\'
		}
	}
	return b
}

// shorten returns the first bytes of s, at most limit, without tearing a
// character that would be whole in s.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && limit-end < utf8.UTFMax-1 && !utf8.RuneStart(s[end]) {
		end--
	}
	if !utf8.RuneStart(s[end]) {
		end = limit
	}
	return s[:end]
}
