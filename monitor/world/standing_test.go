package world

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

func TestStanding(t *testing.T) {
	host := own{namespaces: events.Namespaces{Mnt: 1, PID: 2, UTS: 3}, root: directory{0xfe00, 2}}
	process := func(mnt, pid, uts, dev uint32, ino uint64) *events.Process {
		return &events.Process{Namespaces: events.Namespaces{Mnt: mnt, PID: pid, UTS: uts}, RootDev: dev, RootIno: ino}
	}
	tests := []struct {
		name    string
		host    own
		process *events.Process
		want    events.Standing
	}{
		{"in a container", host, process(11, 12, 13, 0x31, 99), events.Standing{Known: true}},
		{"everywhere but in the network", host, process(1, 2, 3, 0xfe00, 2), events.Standing{Known: true, Root: true, Namespaces: []string{"mnt", "pid", "uts"}}},
		{"of the host's PIDs", host, process(11, 2, 13, 0x31, 99), events.Standing{Known: true, Namespaces: []string{"pid"}}},
		{"rooted in the host", host, process(11, 12, 13, 0xfe00, 2), events.Standing{Known: true, Root: true}},
		{"rooted in a folder of the host's", host, process(11, 12, 13, 0xfe00, 77), events.Standing{Known: true}},
		{"rooted in another filesystem's top", host, process(11, 12, 13, 0xfe01, 2), events.Standing{Known: true}},
		{"host's root not known", own{namespaces: host.namespaces}, process(1, 12, 13, 0, 0), events.Standing{Namespaces: []string{"mnt"}}},
		{"host's mnt not known", own{namespaces: events.Namespaces{PID: 2, UTS: 3}, root: host.root}, process(0, 2, 13, 0xfe00, 2), events.Standing{Root: true, Namespaces: []string{"pid"}}},
		{"process not described", host, process(0, 0, 0, 0, 0), events.Standing{}},
		{"no process", host, nil, events.Standing{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, tt.host.standing(tt.process)); diff != "" {
				t.Errorf("standing (-want +got):\n%s", diff)
			}
		})
	}
}

// living is a process as a hook would describe it.
func living(t *testing.T, pid int) *events.Process {
	t.Helper()
	at := fmt.Sprintf("/proc/%d", pid)
	number := func(kind string) uint32 {
		n := inodeAt(at + "/ns/" + kind)
		if n == 0 {
			t.Fatalf("%s/ns/%s can't be read", at, kind)
		}
		return n
	}
	var root unix.Stat_t
	if err := unix.Stat(at+"/root/", &root); err != nil {
		t.Fatal(err)
	}
	return &events.Process{
		PID: uint32(pid), NetnsInode: number("net"), RootDev: uint32(root.Dev), RootIno: root.Ino,
		Namespaces: events.Namespaces{Mnt: number("mnt"), PID: number("pid"), UTS: number("uts")},
	}
}

// started starts a shell that ends in a sleep, which the script leads up to, in new namespaces, and waits until
// it has got there.
func started(t *testing.T, namespaces uintptr, script string) *events.Process {
	t.Helper()
	needNetns(t)
	command := exec.Command("sh", "-ec", script+" sleep 1000")
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: namespaces, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); command.Wait() })
	for range 1000 {
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", command.Process.Pid)); string(name) == "sleep\n" {
			return living(t, command.Process.Pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q does not get to its end", script)
	return nil
}

// needNode skips a test that takes this process to live in all of the host's
// namespaces but, perhaps, the network's.
func needNode(t *testing.T) {
	t.Helper()
	needNetns(t)
	if inodeAt("/proc/self/ns/pid") != events.InitialPIDNamespace || inodeAt("/proc/self/ns/mnt") != inodeAt("/proc/2/ns/mnt") {
		t.Skip("needs to run on the node itself, not in a container")
	}
}

func TestStandingOfProcesses(t *testing.T) {
	needNode(t)
	host := readOwn("")
	folder := t.TempDir()
	const all = unix.CLONE_NEWNS | unix.CLONE_NEWUTS
	tests := []struct {
		name    string
		process *events.Process
		want    events.Standing
	}{
		{"all but the network", started(t, unix.CLONE_NEWNET, "exec"), events.Standing{Known: true, Root: true, Namespaces: []string{"mnt", "pid", "uts"}}},
		{"the host's root, bound elsewhere", started(t, all, "mount --bind / "+folder+"; exec chroot "+folder),
			events.Standing{Known: true, Root: true, Namespaces: []string{"pid"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, host.standing(tt.process)); diff != "" {
				t.Errorf("standing (-want +got):\n%s", diff)
			}
		})
	}
}

// A host that is named by a process is what that one lives in.
func TestOwnOfSelector(t *testing.T) {
	needNode(t)
	node := started(t, unix.CLONE_NEWNS|unix.CLONE_NEWUTS|unix.CLONE_NEWNET, "exec")
	initial := own{
		namespaces: events.Namespaces{Mnt: inodeAt("/proc/2/ns/mnt"), PID: inodeAt("/proc/2/ns/pid"), UTS: inodeAt("/proc/2/ns/uts")},
		root:       directory{node.RootDev, node.RootIno},
	}
	nodes := own{
		namespaces: events.Namespaces{Mnt: node.Namespaces.Mnt, PID: node.Namespaces.PID, UTS: node.Namespaces.UTS},
		root:       initial.root,
	}
	for selector, want := range map[string]own{
		"":                          initial,
		"blue":                      initial,
		fmt.Sprint(node.NetnsInode): initial,
		fmt.Sprint(node.PID):        nodes,
		"4194304":                   {}, // nobody
	} {
		if got := readOwn(selector); got != want {
			t.Errorf("readOwn(%q) = %+v, want %+v", selector, got, want)
		}
	}
}

func TestFactsTellStanding(t *testing.T) {
	needNode(t)
	n := newNode(t)
	c := change(events.KindLink, events.Set, "eth0", word("ifname", "eth0"))
	c.Netns.Inode, c.Process = n.container.inode, living(t, os.Getpid())
	c.Process.NetnsInode = n.container.inode
	if err := n.Facts(c); err != nil {
		t.Fatal(err)
	}
	want := &events.Standing{Known: true, Root: true, Namespaces: []string{"mnt", "pid", "uts"}}
	if diff := cmp.Diff(want, c.Standing); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	c = n.changed(n.container.inode, n.host.inode, change(events.KindLink, events.Set, "eth0", word("ifname", "eth0")))
	if c.Standing != nil {
		t.Errorf("standing = %+v of a process that lives on the host, want none", c.Standing)
	}
}
