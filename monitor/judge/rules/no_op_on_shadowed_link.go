package rules

import (
	"fmt"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// noOpOnShadowedLink finds a request that changed nothing, since the link here
// already was as asked, while the host has a different link of that name.
//
// The belief is strong only where the host's link is not as asked: what would
// have done nothing there either may just as well be a habit.
func noOpOnShadowedLink(k *Case) *Finding {
	c := k.Change
	if c.Kind != events.KindLink || c.Action != events.Set || c.Effect != events.EffectNone {
		return nil
	}
	own, host := ownLink(c), c.Host.Link
	// Every namespace has its own loopback link: nobody takes one for another.
	if own == nil || host == nil || own.Type() == "loopback" {
		return nil
	}
	request := trial.AskedOf(c)
	if len(request.Things) == 0 {
		return nil
	}
	wish := request.String()
	f := &Finding{
		About: string(own.Name),
		Facts: []Fact{
			{OwnLinkUnchanged, fmt.Sprintf("%s was already %s", own.Name, wish)},
			{HostLinkShadowed, fmt.Sprintf("the host's %s is a different link, %s", host.Name, withArticle(host.Type()))},
		},
		Changed: fmt.Sprintf("%s, in %s: already %s, no effect", describe(own), place(c), wish),
		Because: "the command had no effect here",
		Own:     side(own),
		Host:    side(host),
	}
	is := f.compare(request, host)
	f.Untouched = onHost(host, is)
	f.Summary = fmt.Sprintf("%s set its own %s %s, which already was; the host's %s is %s and was not touched",
		Actor(c), own.Name, wish, host.Name, is)
	return f
}

// compare adds what the same request would have done to the host's link, and
// says what that link is.
func (f *Finding) compare(request trial.Asked, host *events.Link) string {
	if lacking := request.Lacking(host); lacking != nil {
		is := lacking.Instead(host)
		f.Facts = append(f.Facts, Fact{HostLinkNotAsAsked, fmt.Sprintf("the host's %s is %s", host.Name, is)})
		f.Because += " and would have had one on the host"
		return is
	}
	f.Because += ", and the host has another link of that name"
	if !request.Whole {
		return state(host)
	}
	f.Facts = append(f.Facts, Fact{HostLinkAsAsked, fmt.Sprintf("the host's %s is %s already", host.Name, request)})
	return request.String() + " too"
}
