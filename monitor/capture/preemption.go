package capture

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// kernel is what says whether the kernel takes the processor away from a thread
// that is at work in it.
type kernel struct {
	release     string // as uname -r
	version     string // as uname -v, which names what it was built for
	mode        string // the modes that can be chosen, the chosen one in brackets; "" if it can't be read
	commandLine string // that it was booted with
}

// runningKernel looks at the running one. What can't be read is "".
func runningKernel() (k kernel) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		k.release, k.version = unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Version[:])
	}
	for path, text := range map[string]*string{"/sys/kernel/debug/sched/preempt": &k.mode, "/proc/cmdline": &k.commandLine} {
		if b, err := os.ReadFile(path); err == nil {
			*text = string(b)
		}
	}
	return k
}

// PreemptsTrampolines reports whether a program of the fexit tier can be preempted
// at work. The kernel then skips it for whoever asks meanwhile on that processor.
func PreemptsTrampolines() bool { return runningKernel().preempts() }

// preemptsTracepoints reports the same of programs at raw tracepoints. Before 7.0
// the kernel kept the processor there.
func preemptsTracepoints() bool { return runningKernel().preemptsTracepoints() }

func (k kernel) preemptsTracepoints() bool { return k.preempts() && k.since(7, 0) }

// preempts reports whether the kernel preempts itself at all.
func (k kernel) preempts() bool {
	switch {
	case strings.Contains(k.version, "PREEMPT_DYNAMIC"):
		return k.dynamicallyPreempts()
	case strings.Contains(k.version, "PREEMPT"): // and PREEMPT_RT
		return true
	}
	return false
}

// dynamicallyPreempts finds out how a kernel runs that can be booted either way.
// Where nobody says, that is voluntarily in the distributions' kernels before 7.0,
// and later there is no such way on x86 and arm64.
func (k kernel) dynamicallyPreempts() bool {
	for _, mode := range []string{"full", "lazy"} {
		if strings.Contains(k.mode, "("+mode+")") {
			return true
		}
	}
	if k.mode != "" {
		return false
	}
	for _, word := range strings.Fields(k.commandLine) {
		if mode, ok := strings.CutPrefix(word, "preempt="); ok && !k.since(7, 0) {
			return mode == "full" || mode == "lazy"
		}
	}
	return k.since(7, 0)
}

// since reports whether the release is this one or later; one that has no number is.
func (k kernel) since(major, minor int) bool {
	var x, y int
	if _, err := fmt.Sscanf(k.release, "%d.%d", &x, &y); err != nil {
		return true
	}
	return x > major || x == major && y >= minor
}
