package owner

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
	harness "github.com/wrongns/wrongns/test/docker"
)

// cgroupOf is the path of a process's cgroup, in whichever hierarchy tells a container.
func cgroupOf(t *testing.T, pid int) string {
	t.Helper()
	lines, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.SplitSeq(lines, []byte("\n")) {
		path := string(line[bytes.LastIndexByte(line, ':')+1:])
		if id, _ := inCgroup(path); id != "" {
			return path
		}
	}
	t.Fatalf("no cgroup of process %d is a container's: %s", pid, lines)
	return ""
}

// The daemon of this test is a real one.
func TestRealDocker(t *testing.T) {
	d := harness.Start(t)
	t.Setenv("DOCKER_HOST", d.Host)
	first := d.Run(t, "first", harness.Busybox, "none")
	o := New()
	t.Cleanup(o.Close)
	second := d.Run(t, "second", harness.Busybox, "none",
		"--privileged", "--volume", "/etc:/host/etc:ro", "--volume", "/srv", "--label", "wrongns.ignore=missing-link")
	guest := d.Run(t, "guest", harness.Busybox, "container:first")

	for _, c := range []*harness.Container{first, second, guest} {
		pid := uint32(c.PID)
		want := &events.Container{
			ID: c.ID, Name: events.Name(c.Name), Runtime: "docker", Image: harness.Busybox,
			Told: true, Init: &events.Init{PID: pid, Start: proc.Start(pid)}, Netns: uint32(c.Netns),
		}
		switch c {
		case guest:
			want.Netns = 0
		case second:
			want.Privileged, want.HostMounts, want.Ignore = true, []events.Name{"/etc"}, "missing-link"
		}
		eventually(t, "", func() string { return cmp.Diff(want, identify(o, cgroupOf(t, c.PID))) })
	}
	eventually(t, "container first", func() string { return o.Netns(uint32(first.Netns), 0) })
	eventually(t, "container second", func() string { return o.Netns(uint32(second.Netns), 0) })
	if out, exit, err := d.Docker("rename", "second", "renamed"); exit != 0 {
		t.Fatalf("rename: %v: %s", err, out)
	}
	eventually(t, "container renamed", func() string { return o.Netns(uint32(second.Netns), 0) })
	if got := identify(o, "/docker/"+second.ID); got == nil || got.Name != "renamed" {
		t.Errorf("container = %+v, want renamed", got)
	}
}
