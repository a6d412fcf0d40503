package world

import (
	"net/netip"
	"os"
	"time"

	"github.com/wrongns/wrongns/events"
)

// contents is what a namespace's kernel tables hold.
type contents struct {
	cookie    uint64
	links     []*foundLink
	addresses map[uint32][]netip.Prefix
	defaults  []*foundRoute
	host      int32 // what the namespace calls the host's, -1 if it has no id for it
}

// look reads a namespace's tables. It enters the namespace for that, and leaves
// nothing open there: a socket would keep the namespace alive.
func look(ns *os.File, host *Host) (*contents, error) {
	found := &contents{host: -1}
	err := In(int(ns.Fd()), func() error {
		s, err := dial()
		if err != nil {
			return err
		}
		defer s.close()
		found.cookie = s.cookie()
		if found.links, err = s.links(); err != nil {
			return err
		}
		if found.host, err = s.nsid(host.ns); err != nil {
			return err
		}
		if found.addresses, err = s.addresses(0); err != nil {
			return err
		}
		found.defaults, err = s.defaults()
		return err
	})
	return found, err
}

// readNetns reads a namespace.
func readNetns(ns *os.File, host *Host) (*remembered, error) {
	found, err := look(ns, host)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	m := &remembered{}
	m.cookie, m.defaults, m.read = found.cookie, found.defaults, now
	links := make(map[uint32]*knownLink, len(found.links))
	for _, l := range found.links {
		links[l.Index] = &knownLink{Link: l.Link, altNames: l.altNames, addresses: found.addresses[l.Index], since: now}
	}
	m.set(links)
	for _, l := range found.links {
		known := m.links[l.Index]
		known.MasterName = m.linkName(l.Master)
		if known.ParentName, err = found.parentName(l, &m.memory, host); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// parentName is the name of the link that a link stands on, "" if that one
// lives neither here nor in the host's namespace.
func (found *contents) parentName(l *foundLink, m *memory, host *Host) (events.Name, error) {
	switch {
	case l.parentNSID < 0:
		return m.linkName(l.Parent), nil
	case l.parentNSID == found.host:
		return host.linkName(l.Parent)
	}
	return "", nil
}
