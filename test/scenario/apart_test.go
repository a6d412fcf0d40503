package scenario

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// startApart starts the monitor on one processor, and leaves the others to this
// process and what it starts.
//
// Where the kernel skips a hook because it has preempted one on the same
// processor, that one can be the monitor's own, which asks as well. What is done
// here is done by one after the other, so nobody else is in the way.
func startApart(t *testing.T, monitor *exec.Cmd) error {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	first, others := split(all)
	if others.Count() == 0 {
		return monitor.Start()
	}
	if err := moveThreads(&others); err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := moveThreads(&all); err != nil {
			t.Error(err)
		}
	})
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedSetaffinity(0, &first); err != nil {
		return err
	}
	if err := monitor.Start(); err != nil {
		return err
	}
	return unix.SchedSetaffinity(0, &others)
}

// split takes one processor from the others.
func split(all unix.CPUSet) (first, others unix.CPUSet) {
	others = all
	for cpu := 0; first.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			first.Set(cpu)
			others.Clear(cpu)
		}
	}
	return first, others
}

// moveThreads moves the threads of this process, also those that begin meanwhile:
// a thread begins where the one that makes it is.
func moveThreads(to *unix.CPUSet) error {
	moved := map[string]bool{}
	for {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		before := len(moved)
		for _, thread := range threads {
			moved[thread.Name()] = true
			tid, err := strconv.Atoi(thread.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(tid, to); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
		if len(moved) == before {
			return nil
		}
	}
}
