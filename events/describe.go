package events

import (
	"strconv"
)

// appendMessage appends "web: link set eth0 up: no effect".
func (c *Change) appendMessage(b []byte) []byte {
	b = c.appendRequest(append(c.appendWhere(b), ": "...))
	return c.appendOutcome(append(b, ": "...))
}

func (w *Warning) appendMessage(b []byte) []byte {
	return appendShown(b, w.Summary)
}

// appendWhere appends who acted, when that is a container, and whose namespace
// was changed, unless it is the container's own: "web", "host", "web → host".
func (c *Change) appendWhere(b []byte) []byte {
	if c.Container == nil {
		return c.Netns.appendOwner(b)
	}
	b = c.Container.appendName(b)
	if c.Process == nil || c.own() {
		return b
	}
	return c.Netns.appendOwner(append(b, " → "...))
}

// own reports whether the namespace that was changed is the process's own, or
// can't be told from it.
func (c *Change) own() bool {
	p, n := c.Process, &c.Netns
	if p.NetnsCookie != 0 && n.Cookie != 0 {
		return p.NetnsCookie == n.Cookie
	}
	return p.NetnsInode == 0 || p.NetnsInode == n.Inode
}

// appendOwner appends whose namespace it is, or its number.
func (n *Namespace) appendOwner(b []byte) []byte {
	switch {
	case n.Owner != "":
		return appendShown(b, n.Owner)
	case n.Host:
		return append(b, "host"...)
	case n.Inode == 0:
		return append(b, "unknown netns"...)
	}
	return strconv.AppendUint(append(b, "netns "...), uint64(n.Inode), 10)
}

// shortID is how many digits of a container's id tell it from others.
const shortID = 12

// appendName appends the container's name or, if that is not known, the
// beginning of its id. One that calls itself host is not taken for the host.
func (c *Container) appendName(b []byte) []byte {
	switch {
	case c.Name == "host":
		return append(b, "container host"...)
	case c.Name != "":
		return appendShown(b, string(c.Name))
	}
	return appendShown(b, c.ID[:min(len(c.ID), shortID)])
}

// appendOutcome appends what came of it, in the fewest words: "ok", "no
// effect", "ENETUNREACH Nexthop has invalid gateway.".
func (c *Change) appendOutcome(b []byte) []byte {
	switch {
	case !c.Known && c.Effect == EffectChanged, !c.Known && c.Effect == EffectNone:
		return append(b, c.Effect...)
	case !c.Known:
		return append(b, "result unknown"...)
	case c.Effect == EffectNone && c.Errno == 0:
		return append(b, "no effect"...)
	}
	b = append(b, c.Result()...)
	if c.Extack != "" {
		b = appendShown(append(b, ' '), string(c.Extack))
	}
	return b
}

// appendWho appends "by ip[4121] ← sh".
func (c *Change) appendWho(b []byte) []byte {
	p := c.Process
	if p == nil {
		return b
	}
	if b = append(b, "by "...); p.Name != "" {
		b = appendShown(b, string(p.Name))
		b = append(strconv.AppendUint(append(b, '['), uint64(p.PID), 10), ']')
	} else {
		b = strconv.AppendUint(append(b, "pid "...), uint64(p.PID), 10)
	}
	if p.Parent != nil && p.Parent.Name != "" {
		b = appendShown(append(b, " ← "...), string(p.Parent.Name))
	}
	return b
}

// appendMessage appends "lost 12 events in the ring (full)", "started 0.1.0,
// tier fexit, kernel 6.1.0-18".
func (s *Status) appendMessage(b []byte) []byte { return s.appendAbout(s.appendLoss(b)) }

// appendLoss appends the state and, of a loss, how much of what was lost where.
func (s *Status) appendLoss(b []byte) []byte {
	b = appendShown(b, s.State)
	if s.Count != 0 {
		b = strconv.AppendUint(append(b, ' '), s.Count, 10)
		b = append(b, plural(" event", s.Count)...)
	}
	if s.Stage != "" {
		b = appendShown(append(b, " in the "...), s.Stage)
	}
	if s.Cause != "" {
		b = append(appendShown(append(b, " ("...), s.Cause), ')')
	}
	return b
}

// appendPeriod appends from when to when, in the reader's own time.
func (s *Status) appendPeriod(b []byte) []byte {
	if s.From.IsZero() || s.To.IsZero() {
		return b
	}
	b = appendClock(append(b, " between "...), s.From)
	return appendClock(append(b, " and "...), s.To)
}

// appendAbout appends what a start or a stop says of the monitor.
func (s *Status) appendAbout(b []byte) []byte {
	if s.Version != "" {
		b = appendShown(append(b, ' '), s.Version)
	}
	if s.Tier != "" {
		b = appendShown(append(b, ", tier "...), s.Tier)
	}
	if s.Kernel != "" {
		b = appendShown(append(b, ", kernel "...), s.Kernel)
	}
	if s.Netns != nil {
		b = strconv.AppendUint(append(b, ", host namespace "...), uint64(s.Netns.Inode), 10)
	}
	if s.Detail != "" {
		b = appendShown(append(b, ": "...), s.Detail)
	}
	return b
}

// appendShown appends s as Name.String shows it.
func appendShown(b []byte, s string) []byte {
	if Printable(s) {
		return append(b, s...)
	}
	return AppendName(b, s)
}

func plural(word string, n uint64) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
