package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameEvent compares events as far as JSON carries them.
var sameEvent = cmp.Options{
	cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmp.Transformer("carried", carried),
}

// carried is what JSON tells of a value. It has two kinds of numbers and one of texts.
func carried(v Value) Value {
	switch {
	case v.Kind == Text:
		v.Kind = Outside
	case v.Kind == Int && int64(v.Num) >= 0:
		v.Kind = Uint
	}
	return v
}

// readBack writes an event, reads it, and checks that it is the same and gives
// the same line.
func readBack(t *testing.T, e Event) Event {
	t.Helper()
	line := e.AppendJSON(nil, &sampleHost)
	got, err := Parse(line)
	if err != nil {
		t.Fatalf("%v\n%s", err, line)
	}
	if again := got.Event.AppendJSON(nil, &got.Host); !bytes.Equal(again, line) {
		t.Errorf("written again it is\n%s\nwant\n%s", again, line)
	}
	return got.Event
}

func TestParseGivesBack(t *testing.T) {
	moved, unseen, incomplete, odd, hostless := sampleUp(), sampleUp(), sampleUp(), sampleRoute(), sampleWarning()
	moved.Action, moved.To = Move, &Namespace{Inode: 9, Host: true}
	unseen.Known, unseen.Effect, unseen.Capture = false, EffectUnknown, Capture{Tier: "kprobe", Truncated: true, OriginalLength: 70000}
	incomplete.Process, incomplete.Capture.Incomplete = &Process{PID: 5, LoginUID: NoUID, Session: NoUID}, true
	odd.Errno, odd.Process.Capabilities, odd.Effect = 524, allCapabilities&^(1<<24)|1, EffectFailed
	odd.Time = sampleTime.Add(-676280450)
	hostless.Last = nil
	for name, e := range map[string]Event{
		"up": sampleUp(), "route": sampleRoute(), "gateway": sampleGateway(), "address": sampleAddress(), "moved": moved,
		"unseen": unseen, "incomplete": incomplete, "odd": odd, "started": sampleStarted(), "lost": sampleLost(), "bare warning": hostless,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(e, readBack(t, e), sameEvent); diff != "" {
				t.Errorf("read (+) it is not what was written (-):\n%s", diff)
			}
		})
	}
}

// TestParseWarning: a warning does not tell what was asked, only who it was and where.
func TestParseWarning(t *testing.T) {
	want := sampleWarning()
	last := want.Last
	want.Last = &Change{Time: want.Time, Netns: last.Netns, Process: last.Process, Container: last.Container}
	if diff := cmp.Diff(Event(want), readBack(t, sampleWarning()), sameEvent); diff != "" {
		t.Errorf("read (+) it is not what was written (-):\n%s", diff)
	}
}

// hostileNames are in turn each of the names that must come back byte by byte.
var hostileNames = []string{
	"\x1b[31m", "a\\x1bb", "ä\xff", "line\nfeed", "\u202egnp", "\x00", `"quoted\"`, "\ufffd", "10.0.0.1", "02:42:ac:11:00:02", "deadbeef",
}

// TestParseKeepsEveryField fills each field of a change, of any depth, and reads
// it back: a field that is added to Change and not to the JSON fails here. Of the
// root directory there is what it says beside the host's, Standing.
func TestParseKeepsEveryField(t *testing.T) {
	for round := range hostileNames {
		f := filler{n: round}
		var c Change
		f.fill(reflect.ValueOf(&c).Elem())
		c.Kind, c.Action, c.Via, c.Effect, c.Capture.Tier = KindRoute, Add, ViaIoctl, EffectFailed, "fexit"
		c.Capture.Incomplete = false
		told := cmp.Options{sameEvent, cmpopts.IgnoreFields(Process{}, "RootDev", "RootIno")}
		if diff := cmp.Diff(Event(&c), readBack(t, &c), told); diff != "" {
			t.Errorf("read (+) it is not what was written (-):\n%s", diff)
		}
	}
}

