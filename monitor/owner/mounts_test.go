package owner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/sys/mountinfo"

	"github.com/wrongns/wrongns/events"
)

func TestAdministers(t *testing.T) {
	for folder, want := range map[string]bool{
		"/": true, "/etc": true, "/etc/": true, "/etc/network": true, "/etc/network/interfaces": true, "/run": true,
		"/var/run": true, "/var/run/docker.sock": true, "/run/docker.sock": true, "/var/run/../run": true,
		"/proc": true, "/proc/sys/net": true, "/sys": true, "/sys/class/net": true, "/lib/modules": true,
		"/usr": true, "/opt": true,
		"/etc/localtime": false, "/etc/hosts": false, "/etc/ssl/certs": false, "/etc/networks": false, "/procession": false,
		"/sys/fs/cgroup": false, "/sys/kernel/debug": false, "/run/containers/storage": false, "/home": false, "/srv": false,
		"/var/lib/docker/volumes/web": false, "/dev/net/tun": false, "/run/systemd/nspawn/propagate/web": false,
	} {
		if got := administers(folder); got != want {
			t.Errorf("administers(%q) = %t", folder, got)
		}
	}
}

func TestAddHostMount(t *testing.T) {
	var mounts []events.Name
	for _, folder := range []string{"/etc", "/srv", "/etc", "etc", "", "/var/run"} {
		mounts = addHostMount(mounts, folder)
	}
	if diff := cmp.Diff([]events.Name{"/etc", "/var/run"}, mounts); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
}

// What a container has mounted is found again in the host's mounts by its file system.
func TestHostFolder(t *testing.T) {
	hosts := parseMounts(t, `
20 1 254:0 / / rw - ext4 /dev/vda rw
21 20 0:20 / /proc rw - proc proc rw
22 20 0:21 / /sys rw - sysfs sysfs rw
23 20 8:1 /data /srv/data rw - xfs /dev/sda1 rw
24 20 254:0 /home /mnt/home rw - ext4 /dev/vda rw`)
	for line, want := range map[string]string{
		"30 1 254:0 /var/lib/lxc/web/rootfs / rw - ext4 /dev/vda rw": "/var/lib/lxc/web/rootfs",
		"31 30 254:0 /etc /host/etc ro - ext4 /dev/vda rw":           "/etc",
		"32 30 254:0 / /host ro - ext4 /dev/vda rw":                  "/",
		"33 30 254:0 /home/web /home rw - ext4 /dev/vda rw":          "/mnt/home/web",
		"34 30 0:55 / /proc rw - proc proc rw":                       "",
		"35 30 0:20 /sys /proc/sys rw - proc proc rw":                "/proc/sys",
		"36 30 8:1 /data/a\\040b /a rw - xfs /dev/sda1 rw":           "/srv/data/a b",
		"37 30 8:1 /database /b rw - xfs /dev/sda1 rw":               "",
	} {
		if got := hostFolder(parseMounts(t, line)[0], hosts); got != want {
			t.Errorf("hostFolder(%s) = %q, want %q", line, got, want)
		}
	}
}

func parseMounts(t *testing.T, lines string) []*mountinfo.Info {
	t.Helper()
	mounts, err := mountinfo.GetMountsFromReader(strings.NewReader(strings.TrimSpace(lines)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return mounts
}
