package capture

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// BenchmarkHook reports, for each tier that works here, what its programs take
// of a change of a route and (tracepoint tier) of a packet that is none of ours,
// from the kernel's own statistics: ns/change and ns/packet. The rest of ns/op is
// the kernel's own work.
func BenchmarkHook(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root to load BPF programs: run it with sudo")
	}
	for _, report := range Probe() {
		if !report.OK {
			b.Logf("%s: %s", report.Tier, report.Why)
			continue
		}
		b.Run(report.Tier+"/route", func(b *testing.B) { benchmarkHook(b, report.Tier, "change", changeRoutes) })
		b.Run(report.Tier+"/packet", func(b *testing.B) { benchmarkHook(b, report.Tier, "packet", sendPackets) })
	}
	b.Run("unwatched/route", func(b *testing.B) { inNetns(b, func() { changeRoutes(b) }) })
}

func benchmarkHook(b *testing.B, tier, unit string, work func(*testing.B)) {
	c, err := Open(Config{Tier: tier})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		b.Fatal(err)
	}
	defer stats.Close()
	drained := make(chan error)
	go func() { drained <- drain(c) }()
	before := c.runTime(b)
	inNetns(b, func() { work(b) })
	spent := c.runTime(b) - before
	c.Flush()
	if err := <-drained; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/"+unit)
}

// drain reads and throws away until the capture is flushed.
func drain(c *Capture) error {
	for {
		_, _, err := c.Read(time.Now().Add(time.Second))
		switch {
		case errors.Is(err, ringbuf.ErrFlushed):
			return nil
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
}

// runTime is what all programs have taken so far.
func (c *Capture) runTime(tb testing.TB) (sum time.Duration) {
	tb.Helper()
	for _, program := range c.collection.Programs {
		stats, err := program.Stats()
		if err != nil {
			tb.Fatal(err)
		}
		sum += stats.Runtime
	}
	return sum
}

// inNetns runs f on a thread with a network namespace of its own, which ends
// with it.
func inNetns(tb testing.TB, f func()) {
	tb.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = upLoopback()
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
}

func upLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// changeRoutes adds and deletes a route over lo, each acked.
func changeRoutes(b *testing.B) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(fd)
	add := routeMessage(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	del := routeMessage(unix.RTM_DELROUTE, 0)
	for i := 0; b.Loop(); i++ {
		message := add
		if i%2 == 1 {
			message = del
		}
		if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			b.Fatal(err)
		}
		var ack [128]byte
		if _, _, err := unix.Recvfrom(fd, ack[:], 0); err != nil {
			b.Fatal(err)
		}
		if errno := -int32(binary.NativeEndian.Uint32(ack[unix.NLMSG_HDRLEN:])); errno != 0 {
			b.Fatal(unix.Errno(errno))
		}
	}
}

// routeMessage is a request about 198.18.7.0/24 over lo.
func routeMessage(typ, flags uint16) []byte {
	message := []byte{
		44, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		unix.AF_INET, 24, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0,
		8, 0, unix.RTA_DST, 0, 198, 18, 7, 0,
		8, 0, unix.RTA_OIF, 0, 1, 0, 0, 0,
	}
	binary.NativeEndian.PutUint16(message[4:], typ)
	binary.NativeEndian.PutUint16(message[6:], flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	return message
}

// sendPackets sends datagrams over a pair of Unix sockets: the kernel is done with
// each by consume_skb.
func sendPackets(b *testing.B) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	packet := make([]byte, 64)
	for b.Loop() {
		if _, err := unix.Write(pair[0], packet); err != nil {
			b.Fatal(err)
		}
		if _, err := unix.Read(pair[1], packet); err != nil {
			b.Fatal(err)
		}
	}
}
