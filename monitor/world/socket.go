package world

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// answerTimeout bounds the wait for the kernel, which answers before sendmsg
// returns: it only keeps a bug from hanging the pipeline.
const answerTimeout = time.Second

// socket asks one network namespace's rtnetlink. It stays in the namespace that
// it was opened in, wherever its user goes. Each question costs what its answer
// is long, never what the namespace holds.
type socket struct {
	handles map[int]*nl.SocketHandle
}

// dial opens a socket in the calling thread's network namespace.
func dial() (*socket, error) {
	// No namespace is given, so the library calls no setns.
	s, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink socket: %w", err)
	}
	timeout := unix.NsecToTimeval(answerTimeout.Nanoseconds())
	// Without strict checks the kernel ignores what a dump is asked to be limited to.
	if err := errors.Join(s.SetSendTimeout(&timeout), s.SetReceiveTimeout(&timeout),
		unix.SetsockoptInt(s.GetFd(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)); err != nil {
		s.Close()
		return nil, fmt.Errorf("set up rtnetlink socket: %w", err)
	}
	return &socket{map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: s}}}, nil
}

func (s *socket) netlink() *nl.NetlinkSocket { return s.handles[unix.NETLINK_ROUTE].Socket }

func (s *socket) close() { s.netlink().Close() }

// cookie is the namespace's cookie, 0 where the kernel does not tell it (before 5.14).
func (s *socket) cookie() uint64 {
	cookie, err := unix.GetsockoptUint64(s.netlink().GetFd(), unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0
	}
	return cookie
}

// request makes a message; flags are NLM_F_*.
func (s *socket) request(kind, flags int, data ...nl.NetlinkRequestData) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	r.Sockets = s.handles
	for _, d := range data {
		r.AddData(d)
	}
	return r
}

// dump collects the answers of one kind. A dump that changed under way is as
// good as one that was taken a moment earlier or later.
func dump(r *nl.NetlinkRequest, kind uint16) ([][]byte, error) {
	messages, err := r.Execute(unix.NETLINK_ROUTE, kind)
	if errors.Is(err, nl.ErrDumpInterrupted) {
		err = nil
	}
	return messages, err
}

// links returns all links.
func (s *socket) links() ([]*foundLink, error) {
	messages, err := dump(s.request(unix.RTM_GETLINK, unix.NLM_F_DUMP, nl.NewIfInfomsg(unix.AF_UNSPEC)), unix.RTM_NEWLINK)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	links := make([]*foundLink, 0, len(messages))
	for _, m := range messages {
		link, err := parseLink(m)
		if err != nil {
			return nil, fmt.Errorf("list links: %w", err)
		}
		links = append(links, link)
	}
	return links, nil
}

// linkByName returns the link that answers to a name (an alternative name
// included), nil if there is none.
func (s *socket) linkByName(name events.Name) (*foundLink, error) {
	kind := unix.IFLA_IFNAME
	switch {
	case name == "" || len(name) >= altNameSize:
		return nil, nil // no link can have it, and the kernel would call it a malformed question
	case len(name) >= unix.IFNAMSIZ:
		kind = unix.IFLA_ALT_IFNAME
	}
	return s.link(nl.NewIfInfomsg(unix.AF_UNSPEC), nl.NewRtAttr(kind, nl.ZeroTerminated(string(name))))
}

// altNameSize is the kernel's ALTIFNAMSIZ.
const altNameSize = 128

// linkByIndex returns the link that has an index, nil if there is none.
func (s *socket) linkByIndex(index uint32) (*foundLink, error) {
	if int32(index) <= 0 {
		return nil, nil
	}
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	return s.link(header)
}

func (s *socket) link(data ...nl.NetlinkRequestData) (*foundLink, error) {
	messages, err := s.request(unix.RTM_GETLINK, 0, data...).Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	switch {
	case errors.Is(err, unix.ENODEV):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look up link: %w", err)
	case len(messages) != 1:
		return nil, fmt.Errorf("look up link: %d answers", len(messages))
	}
	return parseLink(messages[0])
}

// addresses returns the addresses of one link, or of all if index is 0, by
// the link's index.
func (s *socket) addresses(index uint32) (map[uint32][]netip.Prefix, error) {
	header := nl.NewIfAddrmsg(unix.AF_UNSPEC)
	header.Index = index
	messages, err := dump(s.request(unix.RTM_GETADDR, unix.NLM_F_DUMP, header), unix.RTM_NEWADDR)
	if errors.Is(err, unix.ENODEV) {
		return nil, nil // the link went away
	}
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	all := make(map[uint32][]netip.Prefix)
	for _, m := range messages {
		index, prefix, err := parseAddress(m)
		if err != nil {
			return nil, fmt.Errorf("list addresses: %w", err)
		}
		all[index] = append(all[index], prefix)
	}
	return all, nil
}

