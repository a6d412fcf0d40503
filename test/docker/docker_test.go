package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// mistake is something that somebody in a container does who believes to be on the host. What it must print is
// a part of the output; where that is empty, nothing at all.
type mistake struct {
	name    string
	command string // "$parent" is the host's link that the container's hangs on
	exit    map[string]int
	prints  map[string]string
}

// both is for what the two ip programs agree on.
func both[T any](v T) map[string]T { return map[string]T{Iproute2: v, Busybox: v} }

// mistakes are the classic ones, in the order in which they are made in one container.
var mistakes = []mistake{
	{
		name:    "set the uplink up, which it is",
		command: "ip link set dev eth0 up",
		exit:    both(0), prints: both(""),
	}, {
		name:    "default route by a gateway of another network",
		command: "ip route add default via 192.168.1.1",
		exit:    both(2),
		prints: map[string]string{
			Iproute2: "Nexthop has invalid gateway.",
			Busybox:  "RTNETLINK answers: Network is unreachable",
		},
	}, {
		name:    "set the host's link up",
		command: "ip link set $parent up",
		exit:    map[string]int{Iproute2: 1, Busybox: 2},
		prints: map[string]string{
			Iproute2: `Cannot find device "$parent"`,
			Busybox:  "SIOCGIFFLAGS: No such device",
		},
	}, {
		name:    "address on the host's link",
		command: "ip addr add 198.18.7.200/24 dev $parent",
		exit:    both(1),
		prints: map[string]string{
			Iproute2: `Cannot find device "$parent"`,
			Busybox:  "can't find device '$parent'",
		},
	}, {
		name:    "make a bridge",
		command: "ip link add br0 type bridge",
		exit:    both(0), prints: both(""),
	}, {
		name:    "put the uplink into the bridge",
		command: "ip link set eth0 master br0",
		exit:    both(0), prints: both(""),
	}, {
		name:    "set the bridge up",
		command: "ip link set br0 up",
		exit:    both(0), prints: both(""),
	},
}

func TestHarness(t *testing.T) {
	// Start compares the host's state too. Here it is seen that it may be compared after Start's own cleanups.
	program := require(t)
	release := lock(t, program)
	removeStale(t)
	before, err := hostState()
	release()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("daemon", func(t *testing.T) {
		begin := time.Now()
		d := Start(t)
		t.Logf("dockerd answers after %s, has its images after %s", d.StartTime, time.Since(begin))
		n := d.Macvlan(t)
		t.Run("iproute2", func(t *testing.T) { testMistakes(t, d, n, Iproute2) })
		t.Run("busybox", func(t *testing.T) { testMistakes(t, d, n, Busybox) })
		t.Run("bridge", func(t *testing.T) { testBridge(t, d) })
		t.Run("images", func(t *testing.T) { testImages(t, d) })
	})
	after, err := hostState()
	if err != nil {
		t.Fatal(err)
	}
	if difference := diff(before, after); difference != "" {
		t.Errorf("the host has changed:\n%s", difference)
	}
}

func testMistakes(t *testing.T, d *Daemon, n *Network, image string) {
	begin := time.Now()
	c := d.Run(t, "web-"+filepath.Base(image), image, n.Name)
	t.Logf("container runs after %s: pid %d, netns %d, address %s", time.Since(begin), c.PID, c.Netns, c.Address)
	testContainer(t, d, c)
	if c.Address == n.Address {
		t.Errorf("container has the host's address %s", c.Address)
	}
	for _, m := range mistakes {
		expand := strings.NewReplacer("$parent", n.Parent)
		command := expand.Replace(m.command)
		out, exit := c.Exec(strings.Fields(command)...)
		t.Logf("$ %s\n%s(exit %d)", command, out, exit)
		if exit != m.exit[image] {
			t.Errorf("%s: %s: exit %d, want %d", m.name, command, exit, m.exit[image])
		}
		want := expand.Replace(m.prints[image])
		if !strings.Contains(out, want) || (want == "") != (out == "") {
			t.Errorf("%s: %s: printed %q, want %q", m.name, command, out, want)
		}
	}
	if out, _ := c.Exec("ip", "link", "show", "eth0"); !strings.Contains(out, "master br0") {
		t.Errorf("eth0 is not in br0: %s", out)
	}
	// The mistake: nothing of it reached the host.
	if out, err := ip("link", "show", "dev", "br0"); err == nil {
		t.Errorf("br0 is on the host: %s", out)
	}
}

