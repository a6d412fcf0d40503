package owner

import (
	"sync"
	"time"

	"github.com/wrongns/wrongns/events"
)

// remembrance is how long a removed container is remembered, for changes that it
// made before and that have not come yet.
const remembrance = time.Minute

// book holds what the runtimes have told of their containers.
type book struct {
	mu         sync.Mutex
	containers map[string]*entry // by key
	netns      map[uint32]string // key of the container that runs there and whose own it is, by inode
	cookies    map[uint64]string // key of the container whose own it is or was last, by cookie
}

// entry is one container. What it points to is handed out, so it is replaced and
// never changed.
type entry struct {
	*events.Container
	cookie uint64    // of its network namespace, or of its last one if it does not run; 0 if not known
	gone   time.Time // when it was removed; zero if it is there
}

func newBook() *book {
	return &book{
		containers: make(map[string]*entry),
		netns:      make(map[uint32]string),
		cookies:    make(map[uint64]string),
	}
}

// key tells containers apart. An id of 64 digits is nobody else's; a name may be
// that of one container of each runtime.
func key(runtime, id string) string {
	if isID(id) {
		return id
	}
	return runtime + ":" + id
}

func (c *entry) key() string { return key(c.Runtime, c.ID) }

// get returns what is known of a container, nil if nothing is.
func (b *book) get(runtime, id string) *events.Container {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.containers[key(runtime, id)]; c != nil {
		return c.Container
	}
	return nil
}

// put takes in what a container is. What told of it may have known neither its
// first process nor its namespace: then what is known already stays.
func (b *book) put(what events.Container) {
	b.mu.Lock()
	defer b.mu.Unlock()
	netns := what.Netns
	what.Netns = 0
	c := &entry{Container: &what}
	if old := b.containers[c.key()]; old != nil {
		restarted := what.Init != nil && old.Init != nil && *what.Init != *old.Init
		if restarted {
			b.leave(old)
		}
		c.inherit(old)
	}
	b.containers[c.key()] = c
	if netns != 0 && netns != what.Netns {
		b.settle(c, netns, 0)
	}
}

// inherit takes over from what was known of a container what is not told now. Its
// labels can't change.
func (c *entry) inherit(old *entry) {
	c.cookie = old.cookie
	c.Netns = old.Netns
	if c.Init == nil {
		c.Init = old.Init
	}
	if c.Ignore == "" {
		c.Ignore = old.Ignore
	}
}

// settle gives a container the network namespace that it lives in from now on.
// cookie may be 0. b.mu is held.
func (b *book) settle(c *entry, inode uint32, cookie uint64) {
	b.leave(c)
	delete(b.cookies, c.cookie)
	c.move(inode)
	c.cookie = cookie
	b.netns[inode] = c.key()
	if cookie != 0 {
		b.cookies[cookie] = c.key()
	}
}

func (c *entry) move(inode uint32) {
	what := *c.Container
	what.Netns = inode
	c.Container = &what
}

// leave takes its network namespace from a container. By the cookie, which no
// other namespace will have, it is still found. b.mu is held.
func (b *book) leave(c *entry) {
	if b.netns[c.Netns] == c.key() {
		delete(b.netns, c.Netns)
	}
	c.move(0)
}

// died takes its first process and its network namespace from a container, and
// forgets containers that were removed long ago. gone is when it was removed,
// zero if it was not.
func (b *book) died(runtime, id string, gone time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.containers[key(runtime, id)]; c != nil {
		b.leave(c)
		c.Init = nil // leave has made a copy
		c.gone = gone
	}
	for key, c := range b.containers {
		if !c.gone.IsZero() && time.Since(c.gone) > remembrance {
			delete(b.containers, key)
			delete(b.cookies, c.cookie)
		}
	}
}

// keep ends the containers of a runtime that are no more among those that it has.
func (b *book) keep(runtime string, has func(id string) bool) {
	for _, id := range b.missing(runtime, has) {
		b.died(runtime, id, time.Now())
	}
}

func (b *book) missing(runtime string, has func(id string) bool) (ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.containers {
		if c.Runtime == runtime && c.gone.IsZero() && !has(c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// born tells that a container's first process was seen in a network namespace
// that was made for it. Docker says so only when it has set it up. While a
// container runs, what it starts in others is not its own.
func (b *book) born(runtime, id string, n events.Namespace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.containers[key(runtime, id)]; c != nil && c.Netns == 0 {
		b.settle(c, n.Inode, n.Cookie)
	}
}

// inNetns returns the container that has, or had last, a network namespace as
// its own, nil if there is none. cookie may be 0: then only one that runs.
func (b *book) inNetns(inode uint32, cookie uint64) *events.Container {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.containers[b.cookies[cookie]]; c != nil && cookie != 0 {
		return c.Container
	}
	c := b.containers[b.netns[inode]]
	switch {
	case c == nil:
		return nil
	case c.cookie == 0 && cookie != 0:
		b.settle(c, inode, cookie)
	case c.cookie != cookie && cookie != 0:
		return nil // its inode is another's by now
	}
	return c.Container
}
