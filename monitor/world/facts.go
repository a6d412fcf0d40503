package world

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/wrongns/wrongns/events"
)

// Facts completes a change, which must come in the order in which the changes
// were made: whose namespace it is, names in place of numbers, the state before
// if the capture did not read it, the effect, and for a change that was made
// from a container or another namespace than the host's to a namespace other
// than the host's, what both worlds looked like to it. Then it remembers what
// the change made of the namespace.
//
// An error says why a world could not be asked; its facts are not Known then.
func (w *World) Facts(c *events.Change) error {
	w.settle(&c.Netns)
	if c.To != nil {
		w.settle(c.To)
	}
	known, err := w.visited(c)
	if known != nil {
		w.remember(c, known)
	} else {
		c.Effect = effect(c, nil)
		if w.matters(c) {
			c.Here = &events.Facts{Link: c.Before}
		}
	}
	if w.matters(c) {
		var errHost error
		c.Host, errHost = w.answers.facts(c, time.Now())
		c.Standing = w.host.own.standing(c.Process)
		err = errors.Join(err, errHost)
	}
	w.changed(c)
	return err
}

// settle tells whose a namespace is.
func (w *World) settle(n *events.Namespace) {
	n.Host = w.isHost(n.Inode)
	n.Owner = w.Owner(n.Inode, n.Cookie)
}

// matters reports whether the judge wants both worlds: somebody who is not at
// home in the host's namespace changed one that is not the host's.
func (w *World) matters(c *events.Change) bool {
	if c.Netns.Host {
		return false
	}
	away := c.Process != nil && c.Process.NetnsInode != 0 && c.Process.NetnsInode != w.host.Inode
	return c.Container != nil || away
}

// visited returns what is known of the namespace that a change was made in, nil
// if nothing is. A namespace first seen through a change is read now, so with
// what that change made of it.
func (w *World) visited(c *events.Change) (*remembered, error) {
	known := w.known(c.Netns.Inode, c.Netns.Cookie)
	var err error
	if known == nil {
		known, err = w.find(c.Netns.Inode, c.Netns.Cookie, waysOf(c.Process)...)
	}
	if known != nil {
		c.Netns.Owner = w.Owner(c.Netns.Inode, c.Netns.Cookie) // its name may be known only now
	}
	return known, err
}

// mostWays is how many of a process's ancestors may lead to where it was.
const mostWays = 3

// waysOf are paths that may lead to the namespace that a process changed: its own,
// and, since it may be gone already, those of the shell that started it.
func waysOf(p *events.Process) []string {
	if p == nil {
		return nil
	}
	ways := []string{fmt.Sprintf("/proc/%d/task/%d/ns/net", p.PID, p.TID)}
	for _, pid := range p.Descent[:min(len(p.Descent), mostWays)] {
		ways = append(ways, fmt.Sprintf("/proc/%d/ns/net", pid))
	}
	return ways
}

// remember completes a change from what is remembered of its namespace, and
// goes on to what stands after it.
func (w *World) remember(c *events.Change, known *remembered) {
	known.nameLinks(c)
	if known.misses(c) {
		w.again(known)
	}
	known.complete(c.Before)
	known.complete(c.After)
	if c.Before != nil {
		known.doubt = known.doubt || !known.agrees(c.Before, c.Time)
		known.put(c.Before, c.Time) // the hook saw it: right whatever is remembered
	} else {
		c.Before = known.before(c)
	}
	c.Effect = effect(c, &known.memory)
	if w.matters(c) {
		c.Here = known.facts(c)
	}
	known.advance(c)
	w.resolve(known)
}

// resolve reads a namespace again of which something is in doubt, now or, if that
// was done only just now, when Tend is called next.
func (w *World) resolve(known *remembered) {
	if known.doubt {
		w.again(known)
	}
	if known.doubt {
		w.doubtful[known.inode] = struct{}{}
	}
}

// Tend sees to what is in doubt, so that it is known what stands when the next
// change comes. It is to be called now and then.
func (w *World) Tend() {
	for inode := range w.doubtful {
		known := w.namespaces[inode]
		if known != nil && known.doubt {
			w.again(known)
		}
		if known == nil || !known.doubt || inodeAt(w.places[inode].path) != inode {
			delete(w.doubtful, inode) // it is known again, or gone
		}
	}
}

// again reads a namespace once more, but not all the time, for what the changes
// did not tell.
func (w *World) again(known *remembered) {
	began := time.Now()
	if began.Before(known.readable) {
		return
	}
	if now, err := w.look(w.place(known.inode), known.inode); err == nil && now != nil {
		known.merge(&now.memory)
	}
	done := time.Now()
	known.readable = done.Add(idle * done.Sub(began))
}

// linkName is the name by which a change's link would be looked for in another
// namespace: that which was asked for, be it the link's own or another that it
// answers to, unless the change goes by number.
func linkName(c *events.Change) events.Name {
	asked := named(c)
	if here := c.Here.Link; here != nil && (asked == "" || numbered(c)) {
		return here.Name
	}
	return asked
}

// strayIndex is the number by which a change named a link that is not here, 0
// otherwise: the kernel told ENODEV.
func strayIndex(c *events.Change) uint32 {
	if c.Here.Link != nil || !c.Known || c.Errno != syscall.ENODEV {
		return 0
	}
	return askedIndex(c)
}

// changed sees to the worlds that a change touched beside the memory of its own
// namespace: the host's answers are old, and the namespace that a link was moved
// to has one more, whose number there is not known.
func (w *World) changed(c *events.Change) {
	if c.Action == events.Lookup || c.Failed() {
		return
	}
	if c.Netns.Host || c.To != nil && c.To.Host {
		w.answers.forget()
	}
	if c.To == nil {
		return
	}
	// A namespace that gets its links is one that somebody will work in soon: it is read even if it was not known.
	if known, err := w.find(c.To.Inode, c.To.Cookie); err == nil && known != nil && !c.To.Host {
		known.doubt = true
		w.resolve(known)
	}
}
