package world

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Where runtimes keep network namespaces that no process needs to live in.
var (
	namedDirs  = []string{"/run/netns", "/var/run/netns"} // ip netns, CNI
	dockerDirs = []string{"/run/docker/netns", "/var/run/docker/netns"}
)

// place is where a network namespace can be entered.
type place struct {
	path string
	name string // of /run/netns/NAME; "" if the namespace has none
}

// places are all that were found, by the namespace's inode.
type places map[uint32]place

// survey finds a place for each network namespace that a process lives in or
// that a runtime keeps. What may not be looked at, or ends meanwhile, is left
// out: another place may lead there.
func survey() places {
	all := make(places)
	all.add("/proc/[0-9]*/ns/net", false)
	all.addKept()
	return all
}

// keptPlaces are those where runtimes keep namespaces. They are few, and found at once.
func keptPlaces() places {
	all := make(places)
	all.addKept()
	return all
}

func (all places) addKept() {
	for _, dir := range dockerDirs {
		all.add(dir+"/*", false)
	}
	for _, dir := range namedDirs {
		all.add(dir+"/*", true)
	}
}

// add adds the places that match a pattern. Those found first stay, but for
// their name.
func (all places) add(pattern string, named bool) {
	paths, _ := filepath.Glob(pattern) // fails for malformed patterns only
	for _, path := range paths {
		number := inodeAt(path)
		if number == 0 {
			continue
		}
		p, found := all[number]
		if !found {
			p.path = path
		}
		if named && p.name == "" {
			p.name = filepath.Base(path)
		}
		all[number] = p
	}
}

// inodeAt is the inode of the namespace that a path leads to, 0 if it leads nowhere.
func inodeAt(path string) uint32 {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return 0
	}
	return uint32(stat.Ino)
}

// openNetns opens a path that leads to a network namespace. The namespace lives
// at least as long as the file is open.
func openNetns(path string) (*os.File, error) {
	ns, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // any file can lie in /run/netns, a FIFO too
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	kind, err := unix.IoctlRetInt(int(ns.Fd()), unix.NS_GET_NSTYPE)
	if err != nil || kind != unix.CLONE_NEWNET {
		ns.Close()
		return nil, fmt.Errorf("open network namespace: %s is none", path)
	}
	return ns, nil
}

// openNamed opens /run/netns/NAME.
func openNamed(name string) (ns *os.File, err error) {
	if name == "." || name == ".." || strings.Contains(name, "/") {
		return nil, fmt.Errorf("open network namespace: %q is not a name", name)
	}
	for _, dir := range namedDirs {
		if ns, err = openNetns(filepath.Join(dir, name)); err == nil {
			return ns, nil
		}
	}
	return nil, err
}

// openInode opens the network namespace that has an inode, by any place that
// leads there.
func openInode(number uint32, all places) (*os.File, error) {
	p, found := all[number]
	if !found {
		return nil, fmt.Errorf("open network namespace %d: nothing under /proc, %s or %s leads there", number, namedDirs[0], dockerDirs[0])
	}
	return openAt(p.path, number)
}

// openAt opens a path if it leads to the namespace with this inode: a process
// may have gone elsewhere, or be another one by now.
func openAt(path string, number uint32) (*os.File, error) {
	ns, err := openNetns(path)
	if err != nil {
		return nil, err
	}
	if found, err := inode(ns); err != nil || found != number {
		ns.Close()
		return nil, fmt.Errorf("open network namespace %d: %s leads elsewhere", number, path)
	}
	return ns, nil
}
