package events

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrnoName returns the name of an errno ("ENODEV"), or "errno 523" for one
// that has no name for programs, as the kernel's own codes from 512 on, which
// should never leave it but sometimes do.
func ErrnoName(e syscall.Errno) string {
	if name := unix.ErrnoName(e); name != "" {
		return name
	}
	return "errno " + strconv.FormatUint(uint64(e), 10)
}