// TestParseKeepsEveryFieldOfOthers does the same with warnings, but for who it was
// (see TestParseWarning), and statuses.
func TestParseKeepsEveryFieldOfOthers(t *testing.T) {
	for round := range hostileNames {
		f := filler{n: round}
		var w Warning
		var s Status
		f.fill(reflect.ValueOf(&w).Elem())
		f.fill(reflect.ValueOf(&s).Elem())
		w.Verdict, w.Last = Likely, nil
		for _, e := range []Event{&w, &s} {
			if diff := cmp.Diff(e, readBack(t, e), sameEvent); diff != "" {
				t.Errorf("read (+) it is not what was written (-):\n%s", diff)
			}
		}
	}
}

// filler sets fields to values that are all different from each other and from 0.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Addr().Interface().(type) {
	case *time.Time:
		v.Set(reflect.ValueOf(sampleTime.Add(time.Duration(f.n))))
		return
	case *netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, 0, 0, byte(f.n)})))
		return
	case *netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(f.n)}), 24)))
		return
	case *Object:
		v.Set(reflect.ValueOf(requestOf(hostileNames[f.n%len(hostileNames)])))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostileNames[f.n%len(hostileNames)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(f.n))
	case reflect.Int:
		v.SetInt(int64(f.n))
	case reflect.Float64:
		v.SetFloat(float64(f.n) / 7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic(fmt.Sprintf("no value for a %s", v.Type()))
	}
}

// requestOf makes a route's request, with name wherever one can stand.
func requestOf(name string) Object {
	gateway := AddrValue(netip.MustParseAddr("fe80::1"))
	return Object{
		{"family", TextValue("inet6")}, {"dst", NetValue(netip.MustParsePrefix("2001:db8::/32"))}, {"gateway", gateway},
		{"dev", OutsideValue(name)}, {"table", TextValue("main")}, {"metric", UintValue(math.MaxUint64)}, {"target_netnsid", IntValue(-1)},
		{"attr_99", HexValue([]byte{0, 255})}, {"encap_data", HexValue(nil)}, {"ttl-propagate", BoolValue(true)},
		{"prefsrc", HexValue([]byte{1, 2, 3})}, {"bad", Value{}}, {"flags", ListValue(TextValue("onlink"), TextValue("0x40"))},
		{"names", ListValue(OutsideValue(name), UintValue(1), BoolValue(false), Value{}, StructValue(nil), OutsideValue("plain"))},
		{"nexthops", ListValue(StructValue(Object{{"gateway", gateway}, {"dev", OutsideValue(name)}, {"weight", UintValue(1)}}))},
		{"via", StructValue(Object{{"family", TextValue("inet6")}, {"host", gateway}})}, {"none", ListValue()},
	}
}

func TestParseValues(t *testing.T) {
	net24, one := netip.MustParsePrefix("10.0.0.0/24"), netip.MustParseAddr("10.0.0.1")
	eui64 := MacValue([]byte{0x02, 0x42, 0xac, 0x11, 0, 2, 0, 3}) // reads as an IPv6 address, too
	for _, tt := range []struct {
		kind    Kind
		request Object
	}{
		{KindLink, Object{{"ifname", OutsideValue("10.0.0.1")}, {"master", OutsideValue("deadbeef")}, {"address", eui64}, {"group", TextValue("7")}}},
		{KindLink, Object{{"linkinfo", StructValue(Object{{"info_kind", OutsideValue("vxlan")}, {"info_data", StructValue(Object{
			{"group", AddrValue(one)}, {"link", OutsideValue("fe80::1")}, {"port_range", HexValue([]byte{1})}, {"df", TextValue("set")},
		})}})}}},
		{KindLink, Object{{"linkinfo", StructValue(Object{{"info_data", StructValue(Object{{"peer", StructValue(Object{
			{"ifname", OutsideValue("::1")}, {"address", eui64}, {"linkinfo", HexValue([]byte{8})},
		})}})}})}}},
		{KindLink, Object{{"linkinfo", StructValue(Object{{"info_data", HexValue([]byte("unknown kind"))}})}}},
		{KindAddress, Object{{"local", AddrValue(one)}, {"label", OutsideValue("10.0.0.1")}, {"broadcast", AddrValue(one)}, {"address", HexValue([]byte{1})}}},
		{KindRoute, Object{{"dst", TextValue("default")}, {"from", AddrValue(one)}, {"dev", OutsideValue("10.0.0.0/24")}}},
		{KindRoute, Object{{"dst", NetValue(net24)}, {"gateway", AddrValue(netip.MustParseAddr("::ffff:10.0.0.1"))}, {"via", HexValue([]byte{2})}}},
	} {
		c := &Change{Time: sampleTime, Kind: tt.kind, Action: Add, Via: ViaRtnetlink, Request: tt.request}
		if diff := cmp.Diff(Event(c), readBack(t, c), sameEvent); diff != "" {
			t.Errorf("read (+) it is not what was written (-):\n%s", diff)
		}
	}
}

