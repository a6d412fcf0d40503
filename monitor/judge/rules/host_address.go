package rules

import (
	"fmt"
	"net/netip"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// hostAddress finds an address that is added here, where it lies in no subnet,
// and lies in one of the host's, or is the host's own.
//
// A container that hangs in the host's network is in that subnet itself, and is
// passed over.
func hostAddress(k *Case) *Finding {
	c := k.Change
	fit := c.Host.Fit
	if c.Kind != events.KindAddress || c.Action == events.Delete || k.Did.Result == trial.Fails || !c.Known ||
		fit == nil || k.Did.Fits {
		return nil
	}
	local := trial.AddressOf(c).Addr()
	subnet := netip.PrefixFrom(fit.Prefix.Addr(), fit.Prefix.Bits()).Masked()
	f := &Finding{
		About:     local.String(),
		Facts:     []Fact{{SubnetOfHost, fmt.Sprintf("%s lies in %s, where the host's %s is and no link of this namespace", local, subnet, fit.Dev)}},
		Summary:   fmt.Sprintf("%s gave itself %s, which belongs on the host's %s; the host was not touched", Actor(c), local, fit.Dev),
		Changed:   fmt.Sprintf("%s, in %s: now has %s", linkText(c), place(c), trial.AddressOf(c)),
		Untouched: fmt.Sprintf("%s in the host's namespace, which has %s", fit.Dev, fit.Prefix),
		Because:   "the address lies in no subnet of this namespace, and in one of the host's",
		Own:       ownSide(c),
		Host:      events.Side{Link: fit.Dev, Route: subnet.String()},
	}
	if link := c.Host.Link; link != nil && link.Name == fit.Dev {
		f.Facts = append(f.Facts, Fact{LinkOfThatSubnet, fmt.Sprintf("it was put on %s, and it is the host's %[1]s that is in that subnet", link.Name)})
	}
	if fit.Own {
		f.Facts = append(f.Facts, Fact{AddressOfHost, fmt.Sprintf("%s is the host's own address", local)})
	}
	return f
}

// linkText says which link of this namespace a change is about.
func linkText(c *events.Change) string {
	if own := ownLink(c); own != nil {
		return describe(own)
	}
	return "a link"
}

// ownSide is the link of this namespace that a change is about.
func ownSide(c *events.Change) events.Side {
	if own := ownLink(c); own != nil {
		return side(own)
	}
	return events.Side{}
}
