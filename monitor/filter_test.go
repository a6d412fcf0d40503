package monitor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/wrongns/wrongns/events"
)

const webID = "84f98fadc3840a0f6c1d2c6c35a1b2f4d1a0c1be2d0a6f3d0c5a7e9b8d1c2e3f"

// webSetsLink is a change that the container web made in its own namespace.
func webSetsLink() *events.Change {
	return &events.Change{
		Kind: events.KindLink, Action: events.Set, Known: true,
		Netns:     events.Namespace{Inode: 4026532281, Owner: "container web"},
		Process:   &events.Process{PID: 4121, Name: "ip", Executable: "/bin/busybox", NetnsInode: 4026532281},
		Container: &events.Container{ID: webID, Name: "web"},
	}
}

func TestFilter(t *testing.T) {
	type changed func(*events.Change)
	asIs := func(*events.Change) {}
	byHost := func(c *events.Change) { c.Container, c.Process.NetnsInode = nil, 4026531840 }
	unnamed := func(c *events.Change) { byHost(c); c.Netns.Owner = "container " + webID[:12] }
	toHost := func(c *events.Change) { c.To = &events.Namespace{Inode: 4026531840, Host: true} }
	tests := []struct {
		name   string
		filter Filter
		change changed
		want   bool
	}{
		{"no filter", Filter{}, asIs, true},
		{"kind", Filter{Kinds: []events.Kind{events.KindRoute, events.KindLink}}, asIs, true},
		{"other kind", Filter{Kinds: []events.Kind{events.KindRoute}}, asIs, false},
		{"pid", Filter{PIDs: []uint32{1, 4121}}, asIs, true},
		{"other pid", Filter{PIDs: []uint32{412}}, asIs, false},
		{"process name", Filter{Commands: []string{"ip"}}, asIs, true},
		{"executable", Filter{Commands: []string{"busybox"}}, asIs, true},
		{"other command", Filter{Commands: []string{"bin"}}, asIs, false},
		{"command of an unknown process", Filter{Commands: []string{"ip"}}, func(c *events.Change) { c.Process = nil }, false},
		{"failed", Filter{Failed: true}, func(c *events.Change) { c.Errno = syscall.ENODEV }, true},
		{"not failed", Filter{Failed: true}, asIs, false},
		{"not known to have failed", Filter{Failed: true}, func(c *events.Change) { c.Known = false }, false},
		{"warnings only", Filter{Warnings: true}, asIs, false},
		{"all have to agree", Filter{PIDs: []uint32{4121}, Commands: []string{"ifconfig"}}, asIs, false},

		{"container's name", Filter{Containers: []string{"web"}}, asIs, true},
		{"container's id", Filter{Containers: []string{webID}}, asIs, true},
		{"container's id, cut", Filter{Containers: []string{"84f9"}}, asIs, true},
		{"container's id, too short", Filter{Containers: []string{"84"}}, asIs, false},
		{"part of the name", Filter{Containers: []string{"we"}}, asIs, false},
		{"owner of the namespace", Filter{Containers: []string{"web"}}, byHost, true},
		{"owner without a name", Filter{Containers: []string{"84f9"}}, unnamed, true},
		{"owner without a name, whole id", Filter{Containers: []string{webID}}, unnamed, true},
		{"owner with a name like a prefix", Filter{Containers: []string{"cafe"}},
			func(c *events.Change) { byHost(c); c.Netns.Owner = "container cafe-bar" }, false},
		{"named namespace of that name", Filter{Containers: []string{"web"}},
			func(c *events.Change) { byHost(c); c.Netns.Owner = "netns web" }, false},

		{"namespace changed", Filter{Netns: []NetnsFilter{{Inode: 4026532281}}}, byHost, true},
		{"namespace lived in", Filter{Netns: []NetnsFilter{{Inode: 4026531840}}}, byHost, true},
		{"namespace moved to", Filter{Netns: []NetnsFilter{{Inode: 4026531840}}}, toHost, true},
		{"other namespace", Filter{Netns: []NetnsFilter{{Inode: 4026531999}}}, toHost, false},
		{"host changed", Filter{Netns: []NetnsFilter{{Host: true}}}, func(c *events.Change) { c.Netns.Host = true }, true},
		{"host moved to", Filter{Netns: []NetnsFilter{{Host: true}}}, toHost, true},
		{"host not changed", Filter{Netns: []NetnsFilter{{Host: true}}}, byHost, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			change := webSetsLink()
			test.change(change)
			if got := test.filter.Match(change); got != test.want {
				t.Errorf("Match: %v, want %v", got, test.want)
			}
		})
	}
}

func TestFilterWarning(t *testing.T) {
	warning := &events.Warning{Last: webSetsLink()}
	for _, test := range []struct {
		name   string
		filter Filter
		want   bool
	}{
		{"no filter", Filter{}, true},
		{"warnings only", Filter{Warnings: true}, true},
		{"its container", Filter{Warnings: true, Containers: []string{"web"}}, true},
		{"another container", Filter{Containers: []string{"db"}}, false},
	} {
		if got := test.filter.MatchWarning(warning); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestParseNetns(t *testing.T) {
	var own syscall.Stat_t
	if err := syscall.Stat("/proc/self/ns/net", &own); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]NetnsFilter{
		"host":                    {Host: true},
		"4026532281":              {Inode: 4026532281},
		strconv.Itoa(os.Getpid()): {Inode: uint32(own.Ino)},
	} {
		if got, err := ParseNetns(value); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", value, got, err, want)
		}
	}
	for value, want := range map[string]string{
		"":                 "not host, a name, an inode or a pid",
		"../../etc/passwd": "not host, a name, an inode or a pid",
		"..":               "not host, a name, an inode or a pid",
		"no-such\x1b[31m":  `"no-such\x1b[31m": there is no`,
		"4194304":          "there is no " + filepath.Join("/proc", "4194304", "ns/net"),
		"99999999999999":   "there is no /run/netns/99999999999999",
	} {
		if got, err := ParseNetns(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v, want an error with %q", value, got, err, want)
		}
	}
}

func TestParseKinds(t *testing.T) {
	kinds, err := ParseKinds([]string{"link", " route"})
	if err != nil || len(kinds) != 2 || kinds[0] != events.KindLink || kinds[1] != events.KindRoute {
		t.Errorf("link, route: %v, %v", kinds, err)
	}
	_, err = ParseKinds([]string{"link", "links"})
	if want := `kind "links": not one of link, address, route, rule, neighbour, nexthop, qdisc`; err == nil || err.Error() != want {
		t.Errorf("links: %v, want %s", err, want)
	}
}
