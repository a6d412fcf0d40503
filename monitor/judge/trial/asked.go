package trial

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// Asked is what a request wants a link to be.
type Asked struct {
	Things []Thing
	Whole  bool        // it wants nothing that a link's state does not show
	Master events.Name // the master that it wants the link to have; "" if it names none
}

// Thing is one property that a request wants a link to have. The same code
// holds it against a link of either world.
type Thing struct {
	Wish    string // in the words of ip link set: up, mtu 1400
	Met     func(*events.Link) bool
	Instead func(*events.Link) string // what a link is that does not meet it
}

// String joins the wishes in the words of ip link set.
func (a Asked) String() string {
	wishes := make([]string, len(a.Things))
	for i := range a.Things {
		wishes[i] = a.Things[i].Wish
	}
	return strings.Join(wishes, " ")
}

// Lacking returns the first thing that l is not, or nil if it is all of them.
func (a Asked) Lacking(l *events.Link) *Thing {
	for i := range a.Things {
		if !a.Things[i].Met(l) {
			return &a.Things[i]
		}
	}
	return nil
}

// naming are the fields of a request that say which link is meant or how it was
// asked for, not what it shall be.
var naming = []string{"ifname", "altname", "ifindex", "family", "ext_mask", "ioctl", "not_sent"}

// AskedOf reads what a request to set a link wants of it.
func AskedOf(c *events.Change) Asked {
	a := Asked{Whole: true}
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
			a.Whole = a.Whole && slices.Contains(naming, field.Name)
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
func (a *Asked) flags(c *events.Change, field string, on bool) {
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

func (a *Asked) flag(bit uint32, on bool, wish, opposite string) {
	a.Things = append(a.Things, Thing{
		Wish:    wish,
		Met:     func(l *events.Link) bool { return l.Flags&bit != 0 == on },
		Instead: func(*events.Link) string { return opposite },
	})
}

func (a *Asked) mtu(mtu uint32) {
	a.Things = append(a.Things, Thing{
		Wish:    fmt.Sprintf("mtu %d", mtu),
		Met:     func(l *events.Link) bool { return l.MTU == mtu },
		Instead: func(l *events.Link) string { return fmt.Sprintf("mtu %d", l.MTU) },
	})
}

// master reads the link's wanted master, "" for none.
func (a *Asked) master(name events.Name) {
	a.Master = name
	a.Things = append(a.Things, Thing{
		Wish:    masterText(name),
		Met:     func(l *events.Link) bool { return l.MasterName == name },
		Instead: func(l *events.Link) string { return masterText(l.MasterName) },
	})
}

// masterText says a link's master in the words of ip link set.
func masterText(name events.Name) string {
	if name == "" {
		return "nomaster"
	}
	return "master " + name.String()
}
