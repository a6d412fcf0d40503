package world

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// errGoexit is what In returns when f left by runtime.Goexit.
var errGoexit = errors.New("visit network namespace: the visitor called runtime.Goexit")

// outcome is how a visit to another namespace ended.
type outcome struct {
	err    error
	thrown any // what f panicked with
}

// In runs f on a thread of its own that has entered the network namespace which
// the file descriptor nsfd leads to, and returns what f returned. Sockets that
// f opens belong to that namespace for good. f must not start goroutines that
// rely on the namespace: they run on other threads.
//
// A thread that cannot come back is never used again: it ends with the goroutine
// that was locked to it, and the error says so. A panic of f goes on in the
// caller. In is the only place that calls setns; it needs CAP_SYS_ADMIN.
func In(nsfd int, f func() error) error {
	done := make(chan outcome)
	go func() {
		end := outcome{err: errGoexit}
		defer func() {
			if v := recover(); v != nil {
				end.thrown = fmt.Sprintf("%v\n\n%s", v, debug.Stack())
			}
			done <- end
		}()
		end.err = visit(nsfd, f)
	}()
	end := <-done
	if end.thrown != nil {
		panic(end.thrown)
	}
	return end.err
}

// visit takes the calling goroutine's thread to a namespace and back. The
// goroutine must end right afterwards: if the way back fails it stays locked to
// its thread, so that the runtime ends the thread together with it.
func visit(nsfd int, f func() error) (err error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// The runtime can't end the main thread, and /proc/PID/ns/net shows
		// where that one is. While it is locked here, In gets another.
		defer runtime.UnlockOSThread()
		return In(nsfd, f)
	}
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open the thread's own network namespace: %w", err)
	}
	defer home.Close()
	if err := unix.Setns(nsfd, unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter network namespace (needs CAP_SYS_ADMIN): %w", err)
	}
	defer func() {
		if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
			err = errors.Join(err, fmt.Errorf("come back from network namespace: %w", back))
			return
		}
		runtime.UnlockOSThread()
	}()
	return f()
}

// inode returns the number of the namespace that an open file leads to, as
// /proc/PID/ns/net shows it.
func inode(ns *os.File) (uint32, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(ns.Fd()), &stat); err != nil {
		return 0, fmt.Errorf("stat %s: %w", ns.Name(), err)
	}
	return uint32(stat.Ino), nil
}