// testContainer checks what the harness says about a container against the kernel.
func testContainer(t *testing.T, d *Daemon, c *Container) {
	t.Helper()
	host, err := netnsInode("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if c.Netns == host {
		t.Errorf("container is in the host's network namespace %d", host)
	}
	if file, err := netnsInode(c.NetnsFile); err != nil || file != c.Netns {
		t.Errorf("%s is namespace %d (%v), want %d", c.NetnsFile, file, err, c.Netns)
	}
	if !strings.HasPrefix(c.NetnsFile, d.ExecRoot+"/netns/") {
		t.Errorf("network namespace's file is %s, want it below %s", c.NetnsFile, d.ExecRoot)
	}
	cgroup := readFile(t, fmt.Sprintf("/proc/%d/cgroup", c.PID))
	if !strings.Contains(cgroup, c.ID) {
		t.Errorf("container %s is not in the cgroups of its init:\n%s", c.ID, cgroup)
	}
	t.Logf("/proc/%d/cgroup:\n%s", c.PID, cgroup)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func testBridge(t *testing.T, d *Daemon) {
	n := d.Bridge(t)
	c := d.Run(t, "bridged", Iproute2, n.Name)
	testContainer(t, d, c)
	if out, exit := c.Exec("ping", "-c", "1", "-W", "5", n.Address); exit != 0 {
		t.Errorf("ping the host from the container: exit %d: %s", exit, out)
	}
	c.Stop()
}

// testImages checks which ip a command finds, from docker exec and from the image's shell.
func testImages(t *testing.T, d *Daemon) {
	for image, want := range map[string]string{Iproute2: "iproute2", Busybox: "BusyBox"} {
		c := d.Run(t, "image-"+filepath.Base(image), image, "none")
		for _, command := range [][]string{{"ip", "-V"}, {"sh", "-c", "ip -V"}} {
			if out, _ := c.Exec(command...); !strings.Contains(out, want) {
				t.Errorf("%s: %v is not %s's: %s", image, command, want, out)
			}
		}
		if out, exit := c.ExecTTY("tty"); exit != 0 || !strings.HasPrefix(out, "/dev/pts/") || strings.Contains(out, "\r") {
			t.Errorf("%s: terminal: %q, exit %d", image, out, exit)
		}
		if _, exit := c.Exec("false"); exit != 1 {
			t.Errorf("%s: false: exit %d, want 1", image, exit)
		}
		out := d.must(t, nil, "image", "inspect", "--format", "{{index .Config.Labels \""+Label+"\"}}", image)
		if strings.TrimSpace(out) != filepath.Base(image) {
			t.Errorf("%s: label %q", image, out)
		}
	}
	c := d.Run(t, "image-bridge", Iproute2, "none")
	if out, exit := c.Exec("bridge", "link"); exit != 0 {
		t.Errorf("bridge link: exit %d: %s", exit, out)
	}
}

// TestRemoveAfterCrash kills dockerd under a running container. The cleanups must find the rest by themselves.
func TestRemoveAfterCrash(t *testing.T) {
	var d *Daemon
	var c *Container
	var n *Network
	var before []string
	ran := t.Run("daemon", func(t *testing.T) {
		d = Start(t)
		before = strings.Split(readFile(t, d.outsidePath()), "\n")
		n = d.Bridge(t)
		c = d.Run(t, "orphan", Busybox, n.Name)
		d.Run(t, "host", Busybox, "host") // leaves a file that holds the host's own namespace
		if err := d.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-d.ended
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", c.PID)); err != nil {
			t.Errorf("the container did not outlive dockerd: %v", err)
		}
	})
	if !ran || c == nil {
		t.Skip("no daemon to crash")
	}
	if d.owns(c.PID, []string{c.ID}) {
		t.Errorf("process %d of the container still runs", c.PID)
	}
	if _, err := os.Stat(d.dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", d.dir, err)
	}
	if out, err := ip("link", "show", "dev", n.Parent); err == nil {
		t.Errorf("link is still there: %s", out)
	}
	for _, path := range outside() {
		if !slices.Contains(before, path) {
			t.Errorf("%s is still there", path)
		}
	}
}

// TestHostState checks the check: a link of the harness's that is left behind must be seen.
func TestHostState(t *testing.T) {
	defer lock(t, require(t))()
	before, err := hostState()
	if err != nil {
		t.Fatal(err)
	}
	name := linkName(parentPrefix)
	mustIP(t, "link", "add", name, "type", "veth", "peer", "name", linkName(peerPrefix))
	left, err := hostState()
	if _, err := ip("link", "delete", "dev", name); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if difference := diff(before, left); !strings.Contains(difference, "+ link") || !strings.Contains(difference, name) {
		t.Errorf("the difference lacks link %s:\n%s", name, difference)
	}
	if difference := diff(left, before); !strings.Contains(difference, "- link") {
		t.Errorf("the difference lacks the removed link:\n%s", difference)
	}
}
