package ioctl

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

func TestReadFlags(t *testing.T) {
	arg := make([]byte, 40)
	copy(arg, "eth0")
	up := &events.Link{Name: "eth0", Flags: unix.IFF_UP}
	tests := []struct {
		name   string
		change events.Change
		line   events.Name
		action events.Action
		field  string
	}{
		{"up already", events.Change{Known: true, After: up}, "ip link set dev eth0 up", events.Set, "flags"},
		{"abbreviated", events.Change{Known: true, After: up}, "busybox ip l s eth0 up", events.Set, "flags"},
		{"down already", events.Change{Known: true, After: &events.Link{}}, "ip link set eth0 down", events.Set, "flags_off"},
		{"will be sent", events.Change{Known: true, After: &events.Link{}}, "ip link set eth0 up", "", ""},
		{"other command", events.Change{Known: true, After: up}, "ifconfig eth0 up", "", ""},
		{"other word", events.Change{Known: true, After: up}, "ip link set eth0 mtu 1400", "", ""},
		{"link not read", events.Change{Known: true}, "ip link set eth0 up", "", ""},
		{"in busybox's shell", events.Change{Known: true, After: up}, "sh -c 'ip link set eth1 down; ip link set eth0 up'", events.Set, "flags"},
		{"another link", events.Change{Known: true, After: up}, "ip link set eth1 up", "", ""},
		{"failed", events.Change{Known: true, Errno: unix.ENODEV}, "ip link set eth0 up", events.Lookup, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.change
			c.Process = &events.Process{CommandLine: tt.line}
			if err := Decode(&c, unix.SIOCGIFFLAGS, unix.AF_INET, arg, nil); err != nil {
				t.Fatal(err)
			}
			if c.Action != tt.action || tt.action == events.Set && !c.Request.Has(tt.field, "UP") {
				t.Errorf("action %q, request %v; want %q with %s", c.Action, c.Request, tt.action, tt.field)
			}
			if _, unsent := c.Request.Get("not_sent"); unsent != (tt.action == events.Set) {
				t.Errorf("not_sent is there: %v", unsent)
			}
		})
	}
}
