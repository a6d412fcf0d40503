package events

import "strconv"

var (
	selectorPhrases = [...]phrase{{"src", "from"}, {"dst", "to"}, {"tos", "tos"}, {"dscp", "dscp"}, {"iif", "iif"}, {"oif", "oif"}}
	suppressPhrases = [...]phrase{{"suppress_prefixlen", "suppress_prefixlength"}, {"suppress_ifgroup", "suppress_ifgroup"}}
)

func (s *speech) rule(c *Change) {
	if s.o.Name("family") == "inet6" { // which ip rule doesn't tell by the addresses
		s.b = append(s.b, "-6 "...)
	}
	if s.take("multicast") != nil {
		s.b = append(s.b, 'm')
	}
	s.b = append(s.b, "rule"...)
	s.say(c.verb())
	s.selectors()
	s.unless("action", "", "")
	s.unless("goto", "goto", "")
	usualTable, usualProtocol := "main", "boot"
	if c.Action == Delete {
		usualTable, usualProtocol = "", "" // what is not said is a wildcard
	}
	s.unless("table", "table", usualTable)
	s.phrases(suppressPhrases[:])
	s.span("flow_from", "flow_to", "realms", '/')
	s.unless("protocol", "protocol", usualProtocol)
	s.hush(silent[:])
}

// selectors says which packets a rule is for, and where it stands.
func (s *speech) selectors() {
	if s.take("not") != nil {
		s.say("not")
	}
	s.phrases(selectorPhrases[:])
	s.mark()
	s.span("uid_start", "uid_end", "uidrange", '-')
	s.unless("ipproto", "ipproto", "")
	for _, port := range [...]string{"sport", "dport"} {
		s.unless(port, port, "")
		s.span(port+"_start", port+"_end", port, '-')
	}
	if s.take("l3mdev") != nil {
		s.say("l3mdev")
	}
	s.unless("priority", "priority", "")
}

// mark says a mark and which of its bits count.
func (s *speech) mark() {
	mark, mask := s.take("fwmark"), s.take("fwmask")
	if mark == nil && mask == nil {
		return
	}
	s.say("fwmark")
	if mark == nil {
		mark = &Value{Kind: Uint}
	}
	s.value(mark)
	if mask != nil {
		s.b = append(s.b, '/')
		s.bare(mask)
	}
}

// span says two numbers as one argument.
func (s *speech) span(first, last, keyword string, between byte) {
	a, b := s.take(first), s.take(last)
	if a == nil || b == nil {
		return
	}
	s.say(keyword)
	s.b = strconv.AppendUint(append(s.b, ' '), a.Num, 10)
	s.b = strconv.AppendUint(append(s.b, between), b.Num, 10)
}
