package world

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// memory is what is known of one network namespace: its links, their addresses
// and the default routes. It is read from the kernel when the namespace is first
// seen, and from then on advanced by the changes themselves, in their order. So
// what it holds when a change comes is what stood before that change.
//
// A dump shows more than that: it is taken when a change has come through the
// ring, and later ones may have been made already. Therefore each link has the
// time from which on its state is right; one that was dumped later than a
// change was made says nothing sure about the state before that change.
type memory struct {
	inode  uint32
	cookie uint64
	name   string // of /run/netns/NAME; "" if it has none

	links    map[uint32]*knownLink
	gone     map[uint32]*knownLink  // those that were not there any more when it was last read
	names    map[events.Name]uint32 // index of the link that has a name, or another name
	defaults []*foundRoute
	read     time.Time // when all of it was read last from the kernel

	doubt bool // something changed that the changes did not tell in full
	size  int  // how many links there were when they were last read
}

// knownLink is a remembered link.
type knownLink struct {
	events.Link
	altNames  []events.Name // other names that it answers to
	addresses []netip.Prefix
	since     time.Time // when the state was right
	doubt     bool      // the kernel may have changed the state since

	// What was known until the namespace was read again, for changes that were made
	// before that and come after it; nil if nothing else was.
	former      *events.Link
	formerSince time.Time
	goneBy      time.Time // when it was read that the link was not there any more
}

// overdue is how long a change can come after the namespace was read that it was
// made in, for what was known before to be of use still.
const overdue = 10 * time.Second

// linkName is the name of the link that has an index, "" if none is known.
func (m *memory) linkName(index uint32) events.Name {
	if l := m.links[index]; l != nil {
		return l.Name
	}
	if l := m.gone[index]; l != nil {
		return l.Name // numbers are not given again
	}
	return ""
}

// byName returns the link that answers to a name, nil if none is known.
func (m *memory) byName(name events.Name) *knownLink {
	if l := m.links[m.names[name]]; l != nil && (l.Name == name || slices.Contains(l.altNames, name)) {
		return l
	}
	return nil
}

// set makes links what is known, and all that is known.
func (m *memory) set(links map[uint32]*knownLink) {
	m.links, m.size = links, len(links)
	m.names = make(map[events.Name]uint32, len(links))
	for index, l := range links {
		m.names[l.Name] = index
		for _, name := range l.altNames {
			m.names[name] = index
		}
	}
}

// subject is the link that a change is about, nil if none is known. The kernel
// too goes by the index if there is one.
func (m *memory) subject(c *events.Change) *knownLink {
	if c.Before != nil {
		return m.links[c.Before.Index]
	}
	if index, ok := c.Request.Uint("ifindex"); ok && c.Action != events.Add {
		if l := m.links[uint32(index)]; l != nil {
			return l
		}
		return m.gone[uint32(index)].until(c.Time)
	}
	if l := m.byName(named(c)); l != nil {
		return l
	}
	return m.formerly(c)
}

// until returns l, which is gone, if it was still there at a time, else nil.
func (l *knownLink) until(at time.Time) *knownLink {
	if l == nil || !at.Before(l.goneBy) {
		return nil
	}
	return l
}

// formerly is a link that was there, by the name that c goes by, until the
// namespace was read again, which was after c was made.
func (m *memory) formerly(c *events.Change) *knownLink {
	for _, l := range m.gone {
		if l.Name == named(c) && l.until(c.Time) != nil {
			return l
		}
	}
	if !c.Time.Before(m.read) {
		return nil
	}
	for _, l := range m.links {
		if l.former != nil && l.former.Name == named(c) {
			return l
		}
	}
	return nil
}

// nameLinks puts names in place of if12, by which a decoder called links of a
// namespace that was not known yet.
func (m *memory) nameLinks(c *events.Change) {
	if _, elsewhere := c.Request.Get("target_netnsid"); elsewhere || c.To != nil {
		return // the numbers are another namespace's
	}
	if index, ok := c.Request.Uint("ifindex"); ok && c.Kind == events.KindLink && indexIn(c.Target) == uint32(index) {
		c.Target = m.realName(c.Target)
	}
	if !byIndex(c) {
		return // what looks like a number is a name
	}
	for _, field := range []string{"dev", "master", "via"} {
		if name := c.Request.Name(field); name != "" && m.realName(name) != name {
			c.Request.Set(field, events.OutsideValue(string(m.realName(name))))
			c.Target = renamed(c, name, m.realName(name))
		}
	}
}

// renamed is the target of a change in which the link that was called by one name
// is called by another. Only that of a qdisc has a link's name in it.
func renamed(c *events.Change, was, is events.Name) events.Name {
	if rest, ok := strings.CutPrefix(string(c.Target), "dev "+string(was)); ok && c.Kind == events.KindQdisc {
		return "dev " + is + events.Name(rest)
	}
	return c.Target
}

