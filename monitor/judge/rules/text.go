package rules

import (
	"fmt"
	"strings"

	"github.com/wrongns/wrongns/events"
)

// shortID is how many characters of a container's id its runtime shows.
const shortID = 12

// Actor says who made a change as a person would: the container, or the process
// where there is none.
func Actor(c *events.Change) string {
	switch {
	case c.Container == nil:
		return fmt.Sprintf("%s in %s", c.Process.Name, owner(c))
	case c.Container.Name != "":
		return c.Container.Name.String()
	}
	return c.Container.ID[:min(len(c.Container.ID), shortID)]
}

// owner says whose the changed namespace is: container web, netns blue.
func owner(c *events.Change) string {
	if c.Netns.Owner == "" {
		return fmt.Sprintf("netns %d", c.Netns.Inode)
	}
	return events.Name(c.Netns.Owner).String()
}

// place says which namespace was changed, with its number.
func place(c *events.Change) string {
	if c.Container != nil {
		return fmt.Sprintf("%s's own namespace %d", Actor(c), c.Netns.Inode)
	}
	number := fmt.Sprint(c.Netns.Inode)
	if text := owner(c); !strings.HasSuffix(text, number) {
		return fmt.Sprintf("%s, namespace %s", text, number)
	}
	return owner(c)
}

// ownLink returns the link that a change is about, in the changed namespace, as
// it stood before, or nil if it was not there or is not known.
func ownLink(c *events.Change) *events.Link {
	if c.Here.Link != nil {
		return c.Here.Link
	}
	return c.Before
}

// describe says what a link is: eth0, a macvlan on the host's ens3. The link is
// not the host's, so what it stands on is, unless it can't be known.
func describe(l *events.Link) string {
	text := fmt.Sprintf("%s, %s", l.Name, withArticle(l.Type()))
	if l.ParentName == "" {
		return text
	}
	switch l.Kind {
	case "macvlan", "macvtap", "ipvlan", "ipvtap":
		return fmt.Sprintf("%s on the host's %s", text, l.ParentName)
	case "veth":
		return fmt.Sprintf("%s whose other end is %s", text, l.ParentName)
	}
	return fmt.Sprintf("%s on %s", text, l.ParentName)
}

// withArticle puts a or an before a link's type. That of a link which is of no
// kind of the kernel's is no word for a thing.
func withArticle(kind string) string {
	name := events.Name(kind).String()
	switch kind {
	case "ethernet":
		name = "network card"
	case "loopback":
		name = "loopback link"
	}
	if strings.ContainsRune("aeiou", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// state says whether a link is up.
func state(l *events.Link) string {
	if l.Up() {
		return "up"
	}
	return "down"
}

// onHost says which link of the host's was left as it was.
func onHost(l *events.Link, is string) string {
	return fmt.Sprintf("%s in the host's namespace, which is %s", l.Name, is)
}

// side is a link as one of the two worlds has it.
func side(l *events.Link) events.Side {
	return events.Side{Link: l.Name, Type: l.Type(), Parent: l.ParentName, State: state(l)}
}
