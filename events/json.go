package events

import (
	"math"
	"math/bits"
)

// MaxLine is the most bytes that an event's line has, its newline included.
// What would make it longer is cut, and says so.
const MaxLine = 16 << 10

// schema is the version of the JSON's shape; docs/events.schema.json describes it.
const schema = 1

// maxMessage is the most bytes of the message: all that it says stands in full
// in the other fields.
const maxMessage = 512

// AppendJSON appends c as one JSON object on one line, without a newline. It is
// valid UTF-8 without control characters, whatever the change holds. It does not
// allocate if b has room.
func (c *Change) AppendJSON(b []byte, h *HostInfo) []byte { return appendEvent(b, c, h) }

// AppendJSON appends w in the way of Change.AppendJSON.
func (w *Warning) AppendJSON(b []byte, h *HostInfo) []byte { return appendEvent(b, w, h) }

// AppendJSON appends s in the way of Change.AppendJSON.
func (s *Status) AppendJSON(b []byte, h *HostInfo) []byte { return appendEvent(b, s, h) }

// event is what can be written as a line. The writer goes in by value, so that
// it stays off the heap.
type event interface {
	write(w writer, h *HostInfo) []byte
}

// appendEvent appends e with as little cut as a line of MaxLine bytes allows.
func appendEvent(b []byte, e event, h *HostInfo) []byte {
	start := len(b)
	for i := range cuts {
		b = e.write(writer{b: b[:start], cut: cuts[i], stop: math.MaxInt}, h)
		if len(b)-start < MaxLine {
			break
		}
	}
	return b
}

func (c *Change) write(w writer, h *HostInfo) []byte {
	w.begin()
	w.time("time", c.Time)
	w.head("info", "change", c.Seq)
	w.message(c)
	w.host(h)
	w.object("change")
	w.change(c)
	w.end()
	w.namespace("netns", &c.Netns)
	w.process(c.Process, c.Capture.Incomplete)
	w.container(c.Container)
	w.worlds(c)
	w.capture(&c.Capture)
	w.end()
	return w.b
}

func (wa *Warning) write(w writer, h *HostInfo) []byte {
	w.begin()
	w.time("time", wa.Time)
	w.head("warn", "warning", wa.Seq)
	w.message(wa)
	w.host(h)
	w.object("warning")
	w.warning(wa)
	w.end()
	if c := wa.Last; c != nil {
		w.namespace("netns", &c.Netns)
		w.process(c.Process, c.Capture.Incomplete)
		w.container(c.Container)
	}
	w.end()
	return w.b
}

func (s *Status) write(w writer, h *HostInfo) []byte {
	w.begin()
	w.time("time", s.Time)
	w.head(s.level(), "status", s.Seq)
	w.message(s)
	w.host(h)
	w.object("status")
	w.status(s)
	w.end()
	w.end()
	return w.b
}

// head writes what every event begins with.
func (w *writer) head(level, event string, seq uint64) {
	w.word("level", level)
	w.word("event", event)
	w.number("schema", schema)
	w.number("seq", seq)
}

// message writes what e says in a short line for a person. Its names are
// already escaped.
func (w *writer) message(e interface{ appendMessage([]byte) []byte }) {
	w.key("message")
	w.b = append(w.b, '"')
	start := len(w.b)
	w.b = e.appendMessage(w.b)
	if len(w.b)-start > maxMessage {
		w.b = append(w.b[:start+len(shorten(string(w.b[start:]), maxMessage))], "…"...)
	}
	w.b = append(escapeFrom(w.b, start), '"')
}

func (w *writer) host(h *HostInfo) {
	if h == nil || *h == (HostInfo{}) {
		return
	}
	w.object("host")
	w.text("name", h.Name)
	w.text("boot_id", h.BootID)
	w.end()
}

func (w *writer) change(c *Change) {
	w.word("kind", string(c.Kind))
	w.word("action", string(c.Action))
	w.text("target", string(c.Target))
	w.word("via", string(c.Via))
	w.request(c.Request)
	if c.Known {
		w.word("result", c.Result())
		w.uint("errno", uint64(c.Errno))
		w.text("extack", string(c.Extack))
	}
	w.word("effect", string(c.Effect))
	w.link("before", c.Before)
	w.link("after", c.After)
	w.namespace("to", c.To)
}

func (w *writer) request(o Object) {
	w.object("request")
	w.stop = len(w.b) + w.cut.request
	w.fields(o)
	w.stop = math.MaxInt
	w.end()
}

