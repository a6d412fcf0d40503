package owner

import (
	"path"
	"slices"
	"strings"

	"github.com/wrongns/wrongns/events"
)

// ignoreLabel is the label by which a container says which warnings are not wanted of it.
const ignoreLabel = "wrongns.ignore"

// administered are the folders and sockets of the host by which its network, its
// services or its kernel are administered. Who has one of them mounted is there
// to change the host. Left out is what many containers have for other purposes:
// single files of /etc, certificates, time zones, devices, /sys/fs/cgroup,
// /sys/kernel/debug.
var administered = []string{
	"/boot",
	"/etc/NetworkManager", "/etc/cni", "/etc/iproute2", "/etc/modprobe.d", "/etc/modules-load.d", "/etc/netplan",
	"/etc/network", "/etc/sysconfig/network-scripts", "/etc/sysctl.d", "/etc/systemd",
	"/lib/modules",
	"/opt/cni",
	"/proc",
	"/run/NetworkManager", "/run/containerd", "/run/crio", "/run/dbus", "/run/docker.sock", "/run/netns", "/run/podman",
	"/run/systemd/netif", "/run/systemd/private",
	"/sys/class", "/sys/devices",
	"/usr/lib/modules", "/usr/lib/systemd",
}

// administers reports whether the host is administered by a folder of its: one
// of those above, one below them, or one that has any of them in it, as "/" has all.
func administers(folder string) bool {
	folder = realPath(folder)
	return slices.ContainsFunc(administered, func(a string) bool { return within(folder, a) || within(a, folder) })
}

// realPath undoes the one symbolic link that mounts often go by.
func realPath(folder string) string {
	folder = path.Clean(folder)
	if within(folder, "/var/run") {
		return strings.TrimPrefix(folder, "/var")
	}
	return folder
}

// within reports whether a path is a folder, or is in it.
func within(p, folder string) bool {
	rest, ok := strings.CutPrefix(p, strings.TrimSuffix(folder, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// addHostMount adds a folder of the host's to those that a container sees if the
// host is administered by it.
func addHostMount(mounts []events.Name, folder string) []events.Name {
	if !path.IsAbs(folder) || !administers(folder) || slices.Contains(mounts, events.Name(folder)) {
		return mounts
	}
	return append(mounts, events.Name(folder))
}
