package events

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may nest. Ours stay below 10.
const maxDepth = 32

// object is one JSON object, its keys in their order. Its values are what
// encoding/json makes of them: nil, bool, json.Number, string; but a list is
// []any and an object *object.
type object struct {
	keys   []string
	values map[string]any
}

// parseObject reads a line that is one JSON object. The error wraps
// io.ErrUnexpectedEOF if the line ends before the object does.
func parseObject(line []byte) (*object, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	v, err := parseValue(d, 0)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("it ends before its object does: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return nil, errors.New("not an object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more behind the object")
	}
	if !utf8.Valid(line) {
		return nil, errors.New("not UTF-8")
	}
	return o, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseFields(d, depth)
	case json.Delim('['):
		return parseList(d, depth)
	}
	return token, nil
}

// parseFields reads an object behind its opening bracket. Of two fields of one
// name the last counts, as usual.
func parseFields(d *json.Decoder, depth int) (*object, error) {
	o := &object{values: map[string]any{}}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // the decoder takes nothing else for a key
		v, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		if _, again := o.values[key]; !again {
			o.keys = append(o.keys, key)
		}
		o.values[key] = v
	}
	_, err := d.Token()
	return o, err
}

// parseList reads a list behind its opening bracket.
func parseList(d *json.Decoder, depth int) ([]any, error) {
	list := []any{}
	for d.More() {
		v, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

// reader takes the fields out of one JSON object, as writer puts them in. It
// knows nothing of events. A field that is absent, or null, is read as its zero.
// The first thing found wrong with any object of the line is kept in err, which
// they share.
type reader struct {
	*object
	path string // of the object, with a dot behind it, for errors
	err  *error
}

// fail keeps what is wrong with the field called key, unless something was before.
func (r reader) fail(key, format string, args ...any) {
	if *r.err == nil {
		*r.err = fmt.Errorf("%s%s: %w", r.path, key, fmt.Errorf(format, args...))
	}
}

func (r reader) has(key string) bool { return r.object != nil && r.values[key] != nil }

// field returns the value of the field called key if it is of type T, and the
// zero of T if it is absent.
func field[T any](r reader, key, want string) (v T, ok bool) {
	if !r.has(key) {
		return v, false
	}
	if v, ok = r.values[key].(T); !ok {
		r.fail(key, "want %s", want)
	}
	return v, ok
}

// in returns a reader of the object called key, and whether it is there.
func (r reader) in(key string) (reader, bool) {
	o, ok := field[*object](r, key, "an object")
	return reader{o, r.path + key + ".", r.err}, ok
}

// need fails if the field called key is absent.
func (r reader) need(key string) {
	if !r.has(key) {
		r.fail(key, "missing")
	}
}

// text returns the bytes of a text as they came: those of its hex, if that stands
// beside it.
func (r reader) text(key string) string {
	s, ok := field[string](r, key, "text")
	if ok && r.has(key+"_hex") {
		return r.hex(key + "_hex")
	}
	return s
}

func (r reader) name(key string) Name { return Name(r.text(key)) }

// word returns a word of our own vocabulary, which is written without escaping.
func (r reader) word(key string) string {
	s, _ := field[string](r, key, "a word")
	if s != "" && !isWord(s) {
		r.fail(key, "%q is not a word", s)
		return ""
	}
	return s
}

// neededWord is word, which must not be empty.
func (r reader) neededWord(key string) string {
	s := r.word(key)
	if s == "" {
		r.fail(key, "missing")
	}
	return s
}

// isWord reports whether s is made like our own words, the names of fields among
// them: letters and digits of ASCII, dashes and underscores.
func isWord(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

func (r reader) bool(key string) bool {
	v, _ := field[bool](r, key, "true or false")
	return v
}

// number returns a number of so many bits.
func (r reader) number(key string, bits int) uint64 {
	n, ok := field[json.Number](r, key, "a number")
	if !ok {
		return 0
	}
	return r.parseNumber(key, n, bits)
}

func (r reader) parseNumber(key string, n json.Number, bits int) uint64 {
	v, err := strconv.ParseUint(n.String(), 10, bits)
	if err != nil {
		r.fail(key, "%s: want a whole number of %d bits", n, bits)
	}
	return v
}

func (r reader) uint64(key string) uint64 { return r.number(key, 64) }
func (r reader) uint32(key string) uint32 { return uint32(r.number(key, 32)) }
func (r reader) int(key string) int       { return int(r.number(key, strconv.IntSize-1)) }

func (r reader) float(key string) float64 {
	n, ok := field[json.Number](r, key, "a number")
	if !ok {
		return 0
	}
	v, err := n.Float64()
	if err != nil {
		r.fail(key, "%s: out of range", n)
	}
	return v
}

// time reads what writer.time writes. A time that could not be written so is wrong.
func (r reader) time(key string) time.Time {
	s, ok := field[string](r, key, "a time")
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		r.fail(key, "%q is not a time", s)
		return time.Time{}
	}
	return t
}

func (r reader) hex(key string) string {
	s, _ := field[string](r, key, "hex")
	b, err := hex.DecodeString(s)
	if err != nil {
		r.fail(key, "%q is not hex", s)
	}
	return string(b)
}

func (r reader) mac(key string) string {
	s, ok := field[string](r, key, "a link-layer address")
	if !ok || s == "" {
		return ""
	}
	mac, ok := parseMac(s)
	if !ok {
		r.fail(key, "%q is not a link-layer address", s)
	}
	return mac
}

// parseMac reads what appendMac writes, and nothing else: aa:bb:…
func parseMac(s string) (string, bool) {
	var mac []byte
	for i := 0; i < len(s); i += 3 {
		if i+2 > len(s) || i+2 < len(s) && s[i+2] != ':' || i+3 == len(s) {
			return "", false
		}
		b, err := hex.DecodeString(s[i : i+2])
		if err != nil {
			return "", false
		}
		mac = append(mac, b...)
	}
	return string(mac), mac != nil
}

func (r reader) addr(key string) netip.Addr {
	s, ok := field[string](r, key, "an address")
	if !ok {
		return netip.Addr{}
	}
	return r.parseAddr(key, s)
}

func (r reader) parseAddr(key, s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		r.fail(key, "%q is not an address", s)
	}
	return a
}

func (r reader) prefix(key string) netip.Prefix {
	s, ok := field[string](r, key, "an address with its prefix length")
	if !ok {
		return netip.Prefix{}
	}
	return r.parsePrefix(key, s)
}

func (r reader) parsePrefix(key, s string) netip.Prefix {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		r.fail(key, "%q is not an address with its prefix length", s)
	}
	return p
}

