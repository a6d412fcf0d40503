package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/monitor/capture"
)

// event is what these tests look at of a line.
type event struct {
	Change struct {
		Kind, Action, Target, Result, Extack string
		Before, After                        *struct{ Ifname string }
		To                                   inode
	}
	Netns   inode
	Process struct {
		PID, TID    int
		Name        string
		Thread      string `json:"thread_name"`
		CommandLine string `json:"command_line"`
		Netns       inode
	}
	Capture struct {
		Truncated, Incomplete bool
		OriginalLength        int `json:"original_length"`
		Error                 string
	}
	Status struct {
		State, Stage, Cause string
		Count               int
	}
}

type inode struct{ Inode uint64 }

// seen is what wrongns has told of the whole stage, by one tier.
type seen struct {
	*stage
	tier   string
	events []event
}

// of returns the events about objects whose names begin so.
func (s *seen) of(prefix string) (events []event) {
	for _, e := range s.events {
		if strings.HasPrefix(e.Change.Target, prefix) {
			events = append(events, e)
		}
	}
	return events
}

// one returns the only event about an object.
func (s *seen) one(t *testing.T, target string) event {
	t.Helper()
	events := s.of(target)
	if len(events) != 1 {
		t.Fatalf("%d events about %s, want 1: %+v", len(events), target, events)
	}
	return events[0]
}

// check compares what is said of an object with what was done: what, where and with what result.
func (s *seen) check(t *testing.T, e event, action, result, netns string) {
	t.Helper()
	if e.Change.Action != action || e.Change.Result != result || e.Netns.Inode != s.inodes[netns] {
		t.Errorf("%s: %s: result %q in %d, want %s: %s in %d", e.Change.Target, e.Change.Action, e.Change.Result, e.Netns.Inode,
			action, result, s.inodes[netns])
	}
	if pid := e.Process.PID; pid != os.Getpid() {
		t.Errorf("%s: by pid %d, want %d", e.Change.Target, pid, os.Getpid())
	}
}

// rightOrUnknown checks results that the tracepoint tier may not be certain of.
// It must then not give any; the others must know them all.
func (s *seen) rightOrUnknown(t *testing.T, events []event, want []string) {
	t.Helper()
	if len(events) != len(want) {
		t.Fatalf("%d events, want %d", len(events), len(want))
	}
	for i, e := range events {
		if e.Change.Result != want[i] && (e.Change.Result != "" || s.tier != capture.TierTracepoint) {
			t.Errorf("message %d, %s: result %q, want %q", i, e.Change.Target, e.Change.Result, want[i])
		}
	}
}

// act is something done while wrongns watches, and what it must have told of it.
type act struct {
	name  string
	do    func(*stage) error
	check func(*testing.T, *seen)
}

var acts = []act{
	{"socket of another namespace", movedThread, checkMovedThread},
	{"many messages", manyMessages, checkManyMessages},
	{"many messages of one number", sameNumbers, checkSameNumbers},
	{"more messages than a round", manyRounds, checkManyRounds},
	{"bytes behind", bytesBehind, checkBytesBehind},
	{"no request", noRequest, checkNoRequest},
	{"dump and close", dumpAndClose, checkDumpAndClose},
	{"other namespaces", otherNamespaces, checkOtherNamespaces},
	{"another kind of namespace", otherKind, checkOtherKind},
	{"names of a thread", threadName, checkThreadName},
	{"overwritten arguments", overwritten, checkOverwritten},
	{"gone at once", goneAtOnce, checkGoneAtOnce},
	{"padding", padding, checkPadding},
	{"queue full", queueFull, checkQueueFull},
	{"refusals left unread", unreadRefusals, checkUnreadRefusals},
	{"argument not in memory", absentArgument, checkAbsentArgument},
}

