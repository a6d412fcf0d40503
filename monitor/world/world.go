// Package world knows the network namespaces of a node: whose each is and what
// stands in it. It completes a change with the facts that the judge reads: what
// the world that was changed, and the host's, looked like to the request.
//
// What a change meant in the namespace where it was made is told from memory:
// each namespace's links, addresses and default routes are read once, and then
// advanced by the changes. What it would have meant in the host's is asked, not
// mirrored: a question costs some microseconds however large the host's routing
// tables are, and the mistake that is looked for has left the host as it was.
package world

import (
	"fmt"
	"time"

	"github.com/wrongns/wrongns/events"
)

const (
	// most is how many namespaces are remembered before those that are gone
	// are forgotten.
	most = 4096
	// idle is how many times as long as a search of the node took lies between
	// it and the next, and likewise between two dumps of one namespace: a flood
	// can't make the monitor do nothing else.
	idle = 20
)

// World answers for all network namespaces of the node. It is for one goroutine.
type World struct {
	host       *Host
	answers    answers
	whose      func(inode uint32, cookie uint64) string
	namespaces map[uint32]*remembered // by inode
	places     places
	searchable time.Time            // not before then
	doubtful   map[uint32]struct{}  // namespaces of which something is in doubt, by inode
	missed     map[uint32]time.Time // namespaces to which nothing led, by inode: not to be looked for before then
}

// remembered is what is known of a namespace, and when it may be read again.
type remembered struct {
	memory
	readable time.Time
	gone     uint64 // cookie of an earlier namespace with this inode; changes of it may still come
}

// New returns a World in which host is the host's, with all namespaces of the
// node read. One that can't be entered now is tried again when it is
// changed. whose tells the owner of a namespace as a short text ("container
// web") by its inode and its cookie, which may be 0, or "" if it knows none; it
// may be nil.
func New(host *Host, whose func(inode uint32, cookie uint64) string) *World {
	if whose == nil {
		whose = func(uint32, uint64) string { return "" }
	}
	w := &World{host: host, whose: whose, namespaces: make(map[uint32]*remembered), missed: make(map[uint32]time.Time), doubtful: make(map[uint32]struct{})}
	w.answers.host = host
	w.search(time.Now())
	for number, p := range w.places {
		_, _ = w.enter(p.path, number) // what is not read stays unknown, as Facts will say
	}
	return w
}

// Owner tells whose a namespace is: "host", what New's whose says, "netns NAME"
// if it has a name, or "" if nobody is known. cookie may be 0.
func (w *World) Owner(inode uint32, cookie uint64) string {
	if w.isHost(inode) {
		return "host"
	}
	if owner := w.whose(inode, cookie); owner != "" {
		return owner
	}
	if known := w.known(inode, cookie); known != nil && known.name != "" {
		return "netns " + known.name
	}
	return ""
}

// LinkName returns the name of the link that has an index in a namespace, ""
// if it is not known. It looks for nothing: Facts does, which knows better where
// to, and puts names in place of numbers. cookie may be 0.
func (w *World) LinkName(inode uint32, cookie uint64, index uint32) events.Name {
	if known := w.known(inode, cookie); known != nil && known.linkName(index) != "" {
		return known.linkName(index)
	}
	if !w.isHost(inode) {
		return ""
	}
	name, err := w.host.linkName(index)
	if err != nil {
		return ""
	}
	return name
}

// isHost reports whether a namespace is the host's. That one lives as long as
// the World does, so its inode is nobody else's.
func (w *World) isHost(inode uint32) bool { return inode == w.host.Inode }

// known returns what is remembered of a namespace, nil if nothing is.
func (w *World) known(inode uint32, cookie uint64) *remembered {
	if known := w.namespaces[inode]; known != nil && known.is(cookie) {
		return known
	}
	return nil
}

// is reports whether r is the namespace with this cookie, and not another one
// that had or has the same inode. A cookie of 0 is not known.
func (r *remembered) is(cookie uint64) bool {
	if r.cookie == 0 {
		r.cookie = cookie // a hook can read it where SO_NETNS_COOKIE is not there (5.12, 5.13)
	}
	return cookie == 0 || cookie == r.cookie
}

// find returns what is known of a namespace, and reads it if it has not been
// seen yet: by one of paths if that leads there, else by any place that does. It
// returns nil if nothing leads there any more.
func (w *World) find(inode uint32, cookie uint64, paths ...string) (*remembered, error) {
	known := w.namespaces[inode]
	switch {
	case inode == 0, known != nil && known.gone == cookie && cookie != 0:
		return nil, nil
	case known != nil && known.is(cookie):
		return known, nil
	}
	found, err := w.reach(inode, paths)
	if found == nil || found.is(cookie) {
		return found, err
	}
	found.gone = cookie
	return nil, nil
}

// reach enters a namespace by one of paths, or by any other place. One that
// nothing leads to, such as one that only a socket keeps alive, is not looked for
// at every change.
func (w *World) reach(inode uint32, paths []string) (found *remembered, err error) {
	began := time.Now()
	if began.Before(w.missed[inode]) {
		return nil, nil
	}
	for i := 0; i < len(paths) && found == nil && err == nil; i++ {
		found, err = w.enter(paths[i], inode)
	}
	took := time.Since(began)
	if found == nil && err == nil {
		found, err = w.enter(w.place(inode), inode) // place sees to its own rest
	}
	delete(w.missed, inode)
	if found == nil {
		if len(w.missed) >= most {
			clear(w.missed)
		}
		w.missed[inode] = time.Now().Add(idle * took)
	}
	return found, err
}

// place is where a namespace can be entered, "" if it is not known. For one that
// it has not seen it looks where runtimes keep them, and then through the whole
// node, but not all the time.
func (w *World) place(inode uint32) string {
	if inodeAt(w.places[inode].path) == inode {
		return w.places[inode].path
	}
	if kept, found := keptPlaces()[inode]; found {
		w.places[inode] = kept
		return kept.path
	}
	w.search(time.Now())
	return w.places[inode].path
}

// search looks through the node for places of namespaces.
func (w *World) search(now time.Time) {
	if now.Before(w.searchable) {
		return
	}
	w.places = survey()
	done := time.Now()
	w.searchable = done.Add(idle * done.Sub(now))
}

// enter reads the namespace that a path leads to and remembers it. It returns
// nil if the path does not lead to the namespace with this inode (any more).
func (w *World) enter(path string, inode uint32) (*remembered, error) {
	found, err := w.look(path, inode)
	if err != nil || found == nil {
		return nil, err
	}
	if _, placed := w.places[inode]; !placed {
		w.search(time.Now()) // it may have a name
	}
	found.name = w.places[inode].name
	if len(w.namespaces) >= most {
		w.forgetGone()
	}
	w.namespaces[inode] = found
	return found, nil
}

// look reads the namespace that a path leads to, nil if that is not the one with
// this inode.
func (w *World) look(path string, inode uint32) (*remembered, error) {
	ns, err := openAt(path, inode)
	if err != nil {
		return nil, nil
	}
	defer ns.Close()
	found, err := readNetns(ns, w.host)
	if err != nil {
		return nil, fmt.Errorf("read network namespace %d: %w", inode, err)
	}
	found.inode = inode
	return found, nil
}

// forgetGone forgets the namespaces that nothing leads to any more, or all if
// that makes no room: they are read again when they are changed.
func (w *World) forgetGone() {
	w.search(time.Now())
	for number := range w.namespaces {
		if _, ok := w.places[number]; !ok {
			delete(w.namespaces, number)
		}
	}
	if len(w.namespaces) >= most {
		clear(w.namespaces)
	}
}