// elements reads a list with read for each element, which must be of type T. It
// is nil if it is absent or empty.
func elements[T, E any](r reader, key, want string, read func(key string, element T) E) []E {
	list, _ := field[[]any](r, key, "a list")
	var all []E
	for i := range list {
		element, ok := list[i].(T)
		if !ok {
			r.fail(key, "element %d: want %s", i, want)
			return nil
		}
		all = append(all, read(key, element))
	}
	return all
}

func (r reader) addrs(key string) []netip.Addr { return elements(r, key, "an address", r.parseAddr) }

func (r reader) prefixes(key string) []netip.Prefix {
	return elements(r, key, "an address with its prefix length", r.parsePrefix)
}

func readNumbers[N uint32 | uint64](r reader, key string) []N {
	return elements(r, key, "a number", func(key string, n json.Number) N {
		return N(r.parseNumber(key, n, bits.Len64(uint64(^N(0)))))
	})
}

// readTexts reads what texts writes.
func readTexts[S ~string](r reader, key string) []S {
	raw := r.listHex(key)
	i := -1
	return elements(r, key, "text", func(_ string, s string) S {
		if i++; i < len(raw) && raw[i] != nil {
			return S(*raw[i])
		}
		return S(s)
	})
}

// listHex returns the bytes of each text of the list called key, which stand
// beside it as hex if one of them can't be shown; nil for what is no text.
func (r reader) listHex(key string) []*string {
	list, _ := field[[]any](r, key+"_hex", "a list")
	raw := make([]*string, len(list))
	for i := range list {
		s, ok := list[i].(string)
		if !ok {
			continue
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			r.fail(key+"_hex", "%q is not hex", s)
		}
		text := string(b)
		raw[i] = &text
	}
	return raw
}

// set reads what writer.set writes: the names of bits, and a hexadecimal number
// for those that have none.
func (r reader) set(key string, names []string) uint64 {
	var set uint64
	for _, word := range readTexts[string](r, key) {
		set |= r.bit(key, word, names)
	}
	return set
}

func (r reader) bit(key, word string, names []string) uint64 {
	if i := slices.Index(names, word); i >= 0 {
		return 1 << i
	}
	n, err := strconv.ParseUint(word, 0, 64)
	if err != nil {
		r.fail(key, "%q is not known", word)
	}
	return n
}