// realName is the name of the link that a decoder called name. A link can really
// be called if12.
func (m *memory) realName(name events.Name) events.Name {
	if m.byName(name) != nil {
		return name
	}
	if known := m.linkName(indexIn(name)); known != "" {
		return known
	}
	return name
}

// before is the state of the change's link before the change, nil if there was
// none or if it is not sure.
func (m *memory) before(c *events.Change) *events.Link {
	switch {
	case c.Kind != events.KindLink && c.Kind != events.KindAddress: // is not about the link that it goes over
		return nil
	case c.Kind == events.KindLink && (c.Action == events.Add && !c.Failed() || c.Action == events.Lookup):
		return nil
	}
	switch l := m.subject(c); {
	case l == nil:
		return nil
	case !l.since.After(c.Time):
		return m.state(l)
	case l.former != nil && !l.formerSince.After(c.Time):
		return m.state(&knownLink{Link: *l.former})
	}
	return nil
}

// state is a copy of a link's state, with its master's name as it is now.
func (m *memory) state(l *knownLink) *events.Link {
	state := l.Link
	state.MasterName = m.linkName(l.Master)
	return &state
}

// complete fills in what the state of a link, read in a hook, does not tell.
func (m *memory) complete(state *events.Link) {
	if state == nil {
		return
	}
	if l := m.links[state.Index]; l != nil {
		inherit(state, &l.Link)
	}
}

// agrees reports whether a state that was read in a hook is the remembered one.
func (m *memory) agrees(state *events.Link, at time.Time) bool {
	l := m.links[state.Index]
	return l != nil && (l.since.After(at) || sameState(&l.Link, state))
}

// facts are what the namespace looked like to a change, before it. Nothing that
// the change itself made is among them, even if it was dumped afterwards.
func (m *memory) facts(c *events.Change) *events.Facts {
	f := &events.Facts{Known: true, Defaults: gateways(m.without(c), familyOf(c)), Fit: m.fit(c)}
	f.Route, f.RouteKnown = m.routeTo(c)
	if l := m.subject(c); l != nil && !made(c, c.Kind == events.KindLink) {
		f.Link = m.state(l)
		f.Addresses = slices.Clone(l.addresses)
		if made(c, c.Kind == events.KindAddress) {
			f.Addresses = slices.DeleteFunc(f.Addresses, is(address(c)))
		}
	}
	if c.Before != nil {
		state := *c.Before
		f.Link = &state
	}
	if l := m.byName(c.Request.Name("master")); l != nil {
		f.Master = m.state(l)
	}
	if g := c.Gateway(); g.IsValid() {
		if f.Nexthop = through(f.Link, g); f.Nexthop == nil {
			f.Nexthop = m.nexthop(g)
		}
	}
	return f
}

// through tells how a link-local IPv6 gateway is reached, which is by the link
// that the route names, whatever the addresses are; nil for any other.
func through(dev *events.Link, gateway netip.Addr) *events.Nexthop {
	if dev == nil || !gateway.Is6() || !gateway.IsLinkLocalUnicast() {
		return nil
	}
	return &events.Nexthop{Gateway: gateway, OnLink: dev.Up(), Dev: dev.Name}
}

// made reports whether c made the object in question, which is the case if c
// is about it and added it.
func made(c *events.Change, about bool) bool {
	return about && c.Known && c.Errno == 0 && (c.Action == events.Add || c.Action == events.Append)
}

func is(p netip.Prefix) func(netip.Prefix) bool {
	return func(other netip.Prefix) bool { return p == other }
}

// without are the default routes but for the one that c added.
func (m *memory) without(c *events.Change) []*foundRoute {
	if !isDefault(c) || !made(c, true) {
		return m.defaults
	}
	added := m.route(c)
	return slices.DeleteFunc(slices.Clone(m.defaults), added.same)
}

// nexthop tells how the namespace would reach a gateway: without a router if it
// lies in the subnet of one of the addresses on a link that is up.
func (m *memory) nexthop(gateway netip.Addr) *events.Nexthop {
	next := &events.Nexthop{Gateway: gateway}
	longest := -1
	for _, l := range m.links {
		for _, p := range l.addresses {
			switch {
			case p.Addr() == gateway:
				return &events.Nexthop{Gateway: gateway, Own: true, Dev: l.Name}
			case p.Contains(gateway) && l.Up() && p.Bits() > longest:
				longest = p.Bits()
				next.OnLink, next.Dev = true, l.Name
			}
		}
	}
	return next
}

