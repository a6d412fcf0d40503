package world

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// Host is the network namespace that counts as the host's. It answers questions
// about what stands there now; nothing is copied or kept. A Host is for one
// goroutine.
type Host struct {
	Inode  uint32
	Cookie uint64 // 0 where the kernel does not tell it (before 5.14)

	own  own
	ns   *os.File
	asks *socket
}

// OpenHost opens the network namespace that counts as the host's: the initial
// one if selector is empty, else the one that it names as NAME (in /run/netns),
// INODE or PID. What else is the host's is told by readOwn. It needs
// CAP_SYS_ADMIN.
func OpenHost(selector string) (*Host, error) {
	ns, err := openSelected(selector)
	if err != nil {
		return nil, fmt.Errorf("find the host's network namespace: %w", err)
	}
	h := &Host{ns: ns, own: readOwn(selector)}
	if h.Inode, err = inode(ns); err == nil {
		err = h.in(func() error { h.asks, err = dial(); return err })
	}
	if err != nil {
		ns.Close()
		return nil, fmt.Errorf("open the host's network namespace: %w", err)
	}
	h.Cookie = h.asks.cookie()
	return h, nil
}

// Close gives the namespace back.
func (h *Host) Close() error {
	h.asks.close()
	return h.ns.Close()
}

// Enter is what runs a command in the host's network namespace when it is put
// before it and "--". PID 1 is what people know; where it can't be looked at, or
// lives elsewhere, it is the path by which the namespace was found.
func (h *Host) Enter() string {
	if inodeAt("/proc/1/ns/net") == h.Inode {
		return "nsenter --target 1 --net"
	}
	return "nsenter --net=" + h.ns.Name()
}

func (h *Host) in(f func() error) error { return In(int(h.ns.Fd()), f) }

// openSelected opens the namespace that a selector names.
func openSelected(selector string) (*os.File, error) {
	if selector == "" {
		return openInitial()
	}
	number, err := strconv.ParseUint(selector, 10, 32)
	switch {
	case err != nil:
		return openNamed(selector)
	case !isPID(selector):
		return openInode(uint32(number), survey())
	}
	return openNetns("/proc/" + selector + "/ns/net")
}

// maxPID is the kernel's PID_MAX_LIMIT. Inodes of namespaces lie far above.
const maxPID = 1 << 22

// isPID reports whether a selector is a process's number.
func isPID(selector string) bool {
	number, err := strconv.ParseUint(selector, 10, 32)
	return err == nil && number <= maxPID
}

// openInitial opens the initial network namespace. A kernel thread lives there
// and can be looked at even where PID 1, which has more capabilities than a
// login, can't. In another PID namespace than the initial one PID 2 may be any
// process, and PID 1's namespace is the best guess.
func openInitial() (*os.File, error) {
	paths := []string{"/proc/1/ns/net"}
	if inodeAt("/proc/self/ns/pid") == events.InitialPIDNamespace {
		paths = []string{"/proc/2/ns/net", "/proc/1/ns/net"}
	}
	var err error
	for _, path := range paths {
		var ns *os.File
		if ns, err = openNetns(path); err == nil {
			return ns, nil
		}
	}
	return nil, fmt.Errorf("%w: run it as root, in the node's PID namespace, or name the namespace with --host-netns", err)
}

// LinkByName returns the link that has a name, an alternative one included, nil
// if there is none.
func (h *Host) LinkByName(name events.Name) (*events.Link, error) {
	found, err := h.asks.linkByName(name)
	if err != nil {
		return nil, fmt.Errorf("ask the host for link %s: %w", name, err)
	}
	return h.named(found)
}

// LinkByIndex returns the link that has an index, nil if there is none.
func (h *Host) LinkByIndex(index uint32) (*events.Link, error) {
	found, err := h.asks.linkByIndex(index)
	if err != nil {
		return nil, fmt.Errorf("ask the host for link %d: %w", index, err)
	}
	return h.named(found)
}

// named adds the names of the links that a link is enslaved to and stands on.
func (h *Host) named(found *foundLink) (*events.Link, error) {
	if found == nil {
		return nil, nil
	}
	link := found.Link
	var err error
	if link.MasterName, err = h.linkName(link.Master); err != nil {
		return nil, err
	}
	if found.parentNSID < 0 {
		link.ParentName, err = h.linkName(link.Parent)
	}
	return &link, err
}

// linkName is the name of the link that has an index, "" if there is none.
func (h *Host) linkName(index uint32) (events.Name, error) {
	found, err := h.asks.linkByIndex(index)
	if err != nil || found == nil {
		return "", err
	}
	return found.Name, nil
}

// Addresses returns the addresses of the link that has an index.
func (h *Host) Addresses(index uint32) ([]netip.Prefix, error) {
	all, err := h.asks.addresses(index)
	if err != nil {
		return nil, fmt.Errorf("ask the host for the addresses of link %d: %w", index, err)
	}
	return all[index], nil
}

// Nexthop tells how the host would reach a gateway. One that it can't reach is
// not OnLink and has no Dev.
func (h *Host) Nexthop(gateway netip.Addr) (*events.Nexthop, error) {
	route, err := h.asks.route(gateway)
	if err != nil {
		return nil, fmt.Errorf("ask the host: %w", err)
	}
	next := &events.Nexthop{Gateway: gateway}
	if route == nil || len(route.hops) == 0 {
		return next, nil
	}
	first := route.hops[0]
	next.Own = route.kind == unix.RTN_LOCAL
	next.OnLink = route.kind == unix.RTN_UNICAST && !first.gateway.IsValid()
	next.Dev, err = h.linkName(first.dev)
	return next, err
}

// Defaults returns the gateways of the default routes of an address family
// (AF_INET, AF_INET6) in the main table.
func (h *Host) Defaults(family uint8) ([]netip.Addr, error) {
	var routes []*foundRoute
	err := h.in(func() error {
		s, err := dial() // a dump that is not read to its end needs a socket of its own
		if err != nil {
			return err
		}
		defer s.close()
		routes, err = s.defaults()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask the host: %w", err)
	}
	return gateways(routes, family), nil
}

// gateways returns the gateways of the routes of one family, each once.
func gateways(routes []*foundRoute, family uint8) []netip.Addr {
	var all []netip.Addr
	for _, r := range routes {
		if r.family != family {
			continue
		}
		for _, h := range r.hops {
			if h.gateway.IsValid() && !slices.Contains(all, h.gateway) {
				all = append(all, h.gateway)
			}
		}
	}
	return all
}