// TestSockets uses rtnetlink in all the ways that no tool does but a program may.
func TestSockets(t *testing.T) {
	needRoot(t)
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			s := &seen{stage: newStage(t), tier: tier}
			for _, netns := range []string{hostNetns, containerNetns} {
				run(t, "ip", "-n", netns, "link", "set", "lo", "up")
			}
			run(t, "ip", "-n", hostNetns, "netns", "set", containerNetns, "7")
			lines := s.watch(t, tier, func() {
				for _, a := range acts {
					if err := a.do(s.stage); err != nil {
						t.Errorf("%s: %v", a.name, err)
					}
				}
				if err := s.finish(); err != nil {
					t.Error(err)
				}
			})
			s.parse(t, lines)
			for _, a := range acts {
				t.Run(a.name, func(t *testing.T) { a.check(t, s) })
			}
		})
	}
}

// parse reads the lines. None may tell of a loss, unless it may have been of a
// look-up that nobody wants to know of: then all events are there, which the acts check.
func (s *seen) parse(t *testing.T, lines [][]byte) {
	t.Helper()
	for _, line := range lines {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("line is not JSON: %v\n%s", err, line)
		}
		if e.Status.State == "lost" && !(skipsRequests(s.tier) && e.Status.Cause == "end of request not seen") {
			t.Errorf("lost: %+v", e.Status)
		}
		s.events = append(s.events, e)
	}
}

