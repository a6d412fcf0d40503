package capture

import (
	"fmt"

	"github.com/cilium/ebpf/link"

	"github.com/wrongns/wrongns/bpf"
)

// Loss is one cause for which records could not be delivered. Count only ever
// grows while the capture lives.
type Loss struct {
	Stage, Cause string
	Count        uint64
}

// lossCauses are the stages and causes of bpf/record.h's enum loss.
var lossCauses = [bpf.FexitLossLOSS_CAUSES]Loss{
	bpf.FexitLossLOSS_RING_FULL: {Stage: "ring", Cause: "full"},
	bpf.FexitLossLOSS_IN_FLIGHT: {Stage: "hook", Cause: "too many requests under way"},
	bpf.FexitLossLOSS_NO_EXIT:   {Stage: "hook", Cause: "end of request not seen"},
	bpf.FexitLossLOSS_BATCH:     {Stage: "hook", Cause: "too many messages in one send"},
	bpf.FexitLossLOSS_MEMORY:    {Stage: "hook", Cause: "memory could not be read"},
	bpf.FexitLossLOSS_NESTED:    {Stage: "hook", Cause: "interrupted by another request"},
}

// Losses are all causes with their counts so far.
func (c *Capture) Losses() ([]Loss, error) {
	losses := append([]Loss(nil), lossCauses[:]...)
	counters := c.collection.Maps[bpf.FexitMapLosses]
	for cause := range losses {
		var perCPU []uint64
		if err := counters.Lookup(uint32(cause), &perCPU); err != nil {
			return nil, fmt.Errorf("read losses: %w", err)
		}
		for _, n := range perCPU {
			losses[cause].Count += n
		}
	}
	swept, err := c.sweep()
	if err != nil {
		return nil, fmt.Errorf("look for requests whose ends were not seen: %w", err)
	}
	c.swept += swept
	// What the kernel tells has the runs in it for requests that nobody wants. It is the same ends that are told twice.
	noExit := &losses[bpf.FexitLossLOSS_NO_EXIT].Count
	*noExit = max(*noExit+c.swept, c.skipped(c.tier.ends))
	return append(losses, Loss{Stage: "hook", Cause: "beginning of request not seen", Count: c.skipped(c.tier.begins)}), nil
}

// skipped counts the runs of programs that the kernel skipped: one was already at
// work on the same CPU. Kernels that don't tell count none.
func (c *Capture) skipped(names []string) (n uint64) {
	for _, name := range names {
		if stats, err := c.collection.Programs[name].Stats(); err == nil {
			n += stats.RecursionMisses
		}
		if info, err := c.links[name].Info(); err == nil && info.Type == link.PerfEventType {
			if kprobe := info.PerfEvent(); kprobe != nil && kprobe.Kprobe() != nil {
				n += kprobe.Kprobe().Missed
			}
		}
	}
	return n
}
