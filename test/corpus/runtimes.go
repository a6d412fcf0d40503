package corpus

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wrongns/wrongns/test/docker"
)

// rootfs unpacks an image's file system into a folder of the daemon's, which goes when the daemon does.
func (s *stage) rootfs(t testing.TB, sc *Scenario) (root, dir string) {
	t.Helper()
	dir = s.daemon.Scratch(t)
	root = filepath.Join(dir, "root")
	if err := docker.Unpack(root, s.programs(t, sc.Image)); err != nil {
		t.Fatal(err)
	}
	return root, dir
}

// podman starts a container of Podman's in a namespace that was made before, as its users do who have networks of
// their own.
func (s *stage) podman(t testing.TB, sc *Scenario) *place {
	t.Helper()
	name := netnsPrefix + sc.Name
	addNetns(t, name)
	p := s.bare(t, sc, name, nil)
	root, dir := s.rootfs(t, sc)
	podman := func(words ...string) *exec.Cmd {
		return s.daemon.OnHost("podman", append([]string{"--root", dir + "/storage", "--runroot", dir + "/run",
			"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc"}, words...)...)
	}
	t.Cleanup(func() { mustRun(t, podman("rm", "--force", "--time", "0", "--ignore", sc.Name)) })
	options := []string{"run", "--detach", "--name", sc.Name, "--network", "ns:" + p.netns, "--cap-add", "NET_ADMIN",
		// What it would set by itself is more than some machines' root may have.
		"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}
	mustRun(t, podman(append(append(options, sc.Options...), "--rootfs", root, "sleep", keeperLife)...))
	p.pid = number(t, mustRun(t, podman("inspect", "--format", "{{.State.Pid}}", sc.Name)))
	p.command = func(tty bool, words ...string) *exec.Cmd {
		return podman(append(append([]string{"exec", "--interactive", "--tty=" + strconv.FormatBool(tty)}, sc.Name), words...)...)
	}
	return p
}

// nspawn has each command be a container's of its own, with the same file system and network: a shell in it is how
// systemd-nspawn is used by hand.
func (s *stage) nspawn(t testing.TB, sc *Scenario) *place {
	t.Helper()
	name := netnsPrefix + sc.Name
	addNetns(t, name)
	p := s.bare(t, sc, name, nil)
	root, _ := s.rootfs(t, sc)
	p.command = func(tty bool, words ...string) *exec.Cmd {
		console := map[bool]string{true: "interactive", false: "pipe"}[tty]
		options := []string{"--quiet", "--register=no", "--keep-unit", "--machine=" + sc.Name, "--directory=" + root,
			"--console=" + console, "--capability=CAP_NET_ADMIN", "--network-namespace-path=" + p.netns, "--as-pid2"}
		return s.daemon.OnHost("systemd-nspawn", append(append(append(options, sc.Options...), "--"), words...)...)
	}
	return p
}

// lxc starts a container of LXC's, which makes its links by itself.
func (s *stage) lxc(t testing.TB, sc *Scenario) *place {
	t.Helper()
	root, dir := s.rootfs(t, sc)
	address := s.nextAddress()
	config := fmt.Sprintf("lxc.rootfs.path = dir:%s\nlxc.uts.name = %s\nlxc.mount.auto = proc sys\nlxc.apparmor.profile = unconfined\n", root, sc.Name)
	p := &place{}
	for i, name := range sc.Networks {
		n, ok := networks[name]
		switch {
		case name == "none":
			config += "lxc.net.0.type = empty\n"
			continue
		case !ok || n.mode == "":
			t.Fatalf("network %s: a container of LXC's can't have it: it would look for the bridge in the machine's /sys", name)
		}
		config += n.lxc(i, address)
		if i == 0 {
			p.address = fmt.Sprintf("%s%d", n.prefix4, address)
		}
	}
	home := filepath.Join(dir, "lxc", sc.Name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	// LXC's commands find each other by a socket that is in their network namespace.
	lxc := func(command string, words ...string) *exec.Cmd {
		return s.daemon.OnHost(command, append([]string{"--lxcpath=" + filepath.Dir(home), "--name=" + sc.Name}, words...)...)
	}
	t.Cleanup(func() { mustRun(t, lxc("lxc-stop", "--kill")) })
	mustRun(t, lxc("lxc-start", "--daemon", "--", "/bin/sleep", keeperLife))
	p.pid = number(t, mustRun(t, lxc("lxc-info", "--pid", "--no-humanize")))
	p.netns = fmt.Sprintf("/proc/%d/ns/net", p.pid)
	p.inode = inodeOf(p.netns)
	s.know(p.inode)
	p.command = func(_ bool, words ...string) *exec.Cmd { return lxc("lxc-attach", append([]string{"--"}, words...)...) }
	return p
}

// lxc is what LXC's configuration says of a macvlan link.
func (n network) lxc(i, address int) string {
	key := fmt.Sprintf("lxc.net.%d.", i)
	lines := []string{"type = macvlan", "macvlan.mode = " + n.mode, "link = " + n.parent, fmt.Sprintf("name = eth%d", i), "flags = up",
		fmt.Sprintf("ipv4.address = %s%d/24", n.prefix4, address)}
	if n.prefix6 != "" {
		lines = append(lines, fmt.Sprintf("ipv6.address = %s%d/64", n.prefix6, address))
	}
	if i == 0 {
		lines = append(lines, fmt.Sprintf("ipv4.gateway = %s1", n.prefix4))
		if n.prefix6 != "" {
			lines = append(lines, fmt.Sprintf("ipv6.gateway = %s1", n.prefix6))
		}
	}
	return key + strings.Join(lines, "\n"+key) + "\n"
}

// mustRun runs a command and returns what it printed. The test fails if it does.
func mustRun(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	// By a file: what goes on running in the background would keep a pipe open.
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	text, _ := os.ReadFile(out.Name())
	if err != nil {
		t.Errorf("run %s: %v\n%s", strings.Join(cmd.Args, " "), err, text)
		t.FailNow()
	}
	return string(text)
}

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
