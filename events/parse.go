package events

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

// Event is what a line tells: a *Change, a *Warning or a *Status.
type Event interface {
	// AppendJSON appends the event as one line of JSON without its newline.
	AppendJSON(b []byte, h *HostInfo) []byte
}

// Line is one line of a log that was read again.
type Line struct {
	Host  HostInfo // the machine that it happened on
	Event Event    // nil for a plain line of the log, which tells of no event
}

// Parse reads a line that AppendJSON has written, with or without a newline. What
// it returns shares no memory with the line. Written again, an event that was not
// cut gives the same bytes.
//
// JSON does not carry all that a Change holds. Of a request's values, the words
// of our own vocabulary come back as names from outside, since a log is outside;
// numbers as Int if they are negative and as Uint if not; and the bytes of an
// attribute that was malformed, or of a kind that this package does not know to
// be hex, as the text of its digits. What was cut comes back as far as it was
// written. The Last of a warning has who it was and where.
//
// Fields that are not known are ignored: later versions may have more. A line
// that is malformed gives an error that names the field. The error wraps
// io.ErrUnexpectedEOF if the line ends before its object does, as one that was
// torn off while it was being written.
func Parse(line []byte) (Line, error) {
	o, err := parseObject(line)
	if err != nil {
		return Line{}, fmt.Errorf("parse event: %w", err)
	}
	r := reader{object: o, err: &err}
	l := Line{Host: r.host(), Event: r.event()}
	if err != nil {
		return Line{}, fmt.Errorf("parse event: %w", err)
	}
	return l, nil
}

func (r reader) host() HostInfo {
	h, _ := r.in("host")
	return HostInfo{Name: h.text("name"), BootID: h.text("boot_id")}
}

func (r reader) event() Event {
	kind := r.word("event")
	if kind == "" {
		return nil
	}
	if version := r.uint64("schema"); version != schema {
		r.fail("schema", "%d: can read %d only", version, schema)
		return nil
	}
	r.need("time")
	switch kind {
	case "change":
		return r.change()
	case "warning":
		return r.warning()
	case "status":
		return r.status()
	}
	r.fail("event", "%q is not change, warning or status", kind)
	return nil
}

func (r reader) change() *Change {
	r.need("change")
	c := &Change{Time: r.time("time"), Seq: r.uint64("seq")}
	in, _ := r.in("change")
	in.asked(c)
	in.result(c)
	c.Before, c.After = in.link("before"), in.link("after")
	c.To = in.someNamespace("to")
	c.Capture = r.capture()
	r.actor(c)
	if worlds, ok := r.in("facts"); ok {
		c.Standing = worlds.standing("process")
		c.Here, c.Host = worlds.facts("here"), worlds.facts("host")
	}
	return c
}

// actor reads who made a change, and where. Of a process whose user is not told,
// the details were lost.
func (r reader) actor(c *Change) {
	c.Netns, c.Container = r.namespace("netns"), r.container()
	process, ok := r.in("process")
	if !ok {
		return
	}
	c.Process = process.process()
	if !process.has("user") {
		c.Capture.Incomplete = true
	}
	if !c.Capture.Incomplete {
		process.credentials(c.Process)
	}
}

func (r reader) asked(c *Change) {
	c.Kind, c.Action, c.Via = Kind(r.neededWord("kind")), Action(r.neededWord("action")), Via(r.neededWord("via"))
	c.Target = r.name("target")
	if request, ok := r.in("request"); ok {
		c.Request = request.fields(vocabularies[string(c.Kind)])
	}
}

// result reads the kernel's answer. The errno's name is there for people.
func (r reader) result(c *Change) {
	c.Effect = Effect(r.word("effect"))
	if c.Known = r.has("result"); !c.Known {
		return
	}
	result := r.text("result")
	c.Errno = syscall.Errno(r.uint32("errno"))
	c.Extack = r.name("extack")
	if (result == "ok") != (c.Errno == 0) {
		r.fail("errno", "%d, where the result is %q", c.Errno, result)
	}
}

