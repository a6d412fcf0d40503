package capture

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

const tracefsPath = "/sys/kernel/tracing"

// withTracefs runs f where tracefs is mounted. If the machine has it mounted
// nowhere, it is mounted for f alone: on a thread with a mount namespace of its
// own, which ends with f, so that nothing of the machine is changed.
func withTracefs(f func() error) error {
	if tracefsMount() != "" {
		return f()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread dies with its mount namespace
		if err := mountTracefs(); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// tracefsMount is where the calling thread sees tracefs, "" if nowhere.
func tracefsMount() string {
	var st unix.Statfs_t
	for _, path := range []string{tracefsPath, "/sys/kernel/debug/tracing"} {
		if unix.Statfs(path, &st) == nil && st.Type == unix.TRACEFS_MAGIC {
			return path
		}
	}
	return ""
}

func mountTracefs() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace for tracefs: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("tracefs", tracefsPath, "tracefs", 0, ""); err != nil {
		return fmt.Errorf("mount tracefs on %s: %w", tracefsPath, err)
	}
	return nil
}
