package events

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// lineSchema is what every line must obey.
func lineSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../docs/events.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parse checks that line is one event as the schema has it, and returns it.
func parse(t testing.TB, s *jsonschema.Schema, line []byte) map[string]any {
	t.Helper()
	if len(line) >= MaxLine || !utf8.Valid(line) || !Printable(string(line)) {
		t.Fatalf("not one printable line of less than %d bytes: %d bytes %q", MaxLine, len(line), line)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if err := s.Validate(v); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return v.(map[string]any)
}

// get follows a path of keys, parted by dots.
func get(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		o, _ := v.(map[string]any)
		v = o[key]
	}
	return v
}

func TestJSONOfTheContract(t *testing.T) {
	got := string(sampleUp().AppendJSON([]byte("before"), &sampleHost))
	link := `{"ifindex":2,"ifname":"eth0","link":"ens3","link_index":7,"flags":["UP","BROADCAST","MULTICAST","LOWER_UP"],` +
		`"mtu":1500,"address":"02:42:ac:11:00:02","linkinfo":{"info_kind":"macvlan"}}`
	want := `before{"time":"2026-11-22T06:18:35.676280450Z","level":"info","event":"change","schema":1,"seq":1042,` +
		`"message":"web: link set eth0 up: no effect",` +
		`"host":{"name":"node-7","boot_id":"2f2b1c3e-6f0e-4f0a-9a51-0d4f9e1f6a11"},` +
		`"change":{"kind":"link","action":"set","target":"eth0","via":"rtnetlink","request":{"ifname":"eth0","flags":["UP"]},` +
		`"result":"ok","effect":"none","before":` + link + `,"after":` + link + `},` +
		`"netns":{"inode":4026532281,"cookie":4098,"host":false,"owner":"container web"},` +
		`"process":{"pid":4121,"tid":4121,"start_time_boot_ns":81223456789,"name":"ip","command_line":"ip link set dev eth0 up",` +
		`"executable":{"path":"/sbin/ip"},"truncated":false,"user":{"id":0},"login_uid":1000,"audit_session":3,` +
		`"capabilities":["net_admin"],"interactive":true,"netns":{"inode":4026532281,"cookie":4098},` +
		`"namespaces":{"mnt":4026532278,"pid":4026532280,"user":4026531837,"uts":4026532279,"cgroup":4026532282},` +
		`"cgroup":{"path":"/docker/84f98fadc384","id":7311},` +
		`"parent":{"pid":4100,"start_time_boot_ns":80000000000,"name":"sh","command_line":"sh"},"descent":[4100,4080]},` +
		`"container":{"id":"84f98fadc384` + strings.Repeat("0", 52) + `","name":"web","runtime":"docker","image":{"name":"tools:latest"},` +
		`"init":{"pid":4080,"start_time_boot_ns":79000000000},` +
		`"told":true,"privileged":true,"host_network":false,"host_mounts":["/etc"],"netns":{"inode":4026532281},"ignore":"host-gateway"},` +
		`"facts":{"process":{"known":true,"host_namespaces":["uts"],"host_root":false},"here":{"known":true,"link":` + link + `,"addresses":["192.168.1.5/24"]},` +
		`"host":{"known":true,"link":{"ifindex":7,"ifname":"eth0","flags":["BROADCAST"],"mtu":1500}}},` +
		`"capture":{"tier":"fexit","truncated":false}}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSONObeysTheSchema(t *testing.T) {
	s := lineSchema(t)
	moved, sparse, odd := sampleUp(), &Change{Time: sampleTime, Kind: KindLink, Action: Lookup, Via: ViaIoctl}, sampleRoute()
	moved.Action, moved.To = Move, &Namespace{Inode: 9, Host: true}
	sparse.Process, sparse.Capture.Incomplete = &Process{PID: 5}, true
	odd.Capture = Capture{Tier: "kprobe", Truncated: true, OriginalLength: 70000}
	odd.Errno, odd.Process.Truncated = 524, true
	odd.Request = Object{
		{"int", IntValue(-1)}, {"uint", UintValue(math.MaxUint64)}, {"bool", BoolValue(true)}, {"hex", HexValue([]byte{0, 255})},
		{"mac", MacValue(nil)}, {"bad", Value{}}, {"addr", AddrValue(netip.Addr{})}, {"net", NetValue(netip.Prefix{})},
		{"empty", ListValue()}, {"none", StructValue(nil)},
		{"list", ListValue(UintValue(1), StructValue(Object{{"x", OutsideValue("\x00")}}), OutsideValue("\x1b"), HexValue(nil), MacValue([]byte{1}))},
	}
	for name, line := range map[string][]byte{
		"up": sampleUp().AppendJSON(nil, &sampleHost), "route": sampleRoute().AppendJSON(nil, nil),
		"gateway": sampleGateway().AppendJSON(nil, &HostInfo{Name: "n"}), "address": sampleAddress().AppendJSON(nil, nil), "moved": moved.AppendJSON(nil, &sampleHost),
		"sparse": sparse.AppendJSON(nil, &HostInfo{}), "odd": odd.AppendJSON(nil, &sampleHost),
		"warning": sampleWarning().AppendJSON(nil, &sampleHost), "bare warning": (&Warning{Time: sampleTime, Rule: "x", Confidence: math.NaN()}).AppendJSON(nil, nil),
		"lost": sampleLost().AppendJSON(nil, &sampleHost), "started": sampleStarted().AppendJSON(nil, &sampleHost),
	} {
		t.Run(name, func(t *testing.T) { parse(t, s, line) })
	}
}

// TestSchemaIsStrict makes sure that the other tests could fail.
func TestSchemaIsStrict(t *testing.T) {
	s := lineSchema(t)
	line := string(sampleUp().AppendJSON(nil, &sampleHost))
	for _, edit := range [][2]string{
		{`"seq":1042`, `"seq":-1`}, {`"via":"rtnetlink",`, ``}, {`"level":"info"`, `"level":"warn"`}, {`"pid":4121`, `"Pid":4121`},
		{`450Z`, `45Z`}, {`"known":true`, `"known":1`}, {`"tier":"fexit"`, `"tier":"fexit","more":1`},
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(line, edit[0], edit[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s instead of %s passes", edit[1], edit[0])
		}
	}
}

func TestAbsentMeansNotKnown(t *testing.T) {
	s := lineSchema(t)
	c := sampleUp()
	c.Known, c.Container, c.Here, c.Host, c.Standing, c.Process.LoginUID = false, nil, nil, nil, nil, NoUID
	got := parse(t, s, c.AppendJSON(nil, nil))
	for _, path := range []string{"host", "change.result", "change.errno", "container", "facts", "process.login_uid", "process.thread_name"} {
		if v := get(got, path); v != nil {
			t.Errorf("%s is %v, want it absent", path, v)
		}
	}
	if v := get(got, "process.user.id"); v != json.Number("0") {
		t.Errorf("uid of root is %v", v)
	}
	c.Capture.Incomplete = true
	got = parse(t, s, c.AppendJSON(nil, nil))
	for _, path := range []string{"process.user", "process.interactive", "process.capabilities"} {
		if v := get(got, path); v != nil {
			t.Errorf("%s of an incomplete process is %v, want it absent", path, v)
		}
	}
}

// TestFactsOfRoutesAndAddresses pins what stands of them in both worlds, and what
// is left out where it is not known.
func TestFactsOfRoutesAndAddresses(t *testing.T) {
	s := lineSchema(t)
	straight, empty := sampleGateway(), sampleUp()
	straight.Host.Route = &Route{Dev: "a\x1b"}
	empty.Container.HostMounts, empty.Standing.Namespaces = nil, nil
	for _, tt := range []struct {
		c          *Change
		path, want string
	}{
		{sampleGateway(), "facts.host.route", `{"dev":"ens3","gateway":"192.168.1.1","metric":100}`},
		{sampleGateway(), "facts.host.route_known", `true`},
		{sampleGateway(), "facts.here.route_known", `null`},
		{straight, "facts.host.route", `{"dev":"a\\x1b","dev_hex":"611b","metric":0}`},
		{sampleAddress(), "facts.here.fit", `{"dev":"eth0","own":false,"prefix":"192.168.1.5/24"}`},
		{sampleAddress(), "facts.host.fit", `{"dev":"ens3","own":true,"prefix":"192.168.1.9/24"}`},
		{sampleAddress(), "facts.process", `{"known":false}`},
		{sampleAddress(), "container", `{"id":"84f98fadc384"}`},
		{empty, "facts.process", `{"host_namespaces":[],"host_root":false,"known":true}`},
		{empty, "container.host_mounts", `[]`},
	} {
		got, err := json.Marshal(get(parse(t, s, tt.c.AppendJSON(nil, nil)), tt.path))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for set, want := range map[uint64]string{
		0:                          `[]`,
		1<<12 | 1<<40:              `["net_admin","checkpoint_restore"]`,
		1<<41 - 1:                  `["all"]`,
		1<<42 - 1:                  `["all"]`,
		1 | 1<<41 | 1<<50:          `["chown","0x4020000000000"]`,
		(1<<41 - 1) &^ (1<<38 - 1): `["perfmon","bpf","checkpoint_restore"]`,
		(1<<41 - 1) &^ (1 << 24):   `["all","-sys_resource"]`,
	} {
		w := writer{b: []byte("{"), cut: cuts[0]}
		w.capabilities(set)
		if got := strings.TrimPrefix(string(w.b), `{"capabilities":`); got != want {
			t.Errorf("%#x: got %s, want %s", set, got, want)
		}
	}
}

func TestStatusLevels(t *testing.T) {
	for state, want := range map[string]string{
		"started": "info", "stopped": "info", "reloaded": "info",
		"lost": "error", "suppressed": "error", "unobserved": "error", "detached": "error",
	} {
		got := parse(t, lineSchema(t), (&Status{Time: sampleTime, State: state}).AppendJSON(nil, nil))
		if got["level"] != want {
			t.Errorf("%s: level %v, want %s", state, got["level"], want)
		}
	}
}

func TestLongRequestIsCut(t *testing.T) {
	s := lineSchema(t)
	big := strings.Repeat("\xde\xad", 32<<10)
	many := make(Object, 5000)
	hops := make([]Value, 5000)
	for i := range many {
		many[i] = Field{"attr_" + strconv.Itoa(i), UintValue(uint64(i))}
		hops[i] = StructValue(Object{{"gateway", AddrValue(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))}})
	}
	for name, tt := range map[string]struct {
		request Object
		cut     string
		want    string
	}{
		"hex":    {Object{{"attr_9", HexValue([]byte(big))}, {"mtu", UintValue(1400)}}, "attr_9_cut", "65536"},
		"name":   {Object{{"ifname", OutsideValue(big)}, {"mtu", UintValue(1400)}}, "ifname_cut", "65536"},
		"list":   {Object{{"mtu", UintValue(1400)}, {"nexthops", ListValue(hops...)}}, "nexthops_cut", "5000"},
		"fields": {append(Object{{"mtu", UintValue(1400)}}, many...), "_cut", "5001"},
		"nested": {Object{{"mtu", UintValue(1400)}, {"linkinfo", StructValue(many)}}, "linkinfo._cut", "5000"},
	} {
		c := sampleUp()
		c.Request = tt.request
		request := get(parse(t, s, c.AppendJSON(nil, &sampleHost)), "change.request")
		if got := get(request, tt.cut); got != json.Number(tt.want) {
			t.Errorf("%s: %s is %v, want %s", name, tt.cut, got, tt.want)
		}
		if got := get(request, "mtu"); got != json.Number("1400") {
			t.Errorf("%s: mtu is %v, want it kept beside what was cut", name, got)
		}
	}
}

func TestShortenKeepsCharactersWhole(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aä", 2, "a"}, {"a€x", 3, "a"}, {"a€x", 4, "a€"}, {"\x80\x80\x80\x80\x80", 4, "\x80\x80\x80\x80"}} {
		if got := shorten(tt.s, tt.n); got != tt.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}

// original returns the bytes of the text called key as they came, from a line.
func original(t testing.TB, o any, key string) string {
	t.Helper()
	text, _ := get(o, key).(string)
	digits, escaped := get(o, key+"_hex").(string)
	if !escaped {
		return text
	}
	raw, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatalf("%s_hex: %v", key, err)
	}
	if want := string(AppendName(nil, string(raw))); text != want {
		t.Fatalf("%s is %q, want %q", key, text, want)
	}
	return string(raw)
}

func TestJSONDoesNotAllocate(t *testing.T) {
	b := make([]byte, 0, MaxLine)
	for _, c := range []*Change{sampleRoute(), sampleUp(), sampleGateway(), sampleAddress()} {
		if n := testing.AllocsPerRun(100, func() { b = c.AppendJSON(b[:0], &sampleHost) }); n != 0 {
			t.Errorf("%s: %v allocations", c.Command(), n)
		}
	}
}

func BenchmarkChangeJSON(b *testing.B) {
	for name, c := range map[string]*Change{"route": sampleRoute(), "link": sampleUp()} {
		b.Run(name, func(b *testing.B) {
			h := sampleHost
			line := make([]byte, 0, MaxLine)
			b.ReportAllocs()
			for b.Loop() {
				line = c.AppendJSON(line[:0], &h)
			}
			b.ReportMetric(float64(len(line)), "B/line")
		})
	}
}
