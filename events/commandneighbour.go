package events

import "strings"

var (
	neighbourPhrases  = [...]phrase{{"lladdr", "lladdr"}, {"dev", "dev"}, {"protocol", "protocol"}}
	forwardingPhrases = [...]phrase{
		{"dev", "dev"}, {"dst", "dst"}, {"port", "port"}, {"vni", "vni"}, {"src_vni", "src_vni"}, {"via", "via"}, {"nhid", "nhid"},
		{"vlan", "vlan"},
	}
)

// forwarding reports whether a neighbour is an entry of a forwarding table: of a
// bridge's or a VXLAN's.
func (c *Change) forwarding() bool {
	return c.Kind == KindNeighbour && c.Request.Name("family") == "bridge"
}

func (s *speech) neighbour(c *Change) {
	if c.forwarding() {
		s.entry(c)
		return
	}
	s.b = append(s.b, "neigh"...)
	s.say(c.verb())
	proxy := s.o.Has("flags", "proxy")
	if proxy {
		s.say("proxy")
	}
	if s.take("dst") != nil {
		s.argument(string(c.Target))
	}
	s.phrases(neighbourPhrases[:])
	if c.Action != Delete && !proxy {
		s.state()
	} else {
		s.hush([]string{"state"})
	}
	s.neighbourFlags("router", "extern_learn", "use")
	s.words("flags_ext")
	s.hush(silent[:])
}

// state says the state of a neighbour, unless it is the one that ip gives it.
func (s *speech) state() {
	switch v := s.take("state"); {
	case v == nil:
		s.say("nud none")
	case len(v.Items) != 1:
		s.said-- // ip has a word for one at a time
	case v.Items[0].Value.Str != "PERMANENT":
		s.say("nud")
		s.argument(strings.ToLower(v.Items[0].Value.Str))
	}
}

// neighbourFlags says those of the flags that ip has the same words for. To be a
// proxy is said elsewhere.
func (s *speech) neighbourFlags(words ...string) {
	v := s.take("flags")
	if v == nil {
		return
	}
	said := 0
	for _, word := range append(words, "proxy") {
		if !s.o.Has("flags", word) {
			continue
		}
		if said++; word != "proxy" {
			s.say(word)
		}
	}
	if said < len(v.Items) {
		s.said--
	}
}

// entry says an entry of a forwarding table, or all of a link's.
func (s *speech) entry(c *Change) {
	s.b = append(s.b, "fdb"...)
	switch mac := s.take("lladdr"); {
	case mac == nil && c.Action == Delete:
		s.say("flush")
	case c.Action == Set:
		s.say("replace") // bridge has no word for it
		s.argument(string(c.Target))
	default:
		s.say(c.verb())
		s.argument(string(c.Target))
	}
	s.phrases(forwardingPhrases[:])
	s.whose(c)
	s.neighbourFlags("self", "master", "router", "use", "extern_learn", "sticky")
	s.permanence(c)
	s.hush(silent[:])
}

// whose says in whose table an entry is, if no flag does: the kernel clears that
// flag, self or master, in the message itself once it has done as asked. Without
// it, only what one of both can't have tells. A request that failed had none.
func (s *speech) whose(c *Change) {
	_, remote := s.o.Get("dst")
	_, vlan := s.o.Get("vlan")
	switch {
	case s.o.Has("flags", "self"), s.o.Has("flags", "master"):
	case remote:
		s.say("self") // a VXLAN's
	case c.Failed(), vlan, c.Action != Delete && !s.o.Has("state", "PERMANENT"):
		s.say("master")
	default:
		s.said--
	}
}

// permanence says how long an entry stays, unless it is for ever, as bridge has it.
func (s *speech) permanence(c *Change) {
	switch s.hush([]string{"state"}); {
	case c.Action == Delete, s.o.Has("state", "PERMANENT"):
	case s.o.Has("state", "NOARP"):
		s.say("static")
	default:
		s.say("dynamic")
	}
}