// finish waits until wrongns has told of all that was done: what a socket leaves
// behind when it is closed, the kernel may free a little later.
func (s *stage) finish() error {
	for range 500 {
		written, err := os.ReadFile(s.events)
		if err != nil {
			return err
		}
		if bytes.Contains(written, []byte(`"target":"wnd0"`)) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the message before a dump is not told of")
}

func movedThread(*stage) error {
	return with(containerNetns, func(fd int) error {
		if err := enter(hostNetns); err != nil {
			return err
		}
		return send(fd, newBridge(unix.NLM_F_ACK, 1, "wna0"))
	})
}

func checkMovedThread(t *testing.T, s *seen) {
	e := s.one(t, "wna0")
	s.check(t, e, "add", "ok", containerNetns)
	if e.Process.Netns.Inode != s.inodes[hostNetns] {
		t.Errorf("process in %d, want %d", e.Process.Netns.Inode, s.inodes[hostNetns])
	}
}

// batch makes n messages about links, addresses and routes. Every fourth asks for
// what the third before it made; every other asks for an ack.
func batch(n int, seq func(i int) uint32, x byte) (messages [][]byte, results []string) {
	for i := range n {
		object, result := byte(i), "ok"
		if i%4 == 3 {
			object, result = byte(i-3), "EEXIST"
		}
		flags := uint16(i%2) * unix.NLM_F_ACK
		switch object % 3 {
		case 0:
			messages = append(messages, newBridge(flags, seq(i), fmt.Sprintf("wnb%d-%d", x, object)))
		case 1:
			messages = append(messages, newAddress(flags, seq(i), x, object))
		default:
			messages = append(messages, newRoute(flags, seq(i), x, object))
		}
		results = append(results, result)
	}
	return messages, results
}

// ofBatch returns what is told of a batch, in order.
func (s *seen) ofBatch(x byte) (events []event) {
	for _, e := range s.events {
		for _, prefix := range []string{"wnb%d-", "10.9.%d.", "10.8.%d."} {
			if strings.HasPrefix(e.Change.Target, fmt.Sprintf(prefix, x)) {
				events = append(events, e)
			}
		}
	}
	return events
}

const batchSize = 24

func manyMessages(*stage) error {
	messages, _ := batch(batchSize, func(i int) uint32 { return uint32(100 + i) }, 1)
	return with(containerNetns, func(fd int) error { return send(fd, messages...) })
}

func checkManyMessages(t *testing.T, s *seen) {
	_, results := batch(batchSize, func(int) uint32 { return 0 }, 1)
	events := s.ofBatch(1)
	if len(events) != batchSize {
		t.Fatalf("%d events, want %d", len(events), batchSize)
	}
	for i, e := range events {
		s.check(t, e, "add", results[i], containerNetns)
	}
}

func sameNumbers(*stage) error {
	messages, _ := batch(batchSize, func(int) uint32 { return 5 }, 2)
	return with(containerNetns, func(fd int) error { return send(fd, messages...) })
}

func checkSameNumbers(t *testing.T, s *seen) {
	_, results := batch(batchSize, func(int) uint32 { return 0 }, 2)
	s.rightOrUnknown(t, s.ofBatch(2), results)
}

// rounds is how many routes are made in one send: three rounds of the tracepoint tier and a bit.
const rounds = 800

func manyRounds(*stage) error {
	var messages [][]byte
	for i := range rounds {
		messages = append(messages, newRoute(0, uint32(1000+i), byte(200+i>>8), byte(i)))
	}
	// The first of each round fails, and the very last.
	for _, i := range []int{0, 256, 512, rounds - 1} {
		messages[i] = newRoute(0, uint32(1000+i), 255, 255)
	}
	return with(containerNetns, func(fd int) error { return send(fd, messages...) })
}

func checkManyRounds(t *testing.T, s *seen) {
	var events []event
	for x := 200; x <= 203; x++ {
		events = append(events, s.of(fmt.Sprintf("10.8.%d.", x))...)
	}
	if len(events) != rounds-4 {
		t.Errorf("%d events, want %d", len(events), rounds-4)
	}
	for _, e := range events {
		if e.Change.Result != "ok" {
			t.Fatalf("%s: result %q, want ok", e.Change.Target, e.Change.Result)
		}
	}
	s.rightOrUnknown(t, s.of("10.8.255.255"), []string{"ok", "EEXIST", "EEXIST", "EEXIST"})
	for i, e := range s.of("10.8.255.255") {
		if e.Change.Result == "" {
			t.Errorf("10.8.255.255, message %d: result unknown", i)
		}
	}
}

func bytesBehind(*stage) error {
	short, long := message(unix.RTM_NEWLINK, 0, 3, ifinfo(0, 0), named("wnc-short")), newBridge(0, 5, "wnc-long")
	native.PutUint32(short, 7)
	native.PutUint32(long, uint32(len(long)+4))
	return with(containerNetns, func(fd int) error {
		return errors.Join(
			send(fd, newBridge(unix.NLM_F_ACK, 1, "wnc0"), []byte("trailer")),
			send(fd, newBridge(unix.NLM_F_ACK, 2, "wnc1"), short, newBridge(0, 7, "wnc-behind")),
			send(fd, newBridge(0, 4, "wnc2"), long),
			send(fd, long[:15]))
	})
}

func checkBytesBehind(t *testing.T, s *seen) {
	for i, e := range s.of("wnc") {
		if i > 2 {
			t.Errorf("told of what the kernel did not look at: %+v", e)
			continue
		}
		s.check(t, e, "add", "ok", containerNetns)
	}
	if n := len(s.of("wnc")); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
}

// noRequest sends what the kernel acks and ignores.
func noRequest(*stage) error {
	ignored := newBridge(unix.NLM_F_ACK, 1, "wnr0")
	native.PutUint16(ignored[6:], unix.NLM_F_ACK|create)
	empty := message(unix.RTM_NEWLINK, unix.NLM_F_ACK, 2)
	return with(containerNetns, func(fd int) error { return send(fd, ignored, empty, newBridge(unix.NLM_F_ACK, 3, "wnr1")) })
}

func checkNoRequest(t *testing.T, s *seen) {
	s.check(t, s.one(t, "wnr"), "add", "ok", containerNetns)
	for _, e := range s.events {
		if e.Capture.Error != "" {
			t.Errorf("%s: %s", e.Change.Target, e.Capture.Error)
		}
	}
}

// dumpAndClose closes a socket on which a dump waits to be read: there are more
// links in the namespace than its first part holds.
func dumpAndClose(*stage) error {
	return with(containerNetns, func(fd int) error {
		return send(fd, newBridge(0, 1, "wnd0"), message(unix.RTM_GETLINK, unix.NLM_F_DUMP, 2, ifinfo(0, 0)))
	})
}

func checkDumpAndClose(t *testing.T, s *seen) {
	e := s.one(t, "wnd0")
	s.rightOrUnknown(t, []event{e}, []string{"ok"})
	if e.Netns.Inode != s.inodes[containerNetns] {
		t.Errorf("in %d, want %d", e.Netns.Inode, s.inodes[containerNetns])
	}
	t.Logf("result %q by pid %d", e.Change.Result, e.Process.PID)
	// Who it was may be gone, but it was nobody else.
	if unknown := s.tier == capture.TierTracepoint && e.Capture.Incomplete && e.Process.PID == 0; !unknown && e.Process.PID != os.Getpid() {
		t.Errorf("by pid %d, want %d", e.Process.PID, os.Getpid())
	}
}

// otherNamespaces makes links in another namespace and moves them there, by each
// way to name it.
func otherNamespaces(*stage) error {
	there, err := os.Open(filepath.Join("/run/netns", containerNetns))
	if err != nil {
		return err
	}
	defer there.Close()
	lives := exec.Command("ip", "netns", "exec", containerNetns, "sleep", "1000")
	if err := lives.Start(); err != nil {
		return err
	}
	defer lives.Wait()
	defer lives.Process.Kill()
	if err := awaitNetns(lives.Process.Pid, there); err != nil {
		return err
	}
	ways := map[string][]byte{
		"fd": attribute(unix.IFLA_NET_NS_FD, number(int(there.Fd()))),
		"pd": attribute(unix.IFLA_NET_NS_PID, number(lives.Process.Pid)),
		"id": attribute(unix.IFLA_TARGET_NETNSID, number(7)),
	}
	return with(hostNetns, func(fd int) error {
		for name, way := range ways {
			if err := errors.Join(
				send(fd, newBridge(unix.NLM_F_ACK, 1, "wne"+name, way)),
				exec.Command("ip", "-n", hostNetns, "link", "add", "wnf"+name, "type", "veth", "peer", "name", "peer"+name).Run(),
				send(fd, message(unix.RTM_SETLINK, unix.NLM_F_ACK, 2, ifinfo(0, 0), named("wnf"+name), way)),
			); err != nil {
				return err
			}
		}
		index, err := linkIndex(containerNetns, "wneid") // 5.10 looks for a name at home
		if err != nil {
			return err
		}
		return send(fd, message(unix.RTM_DELLINK, unix.NLM_F_ACK, 3, ifinfo(index, 0), ways["id"]))
	})
}

// linkIndex finds a link of a namespace.
func linkIndex(netns, name string) (index int, err error) {
	out, err := exec.Command("ip", "-n", netns, "-o", "link", "show", "dev", name).Output()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(string(out), "%d:", &index)
	return index, err
}

// awaitNetns waits until a process lives in a network namespace.
func awaitNetns(pid int, ns *os.File) error {
	for range 1000 {
		var a, b unix.Stat_t
		if err := unix.Fstat(int(ns.Fd()), &b); err != nil {
			return err
		}
		if unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &a) == nil && a.Ino == b.Ino {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("process %d does not enter its namespace", pid)
}

func checkOtherNamespaces(t *testing.T, s *seen) {
	for _, way := range []string{"fd", "pd", "id"} {
		made, moved := s.of("wne"+way), s.of("wnf"+way)
		if len(made) == 0 || len(moved) != 2 { // the veth was added by ip before
			t.Fatalf("%s: %d and %d events", way, len(made), len(moved))
		}
		s.check(t, made[0], "add", "ok", containerNetns)
		s.check(t, moved[1], "move", "ok", hostNetns)
		if moved[1].Change.To.Inode != s.inodes[containerNetns] {
			t.Errorf("%s: to %d, want %d", way, moved[1].Change.To.Inode, s.inodes[containerNetns])
		}
		for what, e := range map[string]event{"made": made[0], "moved": moved[1]} {
			if after := e.Change.After; after == nil || after.Ifname != e.Change.Target {
				t.Errorf("%s: %s: after %+v, want %s", way, what, after, e.Change.Target)
			}
		}
		// Where no hook reads it, the state before is known only if the link was known long enough.
		before := moved[1].Change.Before
		if before == nil && s.tier != capture.TierTracepoint || before != nil && before.Ifname != "wnf"+way {
			t.Errorf("%s: before %+v, want wnf%s", way, before, way)
		}
	}
	// It was deleted by its index there, which nobody here has a name for.
	deleted := slices.DeleteFunc(slices.Clone(s.events), func(e event) bool { return e.Change.Action != "delete" })
	if len(deleted) != 1 {
		t.Fatalf("%d deletions, want 1", len(deleted))
	}
	s.check(t, deleted[0], "delete", "ok", containerNetns)
}

// otherKind names a namespace that is not a network's.
func otherKind(*stage) error {
	mnt, err := os.Open("/proc/self/ns/mnt")
	if err != nil {
		return err
	}
	defer mnt.Close()
	return with(hostNetns, func(fd int) error {
		return send(fd, newBridge(unix.NLM_F_ACK, 1, "wnk0", attribute(unix.IFLA_NET_NS_FD, number(int(mnt.Fd())))))
	})
}

func checkOtherKind(t *testing.T, s *seen) { s.check(t, s.one(t, "wnk0"), "add", "EINVAL", hostNetns) }

const hostileName = "\x1b[2J\n\xff) S 1"

func threadName(*stage) error {
	return with(containerNetns, func(fd int) error {
		name := append([]byte(hostileName), 0)
		if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0); err != nil {
			return err
		}
		return send(fd, newBridge(unix.NLM_F_ACK, 1, "wnt0"))
	})
}

func checkThreadName(t *testing.T, s *seen) {
	e := s.one(t, "wnt0")
	s.check(t, e, "add", "ok", containerNetns)
	if want := `\x1b[2J\x0a\xff) S 1`; e.Process.Thread != want || e.Process.Name == want || e.Process.TID == e.Process.PID {
		t.Errorf("process %q, thread %q, tid %d, want the thread to be %q", e.Process.Name, e.Process.Thread, e.Process.TID, want)
	}
}

// TestPlay is no test but a process of its own, for those that need one.
func TestPlay(t *testing.T) {
	link := os.Getenv("WRONGNS_PLAY")
	if link == "" {
		t.Skip("is started by TestSockets")
	}
	err := with(containerNetns, func(fd int) error {
		if link == "wno0" {
			overwriteArguments("a title\nof its own")
		}
		if err := send(fd, newBridge(0, 1, link)); err != nil {
			return err
		}
		unix.Exit(0)
		return nil
	})
	t.Fatal(err)
}

// overwriteArguments does what setproctitle does: the strings of os.Args stand
// where the kernel put the arguments.
func overwriteArguments(title string) {
	for i, arg := range os.Args {
		memory := unsafe.Slice(unsafe.StringData(arg), len(arg))
		clear(memory)
		if i == 0 {
			copy(memory, title)
		}
	}
}

func play(link string) error {
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestPlay$")
	cmd.Args[0] = "an actor with a name that is long enough"
	cmd.Env = append(os.Environ(), "WRONGNS="+program, "WRONGNS_PLAY="+link)
	return cmd.Run()
}

func overwritten(*stage) error { return play("wno0") }

func checkOverwritten(t *testing.T, s *seen) {
	e := s.one(t, "wno0")
	if !strings.HasPrefix(e.Process.CommandLine, `'a title\x0aof its own'`) {
		t.Errorf("command line %q, want the title", e.Process.CommandLine)
	}
}

func goneAtOnce(*stage) error { return play("wng0") }

func checkGoneAtOnce(t *testing.T, s *seen) {
	e := s.one(t, "wng0")
	if e.Change.Result != "ok" || e.Process.CommandLine != `'an actor with a name that is long enough' '-test.run=^TestPlay$'` {
		t.Errorf("result %q, command line %q", e.Change.Result, e.Process.CommandLine)
	}
}

// padding puts so much before a link's name that it stands outside of what is
// captured: one large attribute, or many small ones.
func padding(*stage) error {
	const unused = 0x3ff0
	large := attribute(unused, make([]byte, 60<<10))
	small := bytes.Repeat(attribute(unused, nil), 60<<10/4)
	decoy := named("lo") // the kernel takes the last
	return with(containerNetns, func(fd int) error {
		return errors.Join(
			send(fd, newBridge(unix.NLM_F_ACK, 1, "wnpl")), send(fd, newBridge(unix.NLM_F_ACK, 2, "wnps")),
			send(fd, setUp(unix.NLM_F_ACK, 3, "wnpl", decoy, large)), send(fd, setUp(unix.NLM_F_ACK, 4, "wnps", decoy, small)))
	})
}

func checkPadding(t *testing.T, s *seen) {
	var after []string
	for _, e := range s.events {
		if !e.Capture.Truncated {
			continue
		}
		if e.Change.After == nil {
			t.Fatalf("%+v has no link", e)
		}
		after = append(after, e.Change.After.Ifname)
		if want := 60 << 10; e.Capture.OriginalLength < want || e.Capture.OriginalLength > want+200 {
			t.Errorf("%s: length %d, want a little more than %d", e.Change.After.Ifname, e.Capture.OriginalLength, want)
		}
		if e.Change.Result != "ok" {
			t.Errorf("%s: result %q, want ok", e.Change.After.Ifname, e.Change.Result)
		}
	}
	if want := []string{"wnpl", "wnps"}; !slices.Equal(after, want) {
		t.Errorf("truncated messages about %q, want %q", after, want)
	}
}

// unread is how many messages are sent on a socket from which nobody reads.
const unread = 12

// queueFull sends messages of one number until the kernel can't deliver its acks.
func queueFull(*stage) error {
	return with(containerNetns, func(fd int) error {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
			return err
		}
		var errs []error
		for i := range unread {
			errs = append(errs, send(fd, newRoute(unix.NLM_F_ACK, 1, 100, byte(i/2)))) // each second fails
		}
		return errors.Join(errs...)
	})
}

