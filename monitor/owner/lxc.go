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

// lxcName is a container's name, given that of its cgroup and its monitor, the
// parent of its first process.
func lxcName(cgroup string, monitor uint32) string {
	return titleName(cgroup, strings.TrimRight(string(proc.Read(monitor, "cmdline")), "\x00"))
}

// titleName is the name of the container whose monitor calls itself by a title:
// "[lxc monitor] /var/lib/lxc NAME". Its cgroup is called NAME-1 if one of its name
// was left over from before.
func titleName(cgroup, title string) string {
	name := title[strings.LastIndexByte(title, ' ')+1:]
	if !strings.HasPrefix(title, "[lxc monitor] ") || name == "" {
		return cgroup
	}
	if suffix, ok := strings.CutPrefix(cgroup, name); ok && isCount(suffix) {
		return name
	}
	return cgroup
}

// isCount reports whether s is what LXC puts behind a name: -1, -2, …
func isCount(s string) bool {
	digits, ok := strings.CutPrefix(s, "-")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
