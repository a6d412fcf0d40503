package monitor

import (
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/world"
)

// startedStatus says what watches, by what and where.
func startedStatus(version, tier string, host *world.Host) *events.Status {
	return &events.Status{
		State:   "started",
		Version: version,
		Tier:    tier,
		Kernel:  kernelRelease(),
		Enter:   host.Enter(),
		Netns:   &events.Namespace{Inode: host.Inode, Cookie: host.Cookie, Host: true, Owner: "host"},
	}
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
