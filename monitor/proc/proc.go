// Package proc reads what /proc tells of processes. A process may end at any
// moment, and its number be another's: who needs to know compares Start.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Tick is the unit of times in /proc in nanoseconds, USER_HZ: ten milliseconds
// on every architecture that Go runs on.
const Tick = 10_000_000

// Start returns when a process began, in nanoseconds since boot, rounded down to
// Tick; 0 if there is no such process.
func Start(pid uint32) uint64 { return startTicks(Read(pid, "stat")) * Tick }

// Read returns the contents of a file of a process's, nil if it can't be read.
func Read(pid uint32, file string) []byte {
	content, err := os.ReadFile(path(pid, file))
	if err != nil {
		return nil // it has ended
	}
	return content
}

// Namespace returns the number of a process's namespace of a kind ("net",
// "user"), 0 if the process has ended.
func Namespace(pid uint32, kind string) uint32 {
	var stat unix.Stat_t
	if err := unix.Stat(path(pid, "ns/"+kind), &stat); err != nil {
		return 0
	}
	return uint32(stat.Ino)
}

func path(pid uint32, file string) string { return fmt.Sprintf("/proc/%d/%s", pid, file) }

// startTicks reads the start time, the 22nd field of /proc/PID/stat. The second
// is the process's name in parentheses, in which anything may stand.
func startTicks(stat []byte) uint64 {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const start = 22 - 3
	if len(fields) <= start {
		return 0
	}
	ticks, err := strconv.ParseUint(string(fields[start]), 10, 64)
	if err != nil {
		return 0
	}
	return ticks
}
