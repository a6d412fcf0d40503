package capture

import (
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"github.com/wrongns/wrongns/bpf"
)

// The tiers: three ways to hook the same requests.
const (
	TierAuto       = "auto"
	TierFexit      = "fexit"
	TierKprobe     = "kprobe"
	TierTracepoint = "tracepoint"
)

// A tier is one way to hook the kernel. All have an object of their own whose
// maps and variables go by the same names.
type tier struct {
	name  string
	hooks string // what it needs of the kernel, for a person
	load  func() (*ebpf.CollectionSpec, error)
	// attach makes one program of the tier run.
	attach func(name string, prog *ebpf.Program) (link.Link, error)
	// missesAreLosses says that a run which the kernel skipped for recursion
	// was a request. Where the program also runs for every packet it says nothing.
	missesAreLosses bool
}

// tiers, the most telling first.
var tiers = []tier{
	{TierFexit, "BPF trampolines (fentry and fexit)", bpf.LoadFexit, attachTracing, true},
	{TierKprobe, "kprobes", bpf.LoadKprobe, attachKprobe, true},
	{TierTracepoint, "BTF tracepoints", bpf.LoadTracepoint, attachTracepoint, false},
}

// Tiers are the names that --tier takes.
func Tiers() []string {
	names := []string{TierAuto}
	for _, t := range tiers {
		names = append(names, t.name)
	}
	return names
}

func attachTracing(_ string, prog *ebpf.Program) (link.Link, error) {
	return link.AttachTracing(link.TracingOptions{Program: prog})
}

// kprobeTargets are the functions that the kprobe tier's programs hook.
var kprobeTargets = map[string]struct {
	function string
	ret      bool
}{
	bpf.KprobeProgRtnetlinkEnter: {"rtnetlink_rcv_msg", false},
	bpf.KprobeProgRtnetlinkExit:  {"rtnetlink_rcv_msg", true},
	bpf.KprobeProgIoctlEnter:     {"sock_ioctl", false},
	bpf.KprobeProgIoctlExit:      {"sock_ioctl", true},
}

func attachKprobe(name string, prog *ebpf.Program) (link.Link, error) {
	target, ok := kprobeTargets[name]
	switch {
	case !ok: // family_fork
		return attachTracing(name, prog)
	case !haveKprobes():
		return nil, fmt.Errorf("kernel without CONFIG_KPROBE_EVENTS: %w", ebpf.ErrNotSupported)
	case target.ret:
		return link.Kretprobe(target.function, prog, nil)
	}
	return link.Kprobe(target.function, prog, nil)
}

// haveKprobes asks for the kernel's own way to make a kprobe. Without it the
// library would look for tracefs, and remember that it found none.
func haveKprobes() bool {
	_, err := os.Stat("/sys/bus/event_source/devices/kprobe/type")
	return err == nil
}

// syscallTracepoints are the tracepoints of the tracepoint tier that are not
// found through BTF.
var syscallTracepoints = map[string]string{
	bpf.TracepointProgIoctlEnter: "sys_enter_ioctl",
	bpf.TracepointProgIoctlExit:  "sys_exit_ioctl",
}

func attachTracepoint(name string, prog *ebpf.Program) (l link.Link, err error) {
	event, ok := syscallTracepoints[name]
	if !ok {
		return attachTracing(name, prog)
	}
	return l, withTracefs(func() error {
		l, err = link.Tracepoint("syscalls", event, prog, nil)
		return err
	})
}

// dropUnavailable takes the programs out of spec that this kernel has no place
// for and that can be done without, and those that nobody asked for.
func dropUnavailable(spec *ebpf.CollectionSpec, family uint32) error {
	if family == 0 {
		delete(spec.Programs, bpf.FexitProgFamilyFork)
	}
	if _, ok := spec.Programs[bpf.TracepointProgExtackSaid]; !ok {
		return nil
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return fmt.Errorf("read the kernel's BTF: %w", err)
	}
	var tracepoint *btf.Typedef
	if kernel.TypeByName("btf_trace_netlink_extack", &tracepoint) != nil {
		delete(spec.Programs, bpf.TracepointProgExtackSaid) // before 5.12: only senders that ask for texts get them
	}
	return nil
}
