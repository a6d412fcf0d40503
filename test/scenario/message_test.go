package scenario

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

var native = binary.NativeEndian

// message makes a netlink message of what stands behind its header.
func message(typ, flags uint16, seq uint32, parts ...[]byte) []byte {
	b := make([]byte, unix.SizeofNlMsghdr)
	for _, part := range parts {
		b = append(b, part...)
	}
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], typ)
	native.PutUint16(b[6:], flags|unix.NLM_F_REQUEST)
	native.PutUint32(b[8:], seq)
	return b
}

// attribute makes an attribute, padded. Its own length is without the padding.
func attribute(typ uint16, value []byte) []byte {
	b := make([]byte, 4, 4+len(value)+3)
	native.PutUint16(b, uint16(4+len(value)))
	native.PutUint16(b[2:], typ)
	b = append(b, value...)
	return append(b, make([]byte, -len(b)&3)...)
}

func number(n int) []byte { return native.AppendUint32(nil, uint32(n)) }

// ifinfo is a struct ifinfomsg: the link of an index, or 0, and the flags that are asked on.
func ifinfo(index int, flags uint32) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	native.PutUint32(b[4:], uint32(index))
	native.PutUint32(b[8:], flags)
	native.PutUint32(b[12:], flags)
	return b
}

// named is a link's name as an attribute. No NUL ends it: the kernel asks for none.
func named(name string) []byte { return attribute(unix.IFLA_IFNAME, []byte(name)) }

// kindOf is the attribute that says what kind of link to make.
func kindOf(kind string) []byte {
	return attribute(unix.IFLA_LINKINFO, attribute(unix.IFLA_INFO_KIND, []byte(kind)))
}

const create = unix.NLM_F_CREATE | unix.NLM_F_EXCL

// newBridge asks for a bridge of that name; more are further attributes.
func newBridge(flags uint16, seq uint32, name string, more ...[]byte) []byte {
	return message(unix.RTM_NEWLINK, create|flags, seq, append([][]byte{ifinfo(0, 0), named(name), kindOf("bridge")}, more...)...)
}

// setUp asks for a link to be up, by its name.
func setUp(flags uint16, seq uint32, name string, before ...[]byte) []byte {
	return message(unix.RTM_NEWLINK, flags, seq, append(append([][]byte{ifinfo(0, unix.IFF_UP)}, before...), named(name))...)
}

// newAddress asks for 10.9.x.y/32 on lo.
func newAddress(flags uint16, seq uint32, x, y byte) []byte {
	address := []byte{10, 9, x, y}
	return message(unix.RTM_NEWADDR, create|flags, seq, []byte{unix.AF_INET, 32, 0, 0}, number(1),
		attribute(unix.IFA_LOCAL, address), attribute(unix.IFA_ADDRESS, address))
}

// newRoute asks for a route to 10.8.x.y/32 over lo.
func newRoute(flags uint16, seq uint32, x, y byte) []byte {
	return message(unix.RTM_NEWROUTE, create|flags, seq,
		[]byte{unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0},
		attribute(unix.RTA_DST, []byte{10, 8, x, y}), attribute(unix.RTA_OIF, number(1)))
}

// send hands messages to the kernel in one send.
func send(fd int, messages ...[]byte) error {
	var b []byte
	for _, m := range messages {
		b = append(append(b, m...), make([]byte, -len(m)&3)...)
	}
	return unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// enter moves the thread to a named namespace.
func enter(name string) error {
	ns, err := os.Open(filepath.Join("/run/netns", name))
	if err != nil {
		return err
	}
	defer ns.Close()
	return unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
}

// onThread runs f on a thread of its own, which ends with it. It is not the
// process's first, whose name is the process's.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		if unix.Gettid() == unix.Getpid() {
			done <- onThread(f)
			return
		}
		done <- f()
	}()
	return <-done
}

// with runs f with an rtnetlink socket of that namespace, on a thread that lives there.
func with(name string, f func(fd int) error) error {
	return onThread(func() error {
		fd, err := rtnetlinkIn(name)
		if err != nil {
			return fmt.Errorf("open rtnetlink in %s: %w", name, err)
		}
		defer unix.Close(fd)
		return f(fd)
	})
}
