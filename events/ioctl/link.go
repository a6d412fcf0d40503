package ioctl

import (
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink"
)

// onLink sets what all requests about a link that they name have.
func onLink(c *events.Change, action events.Action, name string) {
	c.Kind, c.Action, c.Target = events.KindLink, action, events.Name(name)
	c.Request.Set("ifname", events.OutsideValue(name))
}

// setFlags reads a whole word of flags. To take the flags of an alias down is to
// delete its address.
func setFlags(c *events.Change, r request) error {
	device, label := r.device()
	flags := uint32(r.uint16(16))
	if label != "" && flags&unix.IFF_UP == 0 {
		onAddress(c, events.Delete, device, label)
		return nil
	}
	onLink(c, events.Set, device)
	on, off := askedFlags(c.Before, flags)
	if on != 0 {
		c.Request.Set("flags", netlink.LinkFlags(on))
	}
	if off != 0 {
		c.Request.Set("flags_off", netlink.LinkFlags(off))
	}
	return nil
}

// askedFlags says which flags a whole word of them is about. Programs read the
// word, change a bit and write it back, so that what differs from before is what
// they mean; and if nothing does, or the state before is not known, UP.
func askedFlags(before *events.Link, flags uint32) (on, off uint32) {
	if before == nil {
		return flags & netlink.SettableFlags, unix.IFF_UP &^ flags
	}
	asked := (flags ^ before.Flags) & netlink.SettableFlags
	if asked == 0 {
		asked = unix.IFF_UP
	}
	return flags & asked, asked &^ flags
}

// setNumber makes the decoder of a struct ifreq with a number.
func setNumber(field string) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		device, _ := r.device()
		onLink(c, events.Set, device)
		c.Request.Set(field, events.IntValue(int64(int32(r.uint32(16)))))
		return nil
	}
}

func setName(c *events.Change, r request) error {
	device, _ := r.device()
	onLink(c, events.Set, device)
	c.Request.Set("newname", events.OutsideValue(r.name(16)))
	return nil
}

// setHardware makes the decoder of a struct ifreq with a link-layer address, which
// goes on to the end of the struct sockaddr but for links like Ethernet's.
func setHardware(field string) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		device, _ := r.device()
		onLink(c, events.Set, device)
		address := r.arg[16+2 : 32]
		if t := r.uint16(16); t == unix.ARPHRD_ETHER || t == unix.ARPHRD_LOOPBACK {
			address = address[:6]
		}
		c.Request.Set(field, events.MacValue(address))
		return nil
	}
}

// bridge makes the decoder of a bridge's name.
func bridge(action events.Action) func(*events.Change, request) error {
	return func(c *events.Change, r request) error {
		onLink(c, action, r.name(0))
		kind := events.Object{{Name: "info_kind", Value: events.TextValue("bridge")}}
		c.Request.Set("linkinfo", events.StructValue(kind))
		return nil
	}
}

// onPort sets what requests about a bridge's port have: the request names the
// bridge by its name and the port by its index.
func onPort(c *events.Change, r request) {
	index := r.uint32(16)
	c.Kind, c.Action, c.Target = events.KindLink, events.Set, r.link(index)
	c.Request.Set("ifindex", events.IntValue(int64(int32(index))))
}

func addPort(c *events.Change, r request) error {
	onPort(c, r)
	c.Request.Set("master", events.OutsideValue(r.name(0)))
	return nil
}

func deletePort(c *events.Change, r request) error {
	onPort(c, r)
	c.Request.Set("nomaster", events.BoolValue(true))
	c.Request.Set("bridge", events.OutsideValue(r.name(0)))
	return nil
}

// addSlave reads the names of a bond and of the link to put into it.
func addSlave(c *events.Change, r request) error {
	onLink(c, events.Set, r.name(16))
	c.Request.Set("master", events.OutsideValue(r.name(0)))
	return nil
}

func releaseSlave(c *events.Change, r request) error {
	onLink(c, events.Set, r.name(16))
	c.Request.Set("nomaster", events.BoolValue(true))
	c.Request.Set("bond", events.OutsideValue(r.name(0)))
	return nil
}

func lookUp(c *events.Change, r request) error {
	device, _ := r.device()
	onLink(c, events.Lookup, device)
	return nil
}

func lookUpIndex(c *events.Change, r request) error {
	index := r.uint32(16)
	c.Kind, c.Action, c.Target = events.KindLink, events.Lookup, r.link(index)
	c.Request.Set("ifindex", events.IntValue(int64(int32(index))))
	return nil
}
