package docker

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Container is a running container whose init only sleeps.
type Container struct {
	ID        string // all 64 digits
	Name      string
	PID       int    // of its init, as the host counts
	Netns     uint64 // the inode of its network namespace
	NetnsFile string // Docker's name for that namespace, below the daemon's ExecRoot
	Address   string // in its network; empty in the networks host and none

	daemon *Daemon
	t      testing.TB
}

// Run starts a container of the image in the network (a Network's Name, host or none) with CAP_NET_ADMIN, and
// removes it when the test ends. The extra arguments are docker run's options.
func (d *Daemon) Run(t testing.TB, name, image, network string, extraArgs ...string) *Container {
	t.Helper()
	return d.RunCommand(t, name, image, network, extraArgs, "sleep", "2147483647")
}

// RunCommand is Run for a container whose init is another command.
func (d *Daemon) RunCommand(t testing.TB, name, image, network string, options []string, command ...string) *Container {
	t.Helper()
	args := []string{"run", "--detach", "--name", name, "--network", network, "--cap-add", "NET_ADMIN",
		// A sleep that is PID 1 ignores SIGTERM, for which Docker would wait 10 seconds.
		"--stop-signal", "KILL"}
	args = append(append(args, options...), image)
	c := &Container{Name: name, daemon: d, t: t}
	t.Cleanup(c.remove) // before it is started: a container that fails to start is there too
	d.must(t, nil, append(args, command...)...)
	if err := c.inspect(); err != nil {
		t.Fatalf("inspect container %s: %v", name, err)
	}
	return c
}

func (c *Container) inspect() error {
	out, exit, err := c.daemon.Docker("container", "inspect", c.Name)
	if err != nil {
		return err
	}
	if exit != 0 {
		return fmt.Errorf("exit %d: %s", exit, out)
	}
	var answer []struct {
		ID              string `json:"Id"`
		State           struct{ Pid int }
		NetworkSettings struct {
			SandboxKey string
			Networks   map[string]struct{ IPAddress string }
		}
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	if len(answer) != 1 || answer[0].State.Pid == 0 {
		return fmt.Errorf("it does not run: %s", out)
	}
	c.ID, c.PID = answer[0].ID, answer[0].State.Pid
	c.NetnsFile = answer[0].NetworkSettings.SandboxKey
	for _, network := range answer[0].NetworkSettings.Networks {
		c.Address = network.IPAddress
	}
	c.Netns, err = netnsInode(fmt.Sprintf("/proc/%d/ns/net", c.PID))
	return err
}

// netnsInode returns the number that names a network namespace.
func netnsInode(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("read network namespace: %w", err)
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}

// Exec runs a command in the container, as docker exec does, and returns what it printed, both streams together,
// and its exit status. Where Docker can't run it at all, the test is marked as failed and the status is -1; a
// program that is not there is Docker's exit status 127 or 126.
func (c *Container) Exec(args ...string) (output string, exit int) {
	c.t.Helper()
	return c.exec(nil, args...)
}

// ExecTTY is Exec with a terminal, as somebody at a prompt has it. The terminal turns \n into \r\n; that is undone.
func (c *Container) ExecTTY(args ...string) (output string, exit int) {
	c.t.Helper()
	output, exit = c.exec([]string{"--tty"}, args...)
	return strings.ReplaceAll(output, "\r\n", "\n"), exit
}

func (c *Container) exec(options []string, args ...string) (output string, exit int) {
	c.t.Helper()
	command := append([]string{"exec"}, options...)
	output, exit, err := c.daemon.Docker(append(append(command, c.Name), args...)...)
	if err != nil {
		c.t.Errorf("run %s in container %s: %v", strings.Join(args, " "), c.Name, err)
	}
	return output, exit
}

// Stop ends the container's processes and keeps the container.
func (c *Container) Stop() {
	c.t.Helper()
	if out, exit, err := c.daemon.Docker("stop", c.Name); exit != 0 {
		c.t.Errorf("stop container %s: exit %d: %v: %s", c.Name, exit, err, out)
	}
}

func (c *Container) remove() {
	out, exit, err := c.daemon.Docker("rm", "--force", "--volumes", c.Name)
	if exit != 0 && c.daemon.alive() && !strings.Contains(out, "No such container") {
		c.t.Errorf("remove container %s: exit %d: %v: %s", c.Name, exit, err, out)
	}
}