func (r reader) link(key string) *Link {
	o, ok := r.in(key)
	if !ok {
		return nil
	}
	info, _ := o.in("linkinfo")
	return &Link{
		Index: o.uint32("ifindex"), Name: o.name("ifname"),
		ParentName: o.name("link"), Parent: o.uint32("link_index"),
		Flags: o.flags("flags"), MTU: o.uint32("mtu"),
		MasterName: o.name("master"), Master: o.uint32("master_index"),
		Address: o.mac("address"), Kind: info.text("info_kind"),
	}
}

func (r reader) flags(key string) uint32 {
	set := r.set(key, linkFlags[:])
	if set != uint64(uint32(set)) {
		r.fail(key, "%#x has more than 32 bits", set)
	}
	return uint32(set)
}

func (r reader) namespace(key string) Namespace {
	o, _ := r.in(key)
	return Namespace{Inode: o.uint32("inode"), Cookie: o.uint64("cookie"), Host: o.bool("host"), Owner: o.text("owner")}
}

// someNamespace is namespace, or nil where nothing is said of it.
func (r reader) someNamespace(key string) *Namespace {
	n := r.namespace(key)
	if n == (Namespace{}) {
		return nil
	}
	return &n
}

func (r reader) process() *Process {
	executable, _ := r.in("executable")
	netns, _ := r.in("netns")
	cgroup, _ := r.in("cgroup")
	return &Process{
		PID: r.uint32("pid"), TID: r.uint32("tid"), Start: r.uint64("start_time_boot_ns"),
		Name: r.name("name"), Thread: r.name("thread_name"),
		CommandLine: r.name("command_line"), Executable: executable.name("path"),
		LoginUID: NoUID, Session: NoUID,
		NetnsInode: netns.uint32("inode"), NetnsCookie: netns.uint64("cookie"),
		Namespaces: r.namespaces(),
		Cgroup:     cgroup.name("path"), CgroupID: cgroup.uint64("id"),
		Parent: r.parent(), Descent: readNumbers[uint32](r, "descent"),
	}
}

func (r reader) credentials(p *Process) {
	user, _ := r.in("user")
	p.UID, p.Truncated = user.uint32("id"), r.bool("truncated")
	if r.has("login_uid") {
		p.LoginUID = r.uint32("login_uid")
	}
	if r.has("audit_session") {
		p.Session = r.uint32("audit_session")
	}
	p.Capabilities = r.capabilities("capabilities")
	p.Interactive = r.bool("interactive")
}

// capabilities reads names, "all", and "-" before the name of one that lacks.
func (r reader) capabilities(key string) uint64 {
	var set, lacks uint64
	for _, word := range readTexts[string](r, key) {
		name, lacking := strings.CutPrefix(word, "-")
		switch {
		case word == "all":
			set |= allCapabilities
		case lacking:
			lacks |= r.bit(key, name, capabilities[:])
		default:
			set |= r.bit(key, word, capabilities[:])
		}
	}
	return set &^ lacks
}

func (r reader) namespaces() Namespaces {
	o, _ := r.in("namespaces")
	return Namespaces{
		Mnt: o.uint32("mnt"), PID: o.uint32("pid"), User: o.uint32("user"), UTS: o.uint32("uts"), Cgroup: o.uint32("cgroup"),
	}
}

func (r reader) parent() *Parent {
	o, ok := r.in("parent")
	if !ok {
		return nil
	}
	return &Parent{
		PID: o.uint32("pid"), Start: o.uint64("start_time_boot_ns"), Name: o.name("name"), CommandLine: o.name("command_line"),
	}
}

