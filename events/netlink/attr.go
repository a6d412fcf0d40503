package netlink

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// native is the byte order of netlink's headers and of most of its payloads.
var native = binary.NativeEndian

// Attributes walks a run of netlink attributes (struct nlattr), in the manner of
//
//	for ad := NewAttributes(b); ad.Next(); {
//		switch ad.Type() {
//		case unix.IFLA_IFNAME:
//			name = ad.Name()
//		}
//	}
//	return ad.Err()
//
// The first error is kept and told by Err. A malformed attribute ends the walk,
// as it does in the kernel. A payload whose length does not suit its getter does
// not: the kernel takes some of those too, so what follows still counts.
//
// The walk allocates nothing and copies nothing but what Name returns.
type Attributes struct {
	b       []byte
	base    int // where b stands in the message, for errors
	at      int // the current attribute's place in b
	next    int
	typ     uint16
	payload []byte
	bad     bool // the current attribute's payload is not what it should be
	err     error
}

// NewAttributes starts a walk over b, whose first byte is that of a struct nlattr.
func NewAttributes(b []byte) Attributes { return Attributes{b: b} }

// Next goes to the next attribute. It returns false at the end and at the first
// malformed attribute.
func (ad *Attributes) Next() bool {
	ad.at, ad.bad, ad.payload = ad.next, false, nil
	rest := ad.b[ad.at:]
	switch {
	case len(rest) == 0:
		return false
	case len(rest) < unix.NLA_HDRLEN:
		ad.stop("%d bytes left, want a header of %d", len(rest), unix.NLA_HDRLEN)
		return false
	}
	length := int(native.Uint16(rest))
	if length < unix.NLA_HDRLEN || length > len(rest) {
		ad.stop("length %d, want %d to the %d bytes left", length, unix.NLA_HDRLEN, len(rest))
		return false
	}
	ad.typ = native.Uint16(rest[2:])
	ad.payload = rest[unix.NLA_HDRLEN:length]
	// The last attribute may lack its padding.
	ad.next = min(ad.at+align(length), len(ad.b))
	return true
}

// align rounds a length up to the place of the next attribute or next hop.
func align(n int) int { return (n + unix.NLA_ALIGNTO - 1) &^ (unix.NLA_ALIGNTO - 1) }

// stop ends the walk with an error about the attribute that stands next.
func (ad *Attributes) stop(format string, args ...any) {
	ad.next = len(ad.b)
	ad.Fail(fmt.Errorf("attribute at byte %d: %s", ad.base+ad.at, fmt.Sprintf(format, args...)))
}

// Err returns the first error of the walk and of the getters called, or nil.
func (ad *Attributes) Err() error { return ad.err }

// Fail keeps err as the walk's error, unless it is nil or there is one already.
// It is for what a caller finds wrong with a payload, and for a nested walk's Err.
func (ad *Attributes) Fail(err error) {
	if ad.err == nil {
		ad.err = err
	}
}

// Type returns the attribute's type without the flags for nested payloads and
// for network byte order.
func (ad *Attributes) Type() uint16 {
	return ad.typ &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
}

// Bytes returns the payload, which stays part of the message.
func (ad *Attributes) Bytes() []byte { return ad.payload }

// Nested starts a walk over the attributes in the payload. Its error is its own:
// hand it on with Fail.
func (ad *Attributes) Nested() Attributes { return ad.nestedAt(0) }

// nestedAt is Nested for a payload that begins with a header of skip bytes.
func (ad *Attributes) nestedAt(skip int) Attributes {
	return Attributes{b: ad.payload[skip:], base: ad.base + ad.at + unix.NLA_HDRLEN + skip}
}

// rest returns the attributes from the current one on, undecoded.
func (ad *Attributes) rest() []byte { return ad.b[ad.at:] }

// Name returns a string up to its first NUL, as the kernel reads it.
func (ad *Attributes) Name() string { return cString(ad.payload) }

// cString returns b up to its first NUL, or all of it.
func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// Uint8 returns a payload of one byte.
func (ad *Attributes) Uint8() uint8 {
	if !ad.want(1) {
		return 0
	}
	return ad.payload[0]
}

// Uint16 returns a payload of two bytes.
func (ad *Attributes) Uint16() uint16 {
	if !ad.want(2) {
		return 0
	}
	return native.Uint16(ad.payload)
}

// Uint32 returns a payload of four bytes.
func (ad *Attributes) Uint32() uint32 {
	if !ad.want(4) {
		return 0
	}
	return native.Uint32(ad.payload)
}

// Uint64 returns a payload of eight bytes.
func (ad *Attributes) Uint64() uint64 {
	if !ad.want(8) {
		return 0
	}
	return native.Uint64(ad.payload)
}

// BigEndian16 returns a payload of two bytes in network byte order.
func (ad *Attributes) BigEndian16() uint16 {
	if !ad.want(2) {
		return 0
	}
	return binary.BigEndian.Uint16(ad.payload)
}

// BigEndian32 returns a payload of four bytes in network byte order.
func (ad *Attributes) BigEndian32() uint32 {
	if !ad.want(4) {
		return 0
	}
	return binary.BigEndian.Uint32(ad.payload)
}

// Addr returns a payload of 4 or 16 bytes as an IP address.
func (ad *Attributes) Addr() netip.Addr {
	a, ok := netip.AddrFromSlice(ad.payload)
	if !ok {
		ad.wrong("4 or 16")
	}
	return a
}

// want checks the payload's length.
func (ad *Attributes) want(n int) bool {
	if len(ad.payload) != n {
		ad.wrong(fmt.Sprint(n))
		return false
	}
	return true
}

// wrong keeps the error of a payload that is not of the length it should have.
func (ad *Attributes) wrong(want string) {
	ad.bad = true
	ad.Fail(fmt.Errorf("attribute %d at byte %d: payload of %d bytes, want %s",
		ad.Type(), ad.base+ad.at, len(ad.payload), want))
}
