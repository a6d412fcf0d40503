package scenario

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/monitor/capture"
)

// TestConservation adds and deletes routes at full speed, each acked, while
// everything is written to a file: what is written and what is reported as lost
// make up what was made, exactly. With the default ring nothing is lost, except
// where skipsRequests says so; there nothing is lost silently.
//
// Several writers take the processors from one another in the middle of a request,
// and in the middle of a hook where the kernel allows it.
func TestConservation(t *testing.T) {
	needRoot(t)
	for _, tier := range tiers(t) {
		for _, writers := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s/writers=%d", tier, writers), func(t *testing.T) { conserve(t, tier, writers) })
		}
	}
}

func conserve(t *testing.T, tier string, writers int) {
	stage := newStage(t)
	run(t, "ip", "-n", containerNetns, "link", "set", "lo", "up")
	each := routesToAdd(t) / writers
	changes := 2 * each * writers
	var took time.Duration
	lines := stage.watch(t, tier, func() { took = flood(t, writers, each) })
	seen, lost := count(t, lines)
	t.Logf("%d changes in %v, %.2f µs each: %d written, %d reported as lost", changes, took.Round(time.Millisecond),
		float64(took.Microseconds())/float64(changes), seen, lost)
	if skipsRequests(tier) {
		if seen+lost < changes {
			t.Errorf("%d written and %d reported as lost, want %d in all or more", seen, lost, changes)
		}
		return
	}
	if seen+lost != changes {
		t.Errorf("%d written and %d reported as lost, want %d in all", seen, lost, changes)
	}
	if lost != 0 {
		t.Errorf("%d lost, want none with the default ring", lost)
	}
}

// skipsRequests reports whether the kernel can preempt this tier's hooks at work,
// and then skips them for others. It tells how often, and not whether somebody
// wanted to know of the request: what is reported as lost is lost at most.
func skipsRequests(tier string) bool {
	return tier == capture.TierFexit && capture.PreemptsTrampolines()
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

// flood has each writer add that many /32 routes to the container's namespace, and delete them.
func flood(t *testing.T, writers, each int) time.Duration {
	t.Helper()
	done := make(chan error)
	start := time.Now()
	for w := range writers {
		go func() { done <- write(w*each, each) }()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return time.Since(start)
}

// write adds routes from the nth on, and deletes them.
func write(n, routes int) error {
	runtime.LockOSThread() // and never unlocked: the thread ends in the other namespace
	fd, err := rtnetlinkIn(containerNetns)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, typ := range []uint16{unix.RTM_NEWROUTE, unix.RTM_DELROUTE} {
		for i := n; i < n+routes; i++ {
			if err := changeRoute(fd, typ, uint32(i)); err != nil {
				return err
			}
		}
	}
	return nil
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
			t.Logf("%s", line)
			lost += event.Status.Count
		}
	}
	return seen, lost
}
