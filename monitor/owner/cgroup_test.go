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
	f.Add("::-" + outer + ".scope.scope\x00/")
	f.Fuzz(func(t *testing.T, path string) {
		id, runtime := inCgroup(path)
		if id == "" {
			if runtime != "" {
				t.Errorf("inCgroup(%q) has runtime %q and no id", path, runtime)
			}
			return
		}
		if payloads[runtime] == nil && (!isID(id) || !strings.Contains(path, id)) {
			t.Errorf("inCgroup(%q) = %q, which is no id in it", path, id)
		}
		if again, _ := inCgroup(path + "/docker/" + inner); again != id {
			t.Errorf("inCgroup(%q) = %q, with a container inside it is %q", path, id, again)
		}
	})
}
