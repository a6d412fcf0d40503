package monitor

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/bpf"
	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge"
	"github.com/wrongns/wrongns/monitor/output"
	"github.com/wrongns/wrongns/monitor/owner"
	"github.com/wrongns/wrongns/monitor/world"
)

// BenchmarkPipeline takes a route change all the way: from the record to its
// line of JSON.
func BenchmarkPipeline(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root to open the host's network namespace: run it with sudo")
	}
	host, err := world.OpenHost("")
	if err != nil {
		b.Fatal(err)
	}
	defer host.Close()
	owners := owner.New()
	defer owners.Close()
	for name, netns := range map[string]uint32{"host": host.Inode, "container": 1} {
		b.Run(name, func(b *testing.B) {
			p := &pipeline{
				decoder: newDecoder("fexit"),
				owners:  owners,
				world:   world.New(host, owners.Netns),
				judge:   judge.New(judge.Config{}),
				losses:  newLossReport(time.Now()),
				out:     output.NewJSON(io.Discard, events.HostInfo{Name: "node-7"}),
			}
			p.decoder.links = p.world.LinkName
			process, route := processRecord(b, netns), routeRecord(b, netns)
			if err := p.handle(process); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := p.handle(route); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// processRecord is what the kernel side writes of a routing daemon.
func processRecord(tb testing.TB, netns uint32) []byte {
	tb.Helper()
	commandLine := []byte("/usr/sbin/bird\x00-f\x00-u\x00bird\x00")
	executable := []byte("bird\x00sbin\x00usr\x00")
	r := bpf.FexitProcessRecord{Id: 1}
	r.Facts.Tgid, r.Facts.Tid, r.Facts.Parent, r.Facts.Netns = 4121, 4121, 1, netns
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&r.Facts.Name)), 16), "bird")
	r.CommandLine, r.Executable = uint16(len(commandLine)), uint16(len(executable))
	r.Header.Version, r.Header.Kind = events.RecordVersion, uint16(events.RecordProcess)
	r.Header.Length = uint32(int(unsafe.Sizeof(r)) + len(commandLine) + len(executable))
	return record(tb, &r, commandLine, executable)
}

// routeRecord is a route that it adds, by a gateway and a link.
func routeRecord(tb testing.TB, netns uint32) []byte {
	tb.Helper()
	message := []byte{
		52, 0, 0, 0, unix.RTM_NEWROUTE, 0, 5, 6, 1, 0, 0, 0, 0, 0, 0, 0, // nlmsghdr
		unix.AF_INET, 24, 0, 0, unix.RT_TABLE_MAIN, 12, 0, unix.RTN_UNICAST, 0, 0, 0, 0, // rtmsg
		8, 0, unix.RTA_DST, 0, 198, 18, 7, 0,
		8, 0, unix.RTA_GATEWAY, 0, 198, 18, 0, 1,
		8, 0, unix.RTA_OIF, 0, 1, 0, 0, 0,
	}
	r := bpf.FexitRequestRecord{Time: 1e12, Process: 1, Netns: netns, Tgid: 4121, Tid: 4121, Flags: 1, Door: events.DoorRtnetlink}
	r.Message, r.MessageFull = uint16(len(message)), uint32(len(message))
	r.Header.Version, r.Header.Kind = events.RecordVersion, uint16(events.RecordRequest)
	r.Header.Length = uint32(int(unsafe.Sizeof(r)) + len(message))
	return record(tb, &r, message)
}

func record(tb testing.TB, fixed any, tail ...[]byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := binary.Write(&b, binary.NativeEndian, fixed); err != nil {
		tb.Fatal(err)
	}
	for _, part := range tail {
		b.Write(part)
	}
	return b.Bytes()
}