// TestParseTheCut: of a line that was cut, what was written comes back.
func TestParseTheCut(t *testing.T) {
	c := sampleUp()
	c.Process.CommandLine = Name(strings.Repeat("\x1b", MaxLine))
	c.Request.Set("attr_9", HexValue(make([]byte, MaxLine)))
	l, err := Parse(c.AppendJSON(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	got := l.Event.(*Change)
	if line := got.Process.CommandLine; len(line) == 0 || strings.Trim(string(line), "\x1b") != "" {
		t.Errorf("the command line came back as %q", line)
	}
	if len(got.Request) != len(c.Request) {
		t.Errorf("request came back as %v", got.Request)
	}
}

func TestParseTorn(t *testing.T) {
	for _, e := range []Event{sampleGateway(), sampleWarning(), sampleStarted()} {
		line := e.AppendJSON(nil, &sampleHost)
		for i := range line {
			if _, err := Parse(line[:i]); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("torn after %d bytes: %v, want it to be recognised", i, err)
			}
		}
		if _, err := Parse(append(line, '\n')); err != nil {
			t.Errorf("whole: %v", err)
		}
	}
}

func TestParseMalformed(t *testing.T) {
	line := string(sampleGateway().AppendJSON(nil, &sampleHost))
	for _, tt := range []struct{ old, new, want string }{
		{line, `[1]`, "not an object"}, {line, `nonsense`, "invalid character"}, {line, "\x00\x00", "invalid character"},
		{line, strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "nested more than 32 deep"},
		{line, line + line, "more behind the object"}, {`"ens3"`, "\"\xff\"", "not UTF-8"},
		{`"event":"change"`, `"event":"chance"`, `event: "chance" is not change, warning or status`},
		{`"schema":1`, `"schema":2`, "schema: 2: can read 1 only"}, {`"schema":1,`, ``, "schema: 0: can read 1 only"},
		{`"time":"2026-11-22`, `"time":"2026-13-22`, "is not a time"}, {`"time"`, `"tame"`, "time: missing"},
		{`"change":{`, `"chance":{`, "change: missing"}, {`"kind":"route",`, ``, "change.kind: missing"},
		{`"action":"add"`, `"action":"a d\u001b"`, `change.action: "a d\x1b" is not a word`},
		{`"request":{"dst"`, `"request":{"d\"st"`, `change.request.d"st: not the name of a field`},
		{`"request":{"dst":"default"`, `"request":{"dst":1.5`, "change.request.dst: 1.5: want a whole number of 64 bits"},
		{`"request":{"dst":"default"`, `"request":{"dst":[[]]`, "change.request.dst: lists in a list"},
		{`"errno":101,`, ``, `change.errno: 0, where the result is "ENETUNREACH"`},
		{`"pid":4121`, `"pid":-1`, "process.pid: -1: want a whole number of 32 bits"},
		{`"pid":4121`, `"pid":"4121"`, "process.pid: want a number"}, {`"inode":4026532281`, `"inode":4294967296`, "netns.inode: 4294967296"},
		{`["net_admin"]`, `["net_damin"]`, `process.capabilities: "net_damin" is not known`},
		{`"interactive":true`, `"interactive":1`, "process.interactive: want true or false"},
		{`"executable":{"path":"/sbin/ip"}`, `"executable":"/sbin/ip"`, "process.executable: want an object"},
		{`"descent":[4100`, `"descent":["4100"`, "process.descent: element 0: want a number"},
		{`"defaults":["10.9.0.1"]`, `"defaults":["10.9.0.1%eth0"]`, "facts.here.defaults:"},
		{`"dev":"ens3"`, `"dev":"ens3","dev_hex":"6"`, `facts.host.nexthop.dev_hex: "6" is not hex`},
	} {
		broken := strings.Replace(line, tt.old, tt.new, 1)
		if broken == line {
			t.Fatalf("%s is not in %s", tt.old, line)
		}
		if _, err := Parse([]byte(broken)); err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s instead of %s: error %v, want %q", tt.new, tt.old, err, tt.want)
		}
	}
}

