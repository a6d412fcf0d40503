package capture

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/wrongns/wrongns/bpf"
)

// kretprobeSlots is how many threads can be in a hooked function at a time and have
// its end seen. The kernel's own number is that of its processors, or twice that,
// and each thread that waits for the rtnl lock needs one.
const kretprobeSlots = 1024

// eventPrefix begins the names of the events that this program makes in tracefs.
const eventPrefix = "wrongns"

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
		return attachKretprobe(target.function, prog)
	}
	return link.Kprobe(target.function, prog, nil)
}

// haveKprobes asks for the kernel's own way to make a kprobe. Without it the
// library would look for tracefs, and remember that it found none.
func haveKprobes() bool {
	_, err := os.Stat("/sys/bus/event_source/devices/kprobe/type")
	return err == nil
}

// attachKretprobe makes room for many threads, for which the kernel has no other
// way than an event in tracefs. Where it can't be made, there is room for few; an
// end that finds none is counted as lost.
func attachKretprobe(function string, prog *ebpf.Program) (l link.Link, err error) {
	err = withTracefs(func() error {
		removeLeftovers()
		l, err = link.Kretprobe(function, prog, &link.KprobeOptions{RetprobeMaxActive: kretprobeSlots, TraceFSPrefix: eventPrefix})
		return err
	})
	if err != nil {
		return link.Kretprobe(function, prog, nil)
	}
	return tracefsLink{l}, nil
}

// A tracefsLink has an event in tracefs, which Close removes.
type tracefsLink struct{ link.Link }

// Close detaches the program and removes the event.
func (l tracefsLink) Close() error { return withTracefs(l.Link.Close) }

// removeLeftovers removes the events of monitors that were killed. The kernel
// refuses that for those that are in use, and what stays does no harm: so no error
// matters here.
func removeLeftovers() {
	path := filepath.Join(tracefsMount(), "kprobe_events")
	list, err := os.Open(path)
	if err != nil {
		return
	}
	defer list.Close()
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if event, ok := ownEvent(lines.Text()); ok {
			removeEvent(path, event)
		}
	}
}

// ownEvent returns the event of a line of kprobe_events if this program made it:
// "r1024:wrongns_0123456789abcdef/sock_ioctl sock_ioctl".
func ownEvent(line string) (event string, ok bool) {
	definition, _, _ := strings.Cut(line, " ")
	_, event, _ = strings.Cut(definition, ":")
	return event, strings.HasPrefix(event, eventPrefix+"_")
}

func removeEvent(path, event string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0) // without O_APPEND all events would go
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteString("-:" + event)
}
