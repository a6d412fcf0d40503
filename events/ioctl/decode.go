// Package ioctl decodes requests that are made by ioctl on a socket, as ifconfig,
// route, brctl and busybox's ip make them: the struct that a process handed to the
// kernel becomes a change's kind, action, target and request, under the same names
// as those of rtnetlink's requests, and the ioctl's own name.
package ioctl

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink"
)

// native is the byte order of all but addresses.
var native = binary.NativeEndian

// ifNameSize is IFNAMSIZ, with the NUL.
const ifNameSize = 16

// A command is one ioctl. Its decoder sets the change's kind, action, target and
// request from an argument of at least size bytes.
type command struct {
	name   string
	size   int
	decode func(c *events.Change, r request) error
}

// commands are the ioctls that change something, by number.
var commands = map[uint32]command{
	unix.SIOCSIFFLAGS:       {"SIOCSIFFLAGS", 18, setFlags},
	unix.SIOCSIFMTU:         {"SIOCSIFMTU", 20, setNumber("mtu")},
	unix.SIOCSIFMETRIC:      {"SIOCSIFMETRIC", 20, setNumber("metric")},
	unix.SIOCSIFTXQLEN:      {"SIOCSIFTXQLEN", 20, setNumber("txqlen")},
	unix.SIOCSIFNAME:        {"SIOCSIFNAME", 32, setName},
	unix.SIOCSIFHWADDR:      {"SIOCSIFHWADDR", 32, setHardware("address")},
	unix.SIOCSIFHWBROADCAST: {"SIOCSIFHWBROADCAST", 32, setHardware("broadcast")},
	unix.SIOCSIFADDR:        {"SIOCSIFADDR", 24, setAddress("local")},
	unix.SIOCSIFBRDADDR:     {"SIOCSIFBRDADDR", 24, setAddress("broadcast")},
	unix.SIOCSIFDSTADDR:     {"SIOCSIFDSTADDR", 24, setAddress("address")},
	unix.SIOCSIFNETMASK:     {"SIOCSIFNETMASK", 24, setAddress("netmask")},
	unix.SIOCADDRT:          {"SIOCADDRT", 120, route(events.Add)},
	unix.SIOCDELRT:          {"SIOCDELRT", 120, route(events.Delete)},
	unix.SIOCBRADDBR:        {"SIOCBRADDBR", ifNameSize, bridge(events.Add)},
	unix.SIOCBRDELBR:        {"SIOCBRDELBR", ifNameSize, bridge(events.Delete)},
	unix.SIOCBRADDIF:        {"SIOCBRADDIF", 20, addPort},
	unix.SIOCBRDELIF:        {"SIOCBRDELIF", 20, deletePort},
	unix.SIOCBONDENSLAVE:    {"SIOCBONDENSLAVE", 32, addSlave},
	unix.SIOCBONDRELEASE:    {"SIOCBONDRELEASE", 32, releaseSlave},
}

// commands6 are the ioctls that mean something else on a socket of AF_INET6.
var commands6 = map[uint32]command{
	unix.SIOCSIFADDR: {"SIOCSIFADDR", 24, address6(events.Add)},
	unix.SIOCDIFADDR: {"SIOCDIFADDR", 24, address6(events.Delete)},
	unix.SIOCADDRT:   {"SIOCADDRT", 80, route6(events.Add)},
	unix.SIOCDELRT:   {"SIOCDELRT", 80, route6(events.Delete)},
}

