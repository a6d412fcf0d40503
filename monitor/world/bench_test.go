package world

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// A container adds very many routes by one gateway: what Facts costs for each.
func BenchmarkFactsOfRoute(b *testing.B) {
	if unix.Geteuid() != 0 {
		b.Skip("needs root to open the host's network namespace: run it with sudo")
	}
	host, err := OpenHost("")
	if err != nil {
		b.Fatal(err)
	}
	defer host.Close()
	w := New(host, nil)
	c := failed(route(events.Add, ip("gateway", "203.0.113.1")), unix.ENETUNREACH)
	c.Netns.Inode = 1
	known := &remembered{}
	known.memory = *web()
	w.namespaces[1] = known
	c.Process = &events.Process{NetnsInode: 1}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Facts(c); err != nil {
			b.Fatal(err)
		}
	}
}

// The same when each has to be asked for.
func BenchmarkAskHost(b *testing.B) {
	if unix.Geteuid() != 0 {
		b.Skip("needs root to open the host's network namespace: run it with sudo")
	}
	host, err := OpenHost("")
	if err != nil {
		b.Fatal(err)
	}
	defer host.Close()
	b.Run("link", func(b *testing.B) {
		for b.Loop() {
			host.LinkByName("lo")
		}
	})
	b.Run("nexthop", func(b *testing.B) {
		gateway := ip("gateway", "203.0.113.1").Value.Prefix.Addr()
		for b.Loop() {
			host.Nexthop(gateway)
		}
	})
	b.Run("defaults", func(b *testing.B) {
		for b.Loop() {
			host.Defaults(unix.AF_INET)
		}
	})
}