// stale reports whether the memory may show what a change made already: the
// namespace was read only after it.
func (m *memory) stale(c *events.Change) bool { return !c.Failed() && m.read.After(c.Time) }

// misses reports whether a change was done to a link that is not known. No
// change told of that link, or of the other name that it is called by here.
func (m *memory) misses(c *events.Change) bool {
	if !c.Known || c.Errno != 0 || c.Kind == events.KindLink && c.Action != events.Set {
		return false
	}
	return c.To == nil && c.Before == nil && named(c) != "" && m.subject(c) == nil
}

// route is the default route that a change describes.
func (m *memory) route(c *events.Change) *foundRoute {
	metric, _ := c.Request.Uint("metric")
	r := &foundRoute{family: familyOf(c), kind: unix.RTN_UNICAST, metric: uint32(metric)}
	if r.family == unix.AF_INET6 && metric == 0 && c.Action != events.Delete {
		r.metric = 1024 // IP6_RT_PRIO_USER, which the kernel puts in for none
	}
	for _, h := range hopsOf(c.Request) {
		known := hop{gateway: h.gateway}
		if l := m.byName(h.dev); l != nil {
			known.dev = l.Index
		} else if known.dev = indexIn(h.dev); known.dev == 0 {
			known.dev = m.nexthopDev(h.gateway)
		}
		r.hops = append(r.hops, known)
	}
	return r
}

// nexthopDev is the index of the link by which a gateway is reached, 0 if none is known.
func (m *memory) nexthopDev(gateway netip.Addr) uint32 {
	if l := m.byName(m.nexthop(gateway).Dev); l != nil {
		return l.Index
	}
	return 0
}

// same reports whether both are the same route going the same ways.
func (r *foundRoute) same(other *foundRoute) bool {
	return r.family == other.family && r.metric == other.metric && slices.Equal(r.hops, other.hops)
}

// answersTo reports whether a deletion that describes a route as asked means r:
// what it does not say, it does not care about.
func (r *foundRoute) answersTo(asked *foundRoute) bool {
	if r.family != asked.family || asked.metric != 0 && asked.metric != r.metric {
		return false
	}
	for _, want := range asked.hops {
		if !slices.ContainsFunc(r.hops, func(h hop) bool {
			return (!want.gateway.IsValid() || want.gateway == h.gateway) && (want.dev == 0 || want.dev == h.dev)
		}) {
			return false
		}
	}
	return true
}

// advance makes the memory what stands after a change.
func (m *memory) advance(c *events.Change) {
	switch {
	case c.Kind == events.KindLink:
		m.advanceLink(c)
	case c.Kind == events.KindRule, c.Kind == events.KindNeighbour, c.Kind == events.KindQdisc: // are not remembered
	case !c.Known:
		m.doubt = true
	case c.Errno != 0:
	case c.Kind == events.KindNexthop && c.Action != events.Add:
		m.doubt = true // routes that go by it went with it, or go another way
	case c.Kind == events.KindAddress:
		m.advanceAddress(c)
	case isDefault(c):
		m.advanceDefault(c)
	}
}

// advanceLink takes the state after a request that failed too: it may have done
// half of what was asked.
func (m *memory) advanceLink(c *events.Change) {
	gone := c.Action == events.Delete || c.Action == events.Move
	switch l := m.subject(c); {
	case gone && c.Known && c.Errno == 0:
		m.doubt = true // others may have gone with it: a veth's peer, what stood on it
		if l != nil {
			m.drop(l.Index)
		}
	case c.After != nil && c.To == nil:
		m.put(c.After, c.Time)
	case !c.Known || c.Errno == 0 && c.To == nil:
		m.doubt = true
	}
}

// put makes a link what the kernel showed at a time.
func (m *memory) put(state *events.Link, at time.Time) {
	if namesake := m.byName(state.Name); namesake != nil && namesake.Name == state.Name && namesake.Index != state.Index {
		m.drop(namesake.Index) // it went away unseen, or has another name by now
	}
	l := m.links[state.Index]
	if l == nil {
		l = &knownLink{}
		m.links[state.Index] = l
		m.doubt = m.doubt || len(m.links) > 2*m.size+64                           // many may have gone unseen
		m.doubt = m.doubt || state.Kind == "veth" && m.links[state.Parent] == nil // its peer came with it
	}
	was := l.Link
	delete(m.names, was.Name)
	m.names[state.Name] = state.Index
	l.Link, l.since, l.doubt, l.former = *state, at, false, nil
	for _, master := range []*knownLink{m.links[was.Master], m.links[state.Master]} {
		if was.Master != state.Master && master != nil {
			master.doubt, m.doubt = true, true // a bridge takes its ports' smallest mtu, and their address
		}
	}
	inherit(&l.Link, &was)
	if !l.Up() {
		m.unroute(l.Index, unix.AF_INET)
		m.unroute(l.Index, unix.AF_INET6)
	}
}

