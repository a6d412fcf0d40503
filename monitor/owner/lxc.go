package owner

import (
	"strings"

	"github.com/wrongns/wrongns/monitor/proc"
)

const lxcRuntime = "lxc"

// newLXC knows the containers of LXC, LXD and Incus.
func newLXC(b *book) *machines {
	return newMachines(b, lxcRuntime, lxcName)
}

// lxcPayload is the name of the container whose cgroup this is: lxc.payload.NAME
// since LXC 4, lxc.payload/NAME and lxc/NAME before. What serves it lives in
// lxc.monitor.NAME and is not in it.
func lxcPayload(name, next string) string {
	if name == "lxc" || name == "lxc.payload" {
		return next
	}
	payload, _ := strings.CutPrefix(name, "lxc.payload.")
	if payload == name {
		return ""
	}
	return payload
}

// lxcName is a container's name, which is not that of its cgroup if a cgroup of
// that name was left over from before: then LXC puts -1 behind it. The container's
// monitor is asked, the parent of its first process: it calls itself
// "[lxc monitor] /var/lib/lxc NAME".
func lxcName(cgroup string, monitor uint32) string {
	title := strings.TrimRight(string(proc.Read(monitor, "cmdline")), "\x00")
	at := strings.LastIndexByte(title, ' ')
	if !strings.HasPrefix(title, "[lxc monitor] ") || at < 0 {
		return cgroup
	}
	name := title[at+1:]
	if suffix, ok := strings.CutPrefix(cgroup, name); ok && name != "" && isCount(suffix) {
		return name
	}
	return cgroup
}

// isCount reports whether s is what LXC puts behind a name: -1, -2, …
func isCount(s string) bool {
	digits, ok := strings.CutPrefix(s, "-")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