// link writes the state of a link under the names of `ip -json link`.
func (w *writer) link(key string, l *Link) {
	if l == nil {
		return
	}
	w.object(key)
	w.uint("ifindex", uint64(l.Index))
	w.text("ifname", string(l.Name))
	w.text("link", string(l.ParentName))
	w.uint("link_index", uint64(l.Parent))
	w.set("flags", uint64(l.Flags), linkFlags[:])
	w.uint("mtu", uint64(l.MTU))
	w.text("master", string(l.MasterName))
	w.uint("master_index", uint64(l.Master))
	w.mac("address", l.Address)
	if l.Kind != "" {
		w.object("linkinfo")
		w.text("info_kind", l.Kind)
		w.end()
	}
	w.end()
}

func (w *writer) namespace(key string, n *Namespace) {
	if n == nil || *n == (Namespace{}) {
		return
	}
	w.object(key)
	w.uint("inode", uint64(n.Inode))
	w.uint("cookie", n.Cookie)
	w.bool("host", n.Host)
	w.text("owner", n.Owner)
	w.end()
}

// process writes who it was. Of an incomplete one the zeros mean nothing.
func (w *writer) process(p *Process, incomplete bool) {
	if p == nil {
		return
	}
	w.object("process")
	w.uint("pid", uint64(p.PID))
	w.uint("tid", uint64(p.TID))
	w.uint("start_time_boot_ns", p.Start)
	w.text("name", string(p.Name))
	w.text("thread_name", string(p.Thread))
	w.text("command_line", string(p.CommandLine))
	if p.Executable != "" {
		w.object("executable")
		w.text("path", string(p.Executable))
		w.end()
	}
	if !incomplete {
		w.credentials(p)
	}
	w.whereabouts(p)
	w.parent(p.Parent)
	array(w, "descent", p.Descent, appendNumber)
	w.end()
}

func (w *writer) credentials(p *Process) {
	w.bool("truncated", p.Truncated)
	w.object("user")
	w.number("id", uint64(p.UID))
	w.end()
	if p.LoginUID != NoUID {
		w.number("login_uid", uint64(p.LoginUID))
	}
	if p.Session != NoUID {
		w.number("audit_session", uint64(p.Session))
	}
	w.capabilities(p.Capabilities)
	w.bool("interactive", p.Interactive)
}

// mostCapabilities is how many may lack in a set that is told by what it lacks.
const mostCapabilities = 8

// capabilities writes a full set as "all", and one that is nearly full as "all"
// and what it lacks ("-sys_resource"): forty names would drown the rest.
func (w *writer) capabilities(set uint64) {
	lacks := allCapabilities &^ set
	if bits.OnesCount64(lacks) > mostCapabilities {
		w.set("capabilities", set, capabilities[:])
		return
	}
	w.key("capabilities")
	w.b = append(w.b, `["all"`...)
	for bit, name := range capabilities {
		if lacks&(1<<bit) != 0 {
			w.b = append(append(append(w.b, `,"-`...), name...), '"')
		}
	}
	w.b = append(w.b, ']')
}

// whereabouts writes the namespaces and the cgroup that the process lives in.
func (w *writer) whereabouts(p *Process) {
	if p.NetnsInode != 0 || p.NetnsCookie != 0 {
		w.object("netns")
		w.uint("inode", uint64(p.NetnsInode))
		w.uint("cookie", p.NetnsCookie)
		w.end()
	}
	if n := &p.Namespaces; *n != (Namespaces{}) {
		w.object("namespaces")
		w.uint("mnt", uint64(n.Mnt))
		w.uint("pid", uint64(n.PID))
		w.uint("user", uint64(n.User))
		w.uint("uts", uint64(n.UTS))
		w.uint("cgroup", uint64(n.Cgroup))
		w.end()
	}
	if p.Cgroup != "" || p.CgroupID != 0 {
		w.object("cgroup")
		w.text("path", string(p.Cgroup))
		w.uint("id", p.CgroupID)
		w.end()
	}
}

func (w *writer) parent(p *Parent) {
	if p == nil {
		return
	}
	w.object("parent")
	w.uint("pid", uint64(p.PID))
	w.uint("start_time_boot_ns", p.Start)
	w.text("name", string(p.Name))
	w.text("command_line", string(p.CommandLine))
	w.end()
}

func (w *writer) container(c *Container) {
	if c == nil {
		return
	}
	w.object("container")
	w.text("id", c.ID)
	w.text("name", string(c.Name))
	w.text("runtime", c.Runtime)
	if c.Image != "" {
		w.object("image")
		w.text("name", string(c.Image))
		w.end()
	}
	if c.Init != nil {
		w.object("init")
		w.uint("pid", uint64(c.Init.PID))
		w.uint("start_time_boot_ns", c.Init.Start)
		w.end()
	}
	if c.Told {
		w.told(c)
	}
	w.end()
}

// told writes what the runtime tells of how the container is made.
func (w *writer) told(c *Container) {
	w.bool("told", true)
	w.bool("privileged", c.Privileged)
	w.bool("host_network", c.HostNet)
	texts(w, "host_mounts", c.HostMounts)
	if c.Netns != 0 {
		w.object("netns")
		w.uint("inode", uint64(c.Netns))
		w.end()
	}
	w.text("ignore", c.Ignore)
}

