package events

import (
	"slices"
	"strconv"
	"strings"
)

// Command is the command of iproute2 that makes the same request, whichever tool or
// door it came from: "ip link set eth0 up". Names are quoted as a shell needs
// it. A trailing "…" stands for attributes that ip has no word for here; a
// failed look-up, which no command makes by itself, is "look-up of link hv0".
func (c *Change) Command() string { return string(c.AppendCommand(nil)) }

// AppendCommand appends Command to b.
func (c *Change) AppendCommand(b []byte) []byte {
	if c.Action != Lookup {
		b = append(append(b, c.tool()...), ' ')
	}
	return c.appendRequest(b)
}

// tool is the one of iproute2's programs that makes such a request.
func (c *Change) tool() string {
	switch {
	case c.Kind == KindQdisc:
		return "tc"
	case c.forwarding():
		return "bridge"
	}
	return "ip"
}

// appendRequest appends the command without the tool's name.
func (c *Change) appendRequest(b []byte) []byte {
	if c.Action == Lookup {
		return appendArgument(append(b, "look-up of link "...), string(c.Target))
	}
	s := speech{b: b, o: c.Request}
	switch c.Kind {
	case KindLink:
		s.link(c)
	case KindAddress:
		s.address(c)
	case KindRoute:
		s.route(c)
	case KindNexthop:
		s.nexthop(c)
	case KindQdisc:
		s.qdisc(c)
	case KindRule:
		s.rule(c)
	case KindNeighbour:
		s.neighbour(c)
	default:
		s.b = append(s.b, c.Kind...)
		s.say(string(c.Action))
		s.argument(string(c.Target))
	}
	if s.said < len(s.o) {
		s.say("…")
	}
	return s.b
}

// speech says the fields of a request in ip's words, and counts those it has said.
type speech struct {
	b    []byte
	o    Object
	said int
}

// phrase is ip's keyword for a field; without one the value speaks for itself.
type phrase struct{ field, keyword string }

var (
	linkPhrases = [...]phrase{
		{"link", "link"}, {"newname", "name"}, {"address", "address"}, {"broadcast", "broadcast"}, {"mtu", "mtu"},
		{"txqlen", "txqueuelen"}, {"master", "master"}, {"ifalias", "alias"}, {"group", "group"},
		{"net_ns_pid", "netns"}, {"link_netnsid", "link-netnsid"},
	}
	addressPhrases = [...]phrase{
		{"address", "peer"}, {"broadcast", "broadcast"}, {"anycast", "anycast"}, {"label", "label"}, {"metric", "metric"}, {"dev", "dev"},
		{"valid_life_time", "valid_lft"}, {"preferred_life_time", "preferred_lft"},
	}
	routePhrases = [...]phrase{{"from", "from"}, {"tos", "tos"}, {"gateway", "via"}, {"dev", "dev"}, {"nhid", "nhid"}, {"prefsrc", "src"}, {"pref", "pref"}, {"expires", "expires"}}
	hopPhrases   = [...]phrase{{"gateway", "via"}, {"dev", "dev"}, {"weight", "weight"}}
)

// silent are the fields that go without saying: they are the target's own name,
// which door the request took or would have taken, or the master that nomaster leaves.
var silent = [...]string{"ifname", "altname", "ifindex", "ioctl", "not_sent", "family", "bridge", "bond"}

func (s *speech) link(c *Change) {
	s.b = append(s.b, "link"...)
	s.say(c.verb())
	if group := s.o.Name("group"); group == "" || c.Target != "group "+group {
		s.argument(string(c.Target))
	}
	s.destination(c)
	s.phrases(linkPhrases[:])
	if s.take("nomaster") != nil {
		s.say("nomaster")
	}
	s.flags("flags", true)
	s.flags("flags_off", false)
	s.info()
	s.hush(silent[:])
}

// destination says where a link goes: by the name of who owns that namespace, if
// it is known, else by what the request named.
func (s *speech) destination(c *Change) {
	if c.To != nil && c.To.Owner != "" {
		s.take("net_ns_pid")
		s.take("net_ns_fd")
		s.say("netns")
		_, name, named := strings.Cut(c.To.Owner, " ")
		if !named {
			name = "1" // the host's, by its init
		}
		s.argument(name)
		return
	}
	if v := s.take("net_ns_fd"); v != nil && c.Process != nil {
		s.say("netns")
		s.b = append(strconv.AppendUint(append(s.b, " /proc/"...), uint64(c.Process.PID), 10), "/fd"...)
		s.b = strconv.AppendUint(append(s.b, '/'), v.Num, 10)
	}
}

