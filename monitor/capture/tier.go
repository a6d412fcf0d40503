package capture

import (
	"fmt"
	"slices"

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
	// begins and ends are the programs of which each run that the kernel skips may
	// have been a request's. Those at tracepoints run for every packet, and are
	// only skipped in an interrupt that came upon one at work: no request is made there.
	begins, ends []string
}

// tiers, the most telling first.
var tiers = []tier{
	{
		name: TierFexit, hooks: "BPF trampolines (fentry and fexit)", load: bpf.LoadFexit, attach: attachTracing,
		begins: []string{bpf.FexitProgIoctlEnter}, // the end needs no beginning to tell of a message
		ends:   []string{bpf.FexitProgRtnetlinkExit, bpf.FexitProgIoctlExit},
	},
	{
		name: TierKprobe, hooks: "kprobes", load: bpf.LoadKprobe, attach: attachKprobe,
		begins: []string{bpf.KprobeProgRtnetlinkEnter, bpf.KprobeProgIoctlEnter},
		// What has begun is remembered till its end is seen, so ends need not be asked of the kernel.
	},
	{name: TierTracepoint, hooks: "BTF tracepoints", load: bpf.LoadTracepoint, attach: attachTracepoint},
}

// preference is the tiers in the order in which they are tried. Where programs in
// trampolines can be preempted, the kernel skips them for whoever asks meanwhile
// on that processor. Kprobes keep theirs, and lose nothing.
func preference() []tier {
	order := slices.Clone(tiers)
	if PreemptsTrampolines() {
		order[0], order[1] = order[1], order[0]
	}
	return order
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

// perfTracepoints are the tracepoints that programs are attached to by a perf
// event, not by BTF.
var perfTracepoints = map[string]struct{ group, event string }{
	bpf.TracepointProgIoctlEnter:      {"syscalls", "sys_enter_ioctl"},
	bpf.TracepointProgIoctlExit:       {"syscalls", "sys_exit_ioctl"},
	bpf.TracepointProgSkbConsumedPerf: {"skb", "consume_skb"},
	bpf.TracepointProgSkbFreedPerf:    {"skb", "kfree_skb"},
	bpf.TracepointProgExtackSaidPerf:  {"netlink", "netlink_extack"},
}

// unpreempted says which program does at a perf event what another does at a raw
// tracepoint: slower, but it is never preempted.
var unpreempted = map[string]string{
	bpf.TracepointProgSkbConsumed: bpf.TracepointProgSkbConsumedPerf,
	bpf.TracepointProgSkbFreed:    bpf.TracepointProgSkbFreedPerf,
	bpf.TracepointProgExtackSaid:  bpf.TracepointProgExtackSaidPerf,
}

func attachTracepoint(name string, prog *ebpf.Program) (l link.Link, err error) {
	at, ok := perfTracepoints[name]
	if !ok {
		return attachTracing(name, prog)
	}
	return l, withTracefs(func() error {
		l, err = link.Tracepoint(at.group, at.event, prog, nil)
		return err
	})
}

// dropUnused takes the programs out of spec that nobody asked for, one of each two
// that do the same, and those that this kernel has no place for and that can be
// done without.
func dropUnused(spec *ebpf.CollectionSpec, family uint32) error {
	if family == 0 {
		delete(spec.Programs, bpf.FexitProgFamilyFork)
	}
	if _, ok := spec.Programs[bpf.TracepointProgExtackSaid]; !ok {
		return nil
	}
	preempts := preemptsTracepoints()
	for raw, perf := range unpreempted {
		if preempts {
			delete(spec.Programs, raw)
		} else {
			delete(spec.Programs, perf)
		}
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
