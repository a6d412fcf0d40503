package ioctl

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink"
)

// readFlags reads SIOCGIFFLAGS. One that fails is a look-up as any other. One
// that succeeds may be all there is of busybox's `ip link set eth0 up`, which
// reads the flags and sends nothing if they are as asked already: then it is told
// as the request that it stands for, and says that it was not sent. Where it
// stands for none, c's Kind stays empty.
func readFlags(c *events.Change, r request) error {
	if !c.Known || c.Errno != 0 {
		return lookUp(c, r)
	}
	device, _ := r.device()
	up, asked := linkSetUp(c.Process, device)
	if !asked || c.After == nil || c.After.Up() != up {
		return nil
	}
	onLink(c, events.Set, device)
	field := "flags"
	if !up {
		field = "flags_off"
	}
	c.Request.Set(field, netlink.LinkFlags(unix.IFF_UP))
	c.Request.Set("not_sent", events.BoolValue(true))
	return nil
}

// linkSetUp tells from a command line whether `ip link set` was asked to bring
// the device up or down. busybox's shell runs ip within itself: then the line is
// sh -c's, quoted, and may hold several commands.
func linkSetUp(p *events.Process, device string) (up, asked bool) {
	if p == nil {
		return false, false
	}
	for _, command := range strings.FieldsFunc(string(p.CommandLine), separates) {
		words := strings.Fields(command)
		for i := 1; i+1 < len(words); i++ {
			if abbreviates(words[i], "set") && abbreviates(words[i-1], "link") && slices.Contains(words[i+1:], device) {
				up = slices.Contains(words[i+1:], "up")
				return up, up || slices.Contains(words[i+1:], "down")
			}
		}
	}
	return false, false
}

// separates tells what stands between commands, or quotes them.
func separates(r rune) bool { return strings.ContainsRune(`'";&|`, r) }

// abbreviates knows a word by its beginning, as ip does.
func abbreviates(s, word string) bool { return s != "" && strings.HasPrefix(word, s) }
