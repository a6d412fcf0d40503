// Package netlink decodes requests of rtnetlink: the bytes that a process sent
// to the kernel become a change's kind, action, target and request, under the
// names that `ip -json` uses.
//
// The bytes are hostile. Whatever is malformed gives an error, what could be
// decoded is kept beside it, and an attribute that is not known is kept as hex.
package netlink

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// ErrTruncated is the error of a message that was not captured in full.
var ErrTruncated = errors.New("message truncated")

// verb is what a message does with its kind of object: the lower two bits of its
// type, for every family of rtnetlink.
type verb uint16

const (
	verbNew verb = iota
	verbDel
	verbGet
	verbSet
)

// String returns the verb as the names of message types have it.
func (v verb) String() string { return [...]string{"NEW", "DEL", "GET", "SET"}[v] }

// A family is four message types about one kind of object. Its decoder sets the
// change's action, target and request.
type family struct {
	name   string
	kind   events.Kind
	decode func(c *events.Change, m message) error
}

// families has each family by its first message type.
var families = map[uint16]family{
	unix.RTM_NEWLINK:  {"LINK", events.KindLink, decodeLink},
	unix.RTM_NEWADDR:  {"ADDR", events.KindAddress, decodeAddress},
	unix.RTM_NEWROUTE: {"ROUTE", events.KindRoute, decodeRoute},
	unix.RTM_NEWNEIGH: {"NEIGH", events.KindNeighbour, decodeNeighbour},
	unix.RTM_NEWRULE:  {"RULE", events.KindRule, decodeRule},

	unix.RTM_NEWNEXTHOP: {"NEXTHOP", events.KindNexthop, decodeNexthop},
	unix.RTM_NEWQDISC:   {"QDISC", events.KindQdisc, decodeQdisc},
	unix.RTM_NEWTCLASS:  {"TCLASS", events.KindQdisc, decodeClass},
	unix.RTM_NEWTFILTER: {"TFILTER", events.KindQdisc, decodeFilter},
}

// message is one request, and what its attributes need to be understood.
type message struct {
	b     []byte // from its nlmsghdr on
	verb  verb
	flags uint16 // NLM_F_*
	af    uint8  // address family, the first byte of every family's header
	peer  bool   // the attributes are those of a link's peer, inside another link's
	links func(index uint32) events.Name
}

// errVerb is the error of a message that neither changes anything nor looks up a link.
var errVerb = errors.New("not a change")

// Decode sets c's Kind, Action, Target and Request, and nothing else, from msg,
// a request that begins at its nlmsghdr; further messages behind it are not looked
// at. It uses the memory of c.Request again. links names a link of the namespace
// by its index as things stood before the request, "" if it is not known.
//
// On an error, which says where in the message it stands, c keeps what could be
// decoded. The error wraps ErrTruncated if msg is shorter than the message was.
func Decode(c *events.Change, msg []byte, links func(index uint32) events.Name) error {
	c.Kind, c.Action, c.Target, c.Request = "", "", "", c.Request[:0]
	if len(msg) < unix.SizeofNlMsghdr {
		return fmt.Errorf("decode message: header: %w: %d of %d bytes", ErrTruncated, len(msg), unix.SizeofNlMsghdr)
	}
	length, typ := int(native.Uint32(msg)), native.Uint16(msg[4:])
	m := message{b: msg, verb: verb(typ & 3), flags: native.Uint16(msg[6:]), links: links}
	f, ok := families[typ&^3]
	switch {
	case !ok:
		return fmt.Errorf("decode message of type %d: no decoder", typ)
	case length < unix.SizeofNlMsghdr:
		return fmt.Errorf("decode RTM_%s%s: length %d, want %d or more", m.verb, f.name, length, unix.SizeofNlMsghdr)
	case length < len(msg):
		m.b = msg[:length]
	}
	if len(m.b) > unix.SizeofNlMsghdr {
		m.af = m.b[unix.SizeofNlMsghdr]
	}
	c.Kind = f.kind
	err := f.decode(c, m)
	if length > len(msg) {
		err = truncated(len(msg), length, err)
	}
	if err != nil {
		return fmt.Errorf("decode RTM_%s%s: %w", m.verb, f.name, err)
	}
	return nil
}

// truncated says that a message was cut, and where the cut or something else
// ended the decoding.
func truncated(got, want int, err error) error {
	if err == nil {
		return fmt.Errorf("%w: %d of %d bytes", ErrTruncated, got, want)
	}
	return fmt.Errorf("%w: %d of %d bytes: %w", ErrTruncated, got, want, err)
}

// header returns the family's own header, of n bytes, and the attributes behind
// it. A header that is cut short is returned as zeros with an error.
func (m *message) header(n int) ([]byte, Attributes, error) {
	start := unix.SizeofNlMsghdr
	if len(m.b) < start+n {
		err := fmt.Errorf("header at byte %d: %d bytes left, want %d", start, len(m.b)-start, n)
		return make([]byte, n), Attributes{}, err
	}
	return m.b[start : start+n], Attributes{b: m.b[start+n:], base: start + n}, nil
}

// has reports whether all of the given NLM_F_* flags are set.
func (m *message) has(flags uint16) bool { return m.flags&flags == flags }

// LinkName returns the name of the link with that index, or "if12" as ip shows a
// link whose name is not known.
func LinkName(links func(index uint32) events.Name, index uint32) events.Name {
	if links != nil {
		if name := links(index); name != "" {
			return name
		}
	}
	return events.Name("if" + strconv.FormatUint(uint64(index), 10))
}
