package owner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
		"--volume", "/etc:/host/etc:ro", "--volume", "/srv", "--label", "wrongns.ignore=missing-link")
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
			want.HostMounts, want.Ignore = []events.Name{"/etc"}, "missing-link"
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

// need skips the test if it can't be run here: with WRONGNS_REQUIRE=1 it fails.
func need(t *testing.T, programs ...string) {
	t.Helper()
	unavailable := t.Skipf
	if os.Getenv("WRONGNS_REQUIRE") == "1" {
		unavailable = t.Fatalf
	}
	if os.Geteuid() != 0 {
		unavailable("start containers: needs root")
	}
	for _, program := range append(programs, "busybox") {
		if _, err := exec.LookPath(program); err != nil {
			unavailable("start containers: %v: test/setup.sh test installs it", err)
		}
	}
}

// makeRoot makes a root file system with busybox alone.
func makeRoot(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	for _, dir := range []string{"bin", "usr", "etc", "dev", "proc", "sys", "run", "tmp", "host"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "cp", lookPath(t, "busybox"), root+"/bin/busybox")
	for _, applet := range []string{"sh", "sleep", "ip", "cat"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", applet)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(root+"/etc/os-release", []byte("ID=wrongns-test\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func lookPath(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a command to its end and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second // what it leaves behind may hold its output open
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			out = append(out, exit.Stderr...)
		}
		t.Fatalf("run %s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// realPodman is a Podman whose things are in the test's own folder.
type realPodman struct {
	t       *testing.T
	paths   podmanPaths
	options []string
}

func newRealPodman(t *testing.T) *realPodman {
	need(t, "podman", "runc")
	dir := t.TempDir()
	p := &realPodman{t: t, paths: podmanPaths{
		socket: filepath.Join(dir, "podman.sock"), storage: filepath.Join(dir, "storage"), run: filepath.Join(dir, "run"),
	}}
	// crun refuses a machine that has control groups of both versions.
	p.options = []string{"--root", p.paths.storage, "--runroot", p.paths.run, "--tmpdir", filepath.Join(dir, "tmp"),
		"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc", "--events-backend", "file"}
	return p
}

func (p *realPodman) podman(args ...string) string {
	p.t.Helper()
	return run(p.t, "podman", append(slices.Clone(p.options), args...)...)
}

// start starts a container and returns its id.
func (p *realPodman) start(name, root string, options ...string) string {
	p.t.Helper()
	// Without CAP_SYS_RESOURCE Podman's own limits can't be set.
	args := []string{"run", "--detach", "--name", name, "--cap-add", "NET_ADMIN",
		"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}
	// Before it is started: one that fails to start is there too. Who uses its namespace goes first.
	p.t.Cleanup(func() { p.podman("rm", "--force", "--ignore", "--time", "0", name) })
	return p.podman(append(append(args, options...), "--rootfs", root, "sleep", "1000")...)
}

// cgroup is the path of the cgroup of a container's first process.
func (p *realPodman) cgroup(id string) (path string, first *events.Init) {
	p.t.Helper()
	pid, err := strconv.Atoi(p.podman("inspect", "--format", "{{.State.Pid}}", id))
	if err != nil {
		p.t.Fatal(err)
	}
	return cgroupOf(p.t, pid), initProcess(uint32(pid))
}

// follow follows this Podman alone.
func (p *realPodman) follow() *Owners {
	return (&storage{p.t, p.paths}).follow()
}

func TestRealPodman(t *testing.T) {
	p := newRealPodman(t)
	root := makeRoot(t)
	web := p.start("web", root, "--network", "none", "--privileged", "--volume", "/etc:/host", "--annotation", "wrongns.ignore=true")
	guest := p.start("guest", root, "--network", "container:web")
	host := p.start("host", root, "--network", "host")
	o := p.follow()

	cgroup, first := p.cgroup(web)
	want := &events.Container{
		ID: web, Name: "web", Runtime: "podman", Told: true, Init: first, Netns: proc.Namespace(first.PID, "net"),
		Privileged: true, HostMounts: []events.Name{"/etc"}, Ignore: "true",
	}
	if diff := cmp.Diff(want, identify(o, cgroup)); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
	if owner := o.Netns(want.Netns, 0); owner != "container web" {
		t.Errorf("owner of its namespace = %q", owner)
	}
	for id, name := range map[string]events.Name{guest: "guest", host: "host"} {
		cgroup, first := p.cgroup(id)
		want := &events.Container{ID: id, Name: name, Runtime: "podman", Told: true, Init: first, HostNet: id == host}
		if diff := cmp.Diff(want, identify(o, cgroup)); diff != "" {
			t.Errorf("container (-want +got):\n%s", diff)
		}
	}
	p.podman("restart", "--time", "0", web)
	cgroup, second := p.cgroup(web)
	want.Init, want.Netns = second, proc.Namespace(second.PID, "net")
	eventually(t, "", func() string { return cmp.Diff(want, identify(o, cgroup)) })
}

func TestRealPodmanAPI(t *testing.T) {
	p := newRealPodman(t)
	root := makeRoot(t)
	service := exec.Command("podman", append(slices.Clone(p.options), "system", "service", "--time", "0", "unix://"+p.paths.socket)...)
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Process.Kill(); service.Wait() })
	for range 1000 {
		if _, err := os.Stat(p.paths.socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	o := p.follow()
	web := p.start("web", root, "--network", "none", "--volume", "/:/host", "--label", "wrongns.ignore=missing-link")
	cgroup, first := p.cgroup(web)
	want := &events.Container{
		ID: web, Name: "web", Runtime: "podman", Told: true, Init: first, Netns: proc.Namespace(first.PID, "net"),
		HostMounts: []events.Name{"/"}, Ignore: "missing-link",
	}
	told := func() string { return cmp.Diff(want, identify(o, cgroup), ignoreImage) }
	eventually(t, "", told)
	p.t.Cleanup(func() { p.podman("rm", "--force", "--ignore", "--time", "0", web) }) // by its id: its name is to change
	p.podman("rename", web, "shop")
	want.Name = "shop"
	eventually(t, "", told)
	p.podman("restart", "--time", "0", web)
	_, want.Init = p.cgroup(web)
	want.Netns = proc.Namespace(want.Init.PID, "net")
	eventually(t, "", told)
	p.podman("rm", "--force", "--time", "0", web)
	eventually(t, "", func() string { return o.Netns(want.Netns, 0) })
}

// ignoreImage leaves out what Podman makes of a container without an image.
var ignoreImage = cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Image" }, cmp.Ignore())

func TestRealLXC(t *testing.T) {
	need(t, "lxc-execute", "lxc-info", "lxc-stop")
	const name = "wrongns-test"
	root, dir := makeRoot(t), t.TempDir()
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte("lxc.rootfs.path = dir:"+root+"\nlxc.net.0.type = empty\n"+
		"lxc.cap.drop = sys_time\nlxc.mount.entry = /etc host none bind,ro 0 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := New()
	t.Cleanup(o.Close)
	for range 2 { // the second has another process and another namespace
		run(t, "lxc-execute", "-P", dir, "-n", name, "-f", config, "-d", "--", "/bin/sleep", "1000")
		stop := sync.OnceFunc(func() { run(t, "lxc-stop", "-P", dir, "-n", name, "-k") })
		t.Cleanup(stop)
		pid, err := strconv.Atoi(run(t, "lxc-info", "-P", dir, "-n", name, "-p", "-H"))
		if err != nil {
			t.Fatal(err)
		}
		cgroup := cgroupOf(t, pid)
		raw, _ := inCgroup(cgroup)
		want := &events.Container{
			ID: raw, Name: name, Runtime: "lxc", Told: true, Init: initProcess(uint32(pid)),
			Netns: proc.Namespace(uint32(pid), "net"), HostMounts: []events.Name{"/etc"},
		}
		eventually(t, "", func() string { return cmp.Diff(want, identify(o, cgroup)) })
		if owner := o.Netns(want.Netns, 0); owner != "container "+name {
			t.Errorf("owner of its namespace = %q", owner)
		}
		stop()
	}
}

func TestRealNspawn(t *testing.T) {
	need(t, "systemd-nspawn")
	root := makeRoot(t)
	enter := makeScope(t, `machine-wrongns\x2dtest.scope`)
	// Without a system bus nobody makes the scope for it.
	nspawn := exec.Command("sh", "-c", enter+`exec systemd-nspawn "$@"`, "sh", "--quiet", "--keep-unit", "--register=no",
		"--private-network", "--capability=CAP_NET_ADMIN", "--bind-ro=/etc:/host", "--machine=wrongns-test", "--directory="+root,
		"/bin/sleep", "1000")
	if err := nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		nspawn.Process.Kill() // its container is ended with its control group
		nspawn.Wait()
		os.Remove("/run/systemd/nspawn/propagate/wrongns-test")
	})
	o := New()
	t.Cleanup(o.Close)
	const cgroup = `/machine.slice/machine-wrongns\x2dtest.scope/payload`
	eventually(t, "true", func() string { return strconv.FormatBool(identify(o, cgroup).Told) })
	got := identify(o, cgroup)
	if got.Init == nil {
		t.Fatalf("container = %+v, want its first process", got)
	}
	want := &events.Container{
		ID: "wrongns-test", Name: "wrongns-test", Runtime: "systemd-nspawn", Told: true, Init: got.Init,
		Netns: proc.Namespace(got.Init.PID, "net"), HostMounts: []events.Name{"/etc"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
	if line := string(proc.Read(got.Init.PID, "cmdline")); line != "/bin/sleep\x001000\x00" {
		t.Errorf("its first process is %q", line)
	}
	if path := cgroupOf(t, int(got.Init.PID)); !strings.HasSuffix(path, cgroup) {
		t.Errorf("its cgroup is %q", path)
	}
}

// makeScope makes control groups as systemd would, machine.slice/NAME, in each
// hierarchy in which nspawn looks for its own. It returns the shell command that enters them.
func makeScope(t *testing.T, name string) (enter string) {
	t.Helper()
	for _, hierarchy := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"} {
		if _, err := os.Stat(hierarchy + "/cgroup.procs"); err != nil {
			continue
		}
		slice := hierarchy + "/machine.slice"
		if os.Mkdir(slice, 0o755) == nil {
			t.Cleanup(func() { os.Remove(slice) })
		}
		scope := slice + "/" + name
		if err := os.Mkdir(scope, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { removeCgroup(t, scope) })
		enter += "echo $$ >'" + scope + "/cgroup.procs' && "
	}
	return enter
}

// removeCgroup ends the processes of a cgroup and of those in it, and removes them.
func removeCgroup(t *testing.T, cgroup string) {
	eventually(t, "removed", func() string {
		entries, _ := os.ReadDir(cgroup)
		for _, entry := range entries {
			if entry.IsDir() {
				removeCgroup(t, filepath.Join(cgroup, entry.Name()))
			}
		}
		procs, _ := os.ReadFile(filepath.Join(cgroup, "cgroup.procs"))
		for pid := range strings.FieldsSeq(string(procs)) {
			if pid := number(pid); pid != 0 {
				syscall.Kill(int(pid), syscall.SIGKILL)
			}
		}
		if err := os.Remove(cgroup); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err.Error()
		}
		return "removed"
	})
}
