package monitor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// Filter says which changes and warnings reach the output. Its fields all have
// to agree, and one of the values of a field has to; an empty field agrees with
// everything, so the zero Filter lets everything pass.
//
// A Filter only hides: what it hides is decoded and judged all the same, since
// the judge needs the changes that lead up to a warning.
type Filter struct {
	Containers []string // names, or prefixes of ids (at least 4 digits)
	Netns      []NetnsFilter
	PIDs       []uint32
	Commands   []string // names of processes, or of their executables' files
	Kinds      []events.Kind
	Warnings   bool // warnings only
	Failed     bool // only what is known to have failed
}

// NetnsFilter is one network namespace: the host's, whichever that is, or the
// one that has this inode.
type NetnsFilter struct {
	Host  bool
	Inode uint32
}

// Match reports whether c is to be shown. A container agrees if it acted or if
// it owns the namespace that was changed; a namespace agrees if it was changed,
// if a link was moved into it, or if the process lives in it. The host's agrees
// only if it was changed or moved into: much of the node lives in it.
func (f *Filter) Match(c *events.Change) bool { return !f.Warnings && f.agrees(c) }

// MatchWarning reports whether w is to be shown: whether the change that it was
// last drawn from agrees with all fields but Warnings.
func (f *Filter) MatchWarning(w *events.Warning) bool {
	return w.Last == nil || f.agrees(w.Last)
}

func (f *Filter) agrees(c *events.Change) bool {
	return (!f.Failed || c.Failed()) &&
		oneOf(f.Kinds, func(k events.Kind) bool { return k == c.Kind }) &&
		oneOf(f.PIDs, func(pid uint32) bool { return c.Process != nil && c.Process.PID == pid }) &&
		oneOf(f.Commands, func(name string) bool { return ranCommand(c.Process, name) }) &&
		oneOf(f.Containers, func(name string) bool { return isContainer(c, name) }) &&
		oneOf(f.Netns, func(n NetnsFilter) bool { return n.concerns(c) })
}

// oneOf reports whether one of values agrees, or whether there are none to ask.
func oneOf[T any](values []T, agrees func(T) bool) bool {
	return len(values) == 0 || slices.ContainsFunc(values, agrees)
}

// ranCommand knows a process by its executable as well: the kernel cuts the
// process's name at 15 bytes, and busybox goes by the name of its applet.
func ranCommand(p *events.Process, name string) bool {
	return p != nil && (string(p.Name) == name || path.Base(string(p.Executable)) == name)
}

func isContainer(c *events.Change, name string) bool {
	if c.Container != nil && (string(c.Container.Name) == name || isID(c.Container.ID, name)) {
		return true
	}
	// An owner whose name is not known goes by the first digits of its id.
	owner, ok := strings.CutPrefix(c.Netns.Owner, "container ")
	return ok && (owner == name || len(owner) >= shortID && (isID(owner, name) || isID(name, owner)))
}

const (
	shortID   = 12 // digits of a container's id that Docker shows
	minPrefix = 4  // digits: fewer would make the names db, fe or ace a prefix of many ids
)

// isID reports whether prefix is the beginning of the hexadecimal id.
func isID(id, prefix string) bool {
	return len(prefix) >= minPrefix && strings.HasPrefix(id, prefix) &&
		strings.Trim(id, "0123456789abcdef") == ""
}

func (n NetnsFilter) concerns(c *events.Change) bool {
	if n.Host {
		return c.Netns.Host || c.To != nil && c.To.Host
	}
	return c.Netns.Inode == n.Inode || c.To != nil && c.To.Inode == n.Inode ||
		c.Process != nil && c.Process.NetnsInode == n.Inode
}

// maxPID is the kernel's PID_MAX_LIMIT. Inodes of namespaces start far above it
// (PROC_DYNAMIC_FIRST is 0xf0000000), so that a number can be only one of both.
const maxPID = 1 << 22

// ParseNetns reads what --netns takes: host, the name of a namespace made by `ip
// netns add`, a namespace's inode, or the pid of a process that lives in it. A
// name and a pid are looked up at once and mean that one namespace from then on.
// The error says what could not be found, and where it was looked for.
func ParseNetns(s string) (NetnsFilter, error) {
	if s == "host" {
		return NetnsFilter{Host: true}, nil
	}
	if n, err := strconv.ParseUint(s, 10, 32); err == nil && n > maxPID {
		return NetnsFilter{Inode: uint32(n)}, nil
	} else if err == nil {
		return netnsAt(s, path.Join("/proc", s, "ns/net"))
	}
	if s == "" || s == "." || s == ".." || strings.Contains(s, "/") {
		return NetnsFilter{}, fmt.Errorf("network namespace %q: not host, a name, an inode or a pid", s)
	}
	return netnsAt(s, path.Join("/run/netns", s))
}

func netnsAt(what, file string) (NetnsFilter, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return NetnsFilter{}, fmt.Errorf("network namespace %q: there is no %s", what, file)
	case err != nil:
		return NetnsFilter{}, fmt.Errorf("network namespace %q: %w", what, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return NetnsFilter{}, fmt.Errorf("network namespace %q: %s has no inode", what, file)
	}
	return NetnsFilter{Inode: uint32(stat.Ino)}, nil
}

// ParseKinds reads what --kind takes: the names of events.Kinds.
func ParseKinds(words []string) ([]events.Kind, error) {
	var kinds []events.Kind
	for _, word := range words {
		kind := events.Kind(strings.TrimSpace(word))
		if !slices.Contains(events.Kinds, kind) {
			return nil, fmt.Errorf("kind %q: not one of %s", word, joinKinds())
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func joinKinds() string {
	words := make([]string, 0, len(events.Kinds))
	for _, kind := range events.Kinds {
		words = append(words, string(kind))
	}
	return strings.Join(words, ", ")
}
