package world

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
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
	return parseRoute(messages[0])
}

// unreachable reports whether an error is the kernel's way to say that there is
// no route: none at all, or one of the types unreachable, prohibit or blackhole.
func unreachable(err error) bool {
	for _, errno := range []error{unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EACCES, unix.EINVAL, unix.ENODEV, unix.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// defaults returns the default routes of the main table. The socket is spent by
// it: IPv4's are read from the beginning of a dump that is not read to its end,
// however long it is.
func (s *socket) defaults() ([]*foundRoute, error) {
	six, err := s.route(netip.IPv6Unspecified())
	if err != nil {
		return nil, err
	}
	routes, err := s.defaults4()
	if err != nil {
		return nil, fmt.Errorf("list default routes: %w", err)
	}
	if six != nil && six.bits == 0 {
		routes = append(routes, six)
	}
	return routes, nil
}

// defaults4 asks for the main table, which the kernel lists by destination, so
// that 0.0.0.0/0 comes first, and reads one buffer of it. (IPv6 lists ::/0
// last, but can be asked for :: itself, which to IPv4 means this host. So of
// several IPv6 default routes only the preferred one is found.)
func (s *socket) defaults4() ([]*foundRoute, error) {
	header := &nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_INET, Table: unix.RT_TABLE_MAIN}}
	if err := s.netlink().Send(s.request(unix.RTM_GETROUTE, unix.NLM_F_DUMP, header)); err != nil {
		return nil, err
	}
	messages, _, err := s.netlink().Receive()
	if err != nil {
		return nil, err
	}
	var routes []*foundRoute
	for _, m := range messages {
		if m.Header.Type != unix.RTM_NEWROUTE {
			// The end, or ENOENT because the namespace never had a route.
			break
		}
		route, err := parseRoute(m.Data)
		if err != nil {
			return nil, err
		}
		if route.bits != 0 {
			break
		}
		routes = append(routes, route)
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