// flagWords are ip's words for a flag that is set and one that is cleared.
var flagWords = [...]struct{ flag, on, off string }{
	{"UP", "up", "down"}, {"NOARP", "arp off", "arp on"}, {"PROMISC", "promisc on", "promisc off"},
	{"ALLMULTI", "allmulticast on", "allmulticast off"}, {"MULTICAST", "multicast on", "multicast off"},
	{"DYNAMIC", "dynamic on", "dynamic off"}, {"NOTRAILERS", "trailers off", "trailers on"},
}

func (s *speech) flags(field string, on bool) {
	v := s.take(field)
	if v == nil {
		return
	}
	known := 0
	for _, w := range &flagWords {
		switch {
		case !s.o.Has(field, w.flag):
			continue
		case on:
			s.say(w.on)
		default:
			s.say(w.off)
		}
		known++
	}
	if known < len(v.Items) {
		s.said--
	}
}

// info says what kind of link it is, or what kind of master it is part of, and
// the options of that kind.
func (s *speech) info() {
	v := s.take("linkinfo")
	if v == nil {
		return
	}
	if kind := v.Items.Name("info_kind"); kind != "" {
		s.say("type")
		s.argument(string(kind))
	} else if kind := v.Items.Name("info_slave_kind"); kind != "" {
		s.say("type")
		s.argument(string(kind) + "_slave")
	}
	for _, field := range [...]string{"info_data", "info_slave_data"} {
		switch data, _ := v.Items.Get(field); data.Kind {
		case 0:
		case Struct:
			s.options(data.Items)
		default:
			s.say("…")
		}
	}
}

// options says fields by their own names: mode bridge, peer name veth1.
func (s *speech) options(o Object) {
	for i := range o {
		switch name := o[i].Name; name {
		case "ifname":
			s.say("name")
		case "net_ns_pid":
			s.say("netns")
		default:
			s.say(name)
		}
		if v := &o[i].Value; v.Kind == Struct {
			s.options(v.Items)
		} else {
			s.value(v)
		}
	}
}

func (s *speech) address(c *Change) {
	s.b = append(s.b, "address"...)
	s.say(c.verb())
	s.argument(string(c.Target))
	s.hush([]string{"local", "prefixlen"})
	s.phrases(addressPhrases[:])
	s.unless("scope", "scope", "global")
	s.words("flags")
	s.hush(silent[:])
}

func (s *speech) route(c *Change) {
	if c.Request.Name("family") == "inet6" && c.Target == "default" && !c.Request.Addr("gateway").IsValid() {
		s.b = append(s.b, "-6 "...)
	}
	s.b = append(s.b, "route"...)
	s.say(c.verb())
	s.unless("type", "", "unicast")
	s.argument(string(c.Target))
	s.hush([]string{"dst"})
	s.phrases(routePhrases[:])
	if v := s.take("via"); v != nil {
		s.say("via")
		for i := range v.Items {
			s.value(&v.Items[i].Value)
		}
	}
	s.unless("table", "table", "main")
	s.unless("protocol", "proto", "boot")
	s.unless("scope", "scope", usualScope(c.Request))
	s.unless("metric", "metric", "")
	s.words("flags")
	if v := s.take("metrics"); v != nil {
		s.options(v.Items)
	}
	s.hops()
	s.hush(silent[:])
}

// usualScope is the scope that ip gives a route when it is not told.
func usualScope(o Object) string {
	if o.Name("family") == "inet6" {
		return "global"
	}
	switch o.Name("type") {
	case "local", "nat":
		return "host"
	case "broadcast", "multicast", "anycast":
		return "link"
	case "", "unicast":
		if !slices.ContainsFunc(o, leadsOn) {
			return "link"
		}
	}
	return "global"
}

// leadsOn reports whether a field makes a route lead to a next hop.
func leadsOn(f Field) bool {
	return slices.Contains([]string{"gateway", "via", "nexthops", "nhid"}, f.Name)
}

