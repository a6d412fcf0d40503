package events

import (
	"strconv"
	"unicode/utf8"
)

// Name is a name that came from outside: from the kernel, from a process or
// from a container's runtime. It is bytes, not text, and may be hostile (ESC,
// newlines, bidirectional overrides, broken UTF-8). String is the only way to
// show it; string(n) gives the bytes themselves, for comparing.
type Name string

// String returns n with everything that is not printable escaped (see AppendName).
func (n Name) String() string {
	if Printable(string(n)) {
		return string(n)
	}
	return string(AppendName(nil, string(n)))
}

// Printable reports whether every character of s is printable UTF-8, as
// strconv.IsPrint has it: no control characters, no bidirectional overrides, no
// broken sequences.
func Printable(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !strconv.IsPrint(r) {
			return false
		}
		i += size
	}
	return true
}

// AppendName appends s with each byte of an unprintable character as \xNN and a
// backslash as \\, so that the original can be had back. A string that is
// Printable should be shown as it is instead: an escape is recognised by its
// neighbour, the bytes as hex, which stands only beside escaped names.
func AppendName(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\':
			b = append(b, `\\`...)
		case r == utf8.RuneError && size == 1, !strconv.IsPrint(r):
			for _, c := range []byte(s[i : i+size]) {
				b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
			}
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return b
}
