package rules

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// asked is what a request wants a link to be.
type asked struct {
	things []thing
	whole  bool // it wants nothing that a link's state does not show
}

// thing is one property that a request wants a link to have. The same code
// holds it against a link of either world.
type thing struct {
	wish    string // in the words of ip link set: up, mtu 1400
	met     func(*events.Link) bool
	instead func(*events.Link) string // what a link is that does not meet it
}

// String joins the wishes in the words of ip link set.
func (a asked) String() string {
	wishes := make([]string, len(a.things))
	for i := range a.things {
		wishes[i] = a.things[i].wish
	}
	return strings.Join(wishes, " ")
}

// lacking returns the first thing that l is not, or nil if it is all of them.
func (a asked) lacking(l *events.Link) *thing {
	for i := range a.things {
		if !a.things[i].met(l) {
			return &a.things[i]
		}
	}
	return nil
}

// naming are the fields of a request that say which link is meant or how it was
// asked for, not what it shall be.
var naming = []string{"ifname", "altname", "ifindex", "family", "ext_mask", "ioctl", "not_sent"}

// askedOf reads what a request to set a link wants of it.
func askedOf(c *events.Change) asked {
	a := asked{whole: true}
	for i := range c.Request {
		field := &c.Request[i]
		switch field.Name {
		case "flags":
			a.flags(c, field.Name, true)
		case "flags_off":
			a.flags(c, field.Name, false)
		case "mtu":
			a.mtu(uint32(field.Value.Num))
		case "master":
			a.master(events.Name(field.Value.Str))
		case "nomaster":
			a.master("")
		default:
			a.whole = a.whole && slices.Contains(naming, field.Name)
		}
	}
	return a
}

// settable are the flags that ip link set has words for, when set and when clear.
// Promiscuity is not among them: it is counted, and a flag does not tell how often.
var settable = []struct {
	name    string
	bit     uint32
	on, off string
}{
	{"UP", syscall.IFF_UP, "up", "down"},
	{"NOARP", syscall.IFF_NOARP, "arp off", "arp on"},
	{"MULTICAST", syscall.IFF_MULTICAST, "multicast on", "multicast off"},
}

// flags reads the flags that shall be set, or those that shall be clear.
func (a *asked) flags(c *events.Change, field string, on bool) {
	for _, f := range settable {
		// SIOCSIFFLAGS hands back the whole set as it was read: of that, up or
		// down is what its callers come for.
		if !c.Request.Has(field, f.name) || c.Via == events.ViaIoctl && f.name != "UP" {
			continue
		}
		if on {
			a.flag(f.bit, true, f.on, f.off)
		} else {
			a.flag(f.bit, false, f.off, f.on)
		}
	}
}

func (a *asked) flag(bit uint32, on bool, wish, opposite string) {
	a.things = append(a.things, thing{
		wish:    wish,
		met:     func(l *events.Link) bool { return l.Flags&bit != 0 == on },
		instead: func(*events.Link) string { return opposite },
	})
}

func (a *asked) mtu(mtu uint32) {
	a.things = append(a.things, thing{
		wish:    fmt.Sprintf("mtu %d", mtu),
		met:     func(l *events.Link) bool { return l.MTU == mtu },
		instead: func(l *events.Link) string { return fmt.Sprintf("mtu %d", l.MTU) },
	})
}

// master reads the link's wanted master, "" for none.
func (a *asked) master(name events.Name) {
	a.things = append(a.things, thing{
		wish:    masterText(name),
		met:     func(l *events.Link) bool { return l.MasterName == name },
		instead: func(l *events.Link) string { return masterText(l.MasterName) },
	})
}

// masterText says a link's master in the words of ip link set.
func masterText(name events.Name) string {
	if name == "" {
		return "nomaster"
	}
	return "master " + name.String()
}
