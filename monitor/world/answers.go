package world

import (
	"errors"
	"net/netip"
	"time"

	"github.com/wrongns/wrongns/events"
)

const (
	// fresh is how long an answer of the host is used again, although nothing
	// was seen to change there: the kernel changes some things by itself.
	fresh = time.Second
	// mostAnswers bounds the answers of each sort that are kept.
	mostAnswers = 1024
)

// answers are those that the host gave to the latest changes. They are kept
// until the host's namespace changes, so that a container that adds a million
// routes by one gateway makes one question of it, and not a million.
type answers struct {
	host  *Host
	given time.Time

	links    map[events.Name]hostLink
	indices  map[uint32]hostLink
	nexthops map[netip.Addr]*events.Nexthop
	reached  map[netip.Addr]uint32 // index of the link that reaches an address, 0: none does
	defaults map[uint8][]netip.Addr
	routes   map[destination]hostRoutes
}

// hostRoutes are the host's routes to one destination, if they could be found out.
type hostRoutes struct {
	routes []*events.Route
	known  bool
}

// hostLink is a link of the host and its addresses; the zero value if there is none.
type hostLink struct {
	*events.Link
	addresses []netip.Prefix
}

// forget makes the host be asked again.
func (a *answers) forget() { *a = answers{host: a.host} }

// begin drops answers that are too old or too many.
func (a *answers) begin(now time.Time) {
	most := max(len(a.links), len(a.indices), len(a.nexthops), len(a.reached))
	if now.Sub(a.given) < fresh && most < mostAnswers {
		return
	}
	*a = answers{
		host:     a.host,
		given:    now,
		links:    make(map[events.Name]hostLink),
		indices:  make(map[uint32]hostLink),
		nexthops: make(map[netip.Addr]*events.Nexthop),
		reached:  make(map[netip.Addr]uint32),
		defaults: make(map[uint8][]netip.Addr),
		routes:   make(map[destination]hostRoutes),
	}
}

// facts are what the host's world looks like to a change, whose facts from here
// are known. What could not be asked makes them not Known, and the error says why.
func (a *answers) facts(c *events.Change, now time.Time) (*events.Facts, error) {
	a.begin(now)
	f := &events.Facts{}
	named, err := a.named(c)
	f.Link, f.Addresses = named.Link, named.addresses
	master, errMaster := a.link(c.Request.Name("master"))
	f.Master = master.Link
	var errNexthop, errDefaults, errRoute, errFit error
	if g := c.Gateway(); g.IsValid() {
		if f.Nexthop = through(f.Link, g); f.Nexthop == nil {
			f.Nexthop, errNexthop = a.nexthop(g)
		}
	}
	if family := familyOf(c); family != 0 && c.Kind == events.KindRoute {
		f.Defaults, errDefaults = a.gateways(family)
	}
	f.Route, f.RouteKnown, errRoute = a.route(c)
	f.Fit, errFit = a.fit(c, named)
	err = errors.Join(err, errMaster, errNexthop, errDefaults, errRoute, errFit)
	f.Known = err == nil
	return f, err
}

// named is the link that a change would mean on the host.
func (a *answers) named(c *events.Change) (hostLink, error) {
	if index := strayIndex(c); index != 0 {
		return a.linkAt(index)
	}
	return a.link(linkName(c))
}

func (a *answers) link(name events.Name) (hostLink, error) {
	answer, ok := a.links[name]
	if ok || name == "" {
		return answer, nil
	}
	link, err := a.host.LinkByName(name)
	if answer, err = a.addressed(link, err); err == nil {
		a.links[name] = answer
	}
	return answer, err
}

func (a *answers) linkAt(index uint32) (hostLink, error) {
	answer, ok := a.indices[index]
	if ok {
		return answer, nil
	}
	link, err := a.host.LinkByIndex(index)
	if answer, err = a.addressed(link, err); err == nil {
		a.indices[index] = answer
	}
	return answer, err
}

// addressed adds a link's addresses, if it was found.
func (a *answers) addressed(link *events.Link, err error) (hostLink, error) {
	if err != nil || link == nil {
		return hostLink{}, err
	}
	addresses, err := a.host.Addresses(link.Index)
	return hostLink{link, addresses}, err
}

func (a *answers) nexthop(gateway netip.Addr) (*events.Nexthop, error) {
	if next, ok := a.nexthops[gateway]; ok {
		return next, nil
	}
	next, err := a.host.Nexthop(gateway)
	if err == nil {
		a.nexthops[gateway] = next
	}
	return next, err
}

func (a *answers) gateways(family uint8) ([]netip.Addr, error) {
	if all, ok := a.defaults[family]; ok {
		return all, nil
	}
	all, err := a.host.Defaults(family)
	if err == nil {
		a.defaults[family] = all
	}
	return all, err
}