// lookups are the ioctls that ask for a link by its name (SIOCGIFNAME: by its
// index). One that fails may be all that there is of a mistake.
var lookups = map[uint32]command{
	unix.SIOCGIFFLAGS:   {"SIOCGIFFLAGS", ifNameSize, readFlags},
	unix.SIOCGIFADDR:    {"SIOCGIFADDR", ifNameSize, lookUp},
	unix.SIOCGIFDSTADDR: {"SIOCGIFDSTADDR", ifNameSize, lookUp},
	unix.SIOCGIFBRDADDR: {"SIOCGIFBRDADDR", ifNameSize, lookUp},
	unix.SIOCGIFNETMASK: {"SIOCGIFNETMASK", ifNameSize, lookUp},
	unix.SIOCGIFMETRIC:  {"SIOCGIFMETRIC", ifNameSize, lookUp},
	unix.SIOCGIFMTU:     {"SIOCGIFMTU", ifNameSize, lookUp},
	unix.SIOCGIFHWADDR:  {"SIOCGIFHWADDR", ifNameSize, lookUp},
	unix.SIOCGIFINDEX:   {"SIOCGIFINDEX", ifNameSize, lookUp},
	unix.SIOCGIFPFLAGS:  {"SIOCGIFPFLAGS", ifNameSize, lookUp},
	unix.SIOCGIFTXQLEN:  {"SIOCGIFTXQLEN", ifNameSize, lookUp},
	unix.SIOCGIFMAP:     {"SIOCGIFMAP", ifNameSize, lookUp},
	unix.SIOCGMIIPHY:    {"SIOCGMIIPHY", ifNameSize, lookUp},
	unix.SIOCETHTOOL:    {"SIOCETHTOOL", ifNameSize, lookUp},
	unix.SIOCGIFNAME:    {"SIOCGIFNAME", 20, lookUpIndex},
}

// request is one ioctl and its argument, of the length that its command wants.
type request struct {
	arg   []byte
	links func(index uint32) events.Name
}

// find returns the command of that number on a socket of that family.
func find(cmd uint32, family uint16) (command, bool) {
	if family == unix.AF_INET6 {
		if found, ok := commands6[cmd]; ok {
			return found, true
		}
	}
	if found, ok := commands[cmd]; ok {
		return found, true
	}
	found, ok := lookups[cmd]
	return found, ok
}

// Decode sets c's Kind, Action, Target and Request, and nothing else, from the
// argument of the ioctl cmd on a socket of the given address family. arg is what
// the kernel reads: a struct ifreq (40 bytes), in6_ifreq (24), rtentry (120, and
// behind it the name that its rt_dev points at, if any), in6_rtmsg (80), or a
// bridge's name (16). links names a link of the namespace by its index, "" if it
// is not known. If c.Before is set, the flags asked for are those that differ from
// it. Decode uses the memory of c.Request again.
//
// An ioctl that is not known, an argument that is too short and one that is
// malformed give an error, beside what could be decoded.
func Decode(c *events.Change, cmd uint32, family uint16, arg []byte, links func(index uint32) events.Name) error {
	c.Kind, c.Action, c.Target, c.Request = "", "", "", c.Request[:0]
	command, ok := find(cmd, family)
	if !ok {
		return fmt.Errorf("decode ioctl %#x: no decoder", cmd)
	}
	c.Request.Set("ioctl", events.TextValue(command.name))
	if len(arg) < command.size {
		return fmt.Errorf("decode %s: argument of %d bytes, want %d", command.name, len(arg), command.size)
	}
	if err := command.decode(c, request{arg, links}); err != nil {
		return fmt.Errorf("decode %s: %w", command.name, err)
	}
	return nil
}

// name returns the link's name at an offset, up to its NUL.
func (r request) name(at int) string {
	b := r.arg[at:min(at+ifNameSize, len(r.arg))]
	name, _, _ := strings.Cut(string(b), "\x00")
	return name
}

// device returns the link that the request names, without the label of an alias
// ("eth0:1"), which the kernel cuts off, and the whole as the label if it has one.
func (r request) device() (device, label string) {
	label = r.name(0)
	device, _, alias := strings.Cut(label, ":")
	if !alias {
		label = ""
	}
	return device, label
}

// uint32 returns the number at an offset.
func (r request) uint32(at int) uint32 { return native.Uint32(r.arg[at:]) }

// uint16 returns the number at an offset.
func (r request) uint16(at int) uint16 { return native.Uint16(r.arg[at:]) }

// link names a link by its index.
func (r request) link(index uint32) events.Name { return netlink.LinkName(r.links, index) }
