package scenario

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/capture"
)

// TestRoot holds the root directory that the hook reads against what stat(2) says
// of it, for a thread that has changed it.
func TestRoot(t *testing.T) {
	needRoot(t)
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			c, err := capture.Open(capture.Config{Tier: tier, Family: uint32(os.Getpid())})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, root := range []string{"/", t.TempDir()} {
				var want unix.Stat_t
				if err := unix.Stat(root, &want); err != nil {
					t.Fatal(err)
				}
				tid := askFrom(t, root)
				if p := awaitThread(t, c, tid); uint64(p.RootDev) != want.Dev || p.RootIno != want.Ino {
					t.Errorf("root %s is %#x %d, want %#x %d", root, p.RootDev, p.RootIno, want.Dev, want.Ino)
				}
			}
		})
	}
}

// askFrom makes a thread whose root directory is another ask for something that
// the kernel refuses, in a namespace of its own, and returns which it was.
func askFrom(t *testing.T, root string) (tid int) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its root
		tid = unix.Gettid()
		done <- errors.Join(unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNET), unix.Chroot(root), askRefused())
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return tid
}

// askRefused asks to set up a link that is not there.
func askRefused() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ifreq, err := unix.NewIfreq("nosuch")
	if err != nil {
		return err
	}
	ifreq.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifreq); !errors.Is(err, unix.ENODEV) {
		return errors.Join(errors.New("want ENODEV"), err)
	}
	return nil
}

// awaitThread reads until a thread has been described.
func awaitThread(t *testing.T, c *capture.Capture, tid int) *events.Process {
	t.Helper()
	for {
		record, _, err := c.Read(time.Now().Add(10 * time.Second))
		if err != nil {
			t.Fatalf("wait for thread %d: %v", tid, err)
		}
		if kind, err := events.PeekRecord(record); err != nil || kind != events.RecordProcess {
			continue
		}
		if _, p, err := events.ParseProcess(record); err == nil && p.TID == uint32(tid) {
			return p
		}
	}
}