// route returns the routing table's entry by which an address is reached, nil
// if there is none. It honours the namespace's routing rules, as the kernel
// does when it looks at a new route's gateway.
//
// No outgoing link is named in the question: IPv4 takes any address to be on
// the link that it is asked for when the tables know no better.
func (s *socket) route(to netip.Addr) (*foundRoute, error) {
	header := &nl.RtMsg{RtMsg: unix.RtMsg{
		Family:  family(to),
		Dst_len: uint8(to.BitLen()),
		Flags:   unix.RTM_F_FIB_MATCH,
	}}
	if to.Is4() {
		header.Flags |= unix.RTM_F_LOOKUP_TABLE // else it says main; IPv6 says always which table it was
	}
	r := s.request(unix.RTM_GETROUTE, 0, header, nl.NewRtAttr(unix.RTA_DST, to.AsSlice()))
	messages, err := r.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
	switch {
	case unreachable(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look up route to %s: %w", to, err)
	case len(messages) != 1:
		return nil, fmt.Errorf("look up route to %s: %d answers", to, len(messages))
	}
	found, err := parseRoute(messages[0])
	if err == nil && (found.kind == unix.RTN_LOCAL || found.kind == unix.RTN_BROADCAST) {
		found.table = unix.RT_TABLE_LOCAL // as long as there are no rules, IPv4 keeps it in one with main, and says so
	}
	return found, err
}

// unreachable reports whether an error is the kernel's way to say that there is
// no route: none at all, one of the types unreachable, prohibit or blackhole, or
// none of this family (ipv6.disable=1).
func unreachable(err error) bool {
	for _, errno := range []error{unix.EOPNOTSUPP, unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EACCES, unix.EINVAL, unix.ENODEV, unix.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// hidings is how many routes to parts of a destination are passed by in search of
// an address that only a route to the whole leads to.
const hidings = 4

// exact returns the route that leads to just this destination in a table, nil if
// there is none. It asks by which route some addresses of the destination are
// reached. known is false if all that were tried have more special ones, or are
// looked up in other tables.
func (s *socket) exact(dst netip.Prefix, table uint32) (route *foundRoute, known bool, err error) {
	for _, at := range slices.Compact([]netip.Addr{middle(dst), dst.Addr(), last(dst)}) {
		for range hidings {
			found, err := s.route(at)
			if err != nil {
				return nil, false, err
			}
			if found == nil {
				break // or one that leads nowhere on purpose: the kernel does not tell
			}
			if found.table == table && found.dst == dst {
				return found, true, nil
			}
			if found.table == table && found.dst.Bits() < dst.Bits() {
				return nil, true, nil
			}
			if at = last(found.dst).Next(); !dst.Contains(at) {
				break
			}
		}
	}
	return nil, false, nil
}

// middle is the first address of a network's upper half.
func middle(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	if at := p.Bits(); at < len(b)*8 {
		b[at/8] |= 0x80 >> (at % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// last is the last address of a network.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for at := p.Bits(); at < len(b)*8; at++ {
		b[at/8] |= 0x80 >> (at % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// glance is how many buffers of a table are read at most: some hundred routes.
const glance = 4

// listed returns the routes that lead to just this destination, from the beginning
// of a table, which the kernel lists by destination if it is IPv4's. known is false
// if that did not show all of them. The socket is spent by it: a dump is not read
// to its end, however long it is.
func (s *socket) listed(dst netip.Prefix, table uint32) (routes []*foundRoute, known bool, err error) {
	header := &nl.RtMsg{RtMsg: unix.RtMsg{Family: family(dst.Addr())}}
	request := s.request(unix.RTM_GETROUTE, unix.NLM_F_DUMP, header, nl.NewRtAttr(unix.RTA_TABLE, nl.Uint32Attr(table)))
	if err := s.netlink().Send(request); err != nil {
		return nil, false, err
	}
	for range glance {
		messages, _, err := s.netlink().Receive()
		if err != nil {
			return nil, false, err
		}
		for _, m := range messages {
			if m.Header.Type != unix.RTM_NEWROUTE {
				return routes, true, dumpError(m.Data)
			}
			route, err := parseRoute(m.Data)
			switch {
			case err != nil:
				return nil, false, err
			case route.dst == dst:
				routes = append(routes, route)
			case dst.Addr().Is4() && dst.Addr().Less(route.dst.Addr()):
				return routes, true, nil
			}
		}
	}
	return routes, false, nil
}

// dumpError is the error that ends a dump, of which NLMSG_DONE and NLMSG_ERROR both
// hold the number. ENOENT is none: nobody has put a route into this table yet.
func dumpError(end []byte) error {
	if len(end) < 4 {
		return nil
	}
	errno := unix.Errno(-int32(binary.NativeEndian.Uint32(end)))
	if errno == 0 || errno == unix.ENOENT {
		return nil
	}
	return errno
}

// defaults returns the default routes of the main table. The socket is spent by
// it. Of several IPv6 ones only the preferred is found: that table is listed by
// destination too, but with ::/0 at its end.
func (s *socket) defaults() ([]*foundRoute, error) {
	six, _, err := s.exact(netip.PrefixFrom(netip.IPv6Unspecified(), 0), unix.RT_TABLE_MAIN)
	if err != nil {
		return nil, err
	}
	routes, _, err := s.listed(netip.PrefixFrom(netip.IPv4Unspecified(), 0), unix.RT_TABLE_MAIN)
	if err != nil {
		return nil, fmt.Errorf("list default routes: %w", err)
	}
	if six != nil {
		routes = append(routes, six)
	}
	return routes, nil
}

// nsid returns the id that this namespace calls another one by, -1 if it has
// given it none.
func (s *socket) nsid(other *os.File) (int32, error) {
	fd := nl.NewRtAttr(unix.NETNSA_FD, nl.Uint32Attr(uint32(other.Fd())))
	messages, err := s.request(unix.RTM_GETNSID, 0, &nl.RtGenMsg{}, fd).Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNSID)
	if err != nil {
		return -1, fmt.Errorf("ask for the id of %s: %w", other.Name(), err)
	}
	for _, m := range messages {
		attributes, err := attributesAfter(m, unix.SizeofRtAttr) // struct rtgenmsg, padded
		if err != nil {
			return -1, fmt.Errorf("ask for the id of %s: %w", other.Name(), err)
		}
		for _, a := range attributes {
			if a.kind == unix.NETNSA_NSID {
				return int32(a.uint32()), nil
			}
		}
	}
	return -1, nil
}

func family(a netip.Addr) uint8 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
