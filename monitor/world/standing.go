package world

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// initialUTSNamespace is the number of the kernel's first UTS namespace,
// PROC_UTS_INIT_INO in linux/proc_ns.h, the same on every kernel.
const initialUTSNamespace = 0xeffffffe

// own is what the host has of its own beside its network namespace.
type own struct {
	namespaces events.Namespaces // mnt, pid and uts; 0: not known
	root       directory         // its root directory
}

// directory tells one directory from all others; the zero value if it is not known.
type directory struct {
	dev uint32 // as stat(2) has it
	ino uint64
}

// readOwn reads what belongs to the host whose network namespace a selector names
// (see OpenHost). A host that is named by one of its processes is what that one
// lives in: so it is with a node that is itself a container. Whoever names the
// network namespace alone, by name or number, is taken to mean that all else is
// the node's.
func readOwn(selector string) own {
	if isPID(selector) {
		return ownOf("/proc/" + selector)
	}
	if inodeAt("/proc/self/ns/pid") != events.InitialPIDNamespace {
		return ownOf("/proc/1") // PID 2 may be any process
	}
	// PID 1 may have left the namespaces in which kernel threads stay, so it is asked
	// first. But it may have more capabilities than a login, and then can't be looked
	// at. Kernel threads share its root directory.
	o := ownOf("/proc/1", "/proc/2")
	o.namespaces.PID, o.namespaces.UTS = events.InitialPIDNamespace, initialUTSNamespace
	return o
}

// ownOf reads what processes, given by their folders in /proc, have of their own:
// each thing from the first that lets it be seen. If none shows its root directory,
// it is taken to be that of the monitor, if that lives in their mount namespace.
func ownOf(processes ...string) own {
	var o own
	o.namespaces.Mnt = namespaceOf("mnt", processes)
	o.namespaces.PID = namespaceOf("pid", processes)
	o.namespaces.UTS = namespaceOf("uts", processes)
	for _, process := range processes {
		if o.root = directoryAt(process + "/root/"); o.root != (directory{}) {
			return o
		}
	}
	if o.namespaces.Mnt != 0 && o.namespaces.Mnt == inodeAt("/proc/self/ns/mnt") {
		o.root = directoryAt("/")
	}
	return o
}

// namespaceOf is the number of the first process's namespace that can be read, 0 if none can.
func namespaceOf(kind string, processes []string) uint32 {
	for _, process := range processes {
		if number := inodeAt(fmt.Sprintf("%s/ns/%s", process, kind)); number != 0 {
			return number
		}
	}
	return 0
}

// directoryAt tells which directory a path leads to, not if it can't be read. Nor
// on btrfs: there the top of each subvolume, such as a container's, has the same
// inode, and stat(2) makes up the devices by which it tells them apart.
func directoryAt(path string) directory {
	var stat unix.Stat_t
	var fs unix.Statfs_t
	if unix.Stat(path, &stat) != nil || unix.Statfs(path, &fs) != nil {
		return directory{}
	}
	if fs.Type == unix.BTRFS_SUPER_MAGIC {
		return directory{}
	}
	return directory{uint32(stat.Dev), stat.Ino}
}

// standing tells what a process has of the host's world.
func (o *own) standing(p *events.Process) *events.Standing {
	s := &events.Standing{}
	if p == nil {
		return s
	}
	theirs := directory{p.RootDev, p.RootIno}
	s.Known = theirs.ino != 0 && o.root.ino != 0
	s.Root = s.Known && theirs == o.root
	for _, ns := range []struct {
		name        string
		host, their uint32
	}{
		{"mnt", o.namespaces.Mnt, p.Namespaces.Mnt},
		{"pid", o.namespaces.PID, p.Namespaces.PID},
		{"uts", o.namespaces.UTS, p.Namespaces.UTS},
	} {
		s.Known = s.Known && ns.host != 0 && ns.their != 0
		if ns.host != 0 && ns.host == ns.their {
			s.Namespaces = append(s.Namespaces, ns.name)
		}
	}
	return s
}
