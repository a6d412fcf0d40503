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
	nexthops map[netip.Addr]*events.Nexthop
	defaults map[uint8][]netip.Addr
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
	if now.Sub(a.given) < fresh && len(a.links) < mostAnswers && len(a.nexthops) < mostAnswers {
		return
	}
	*a = answers{
		host:     a.host,
		given:    now,
		links:    make(map[events.Name]hostLink),
		nexthops: make(map[netip.Addr]*events.Nexthop),
		defaults: make(map[uint8][]netip.Addr),
	}
}

// facts are what the host's world looks like to a change that names link. What
// could not be asked makes them not Known, and the error says why.
func (a *answers) facts(c *events.Change, link events.Name, now time.Time) (*events.Facts, error) {
	a.begin(now)
	f := &events.Facts{}
	named, err := a.link(link)
	f.Link, f.Addresses = named.Link, named.addresses
	master, errMaster := a.link(c.Request.Name("master"))
	f.Master = master.Link
	var errNexthop, errDefaults error
	if g := gateway(c); g.IsValid() {
		if f.Nexthop = through(f.Link, g); f.Nexthop == nil {
			f.Nexthop, errNexthop = a.nexthop(g)
		}
	}
	if family := familyOf(c); family != 0 && c.Kind == events.KindRoute {
		f.Defaults, errDefaults = a.gateways(family)
	}
	err = errors.Join(err, errMaster, errNexthop, errDefaults)
	f.Known = err == nil
	return f, err
}

func (a *answers) link(name events.Name) (hostLink, error) {
	answer, ok := a.links[name]
	if ok || name == "" {
		return answer, nil
	}
	var err error
	if answer.Link, err = a.host.LinkByName(name); err != nil {
		return answer, err
	}
	if answer.Link != nil {
		if answer.addresses, err = a.host.Addresses(answer.Index); err != nil {
			return answer, err
		}
	}
	a.links[name] = answer
	return answer, nil
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