func checkQueueFull(t *testing.T, s *seen) {
	var want []string
	for i := range unread {
		want = append(want, []string{"ok", "EEXIST"}[i%2])
	}
	events := s.of("10.8.100.")
	s.rightOrUnknown(t, events, want)
	if s.tier == capture.TierTracepoint && len(events) == unread && events[unread-1].Change.Result != "" {
		t.Errorf("the last ack was not delivered, and is told as %q", events[unread-1].Change.Result)
	}
}

// unreadRefusals leaves errors in the queue that look like answers to what comes after.
func unreadRefusals(*stage) error {
	return with(containerNetns, func(fd int) error {
		return errors.Join(
			send(fd, newRoute(unix.NLM_F_ACK, 1, 101, 1)), send(fd, newRoute(0, 2, 101, 1)), // refused
			send(fd, newRoute(0, 2, 101, 2)), send(fd, newRoute(0, 3, 101, 3)))
	})
}

func checkUnreadRefusals(t *testing.T, s *seen) {
	s.rightOrUnknown(t, s.of("10.8.101."), []string{"ok", "EEXIST", "ok", "ok"})
}

// absentArgument calls an ioctl with a struct that stands in a file which no page
// table has yet: a hook can't read it before the kernel has.
func absentArgument(s *stage) error {
	path := s.events + ".ifreq"
	ifreq := make([]byte, 4096)
	copy(ifreq, "wnpl")
	native.PutUint16(ifreq[16:], unix.IFF_UP)
	if err := os.WriteFile(path, ifreq, 0o600); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	memory, err := unix.Mmap(int(f.Fd()), 0, len(ifreq), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Munmap(memory) }()
	return with(containerNetns, func(fd int) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&memory[0])))
		if errno != 0 {
			return errno
		}
		return nil
	})
}

func checkAbsentArgument(t *testing.T, s *seen) {
	events := s.of("wnpl")
	if len(events) == 0 {
		t.Fatal("no event")
	}
	s.check(t, events[len(events)-1], "set", "ok", containerNetns)
}
