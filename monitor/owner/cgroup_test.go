package owner

import (
	"strings"
	"testing"
)

var (
	outer = strings.Repeat("0123456789abcdef", 4)
	inner = strings.Repeat("fedcba9876543210", 4)
)

func TestInCgroup(t *testing.T) {
	tests := []struct{ name, path, id, runtime string }{
		{"docker with systemd", "/system.slice/docker-" + outer + ".scope", outer, "docker"},
		{"docker with cgroupfs", "/docker/" + outer, outer, "docker"},
		{"docker, below the container's own init", "/system.slice/docker-" + outer + ".scope/init.scope", outer, "docker"},
		{"docker in docker", "/docker/" + outer + "/docker/" + inner, outer, "docker"},
		{"kind's node", "/docker/" + outer + "/kubelet/kubepods/besteffort/pod1/" + inner, outer, "docker"},
		{"containerd for Kubernetes", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a.slice/cri-containerd-" + outer + ".scope", outer, "containerd"},
		{"containerd told of systemd where there is none", "/system.slice/containerd.service/kubepods-pod0a.slice:cri-containerd:" + outer, outer, "containerd"},
		{"Kubernetes with cgroupfs", "/kubepods/burstable/pod0a/" + outer, outer, ""},
		{"CRI-O", "/kubepods.slice/kubepods-pod0a.slice/crio-" + outer + ".scope", outer, "cri-o"},
		{"CRI-O's monitor", "/kubepods.slice/kubepods-pod0a.slice/crio-conmon-" + outer + ".scope", "", ""},
		{"podman", "/machine.slice/libpod-" + outer + ".scope/container", outer, "podman"},
		{"podman with cgroupfs", "/libpod_parent/libpod-" + outer, outer, "podman"},
		{"podman's monitor", "/machine.slice/libpod-conmon-" + outer + ".scope", "", ""},
		{"podman without root", "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + outer + ".scope", outer, "podman"},
		{"nerdctl", "/system.slice/nerdctl-" + outer + ".scope", outer, "containerd"},
		{"a runtime that is not known", "/system.slice/frobnicate-" + outer + ".scope", outer, ""},
		{"podman in the unit that started it", "/system.slice/web.service/libpod-payload-" + outer, outer, "podman"},
		{"podman with crun", "/machine.slice/libpod-" + outer + ".scope/container", outer, "podman"},
		{"podman's monitor without systemd", "/libpod_parent/conmon", "", ""},
		{"Kubernetes, guaranteed, with cgroupfs", "/kubepods/pod0a1b2c3d-1111-2222-3333-444455556666/" + outer, outer, ""},
		{"Kubernetes, best effort, with systemd", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0a1b2c3d_1111_2222_3333_444455556666.slice/cri-containerd-" + outer + ".scope", outer, "containerd"},
		{"Kubernetes with Docker and systemd", "/kubepods.slice/kubepods-pod0a.slice/docker-" + outer + ".scope", outer, "docker"},
		{"Kubernetes with CRI-O and cgroupfs", "/kubepods/burstable/pod0a/crio-" + outer, outer, "cri-o"},
		{"Kubernetes with CRI-O and crun", "/kubepods.slice/kubepods-pod0a.slice/crio-" + outer + ".scope/container", outer, "cri-o"},
		{"CRI-O's monitor with cgroupfs", "/kubepods/burstable/pod0a/crio-conmon-" + outer, "", ""},
		{"a pod without a container", "/kubepods/burstable/pod0a", "", ""},
		{"LXC", "/lxc.payload.web", "web", "lxc"},
		{"LXC, below the container's own init", "/lxc.payload.web/init.scope", "web", "lxc"},
		{"LXC without root", "/user.slice/user-1000.slice/session-3.scope/lxc.payload.web", "web", "lxc"},
		{"LXC 3", "/lxc.payload/web/system.slice", "web", "lxc"},
		{"LXC 2", "/lxc/web", "web", "lxc"},
		{"Docker in LXC", "/lxc.payload.web/docker/" + outer, "web", "lxc"},
		{"LXC in Docker", "/docker/" + outer + "/lxc.payload.web", outer, "docker"},
		{"LXC's monitor", "/lxc.monitor.web", "", ""},
		{"LXC without a name", "/lxc.payload.", "", ""},
		{"LXC's folder", "/lxc", "", ""},
		{"nspawn", "/machine.slice/machine-web.scope/payload", "web", "systemd-nspawn"},
		{"nspawn, its name escaped", `/machine.slice/machine-my\x2dweb.scope/payload/init.scope`, "my-web", "systemd-nspawn"},
		{"nspawn, its escape broken", `/machine-a\x2.scope/payload`, `a\x2`, "systemd-nspawn"},
		{"nspawn as a service", "/machine.slice/systemd-nspawn@my-web.service/payload", "my-web", "systemd-nspawn"},
		{"nspawn itself", "/machine.slice/machine-web.scope/supervisor", "", ""},
		{"nspawn in a unit that does not name it", "/payload", "", ""},
		{"a virtual machine", `/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`, "", ""},
		{"machines", "/machine.slice", "", ""},
		{"the host's root", "/", "", ""},
		{"nothing", "", "", ""},
		{"a login", "/user.slice/user-1000.slice/session-3.scope", "", ""},
		{"Docker's daemon", "/system.slice/docker.service", "", ""},
		{"id too short", "/docker/" + outer[1:], "", ""},
		{"id too long", "/docker/0" + outer, "", ""},
		{"capital digits", "/docker/" + strings.ToUpper(outer), "", ""},
		{"not hex", "/docker/" + outer[:63] + "g", "", ""},
		{"no separator", "/docker" + outer, "", ""},
		{"no word", "/-" + outer, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if id, runtime := inCgroup(tt.path); id != tt.id || runtime != tt.runtime {
				t.Errorf("inCgroup(%q) = %q, %q, want %q, %q", tt.path, id, runtime, tt.id, tt.runtime)
			}
		})
	}
}

func FuzzCgroup(f *testing.F) {
	f.Add("/docker/" + outer)
	f.Add("/system.slice/docker-" + outer + ".scope/docker/" + inner)
	f.Add("/machine.slice/libpod-conmon-" + outer + ".scope")
	f.Add("/lxc/payload")
	f.Add(`/machine-a\x2db\xff.scope/payload`)
	f.Add("::-" + outer + ".scope.scope\x00/")
	f.Fuzz(func(t *testing.T, path string) {
		id, runtime := inCgroup(path)
		if id == "" {
			if runtime != "" {
				t.Errorf("inCgroup(%q) has runtime %q and no id", path, runtime)
			}
			return
		}
		if runtime != lxcRuntime && runtime != nspawnRuntime && (!isID(id) || !strings.Contains(path, id)) {
			t.Errorf("inCgroup(%q) = %q, which is no id in it", path, id)
		}
		if again, _ := inCgroup(path + "/docker/" + inner); again != id {
			t.Errorf("inCgroup(%q) = %q, with a container inside it is %q", path, id, again)
		}
	})
}