// TestParseLater: what a later version adds is ignored, and so are plain lines of the log.
func TestParseLater(t *testing.T) {
	line := sampleUp().AppendJSON(nil, &sampleHost)
	more := strings.NewReplacer(`"kind":"link"`, `"kind":"link","later":[{"x":1}]`, `"capture":{`, `"later":1e3,"capture":{"later":null,`)
	got, err := Parse([]byte(more.Replace(string(line))))
	if err != nil {
		t.Fatal(err)
	}
	if again := got.Event.AppendJSON(nil, &got.Host); !bytes.Equal(again, line) {
		t.Errorf("got\n%s\nwant\n%s", again, line)
	}
	if got, err := Parse([]byte(`{"level":"info","message":"reloaded"}`)); got.Event != nil || err != nil {
		t.Errorf("a plain line gives %v, error %v", got.Event, err)
	}
}

// TestParseRecorded reads the changes that the scenario's test has recorded: what
// was asked, and what came of it, is all there when they are written again.
func TestParseRecorded(t *testing.T) {
	for _, line := range recordedLines(t) {
		got, err := Parse(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		again := got.Event.AppendJSON(nil, nil)
		for _, part := range []string{"change", "warning", "netns"} {
			if diff := cmp.Diff(get(decoded(t, line), part), get(decoded(t, again), part)); diff != "" {
				t.Errorf("%s differs (-recorded +written again):\n%s", part, diff)
			}
		}
	}
}

func decoded(t *testing.T, line []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(line, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// recordedLines are those of the scenario's test, with the members that it leaves
// out because they are different at every run, and numbers where it has names.
func recordedLines(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile("../test/scenario/testdata/changes.json")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	named := strings.NewReplacer(`"inode":"wnhost"`, `"inode":1`, `"inode":"wncont"`, `"inode":2`)
	for i, line := range lines {
		lines[i] = []byte(`{"time":"2026-11-22T06:18:35Z","seq":1,` + named.Replace(string(line[1:])))
	}
	return lines
}

// FuzzParse: whatever is read without an error is the same when it is written and
// read again, and its line is printable.
func FuzzParse(f *testing.F) {
	for _, e := range []Event{sampleUp(), sampleRoute(), sampleGateway(), sampleAddress(), sampleWarning(), sampleLost(), sampleStarted()} {
		f.Add(e.AppendJSON(nil, &sampleHost))
	}
	for _, line := range recordedLines(f) {
		f.Add(line)
	}
	c := sampleUp()
	c.Kind, c.Request, c.Errno, c.Target = KindRoute, requestOf("\x1b"), syscall.EINVAL, "\xff"
	f.Add(c.AppendJSON(nil, &sampleHost))
	f.Fuzz(func(t *testing.T, input []byte) {
		l, err := Parse(input)
		if err != nil || l.Event == nil {
			return
		}
		line := l.Event.AppendJSON(nil, &l.Host)
		if len(line) >= MaxLine || !Printable(string(line)) {
			t.Errorf("not one printable line: %q", line)
		}
		again, err := Parse(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if bytes.Contains(line, []byte(`_cut":`)) {
			return
		}
		if diff := cmp.Diff(l, again, sameEvent); diff != "" {
			t.Errorf("read again (+) it is not the same (-):\n%s\n%s", diff, line)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	line := sampleUp().AppendJSON(nil, &sampleHost)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}