// words says the elements of a list, each of which is a word to ip.
func (s *speech) words(field string) {
	v := s.take(field)
	if v == nil {
		return
	}
	for i := range v.Items {
		s.value(&v.Items[i].Value)
	}
}

// hops says the next hops of a route that has several.
func (s *speech) hops() {
	v := s.take("nexthops")
	if v == nil {
		return
	}
	for i := range v.Items {
		s.say("nexthop")
		hop := speech{b: s.b, o: v.Items[i].Value.Items}
		hop.phrases(hopPhrases[:])
		hop.words("flags")
		if hop.said < len(hop.o) {
			hop.say("…")
		}
		s.b = hop.b
	}
}

// verb is ip's word for the action.
func (c *Change) verb() string {
	switch c.Action {
	case Delete:
		return "del"
	case Move:
		return "set"
	case Set:
		if c.Kind != KindLink {
			return "change"
		}
	}
	return string(c.Action)
}

// take returns a field's value and counts it as said; nil if it is not there.
func (s *speech) take(field string) *Value {
	for i := range s.o {
		if s.o[i].Name == field {
			s.said++
			return &s.o[i].Value
		}
	}
	return nil
}

// hush counts fields as said that need no saying.
func (s *speech) hush(fields []string) {
	for i := range s.o {
		if slices.Contains(fields, s.o[i].Name) {
			s.said++
		}
	}
}

// phrases says each field that is there, in the order of the table.
func (s *speech) phrases(table []phrase) {
	for _, p := range table {
		s.unless(p.field, p.keyword, "")
	}
}

// unless says a field if it is there and not what ip would take without it.
func (s *speech) unless(field, keyword, usual string) {
	v := s.take(field)
	if v == nil || usual != "" && v.Str == usual || field == "dev" && v.Kind == Uint {
		return // link 0 is none
	}
	if keyword != "" {
		s.say(keyword)
	}
	s.value(v)
}

// say appends a word of our own vocabulary.
func (s *speech) say(word string) {
	s.b = append(append(s.b, ' '), word...)
}

// argument appends a name that came from outside.
func (s *speech) argument(name string) {
	s.b = appendArgument(append(s.b, ' '), name)
}

// value appends a value as ip would take it.
func (s *speech) value(v *Value) {
	if v.Kind != List {
		s.b = append(s.b, ' ')
		s.bare(v)
		return
	}
	for i := range v.Items {
		s.b = append(s.b, " ,"[min(i, 1)])
		s.bare(&v.Items[i].Value)
	}
}

// bare appends a value without a blank before it.
func (s *speech) bare(v *Value) {
	switch v.Kind {
	case Text, Outside:
		s.b = appendArgument(s.b, v.Str)
	case Int:
		s.b = strconv.AppendInt(s.b, int64(v.Num), 10)
	case Uint:
		s.b = strconv.AppendUint(s.b, v.Num, 10)
	case Bool:
		s.b = append(s.b, [...]string{"off", "on"}[min(v.Num, 1)]...)
	case Mac, Addr, Net:
		s.b = appendPlain(s.b, v)
	case Hex:
		for i := range len(v.Str) {
			s.b = append(s.b, digits[v.Str[i]>>4], digits[v.Str[i]&15])
		}
	default:
		s.b = append(s.b, "…"...)
	}
}

// appendArgument appends name as one word for a shell: as it is where that is
// safe, in quotes, or, where it can't be shown, as bash reads it: $'\x1b'. Link
// names may hold anything but blanks and slashes, and lines get copied.
func appendArgument(b []byte, name string) []byte {
	switch {
	case plainWord(name):
		return append(b, name...)
	case Printable(name):
		b = append(b, '\'')
		for _, c := range []byte(name) {
			if c == '\'' {
				b = append(b, `'\'`...)
			}
			b = append(b, c)
		}
		return append(b, '\'')
	}
	b = append(b, "$'"...)
	for part := range strings.SplitAfterSeq(name, "'") {
		if before, quote := strings.CutSuffix(part, "'"); quote {
			b = append(AppendName(b, before), `\'`...)
		} else {
			b = AppendName(b, part)
		}
	}
	return append(b, '\'')
}

// plainWord reports whether a shell takes s for nothing but itself.
func plainWord(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '@', c == '%', c == '+', c == '=', c == ',':
		default:
			return false
		}
	}
	return s != ""
}
