package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wrongns/wrongns/monitor"
	"github.com/wrongns/wrongns/monitor/world"
)

// introduction tells what the stage's tables build.
const introduction = `The host has two links: eth0, which is down, and ens3, its uplink, with 192.168.1.2/24 and the
gateway 192.168.1.1. A container hangs on ens3 by macvlan, and its link is called eth0, too.
`

// mistake is one thing that people do in a container when they mean the host.
type mistake struct {
	story    string
	commands []string // for ip, or for busybox ip
	warns    string   // the rule that has to see it
}

// mistakes are made one after the other in the same container.
var mistakes = [...]mistake{
	{
		"Somebody in the container wants the host's eth0 up.",
		[]string{"link set eth0 up"}, "no-op-on-shadowed-link",
	},
	{
		"Somebody in the container wants the host's eth0 in a bridge.",
		[]string{"link add br0 type bridge", "link set eth0 master br0", "link set br0 up"}, "uplink-enslaved",
	},
	{
		"Somebody in the container wants the host's default route to go through its gateway.",
		[]string{"route add default via 192.168.1.1"}, "unreachable-gateway",
	},
	{
		"Somebody in the container wants the host's uplink up.",
		[]string{"link set ens3 up"}, "missing-link",
	},
}

// hostCommands furnish the namespace that plays the host.
var hostCommands = [...]string{
	"link set lo up",
	"link add eth0 type veth peer name eth0-wire",
	"link add ens3 type veth peer name ens3-wire",
	"link set ens3-wire up",
	"link set ens3 up",
	"address add 192.168.1.2/24 dev ens3",
	"route add default via 192.168.1.1",
}

// containerCommands are what a runtime does to a container's namespace; %d is its number.
var containerCommands = [...]string{
	"link set lo up",
	"address add 10.20.0.1%d/24 dev eth0",
	"link set eth0 up",
	"route add default via 10.20.0.1",
}

// tool is one of the programs that mistakes are made with.
type tool struct {
	name string
	argv []string // up to where ip's own arguments begin
}

// findTools finds the two. That one is missing is an error with the mend.
func findTools() ([]tool, error) {
	ip, err := exec.LookPath("ip")
	if err == nil {
		ip, err = filepath.EvalSymlinks(ip)
	}
	if err != nil || filepath.Base(ip) == "busybox" {
		return nil, errors.New("demo: needs iproute2's ip: install iproute2, or say make demo")
	}
	if _, err := exec.LookPath("busybox"); err != nil {
		return nil, errors.New("demo: needs busybox: install busybox-static, or say make demo")
	}
	return []tool{{"iproute2", []string{"ip"}}, {"busybox", []string{"busybox", "ip"}}}, nil
}

// stage is the demo's small world.
type stage struct {
	host       *namespace
	containers []*container
}

// container is a namespace that plays a container with one of the tools.
type container struct {
	*namespace
	tool tool
}

// containerFlags are the namespaces that a container's processes have to
// themselves beside the network. Without them they are no container's: they are
// the host's, and know where they are.
const containerFlags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// buildStage makes the host and a container for each tool. What it has made when
// something fails it takes away again.
func buildStage(ctx context.Context, tools []tool) (*stage, error) {
	s := &stage{}
	if err := s.build(ctx, tools); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *stage) build(ctx context.Context, tools []tool) (err error) {
	if s.host, err = newNamespace(); err != nil {
		return err
	}
	if err := s.host.ip(ctx, hostCommands[:]...); err != nil {
		return err
	}
	for i, tool := range tools {
		if err := s.addContainer(ctx, i, tool); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) addContainer(ctx context.Context, number int, tool tool) error {
	n, err := newNamespace()
	if err != nil {
		return err
	}
	s.containers = append(s.containers, &container{n, tool})
	err = s.host.ip(ctx,
		fmt.Sprintf("link add link ens3 name macvlan%d type macvlan mode bridge", number),
		fmt.Sprintf("link set macvlan%d netns %d name eth0", number, n.keeper.Process.Pid))
	if err != nil {
		return err
	}
	for _, command := range containerCommands {
		if strings.Contains(command, "%d") {
			command = fmt.Sprintf(command, number)
		}
		if err := n.ip(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// filter lets through what happens in the containers.
func (s *stage) filter() (f monitor.Filter) {
	for _, c := range s.containers {
		f.Netns = append(f.Netns, monitor.NetnsFilter{Inode: c.inode})
	}
	return f
}

func (s *stage) remove() {
	for _, c := range s.containers {
		c.remove()
	}
	if s.host != nil {
		s.host.remove()
	}
}

// namespace is a network namespace without a name: the process that keeps it
// ends with this one, however that ends, and the kernel takes the links away
// with the namespace.
type namespace struct {
	keeper *held
	file   *os.File
	inode  uint32
}

func newNamespace() (*namespace, error) {
	// In a process group of its own: Ctrl-C is for us, and we tell the keeper.
	keeper, err := hold(nil, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Setpgid: true})
	if errors.Is(err, syscall.EPERM) {
		return nil, errors.New("needs CAP_SYS_ADMIN: run it with sudo")
	} else if err != nil {
		return nil, err
	}
	n := &namespace{keeper: keeper}
	if n.file, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", keeper.Process.Pid)); err != nil {
		n.remove()
		return nil, err
	}
	info, err := n.file.Stat()
	if err != nil {
		n.remove()
		return nil, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		n.inode = uint32(stat.Ino)
	}
	return n, nil
}

// ip runs iproute2's commands in the namespace; the first that fails is the error.
func (n *namespace) ip(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		said, err := n.run(ctx, 0, append([]string{"ip"}, strings.Fields(command)...))
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, strings.TrimSpace(said))
		}
	}
	return nil
}

// run runs a program in the namespace, in new namespaces of the kinds that flags
// name (CLONE_NEW*), and returns what it said on both streams.
func (n *namespace) run(ctx context.Context, flags uintptr, argv []string) (string, error) {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	// A child is born where the thread that starts it is.
	if err := world.In(int(n.file.Fd()), cmd.Start); err != nil {
		return "", err
	}
	err := cmd.Wait()
	return said.String(), err
}

// remove lets go of the namespace. What the keeper ends with says nothing.
func (n *namespace) remove() {
	n.keeper.abandon()
	_ = n.keeper.Wait()
	if n.file != nil {
		n.file.Close()
	}
}

// isExit reports whether a program did run and then ended with a failure.
func isExit(err error) bool { return errors.As(err, new(*exec.ExitError)) }
