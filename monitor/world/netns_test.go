package world

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// needNetns skips a test that makes network namespaces where it may not, and
// fails it if such tests are required.
func needNetns(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("WRONGNS_REQUIRE") == "1" {
		t.Fatal("needs root to make network namespaces")
	}
	t.Skip("needs root to make network namespaces: run the tests with sudo")
}

// testNetns is a network namespace that exists as long as the test.
type testNetns struct {
	t     *testing.T
	name  string
	inode uint32
}

var netnsMade int

// newNetns makes a named network namespace.
func newNetns(t *testing.T) *testNetns {
	t.Helper()
	needNetns(t)
	netnsMade++
	n := &testNetns{t: t, name: fmt.Sprintf("wnt%d-%d", os.Getpid(), netnsMade)}
	run(t, "ip", "netns", "add", n.name)
	t.Cleanup(func() { run(t, "ip", "netns", "delete", n.name) })
	n.inode = inodeAt(n.path())
	return n
}

func (n *testNetns) path() string { return filepath.Join("/run/netns", n.name) }

// ip runs an ip command in the namespace.
func (n *testNetns) ip(command string) {
	n.t.Helper()
	run(n.t, "ip", append([]string{"-n", n.name}, strings.Fields(command)...)...)
}

// batch runs ip commands, one a line, in the namespace.
func (n *testNetns) batch(commands string) {
	n.t.Helper()
	ip := exec.Command("ip", "-n", n.name, "-batch", "-")
	ip.Stdin = strings.NewReader(commands)
	if out, err := ip.CombinedOutput(); err != nil {
		n.t.Fatalf("ip -batch: %v: %s", err, out)
	}
}

