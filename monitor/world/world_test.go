package world

import (
	"fmt"
	"net/netip"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// node is a node of its own for a test: a host, and a container with a macvlan
// on the host's uplink, which has the classic names and addresses.
type node struct {
	*World
	t               *testing.T
	host, container *testNetns
}

func newNode(t *testing.T) *node {
	t.Helper()
	n := &node{t: t, host: newNetns(t), container: newNetns(t)}
	n.host.noIPv6()
	n.container.noIPv6()
	n.host.ip("link add ens3 type veth peer name wire")
	n.host.ip("link set ens3 up")
	n.host.ip("link set wire up")
	n.host.ip("addr add 192.168.1.10/24 dev ens3")
	n.host.ip("route add default via 192.168.1.1")
	n.host.ip("link add eth0 type veth peer name spare")
	n.host.ip("link add link ens3 name mv0 type macvlan mode bridge")
	n.host.ip("link set mv0 netns " + n.container.name)
	n.container.ip("link set mv0 name eth0")
	n.container.ip("link set eth0 up")
	n.container.ip("addr add 10.1.0.5/24 dev eth0")
	n.container.ip("route add default via 10.1.0.254")
	n.World = New(openHost(t, n.host.name), func(inode uint32, _ uint64) string {
		if inode == n.container.inode {
			return "container web"
		}
		return ""
	})
	return n
}

// changed makes a change in a namespace, made now by a process that lives in
// from, and lets the world complete it.
func (n *node) changed(in, from uint32, c *events.Change) *events.Change {
	n.t.Helper()
	c.Time = time.Now()
	c.Netns.Inode = in
	c.Process = &events.Process{NetnsInode: from}
	if err := n.Facts(c); err != nil {
		n.t.Errorf("Facts: %v", err)
	}
	return c
}

func (n *node) inContainer(c *events.Change) *events.Change {
	n.t.Helper()
	return n.changed(n.container.inode, n.container.inode, c)
}

// linkNow is the state of a link as a hook would read it.
func (n *node) linkNow(in *testNetns, name events.Name) *events.Link {
	n.t.Helper()
	l, err := openHost(n.t, in.name).LinkByName(name)
	if err != nil || l == nil {
		n.t.Fatalf("link %s: %v, %v", name, l, err)
	}
	l.Parent, l.ParentName, l.MasterName = 0, "", ""
	return l
}

func TestFactsOfMissingLink(t *testing.T) {
	n := newNode(t)
	c := n.inContainer(failed(change(events.KindLink, events.Lookup, "ens3", word("ifname", "ens3")), unix.ENODEV))
	if c.Netns.Host || c.Netns.Owner != "container web" || c.Effect != events.EffectFailed {
		t.Errorf("netns %+v, effect %s", c.Netns, c.Effect)
	}
	if !c.Here.Known || c.Here.Link != nil {
		t.Errorf("here = %+v, want no link", c.Here)
	}
	if !c.Host.Known || c.Host.Link == nil || c.Host.Link.Kind != "veth" || fmt.Sprint(c.Host.Addresses) != "[192.168.1.10/24]" {
		t.Errorf("host = %+v, want ens3", c.Host)
	}
}

// The capture did not read the state before: it is remembered.
func TestFactsOfNoOp(t *testing.T) {
	n := newNode(t)
	c := change(events.KindLink, events.Set, "eth0", word("ifname", "eth0"))
	c.After = n.linkNow(n.container, "eth0")
	n.inContainer(c)
	if c.Before == nil || c.Effect != events.EffectNone {
		t.Errorf("before %+v, effect %s, want none", c.Before, c.Effect)
	}
	here := c.Here.Link
	if here == nil || here.Kind != "macvlan" || here.ParentName != "ens3" || !here.Up() || fmt.Sprint(c.Here.Addresses) != "[10.1.0.5/24]" {
		t.Errorf("here = %+v, want a macvlan on ens3", here)
	}
	if c.After.ParentName != "ens3" {
		t.Errorf("after's parent = %q, want ens3, which is remembered", c.After.ParentName)
	}
	if host := c.Host.Link; host == nil || host.Kind != "veth" || host.Up() {
		t.Errorf("host's link = %+v, want eth0, down", host)
	}
}

func TestFactsOfRoute(t *testing.T) {
	n := newNode(t)
	c := n.inContainer(failed(route(events.Add, ip("gateway", "192.168.1.1")), unix.ENETUNREACH))
	gateway := netip.MustParseAddr("192.168.1.1")
	if want := (events.Nexthop{Gateway: gateway}); *c.Here.Nexthop != want || fmt.Sprint(c.Here.Defaults) != "[10.1.0.254]" {
		t.Errorf("here: nexthop %+v, defaults %v", c.Here.Nexthop, c.Here.Defaults)
	}
	if want := (events.Nexthop{Gateway: gateway, OnLink: true, Dev: "ens3"}); *c.Host.Nexthop != want || fmt.Sprint(c.Host.Defaults) != "[192.168.1.1]" {
		t.Errorf("host: nexthop %+v, defaults %v", c.Host.Nexthop, c.Host.Defaults)
	}
}

func TestFactsOfMaster(t *testing.T) {
	n := newNode(t)
	n.host.ip("link add br0 type bridge")
	add := change(events.KindLink, events.Add, "br0", word("ifname", "br0"))
	n.container.ip("link add br0 type bridge")
	add.After = n.linkNow(n.container, "br0")
	if n.inContainer(add); add.Here.Link != nil || add.Host.Link == nil {
		t.Errorf("here %+v, host %+v, want br0 on the host only", add.Here.Link, add.Host.Link)
	}
	c := n.inContainer(change(events.KindLink, events.Set, "eth0", word("ifname", "eth0"), word("master", "br0")))
	if c.Here.Master == nil || c.Here.Master.Kind != "bridge" || c.Host.Master == nil {
		t.Errorf("masters: here %+v, host %+v", c.Here.Master, c.Host.Master)
	}
}

// A change of the host's namespace has no facts for the judge, but makes the
// host be asked again.
func TestHostIsAskedAgainAfterItChanged(t *testing.T) {
	n := newNode(t)
	lookup := func() *events.Change {
		return n.inContainer(failed(change(events.KindLink, events.Lookup, "late", word("ifname", "late")), unix.ENODEV))
	}
	if c := lookup(); c.Host.Link != nil {
		t.Fatalf("host's link = %+v, want none yet", c.Host.Link)
	}
	n.host.ip("link add late type bridge")
	c := change(events.KindLink, events.Add, "late", word("ifname", "late"))
	c.After = n.linkNow(n.host, "late")
	n.changed(n.host.inode, n.host.inode, c)
	if !c.Netns.Host || c.Netns.Owner != "host" || c.Here != nil || c.Host != nil || c.Effect != events.EffectChanged {
		t.Errorf("host's change: %+v", c)
	}
	if c := lookup(); c.Host.Link == nil {
		t.Error("host's link was not asked for again")
	}
}

// Somebody at home on the host who changes a container's namespace is a runtime
// at its work.
func TestNoFactsForTheHostsOwn(t *testing.T) {
	n := newNode(t)
	c := n.changed(n.container.inode, n.host.inode, addr(events.Add, "eth0", "10.1.0.6", 24))
	if c.Here != nil || c.Host != nil {
		t.Errorf("facts: here %+v, host %+v, want none", c.Here, c.Host)
	}
	c = n.inContainer(change(events.KindLink, events.Set, "eth0", word("ifname", "eth0")))
	if fmt.Sprint(c.Here.Addresses) != "[10.1.0.5/24 10.1.0.6/24]" {
		t.Errorf("addresses = %v, want the runtime's too", c.Here.Addresses)
	}
}

func TestLinkName(t *testing.T) {
	n := newNode(t)
	index := n.linkNow(n.container, "eth0").Index
	if name := n.LinkName(n.container.inode, 0, index); name != "eth0" {
		t.Errorf("LinkName in the container = %q", name)
	}
	index = n.linkNow(n.host, "ens3").Index
	if name := n.LinkName(n.host.inode, 0, index); name != "ens3" {
		t.Errorf("LinkName on the host = %q", name)
	}
	n.host.ip("link add late type bridge") // nobody told of it
	index = n.linkNow(n.host, "late").Index
	if name := n.LinkName(n.host.inode, 0, index); name != "late" {
		t.Errorf("LinkName of a new link on the host = %q", name)
	}
	if name := n.LinkName(1, 0, 1); name != "" {
		t.Errorf("LinkName in no namespace = %q", name)
	}
}

func TestOwner(t *testing.T) {
	n := newNode(t)
	named := newNetns(t)
	fresh := New(n.World.host, nil)
	for inode, want := range map[uint32]string{n.host.inode: "host", named.inode: "netns " + named.name, 1: ""} {
		if got := fresh.Owner(inode, 0); got != want {
			t.Errorf("Owner(%d) = %q, want %q", inode, got, want)
		}
	}
	if got := n.Owner(n.container.inode, 0); got != "container web" {
		t.Errorf("Owner = %q, want container web", got)
	}
}

// unshared starts a process in a network namespace that nothing else leads to.
func unshared(t *testing.T) (pid int, inode uint32, kill func()) {
	t.Helper()
	command := exec.Command("sleep", "1000")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { command.Process.Kill(); command.Wait() }
	t.Cleanup(kill)
	pid = command.Process.Pid
	return pid, inodeAt(fmt.Sprintf("/proc/%d/ns/net", pid)), kill
}

// A namespace made after the start is read when it is first changed; the state
// before that change is not known, and not made up.
func TestNamespaceSeenFirstInAChange(t *testing.T) {
	n := newNode(t)
	pid, inode, _ := unshared(t)
	run(t, "nsenter", "-t", fmt.Sprint(pid), "-n", "ip", "link", "set", "lo", "up")
	c := change(events.KindLink, events.Set, "lo", word("ifname", "lo"))
	c.Time = time.Now()
	c.Netns.Inode = inode
	c.Process = &events.Process{PID: uint32(pid), TID: uint32(pid), NetnsInode: inode}
	n.searchable = time.Now().Add(time.Hour) // it must be found by the process, without a search
	if err := n.Facts(c); err != nil {
		t.Fatal(err)
	}
	if c.Before != nil || c.Effect != events.EffectUnknown {
		t.Errorf("before %+v, effect %s, want unknown", c.Before, c.Effect)
	}
	if !c.Here.Known || c.Here.Link == nil || c.Here.Link.Name != "lo" {
		t.Errorf("here = %+v, want lo", c.Here)
	}
}

// A change can come from a namespace that is gone and whose inode is another's.
func TestInodeReused(t *testing.T) {
	n := newNode(t)
	cookie := n.known(n.container.inode, 0).cookie
	if cookie == 0 {
		t.Skip("this kernel does not tell a namespace's cookie")
	}
	c := change(events.KindLink, events.Set, "eth0", word("ifname", "eth0"))
	c.Netns.Cookie = cookie + 1
	if n.inContainer(c); c.Here.Known || c.Here.Link != nil || c.Before != nil {
		t.Errorf("here = %+v, before = %+v, want nothing known", c.Here, c.Before)
	}
	if known := n.known(n.container.inode, cookie); known == nil || known.gone != cookie+1 {
		t.Errorf("known = %+v, want the namespace that has the inode now", known)
	}
}

// Knowing a namespace does not keep it alive: a veth goes away with the
// namespace of its peer.
func TestNamespaceIsNotKeptAlive(t *testing.T) {
	n := newNode(t)
	pid, inode, kill := unshared(t)
	n.host.ip(fmt.Sprintf("link add here type veth peer name there netns %d", pid))
	fresh := New(n.World.host, nil)
	if known := fresh.known(inode, 0); known == nil || known.byName("there") == nil || known.byName("there").ParentName != "here" {
		t.Fatalf("namespace is not known, or not where its veth's peer is: %+v", known)
	}
	kill()
	for range 10000 {
		if l, err := n.World.host.LinkByName("here"); err != nil {
			t.Fatal(err)
		} else if l == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the namespace is still there")
}

func TestForgetGone(t *testing.T) {
	n := newNode(t)
	_, inode, kill := unshared(t)
	fresh := New(n.World.host, nil)
	if fresh.known(inode, 0) == nil {
		t.Fatal("namespace is not known")
	}
	kill()
	fresh.searchable = time.Time{}
	fresh.forgetGone()
	if fresh.known(inode, 0) != nil || fresh.known(n.container.inode, 0) == nil {
		t.Error("want the namespace that is gone forgotten, and no other")
	}
}

func TestNothingStaysOpen(t *testing.T) {
	n := newNode(t)
	before := openFiles(t)
	for range 50 {
		n.answers.forget()
		n.inContainer(failed(route(events.Add, ip("gateway", "192.168.1.1")), unix.ENETUNREACH))
		known := n.known(n.container.inode, 0)
		known.readable = time.Time{}
		n.again(known)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, were %d", after, before)
	}
	if away := strays(t); len(away) > 0 {
		t.Errorf("threads in the wrong namespace: %v", away)
	}
}
