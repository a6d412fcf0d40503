package events

// The phrases of nexthops, queueing disciplines, classes and filters.
var (
	nexthopPhrases   = [...]phrase{{"id", "id"}, {"gateway", "via"}, {"dev", "dev"}}
	resilientPhrases = [...]phrase{{"buckets", "buckets"}}
	qdiscPhrases     = [...]phrase{{"ingress_block", "ingress_block"}, {"egress_block", "egress_block"}}
	filterPhrases    = [...]phrase{{"protocol", "protocol"}, {"pref", "pref"}, {"handle", "handle"}, {"chain", "chain"}}
)

func (s *speech) nexthop(c *Change) {
	if c.Request.Name("family") == "inet6" && !c.Request.Addr("gateway").IsValid() {
		s.b = append(s.b, "-6 "...)
	}
	s.b = append(s.b, "nexthop"...)
	s.say(c.verb())
	s.phrases(nexthopPhrases[:])
	s.words("flags")
	s.flag("blackhole")
	s.group()
	s.unless("type", "type", "")
	s.resilient()
	s.flag("fdb")
	s.unless("protocol", "protocol", "")
	s.hush(silent[:])
}

// flag says a field by its name if it is there.
func (s *speech) flag(field string) {
	if s.take(field) != nil {
		s.say(field)
	}
}

// group says the members of a group of nexthops: 1/4,3 is the fourth with a
// weight of 3.
func (s *speech) group() {
	v := s.take("group")
	switch {
	case v == nil:
		return
	case v.Kind != List:
		s.said-- // it was malformed
		return
	}
	s.say("group ")
	for i := range v.Items {
		member := v.Items[i].Value.Items
		if i > 0 {
			s.b = append(s.b, '/')
		}
		id, _ := member.Get("id")
		s.bare(&id)
		if weight, _ := member.Get("weight"); weight.Num > 1 {
			s.b = append(s.b, ',')
			s.bare(&weight)
		}
	}
}

// resilient says the arguments of a resilient group. ip takes seconds.
func (s *speech) resilient() {
	v := s.take("resilient_args")
	if v == nil {
		return
	}
	args := speech{b: s.b, o: v.Items}
	args.phrases(resilientPhrases[:])
	for _, timer := range [...]string{"idle_timer", "unbalanced_timer"} {
		if v := args.take(timer); v != nil && v.Kind == Uint && v.Num%100 == 0 {
			args.say(timer)
			args.value(&Value{Kind: Uint, Num: v.Num / 100})
		} else if v != nil {
			args.said-- // ip can't say it
		}
	}
	if args.said < len(args.o) {
		args.say("…")
	}
	s.b = args.b
}

// qdisc says a change of a queueing discipline, a class or a filter.
func (s *speech) qdisc(c *Change) {
	object := string(c.Request.Name("object"))
	s.take("object")
	s.b = append(s.b, object...)
	s.say(c.verb())
	s.unless("dev", "dev", "")
	switch object {
	case "filter":
		s.unless("block", "block", "")
		s.parent()
		s.phrases(filterPhrases[:])
	case "class":
		s.parent()
		s.unless("handle", "classid", "")
	case "qdisc":
		s.attachment()
		s.phrases(qdiscPhrases[:])
	}
	s.unless("kind", "", "")
	s.qdiscOptions()
}

// parent says what a class or a filter belongs to.
func (s *speech) parent() {
	switch v := s.take("parent"); {
	case v == nil:
	case v.Str == "root" || v.Str == "ingress" || v.Str == "egress":
		s.say(v.Str)
	default:
		s.say("parent")
		s.value(v)
	}
}

// attachment says where a qdisc goes and what it is called. The kinds ingress and
// clsact have but one place, where no other kind goes, and one number.
func (s *speech) attachment() {
	kind := s.o.Name("kind")
	if s.o.Name("parent") == "ingress" && (kind == "ingress" || kind == "clsact") && s.o.Name("handle") == "ffff:" {
		s.hush([]string{"parent", "handle"})
		return
	}
	if v := s.take("parent"); v != nil && v.Str == "ingress" {
		s.say("parent ffff:fff1")
	} else if v != nil {
		s.said--
		s.parent()
	}
	s.unless("handle", "handle", "")
}

// qdiscOptions says the options that were decoded. What was not is left to the "…".
func (s *speech) qdiscOptions() {
	switch v := s.take("options"); {
	case v == nil:
	case v.Kind == Struct:
		s.options(v.Items)
	case v.Str != "":
		s.said--
	}
}