// worlds writes what the judge knew of both worlds and of the process between
// them, so that replay can judge again.
func (w *writer) worlds(c *Change) {
	if c.Here == nil && c.Host == nil && c.Standing == nil {
		return
	}
	w.object("facts")
	w.standing("process", c.Standing)
	w.facts("here", c.Here)
	w.facts("host", c.Host)
	w.end()
}

func (w *writer) standing(key string, s *Standing) {
	if s == nil {
		return
	}
	w.object(key)
	w.bool("known", s.Known)
	if s.Known || len(s.Namespaces) > 0 {
		texts(w, "host_namespaces", s.Namespaces)
	}
	if s.Known || s.Root {
		w.bool("host_root", s.Root)
	}
	w.end()
}

func (w *writer) facts(key string, f *Facts) {
	if f == nil {
		return
	}
	w.object(key)
	w.bool("known", f.Known)
	w.link("link", f.Link)
	array(w, "addresses", f.Addresses, appendPrefix)
	w.link("master", f.Master)
	w.nexthop(f.Nexthop)
	array(w, "defaults", f.Defaults, appendAddr)
	w.route(f.Route)
	if f.RouteKnown {
		w.bool("route_known", true)
	}
	w.fit(f.Fit)
	w.end()
}

func (w *writer) nexthop(n *Nexthop) {
	if n == nil {
		return
	}
	w.object("nexthop")
	w.addr("gateway", n.Gateway)
	w.bool("on_link", n.OnLink)
	w.bool("own", n.Own)
	w.text("dev", string(n.Dev))
	w.end()
}

// route writes a route that stands; its metric may well be 0.
func (w *writer) route(r *Route) {
	if r == nil {
		return
	}
	w.object("route")
	w.addr("gateway", r.Gateway)
	w.text("dev", string(r.Dev))
	w.number("metric", uint64(r.Metric))
	w.end()
}

func (w *writer) fit(f *Fit) {
	if f == nil {
		return
	}
	w.object("fit")
	if f.Prefix.IsValid() {
		w.key("prefix")
		w.b = appendPrefix(w.b, f.Prefix)
	}
	w.text("dev", string(f.Dev))
	w.bool("own", f.Own)
	w.end()
}

func (w *writer) capture(c *Capture) {
	w.object("capture")
	w.word("tier", c.Tier)
	w.bool("truncated", c.Truncated)
	w.uint("original_length", uint64(c.OriginalLength))
	if c.Incomplete {
		w.bool("incomplete", true)
	}
	w.text("error", c.Error)
	w.end()
}

func (w *writer) warning(wa *Warning) {
	w.text("rule", wa.Rule)
	w.float("confidence", wa.Confidence)
	w.word("verdict", string(wa.Verdict))
	w.text("summary", wa.Summary)
	w.key("evidence")
	w.b = append(w.b, '[')
	kept := min(len(wa.Evidence), w.cut.list)
	for i := range wa.Evidence[:kept] {
		w.evidence(&wa.Evidence[i])
	}
	w.b = append(w.b, ']')
	w.cutFrom("evidence", kept, len(wa.Evidence))
	w.text("changed", wa.Changed)
	w.text("untouched", wa.Untouched)
	w.text("because", wa.Because)
	w.side("own", &wa.Own)
	w.side("host", &wa.Host)
	if len(wa.Advice) > 0 {
		texts(w, "advice", wa.Advice)
	}
	array(w, "changes", wa.Changes, appendNumber)
	w.uint("count", uint64(wa.Count))
}

func (w *writer) evidence(e *Evidence) {
	w.comma()
	w.begin()
	w.text("fact", e.Fact)
	w.float("weight", e.Weight)
	w.text("detail", e.Detail)
	w.end()
}

func (w *writer) side(key string, s *Side) {
	if *s == (Side{}) {
		return
	}
	w.object(key)
	w.text("link", string(s.Link))
	w.text("type", s.Type)
	w.text("parent", string(s.Parent))
	w.text("state", s.State)
	w.text("route", s.Route)
	w.end()
}

// level is error for whatever means that a change may have gone unreported.
func (s *Status) level() string {
	switch s.State {
	case "lost", "suppressed", "unobserved", "detached":
		return "error"
	}
	return "info"
}

func (w *writer) status(s *Status) {
	w.text("state", s.State)
	w.text("stage", s.Stage)
	w.text("cause", s.Cause)
	w.uint("count", s.Count)
	w.time("from", s.From)
	w.time("to", s.To)
	w.text("version", s.Version)
	w.text("tier", s.Tier)
	w.text("kernel", s.Kernel)
	w.namespace("netns", s.Netns)
	w.text("enter", s.Enter)
	w.text("detail", s.Detail)
}
