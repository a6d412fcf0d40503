package scenario

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/monitor/capture"
)

// TestConservation adds and deletes routes at full speed, each acked, while
// everything is written to a file: what is written and what is reported as lost
// make up what was made, exactly. With the default ring nothing is lost.
func TestConservation(t *testing.T) {
	needRoot(t)
	routes := routesToAdd(t)
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			stage := newStage(t)
			run(t, "ip", "-n", containerNetns, "link", "set", "lo", "up")
			var took time.Duration
			lines := stage.watch(t, tier, func() { took = stage.flood(t, routes) })
			seen, lost := count(t, lines)
			t.Logf("%d changes in %v, %.2f µs each: %d written, %d reported as lost", 2*routes, took.Round(time.Millisecond),
				float64(took.Microseconds())/float64(2*routes), seen, lost)
			if short := 2*routes - seen - lost; short > 0 && tier == capture.TierTracepoint && preemptsTracepoints(t) {
				t.Logf("KNOWN LIMIT: %d neither written nor counted: the kernel skipped the hook (docs/limits.md, Losses)", short)
				return
			}
			if seen+lost != 2*routes {
				t.Errorf("%d written and %d reported as lost, want %d in all", seen, lost, 2*routes)
			}
			if lost != 0 {
				t.Errorf("%d lost, want none with the default ring", lost)
			}
		})
	}
}

// preemptsTracepoints reports whether this kernel (7.0 and later) can preempt a
// program at a tracepoint. It then skips the same program for whoever runs
// meanwhile on that CPU, and counts that together with packets that are none of ours.
func preemptsTracepoints(t *testing.T) bool {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	release := unix.ByteSliceToString(name.Release[:])
	major, _, _ := strings.Cut(release, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		t.Fatalf("kernel release %q: %v", release, err)
	}
	return n >= 7
}

// routesToAdd is 100,000, or fewer where the machine is emulated.
func routesToAdd(t *testing.T) int {
	t.Helper()
	s := os.Getenv("WRONGNS_ROUTES")
	if s == "" {
		return 100_000
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("WRONGNS_ROUTES: %v", err)
	}
	return n
}

// flood adds that many /32 routes to the container's namespace and deletes them.
func (s *stage) flood(t *testing.T, routes int) (took time.Duration) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends in the other namespace
		fd, err := rtnetlinkIn(containerNetns)
		if err != nil {
			done <- err
			return
		}
		defer unix.Close(fd)
		start := time.Now()
		for _, typ := range []uint16{unix.RTM_NEWROUTE, unix.RTM_DELROUTE} {
			for i := range routes {
				if err := changeRoute(fd, typ, uint32(i)); err != nil {
					done <- err
					return
				}
			}
		}
		took = time.Since(start)
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return took
}

// rtnetlinkIn opens a socket in a named namespace, where the thread then stays.
func rtnetlinkIn(name string) (int, error) {
	ns, err := os.Open(filepath.Join("/run/netns", name))
	if err != nil {
		return 0, err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return 0, err
	}
	return unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
}

// changeRoute adds or deletes 10.x.y.z/32 over lo and waits for the ack.
func changeRoute(fd int, typ uint16, n uint32) error {
	native := binary.NativeEndian
	var msg [44]byte
	native.PutUint32(msg[0:], uint32(len(msg)))
	native.PutUint16(msg[4:], typ)
	flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_ACK)
	if typ == unix.RTM_NEWROUTE {
		flags |= unix.NLM_F_CREATE | unix.NLM_F_EXCL
	}
	native.PutUint16(msg[6:], flags)
	native.PutUint32(msg[8:], n+1)
	copy(msg[16:], []byte{unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RT_SCOPE_LINK, unix.RTN_UNICAST})
	native.PutUint16(msg[28:], 8)
	native.PutUint16(msg[30:], unix.RTA_DST)
	binary.BigEndian.PutUint32(msg[32:], 10<<24|n)
	native.PutUint16(msg[36:], 8)
	native.PutUint16(msg[38:], unix.RTA_OIF)
	native.PutUint32(msg[40:], 1)
	if err := unix.Sendto(fd, msg[:], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var ack [128]byte
	if _, _, err := unix.Recvfrom(fd, ack[:], 0); err != nil {
		return err
	}
	if errno := -int32(native.Uint32(ack[16:])); errno != 0 {
		return unix.Errno(errno)
	}
	return nil
}

// count counts the changes of routes, and the events that are reported as lost.
func count(t *testing.T, lines [][]byte) (seen, lost int) {
	t.Helper()
	for _, line := range lines {
		if bytes.Contains(line, []byte(`"kind":"route"`)) {
			seen++
			continue
		}
		var event struct {
			Status struct {
				State string
				Count int
			}
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if event.Status.State == "lost" {
			lost += event.Status.Count
		}
	}
	return seen, lost
}