// noIPv6 turns IPv6 off, so that no address comes from nowhere.
func (n *testNetns) noIPv6() {
	n.t.Helper()
	run(n.t, "ip", "netns", "exec", n.name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
}

// awaitOwn waits until the kernel takes an IPv6 address for its own, which it does
// some time after the address was added.
func (n *testNetns) awaitOwn(address string) {
	n.t.Helper()
	for range 500 {
		out, err := exec.Command("ip", "-n", n.name, "-6", "route", "show", "table", "local").Output()
		if err != nil {
			n.t.Fatal(err)
		}
		if strings.Contains(string(out), "local "+address+" ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	n.t.Fatalf("%s is not the kernel's own", address)
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// openFiles counts this process's open files.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// strays returns the threads that are in another network namespace than the process.
func strays(t *testing.T) []string {
	t.Helper()
	home := inodeAt("/proc/self/ns/net")
	tasks, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil || len(tasks) == 0 {
		t.Fatalf("list threads: %v", err)
	}
	var away []string
	for _, path := range tasks {
		if n := inodeAt(path); n != home && n != 0 {
			away = append(away, path)
		}
	}
	return away
}

func TestInLeavesNoThreadBehind(t *testing.T) {
	away := newNetns(t)
	before := openFiles(t)
	ns, err := openNetns(away.path())
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("failure")
	inside := func() error {
		if n := inodeAt("/proc/thread-self/ns/net"); n != away.inode {
			return fmt.Errorf("f runs in namespace %d, want %d", n, away.inode)
		}
		return nil
	}
	visits := map[string]struct {
		f    func() error
		want error
	}{
		"returns": {inside, nil},
		"fails":   {func() error { return failure }, failure},
		"goexits": {func() error { runtime.Goexit(); return nil }, errGoexit},
		"panics":  {func() error { panic("thrown") }, nil},
	}
	for name, visit := range visits {
		t.Run(name, func(t *testing.T) {
			for range 200 {
				thrown, err := catch(func() error { return In(int(ns.Fd()), visit.f) })
				if !errors.Is(err, visit.want) || (thrown != nil) != (name == "panics") {
					t.Fatalf("In = %v, thrown %v", err, thrown)
				}
			}
			if away := strays(t); len(away) > 0 {
				t.Errorf("threads in the wrong namespace: %v", away)
			}
		})
	}
	ns.Close()
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, were %d", after, before)
	}
}

func catch(f func() error) (thrown any, err error) {
	defer func() { thrown = recover() }()
	return nil, f()
}

// The way back is barred by taking CAP_SYS_ADMIN away from the thread while it is
// away, so the thread must end.
func TestInGivesUpThreadThatCannotComeBack(t *testing.T) {
	away := newNetns(t)
	ns, err := openNetns(away.path())
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	lost := 0
	failure := errors.New("failure")
	err = In(int(ns.Fd()), func() error {
		lost = unix.Gettid()
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		none := make([]unix.CapUserData, 2)
		return errors.Join(failure, unix.Capset(&header, &none[0]))
	})
	if !errors.Is(err, unix.EPERM) || !errors.Is(err, failure) {
		t.Errorf("In = %v, want EPERM joined to what f returned", err)
	}
	if lost == unix.Getpid() {
		t.Fatal("it ran on the main thread, which the runtime can't end")
	}
	for range 1000 {
		if inodeAt(fmt.Sprintf("/proc/self/task/%d/ns/net", lost)) == 0 {
			return
		}
		runtime.Gosched()
		unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
	}
	t.Errorf("thread %d is still in the other namespace", lost)
}

func TestInWrongFile(t *testing.T) {
	needNetns(t)
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ran := false
	if err := In(int(file.Fd()), func() error { ran = true; return nil }); !errors.Is(err, unix.EINVAL) || ran {
		t.Errorf("In = %v, ran = %t, want EINVAL and f not run", err, ran)
	}
}

func TestOpenNetnsOfOtherFiles(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/null", "/proc/self/ns/mnt", "/nowhere"} {
		if ns, err := openNetns(path); err == nil {
			ns.Close()
			t.Errorf("openNetns(%s) takes it for a network namespace", path)
		}
	}
}

func openHost(t *testing.T, selector string) *Host {
	t.Helper()
	h, err := OpenHost(selector)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func TestOpenHostSelectors(t *testing.T) {
	n := newNetns(t)
	for _, selector := range []string{n.name, fmt.Sprint(n.inode)} {
		if h := openHost(t, selector); h.Inode != n.inode {
			t.Errorf("OpenHost(%s) is namespace %d, want %d", selector, h.Inode, n.inode)
		}
	}
	own := inodeAt("/proc/self/ns/net")
	if h := openHost(t, fmt.Sprint(os.Getpid())); h.Inode != own {
		t.Errorf("OpenHost of this process is %d, want %d", h.Inode, own)
	}
	if h := openHost(t, ""); h.Inode != inodeAt("/proc/2/ns/net") && inodeAt("/proc/self/ns/pid") == events.InitialPIDNamespace {
		t.Errorf("OpenHost is %d, want the kernel threads' %d", h.Inode, inodeAt("/proc/2/ns/net"))
	}
	for _, selector := range []string{"no-such-name", "..", "../netns", "4194305", "4194304", "-1"} {
		if h, err := OpenHost(selector); err == nil {
			h.Close()
			t.Errorf("OpenHost(%s) succeeds", selector)
		}
	}
}

func TestHostAnswers(t *testing.T) {
	n := newNetns(t)
	n.noIPv6()
	n.ip("link set lo up")
	n.ip("link add hv0 type veth peer name hv1")
	n.ip("link add br0 type bridge")
	n.ip("link set hv0 master br0")
	n.ip("link set hv0 up")
	n.ip("link set hv1 up")
	n.ip("addr add 10.1.0.1/24 dev hv1")
	n.ip("addr add 10.2.0.1/24 dev lo")
	n.ip("route add default via 10.1.0.254")
	n.ip("route add default via 10.1.0.253 metric 7")
	n.ip("route add 10.9.0.0/16 via 10.1.0.254")
	n.ip("route add unreachable 10.8.0.0/16")
	n.ip("route add blackhole 10.7.0.0/16")
	n.ip("route add prohibit 10.6.0.0/16")
	h := openHost(t, n.name)

	hv0, err := h.LinkByName("hv0")
	if err != nil || hv0 == nil || hv0.Kind != "veth" || hv0.MasterName != "br0" || hv0.ParentName != "hv1" || !hv0.Up() || len(hv0.Address) != 6 {
		t.Errorf("LinkByName(hv0) = %+v, %v", hv0, err)
	}
	for _, name := range []events.Name{"nosuch", "", "a/b", "\x1b", events.Name(strings.Repeat("x", 16)), events.Name(strings.Repeat("x", 300))} {
		if l, err := h.LinkByName(name); l != nil || err != nil {
			t.Errorf("LinkByName(%s) = %+v, %v, want none", name, l, err)
		}
	}
	for _, index := range []uint32{0, 9999, 1 << 31} {
		if l, err := h.LinkByIndex(index); l != nil || err != nil {
			t.Errorf("LinkByIndex(%d) = %+v, %v, want none", index, l, err)
		}
	}
	hv1, err := h.LinkByName("hv1")
	if err != nil || hv1 == nil {
		t.Fatalf("LinkByName(hv1) = %v, %v", hv1, err)
	}
	if all, err := h.Addresses(hv1.Index); err != nil || fmt.Sprint(all) != "[10.1.0.1/24]" {
		t.Errorf("Addresses(hv1) = %v, %v", all, err)
	}
	if all, err := h.Defaults(unix.AF_INET); err != nil || fmt.Sprint(all) != "[10.1.0.254 10.1.0.253]" {
		t.Errorf("Defaults = %v, %v", all, err)
	}
	testNexthops(t, h, map[string]events.Nexthop{
		"10.1.0.77": {OnLink: true, Dev: "hv1"},
		"10.1.0.1":  {Own: true, Dev: "hv1"},
		"10.9.1.1":  {Dev: "hv1"},
		"8.8.8.8":   {Dev: "hv1"},
		"10.8.0.1":  {},
		"10.7.0.1":  {},
		"10.6.0.1":  {},
	})
}

func testNexthops(t *testing.T, h *Host, tests map[string]events.Nexthop) {
	t.Helper()
	for gateway, want := range tests {
		want.Gateway = netip.MustParseAddr(gateway)
		if got, err := h.Nexthop(want.Gateway); err != nil || *got != want {
			t.Errorf("Nexthop(%s) = %+v, %v, want %+v", gateway, got, err, want)
		}
	}
}

func TestHostWithoutRoutes(t *testing.T) {
	h := openHost(t, newNetns(t).name)
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if all, err := h.Defaults(family); len(all) != 0 || err != nil {
			t.Errorf("Defaults(%d) = %v, %v, want none", family, all, err)
		}
	}
	testNexthops(t, h, map[string]events.Nexthop{"10.1.0.1": {}, "2001:db8::1": {}})
}

func TestHostIPv6(t *testing.T) {
	n := newNetns(t)
	n.ip("link add hv0 type veth peer name hv1")
	n.ip("link set hv0 up")
	n.ip("link set hv1 up")
	n.ip("addr add 2001:db8::1/64 dev hv0 nodad")
	n.awaitOwn("2001:db8::1")
	n.ip("route add default via 2001:db8::ff")
	n.ip("route add 2001:db8:9::/48 via 2001:db8::fe")
	h := openHost(t, n.name)
	if all, err := h.Defaults(unix.AF_INET6); err != nil || fmt.Sprint(all) != "[2001:db8::ff]" {
		t.Errorf("Defaults = %v, %v", all, err)
	}
	testNexthops(t, h, map[string]events.Nexthop{
		"2001:db8::77":  {OnLink: true, Dev: "hv0"},
		"2001:db8::1":   {Own: true, Dev: "hv0"},
		"2001:db8:9::1": {Dev: "hv0"},
	})
}

// A default route is found among very many without reading them.
func TestDefaultsAmongManyRoutes(t *testing.T) {
	n := newNetns(t)
	n.noIPv6()
	n.ip("link add hv0 type veth peer name hv1")
	n.ip("link set hv0 up")
	n.ip("addr add 10.1.0.1/24 dev hv0")
	var batch strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&batch, "route add 11.%d.%d.%d/32 dev hv0\n", i>>16, i>>8&255, i&255)
	}
	batch.WriteString("route add default via 10.1.0.2\n")
	n.batch(batch.String())
	h := openHost(t, n.name)
	before := openFiles(t)
	for range 3 {
		if all, err := h.Defaults(unix.AF_INET); err != nil || fmt.Sprint(all) != "[10.1.0.2]" {
			t.Errorf("Defaults = %v, %v", all, err)
		}
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, were %d", after, before)
	}
}
