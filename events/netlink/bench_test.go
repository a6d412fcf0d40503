package netlink

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// BenchmarkDecodeRoute decodes an ordinary route into a change that is used again.
func BenchmarkDecodeRoute(b *testing.B) {
	msg := build(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, rtmsg(24),
		attr(unix.RTA_DST, raw(10, 0, 0, 0)),
		attr(unix.RTA_GATEWAY, raw(192, 0, 2, 254)),
		attr(unix.RTA_PREFSRC, raw(192, 0, 2, 1)),
		attr(unix.RTA_PRIORITY, u32(100)),
		attr(unix.RTA_OIF, u32(3)))
	var c events.Change
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(&c, msg, testLinks); err != nil {
			b.Fatal(err)
		}
	}
}
