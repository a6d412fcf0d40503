package capture

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("WRONGNS_REQUIRE") == "1" {
		t.Fatal("needs root, to load BPF programs")
	}
	t.Skip("needs root, to load BPF programs")
}

// probed says which tiers work here.
var probed = sync.OnceValue(Probe)

// eachTier runs f with each tier that works here. One must.
func eachTier(t *testing.T, f func(t *testing.T, tier string)) {
	t.Helper()
	needRoot(t)
	works := false
	for _, report := range probed() {
		if !report.OK {
			t.Logf("%s does not work here: %s", report.Tier, report.Why)
			continue
		}
		works = true
		t.Run(report.Tier, func(t *testing.T) { f(t, report.Tier) })
	}
	if !works {
		t.Error("no tier works here")
	}
}

// openQuiet captures only what this process does, in a network namespace that
// nothing else lives in, and returns a socket of it.
func openQuiet(t *testing.T, tier string, ring int) (c *Capture, fd int) {
	t.Helper()
	var st unix.Stat_t
	opened := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		opened <- func() (err error) {
			if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			if err = unix.Stat("/proc/thread-self/ns/net", &st); err != nil {
				return err
			}
			fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
			return err
		}()
	}()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	c, err := Open(Config{Tier: tier, RingBytes: ring, Netns: uint32(st.Ino), Family: uint32(os.Getpid())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, fd
}

// refuse sends requests to delete routes that are not there, without reading the
// answers.
func refuse(t *testing.T, fd, requests int) {
	t.Helper()
	native := binary.NativeEndian
	for i := range requests {
		msg := make([]byte, 36)
		native.PutUint32(msg, uint32(len(msg)))
		native.PutUint16(msg[4:], unix.RTM_DELROUTE)
		native.PutUint16(msg[6:], unix.NLM_F_REQUEST)
		native.PutUint32(msg[8:], uint32(i+1))
		copy(msg[16:], []byte{unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN})
		native.PutUint16(msg[28:], 8)
		native.PutUint16(msg[30:], unix.RTA_DST)
		binary.BigEndian.PutUint32(msg[32:], 10<<24|uint32(i))
		if err := unix.Sendto(fd, msg, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			t.Fatal(err)
		}
	}
}

// readAll reads until the capture is flushed and empty, and counts the requests.
func readAll(t *testing.T, c *Capture) (requests int) {
	t.Helper()
	for {
		record, _, err := c.Read(time.Now().Add(time.Minute))
		if errors.Is(err, ringbuf.ErrFlushed) {
			return requests
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, err := events.PeekRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		if kind == events.RecordRequest {
			requests++
		}
	}
}

// lost is the sum of all losses.
func lost(t *testing.T, c *Capture) (n uint64, byCause []Loss) {
	t.Helper()
	losses, err := c.Losses()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range losses {
		n += l.Count
	}
	return n, losses
}

// Whatever was asked before Flush is read before it is told that all was read.
func TestFlush(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		c, fd := openQuiet(t, tier, 1<<16)
		const requests = 100
		refuse(t, fd, requests)
		c.Flush()
		if n := readAll(t, c); n != requests {
			t.Errorf("%d requests read, want %d", n, requests)
		}
		if n, losses := lost(t, c); n != 0 {
			t.Errorf("lost %v, want none", losses)
		}
	})
}

func TestReadDeadline(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		c, fd := openQuiet(t, tier, 1<<16)
		for range 2 {
			if _, _, err := c.Read(time.Now().Add(10 * time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("error %v, want %v", err, os.ErrDeadlineExceeded)
			}
		}
		// A deadline that is over does not stop what came later.
		refuse(t, fd, 1)
		if _, _, err := c.Read(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("error %v, want a record", err)
		}
	})
}

// A ring of one page takes a part of a burst. The rest is counted: to the last one.
func TestLossesExact(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		c, fd := openQuiet(t, tier, os.Getpagesize())
		const requests = 5000
		refuse(t, fd, requests)
		n, losses := lost(t, c)
		c.Flush()
		read := readAll(t, c)
		if n == 0 || read == 0 {
			t.Errorf("%d read and %d lost, want some of both", read, n)
		}
		for _, l := range losses {
			if l.Count != 0 && l.Cause != "full" {
				t.Errorf("%d lost at %s: %s, want the ring to be full only", l.Count, l.Stage, l.Cause)
			}
		}
		if uint64(read)+n != requests {
			t.Errorf("%d read and %d counted as lost, want %d in all", read, n, requests)
		}
		if again, _ := lost(t, c); again != n {
			t.Errorf("%d lost, and %d when asked again", n, again)
		}
	})
}

// openFiles are the files that this process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// Opening and closing leaves nothing behind, neither files nor goroutines.
func TestNoLeaks(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		once := func() {
			c, err := Open(Config{Tier: tier, RingBytes: 1 << 16, Netns: 1})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		once() // the libraries keep some files of their own
		files, goroutines := openFiles(t), runtime.NumGoroutine()
		for range 3 {
			once()
		}
		if n := openFiles(t); n > files {
			t.Errorf("%d files are open, %d were", n, files)
		}
		for range 100 { // a goroutine that ends may need a moment
			if runtime.NumGoroutine() <= goroutines {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d goroutines, there were %d", runtime.NumGoroutine(), goroutines)
	})
}

// Each cause of the kernel side's has words, and no two the same.
func TestLossCauses(t *testing.T) {
	seen := map[Loss]bool{}
	for cause, l := range lossCauses {
		if l.Stage == "" || l.Cause == "" || seen[l] {
			t.Errorf("cause %d: %+v has no words, or those of another", cause, l)
		}
		seen[l] = true
	}
}

func TestUnknownTier(t *testing.T) {
	if c, err := Open(Config{Tier: "magic"}); err == nil {
		t.Errorf("opened %q", c.Tier)
	}
}
