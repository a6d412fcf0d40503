package capture

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/bpf"
)

// spareSuffix ends the names of programs that do what another one has to skip.
//
// The kernel runs no program twice at a time on one processor. Where it may take
// the processor away from a program at work, another thread's request would then
// be skipped; bpf/preempt.h has the whole of it.
const spareSuffix = "_spare"

// keepSpares leaves the spares in spec, or takes them out.
func keepSpares(spec *ebpf.CollectionSpec, keep bool) error {
	for name := range spec.Programs {
		if !keep && strings.HasSuffix(name, spareSuffix) {
			delete(spec.Programs, name)
		}
	}
	if v := spec.Variables[bpf.FexitVarSpare]; v != nil { // kprobes keep their processor and have none
		if err := v.Set(keep); err != nil {
			return fmt.Errorf("set %s: %w", bpf.FexitVarSpare, err)
		}
	}
	return nil
}

// preemptible reports whether the kernel may take the processor away from the
// tier's programs, and has what it takes for two of them to work side by side.
func (t tier) preemptible(kernel *btf.Spec) bool {
	if t.preemptibleSince == (release{}) || runningRelease().before(t.preemptibleSince) {
		return false
	}
	var u unix.Utsname
	return unix.Uname(&u) == nil && strings.Contains(unix.ByteSliceToString(u.Version[:]), "PREEMPT") && canHold(kernel)
}

// canHold is can_hold() of bpf/preempt.h.
func canHold(kernel *btf.Spec) bool {
	var info *btf.Struct
	if kernel.TypeByName("bpf_subprog_info", &info) != nil {
		return false
	}
	for _, member := range info.Members {
		if member.Name == "might_sleep" {
			return true
		}
	}
	return false
}

// release is the number of a kernel.
type release struct{ major, minor int }

func (r release) before(other release) bool {
	return r.major < other.major || r.major == other.major && r.minor < other.minor
}

// runningRelease is the running kernel's; zero if it has a name of its own kind.
func runningRelease() (r release) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		// A release that can't be read is zero, and before any.
		_, _ = fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &r.major, &r.minor)
	}
	return r
}