func (r reader) container() *Container {
	o, ok := r.in("container")
	if !ok {
		return nil
	}
	image, _ := o.in("image")
	c := &Container{ID: o.text("id"), Name: o.name("name"), Runtime: o.text("runtime"), Image: image.name("name")}
	if first, ok := o.in("init"); ok {
		c.Init = &Init{PID: first.uint32("pid"), Start: first.uint64("start_time_boot_ns")}
	}
	if c.Told = o.bool("told"); c.Told {
		netns, _ := o.in("netns")
		c.Privileged, c.HostNet = o.bool("privileged"), o.bool("host_network")
		c.HostMounts, c.Netns, c.Ignore = readTexts[Name](o, "host_mounts"), netns.uint32("inode"), o.text("ignore")
	}
	return c
}

func (r reader) standing(key string) *Standing {
	o, ok := r.in(key)
	if !ok {
		return nil
	}
	return &Standing{Known: o.bool("known"), Namespaces: readTexts[string](o, "host_namespaces"), Root: o.bool("host_root")}
}

func (r reader) facts(key string) *Facts {
	o, ok := r.in(key)
	if !ok {
		return nil
	}
	f := &Facts{
		Known: o.bool("known"), Link: o.link("link"), Addresses: o.prefixes("addresses"), Master: o.link("master"),
		Defaults: o.addrs("defaults"), RouteKnown: o.bool("route_known"),
	}
	if hop, ok := o.in("nexthop"); ok {
		f.Nexthop = &Nexthop{Gateway: hop.addr("gateway"), OnLink: hop.bool("on_link"), Own: hop.bool("own"), Dev: hop.name("dev")}
	}
	if route, ok := o.in("route"); ok {
		f.Route = &Route{Gateway: route.addr("gateway"), Dev: route.name("dev"), Metric: route.uint32("metric")}
	}
	if fit, ok := o.in("fit"); ok {
		f.Fit = &Fit{Prefix: fit.prefix("prefix"), Dev: fit.name("dev"), Own: fit.bool("own")}
	}
	return f
}

func (r reader) capture() Capture {
	o, _ := r.in("capture")
	return Capture{
		Tier: o.word("tier"), Truncated: o.bool("truncated"), OriginalLength: o.int("original_length"),
		Incomplete: o.bool("incomplete"), Error: o.text("error"),
	}
}

func (r reader) warning() *Warning {
	r.need("warning")
	o, _ := r.in("warning")
	w := &Warning{
		Time: r.time("time"), Seq: r.uint64("seq"),
		Rule: o.text("rule"), Confidence: o.float("confidence"), Verdict: Verdict(o.word("verdict")), Summary: o.text("summary"),
		Changed: o.text("changed"), Untouched: o.text("untouched"), Because: o.text("because"),
		Own: o.side("own"), Host: o.side("host"),
		Advice: readTexts[string](o, "advice"), Changes: readNumbers[uint64](o, "changes"), Count: o.int("count"),
	}
	w.Evidence = elements(o, "evidence", "an object", func(key string, e *object) Evidence {
		in := reader{e, o.path + key + ".", o.err}
		return Evidence{Fact: in.text("fact"), Weight: in.float("weight"), Detail: in.text("detail")}
	})
	w.Last = r.last(w.Time)
	return w
}

// last reads who made the last change that a warning is drawn from, and where; it
// is nil if that is not said.
func (r reader) last(at time.Time) *Change {
	c := &Change{Time: at}
	r.actor(c)
	if c.Netns == (Namespace{}) && c.Process == nil && c.Container == nil {
		return nil
	}
	return c
}

func (r reader) side(key string) Side {
	o, _ := r.in(key)
	return Side{Link: o.name("link"), Type: o.text("type"), Parent: o.name("parent"), State: o.text("state"), Route: o.text("route")}
}

func (r reader) status() *Status {
	r.need("status")
	o, _ := r.in("status")
	s := &Status{
		Time: r.time("time"), Seq: r.uint64("seq"),
		State: o.text("state"), Stage: o.text("stage"), Cause: o.text("cause"), Count: o.uint64("count"),
		From: o.time("from"), To: o.time("to"),
		Version: o.text("version"), Tier: o.text("tier"), Kernel: o.text("kernel"), Enter: o.text("enter"),
		Detail: o.text("detail"),
	}
	s.Netns = o.someNamespace("netns")
	return s
}
