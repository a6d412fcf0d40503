package capture

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/bpf"
)

// A request whose thread has gone, or waits for something else, is counted, once.
// That of one at work stays.
func TestSweep(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		runtime.LockOSThread() // this thread is at work whenever it looks at itself
		defer runtime.UnlockOSThread()
		c, _ := openQuiet(t, tier, 1<<16)
		gone := exec.Command("/proc/self/exe", "-test.run=^$")
		if err := gone.Run(); err != nil {
			t.Fatal(err)
		}
		sleeper := exec.Command("sleep", "1000")
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = sleeper.Process.Kill(), sleeper.Wait() })
		awaitSleep(t, sleeper.Process.Pid)
		id := func(tgid, tid int) uint64 { return uint64(tgid)<<32 | uint64(tid) }
		atWork := id(os.Getpid(), unix.Gettid())
		requests := c.collection.Maps[bpf.FexitMapInFlight]
		for _, id := range []uint64{id(gone.Process.Pid, gone.Process.Pid), id(sleeper.Process.Pid, sleeper.Process.Pid), atWork} {
			if err := requests.Put(id, make([]byte, requests.ValueSize())); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if n, losses := lost(t, c); n != 2 {
				t.Errorf("%d lost, want 2: %v", n, losses)
			}
		}
		if _, err := requests.LookupBytes(atWork); err != nil {
			t.Errorf("request of a thread at work: %v", err)
		}
	})
}

// awaitSleep waits until a process sleeps.
func awaitSleep(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if isOver(uint32(pid), uint32(pid)) {
			return
		}
		unix.Nanosleep(&unix.Timespec{Nsec: 5e6}, nil)
	}
	t.Fatal("sleep does not sleep")
}
