package corpus

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is where a scenario's commands run.
type place struct {
	command func(tty bool, words ...string) *exec.Cmd // enters it
	id      string                                    // of the container; "" for a bare namespace
	inode   uint64                                    // of its network namespace
	pid     int                                       // of its first process
	netns   string                                    // the file of its network namespace
	address string                                    // its first one
}

// kinds are by name how each kind of container is made.
var kinds = map[string]func(*stage, testing.TB, *Scenario) *place{
	"docker":  (*stage).docker,
	"netns":   (*stage).named,
	"unshare": (*stage).unshare,
	"podman":  (*stage).podman,
	"nspawn":  (*stage).nspawn,
	"lxc":     (*stage).lxc,
	"none":    func(*stage, testing.TB, *Scenario) *place { return &place{} },
}

// programOf is what a machine need not have for a kind of container.
var programOf = map[string]string{"podman": "podman", "nspawn": "systemd-nspawn", "lxc": "lxc-start"}

// docker starts a container, and waits for the end of its entrypoint.
func (s *stage) docker(t testing.TB, sc *Scenario) *place {
	t.Helper()
	options, command := append([]string{"--hostname", sc.Name}, sc.Options...), sc.Command
	if script := sc.entrypoint(); script != nil {
		options = append(options, "--volume", s.script(t, script)+":/entrypoint.sh:ro")
		command = []string{"sh", "/entrypoint.sh"}
	}
	if len(command) == 0 {
		command = []string{"sleep", "2147483647"}
	}
	c := s.daemon.RunCommand(t, sc.Name, s.image(t, sc.Image), dockersName(sc.Networks[0]), options, command...)
	for _, network := range sc.Networks[1:] {
		s.mustDocker(t, "network", "connect", dockersName(network), sc.Name)
	}
	if sc.entrypoint() != nil {
		await(t, "the end of the entrypoint", func() bool {
			_, err := os.Stat(fmt.Sprintf("/proc/%d/root%s", c.PID, entrypointDone))
			return err == nil
		})
	}
	return &place{
		id: c.ID, inode: c.Netns, pid: c.PID, netns: c.NetnsFile, address: c.Address,
		command: func(tty bool, words ...string) *exec.Cmd {
			args := []string{"exec", "--interactive"}
			if tty {
				args = append(args, "--tty")
			}
			cmd, err := s.daemon.Command(context.Background(), append(append(args, sc.Name), words...)...)
			if err != nil {
				t.Fatal(err)
			}
			return cmd
		},
	}
}

// entrypointDone is made in a container when its entrypoint has come to its end.
const entrypointDone = "/run/entrypoint-done"

// script writes an entrypoint to a file.
func (s *stage) script(t testing.TB, step *Step) string {
	t.Helper()
	var text strings.Builder
	for _, line := range step.Lines {
		fmt.Fprintln(&text, line.Text)
	}
	fmt.Fprintf(&text, "touch %s\nexec sleep 2147483647\n", entrypointDone)
	path := filepath.Join(t.TempDir(), "entrypoint.sh")
	if err := os.WriteFile(path, []byte(text.String()), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// named makes a namespace with a name, for ip netns exec.
func (s *stage) named(t testing.TB, sc *Scenario) *place {
	t.Helper()
	name := netnsPrefix + sc.Name
	addNetns(t, name)
	return s.bare(t, sc, name, func(words ...string) []string {
		return append([]string{"ip", "netns", "exec", name}, words...)
	})
}

// unshare has a process make a namespace, to be entered by way of that process.
func (s *stage) unshare(t testing.TB, sc *Scenario) *place {
	t.Helper()
	keeper := s.daemon.OnHost("unshare", "--net", "--", "sleep", keeperLife)
	pid := keep(t, keeper)
	file := fmt.Sprintf("/proc/%d/ns/net", pid)
	// Until it is a sleep it is nsenter and then unshare, and in the machine's own namespace and then in the node's.
	await(t, "the namespace of unshare", func() bool {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		return string(name) == "sleep\n"
	})
	name := netnsPrefix + sc.Name // only for as long as ip needs one
	if _, err := ip("netns", "attach", name, strconv.Itoa(pid)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := ip("netns", "delete", name); err != nil {
			t.Error(err)
		}
	}()
	p := s.bare(t, sc, name, func(words ...string) []string {
		return append([]string{"nsenter", "--target", strconv.Itoa(pid), "--net", "--"}, words...)
	})
	p.pid, p.netns = pid, file
	return p
}

// know lets the events of a namespace through.
func (s *stage) know(inode uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inodes[inode] = true
}

// nextAddress is the last number of an address that Docker gives to nobody so soon.
func (s *stage) nextAddress() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses++
	return 150 + s.addresses
}

// bare gives a namespace its links. enter is the command that runs another one in it; it is run on the node.
func (s *stage) bare(t testing.TB, sc *Scenario, name string, enter func(words ...string) []string) *place {
	t.Helper()
	p := &place{netns: "/run/netns/" + name, inode: inodeOf("/run/netns/" + name)}
	s.know(p.inode)
	address := s.nextAddress()
	for i, network := range sc.Networks {
		n, ok := networks[network]
		if !ok && network != "none" {
			t.Fatalf("network %s: a bare namespace can't have it", network)
		}
		if !ok {
			continue
		}
		if err := n.attach(name, fmt.Sprintf("eth%d", i), address); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			p.address = fmt.Sprintf("%s%d", n.prefix4, address)
		}
	}
	p.command = func(_ bool, words ...string) *exec.Cmd {
		words = enter(words...)
		return s.daemon.OnHost(words[0], words[1:]...)
	}
	return p
}

// keeperLife is how long, in seconds, a process stays that keeps a namespace, should nobody end it.
const keeperLife = "1200"

// keep starts a process, ends it with the test, and returns its number.
func keep(t testing.TB, cmd *exec.Cmd) (pid int) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // if it has ended, so much the better
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// inodeOf is the number of the namespace that a file leads to, 0 if it leads nowhere.
func inodeOf(file string) uint64 {
	var stat syscall.Stat_t
	if err := syscall.Stat(file, &stat); err != nil {
		return 0
	}
	return stat.Ino
}

// await waits until something is so.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(lineTimeout); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("wait for %s: in vain for %s", what, lineTimeout)
		}
	}
}
