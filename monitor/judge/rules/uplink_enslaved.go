package rules

import (
	"fmt"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// uplinkEnslaved finds the container's own uplink going into a bridge, bond or
// VRF of the container's own, where the host has a link of that name.
//
// On the host that is the textbook way of giving containers and virtual machines
// a bridge. In a container it works too, and its only effect is that the
// container loses its network. Making the bridge before and setting it up after
// are steps of the same mistake, and quite innocent without the uplink.
//
// The belief comes from the harm that is done here. That the host has a link of
// that name adds none, since there too it would be done; that it has none takes
// the belief away.
func uplinkEnslaved(k *Case) *Finding {
	c := k.Change
	if c.Kind != events.KindLink || k.Did.Result == trial.Fails || k.Did.Result == trial.Idle || !c.Known {
		return nil
	}
	if f := masterStep(c); f != nil {
		return f
	}
	own, host, master := ownLink(c), c.Host.Link, newMaster(c)
	if own == nil || host == nil || master == nil || !isUplink(own, c.Here) {
		return nil
	}
	f := &Finding{
		About: string(master.Name),
		Facts: []Fact{
			{UplinkEnslaved, fmt.Sprintf("%s is the container's way out, and now a port of %s", own.Name, master.Name)},
		},
		Summary: fmt.Sprintf("%s put its own uplink %s into its own %s and so cut itself off; the host's %s was not touched",
			Actor(c), own.Name, master.Name, host.Name),
		Changed:   fmt.Sprintf("%s, in %s: now in the %s %s", describe(own), place(c), master.Type(), master.Name),
		Untouched: onHost(host, fmt.Sprintf("%s with no master", state(host))),
		Because:   "here it only cuts the container off, on the host it is the usual way to give others a network",
		Own:       side(own),
		Host:      side(host),
	}
	if host.Master != 0 {
		f.Facts = append(f.Facts, Fact{HostUplinkEnslaved, fmt.Sprintf("the host's %s has a master already", host.Name)})
		f.Untouched = onHost(host, fmt.Sprintf("%s and in %s already", state(host), host.MasterName))
	}
	return f
}

// masterStep finds a bridge, bond or VRF that is made here or set up.
func masterStep(c *events.Change) *Finding {
	kind := kindOf(c)
	if !isMaster(kind) {
		return nil
	}
	switch {
	case c.Action == events.Add:
		return step(c, MasterMadeHere, fmt.Sprintf("the %s %s was made here", kind, c.Target))
	case c.Action == events.Set && c.Request.Has("flags", "UP"):
		return step(c, MasterUpHere, fmt.Sprintf("the %s %s was set up here", kind, c.Target))
	}
	return nil
}

func step(c *events.Change, key, detail string) *Finding {
	return &Finding{About: string(c.Target), Step: true, Facts: []Fact{{key, detail}}}
}

// kindOf returns the kind of the link that a change is about: of a new link what
// the request says, since its state may not have been read.
func kindOf(c *events.Change) string {
	if info, ok := c.Request.Get("linkinfo"); ok {
		return string(info.Items.Name("info_kind"))
	}
	if own := ownLink(c); own != nil {
		return own.Kind
	}
	if c.After != nil {
		return c.After.Kind
	}
	return ""
}

// newMaster returns the bridge, bond or VRF that a link has just been put into,
// or nil if it has not.
func newMaster(c *events.Change) *events.Link {
	master := c.Here.Master
	if master == nil || !isMaster(master.Kind) {
		return nil
	}
	if own := ownLink(c); own != nil && own.Master == master.Index {
		return nil
	}
	return master
}

func isMaster(kind string) bool {
	switch kind {
	case "bridge", "bond", "team", "vrf":
		return true
	}
	return false
}

// isUplink reports whether a link is the way out of a container. A macvlan or an
// ipvlan always leads to its parent; one end of a veth pair may as well be the
// container's own wiring, unless the container has an address on it.
func isUplink(l *events.Link, here *events.Facts) bool {
	switch l.Kind {
	case "macvlan", "ipvlan":
		return true
	case "veth":
		for _, p := range here.Addresses {
			if p.Addr().IsGlobalUnicast() {
				return true
			}
		}
	}
	return false
}