// inherit fills in what a state of a link, read in a hook, does not tell and
// which never changes: on what it stands.
func inherit(state, was *events.Link) {
	if state.Index != was.Index {
		return
	}
	if state.Parent == 0 {
		state.Parent = was.Parent
	}
	if state.ParentName == "" && state.Parent == was.Parent {
		state.ParentName = was.ParentName
	}
	if state.Kind == "" {
		state.Kind = was.Kind
	}
}

// merge takes over what a later look at the namespace found: which links there
// are, their addresses and the default routes. The links' states stay as the
// changes told them, in their order, but for those that are in doubt.
func (m *memory) merge(now *memory) {
	for index, l := range now.links {
		if was := m.links[index]; was != nil {
			l.succeed(was)
		}
	}
	m.vanish(now)
	m.set(now.links)
	m.defaults, m.read, m.doubt = now.defaults, now.read, false
}

// succeed makes l, as it was read, what follows was.
func (l *knownLink) succeed(was *knownLink) {
	l.former, l.formerSince = was.former, was.formerSince
	switch {
	case !was.doubt:
		inherit(&was.Link, &l.Link)
		l.Link, l.since = was.Link, was.since
	case l.former == nil:
		l.former, l.formerSince = &was.Link, was.since
	}
}

// vanish notes which links are not there any more, and forgets those of which
// nobody will tell.
func (m *memory) vanish(now *memory) {
	if m.gone == nil {
		m.gone = make(map[uint32]*knownLink)
	}
	for index, l := range m.links {
		if now.links[index] == nil {
			l.goneBy = now.read
			m.gone[index] = l
		}
	}
	maps.DeleteFunc(m.gone, func(index uint32, l *knownLink) bool {
		return now.links[index] != nil || now.read.Sub(l.goneBy) > overdue
	})
}

// drop forgets a link, with its addresses and the routes over it, and sets free
// what was enslaved to it.
func (m *memory) drop(index uint32) {
	delete(m.names, m.linkName(index))
	delete(m.links, index)
	delete(m.gone, index)
	for _, l := range m.links {
		if l.Master == index {
			l.Master, l.MasterName = 0, ""
		}
	}
	m.unroute(index, unix.AF_INET)
	m.unroute(index, unix.AF_INET6)
}

// unroute forgets the default routes over a link, as the kernel takes them away
// when the link goes down or loses its last IPv4 address.
func (m *memory) unroute(index uint32, family uint8) {
	m.defaults = slices.DeleteFunc(m.defaults, func(r *foundRoute) bool {
		return r.family == family && slices.ContainsFunc(r.hops, func(h hop) bool { return h.dev == index })
	})
}

func (m *memory) advanceAddress(c *events.Change) {
	l, p := m.subject(c), address(c)
	switch {
	case l != nil && p.IsValid() && c.Action == events.Delete:
		l.remove(p)
	case l != nil && p.IsValid():
		l.add(p)
	case l != nil && setsFirst(c):
		was := l.first4()
		l.remove(was)
		l.add(reshaped(was, c))
	default:
		m.doubt = true
	}
	if l != nil && !l.first4().IsValid() {
		m.unroute(l.Index, unix.AF_INET)
	}
}

// first4 is the link's first IPv4 address, invalid if it has none.
func (l *knownLink) first4() netip.Prefix {
	for _, p := range l.addresses {
		if p.Addr().Is4() {
			return p
		}
	}
	return netip.Prefix{}
}

func (l *knownLink) add(p netip.Prefix) {
	if p.IsValid() && !slices.Contains(l.addresses, p) {
		l.addresses = append(l.addresses, p)
	}
}

func (l *knownLink) remove(p netip.Prefix) {
	l.addresses = slices.DeleteFunc(l.addresses, is(p))
}

func (m *memory) advanceDefault(c *events.Change) {
	r := m.route(c)
	switch c.Action {
	case events.Add, events.Append:
		if !slices.ContainsFunc(m.defaults, r.same) {
			m.defaults = append(m.defaults, r)
		}
	case events.Set, events.Replace:
		m.deleteFirst(func(other *foundRoute) bool { return r.family == other.family && r.metric == other.metric })
		m.defaults = append(m.defaults, r)
	case events.Delete:
		m.deleteFirst(func(other *foundRoute) bool { return other.answersTo(r) })
	}
}

func (m *memory) deleteFirst(match func(*foundRoute) bool) {
	if i := slices.IndexFunc(m.defaults, match); i >= 0 {
		m.defaults = slices.Delete(m.defaults, i, i+1)
	}
}
