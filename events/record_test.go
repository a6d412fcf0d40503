package events

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// asBytes returns the memory of v.
func asBytes[T any](v *T) []byte {
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)))
}

// withTail appends a tail to the fixed part of a record, and sets its length.
func withTail(fixed []byte, parts ...string) []byte {
	b := append(fixed, strings.Join(parts, "")...)
	binary.NativeEndian.PutUint32(b[4:], uint32(len(b)))
	return b
}

func fixed16(s string) (b [16]byte) {
	copy(b[:], s)
	return b
}

// processRecordOf is a record of a process with that tail.
func processRecordOf(commandLine, executable, cgroup string) []byte {
	r := processRecord{
		recordHeader: recordHeader{Version: RecordVersion, Kind: RecordProcess}, ID: 7,
		CommandLine: uint16(len(commandLine)), Executable: uint16(len(executable)), Cgroup: uint16(len(cgroup)),
		Facts: processFacts{
			Start: 5, ExecID: 1, Capabilities: 1 << 12, Cgroup: 99, NetnsCookie: 4098, ParentStart: 3,
			Tgid: 41, Tid: 42, Parent: 40, UID: 1000, LoginUID: NoUID, Session: NoUID, Netns: 1, Mntns: 2, Pidns: 3,
			Userns: 4, Utsns: 5, Cgroupns: 6, Flags: processTTY, RootDev: 253<<20 | 0x101, RootIno: 1 << 40,
			Name: fixed16("ip"), Thread: fixed16("worker"), ParentName: fixed16("sh"),
		},
	}
	return withTail(asBytes(&r), commandLine, executable, cgroup)
}

func linkBytes(name string) string {
	return string(asBytes(&linkState{
		Index: 3, Flags: 1, MTU: 1500, Master: 9, Lower: 8, Netns: 77, Address: [8]byte{2, 0, 0, 0, 0, 1}, AddressLen: 6,
		Name: fixed16(name), Kind: fixed16("macvlan"), MasterName: fixed16("br0"), LowerName: fixed16("ens3"),
	}))
}

// requestRecordOf is a record of a request with that tail.
func requestRecordOf(message, extack, before, after string) []byte {
	r := requestRecord{
		recordHeader: recordHeader{Version: RecordVersion, Kind: RecordRequest},
		Time:         1, Process: 7, NetnsCookie: 4098, TargetCookie: 5000, Netns: 10, TargetNetns: 20, Tgid: 41, Tid: 42,
		Error: -19, Flags: requestResultKnown | requestAfterRead, MessageFull: 9000, Door: DoorRtnetlink,
		Message: uint16(len(message)), Extack: uint16(len(extack)), Before: uint16(len(before)), After: uint16(len(after)),
	}
	return withTail(asBytes(&r), message, extack, before, after)
}

func TestParseProcess(t *testing.T) {
	record := processRecordOf("ip\x00link\x00set\x00my link\x00", "ip\x00sbin\x00", "abc.scope\x00docker\x00/\x00")
	// A record need not stand where its numbers could be read in place.
	shifted := append([]byte{0}, record...)[1:]
	for name, b := range map[string][]byte{"aligned": record, "unaligned": shifted} {
		t.Run(name, func(t *testing.T) {
			id, p, err := ParseProcess(b)
			if err != nil {
				t.Fatal(err)
			}
			clear(b) // the process must not hold on to it
			if id != 7 || p.PID != 41 || p.TID != 42 || p.Name != "ip" || p.Thread != "worker" ||
				p.CommandLine != "ip link set 'my link'" || p.Executable != "/sbin/ip" || p.Cgroup != "/docker/abc.scope" ||
				p.CgroupID != 99 || p.Truncated || !p.Interactive || p.LoginUID != NoUID || p.UID != 1000 ||
				p.NetnsInode != 1 || p.NetnsCookie != 4098 || p.Namespaces != (Namespaces{2, 3, 4, 5, 6}) ||
				p.RootDev != 0x10fd01 || p.RootIno != 1<<40 ||
				p.Parent.PID != 40 || p.Parent.Name != "sh" || p.Parent.Start != 3 {
				t.Errorf("id %d, %+v, parent %+v", id, p, p.Parent)
			}
		})
	}
}

func TestParseRequest(t *testing.T) {
	record := requestRecordOf("message", "no such device", linkBytes("eth0"), linkBytes("eth1"))
	shifted := append([]byte{0}, record...)[1:]
	for name, b := range map[string][]byte{"aligned": record, "unaligned": shifted} {
		t.Run(name, func(t *testing.T) {
			r := Request{Before: &Link{}, Extack: "of the one before"}
			if err := r.Parse(b); err != nil {
				t.Fatal(err)
			}
			if string(r.Message) != "message" || r.MessageFull != 9000 || r.Extack != "no such device" || !r.Known || r.Errno != 19 ||
				r.BeforeRead || !r.AfterRead || r.Netns != (Namespace{Inode: 10, Cookie: 4098}) ||
				*r.Target != (Namespace{Inode: 20, Cookie: 5000}) || r.AfterNetns != 77 {
				t.Errorf("%+v", r)
			}
			want := Link{Index: 3, Name: "eth0", Flags: 1, MTU: 1500, Kind: "macvlan", Address: "\x02\x00\x00\x00\x00\x01",
				Master: 9, MasterName: "br0", Parent: 8, ParentName: "ens3"}
			if *r.Before != want {
				t.Errorf("before %+v, want %+v", *r.Before, want)
			}
			if want.Name = "eth1"; *r.After != want {
				t.Errorf("after %+v, want %+v", *r.After, want)
			}
		})
	}
}

// setField changes a record's number of two bytes.
func setField(b []byte, at uintptr, n uint16) []byte {
	b = bytes.Clone(b)
	binary.NativeEndian.PutUint16(b[at:], n)
	return b
}

func TestRecordMalformed(t *testing.T) {
	process := processRecordOf("ip\x00", "ip\x00", "")
	request := requestRecordOf("message", "", "", "")
	length := unsafe.Offsetof(recordHeader{}.Length)
	short := func(b []byte, n int) []byte { // says that it is shorter than its fixed part
		b = bytes.Clone(b)
		binary.NativeEndian.PutUint32(b[length:], uint32(n))
		return b
	}
	for name, b := range map[string][]byte{
		"empty":                   nil,
		"header cut":              process[:7],
		"no header's length":      short(process, 0),
		"process: header alone":   process[:8],
		"process: length 8":       short(process, 8),
		"process: too long":       short(process, len(process)+1),
		"process: 4 GiB":          short(process, -1),
		"process: other version":  setField(process, 0, RecordVersion+1),
		"process: tail too short": setField(process, unsafe.Offsetof(processRecord{}.CommandLine), 60000),
		"process: last part":      setField(process, unsafe.Offsetof(processRecord{}.Cgroup), 1),
		"request: header alone":   request[:8],
		"request: length 80":      short(request, 80),
		"request: tail too short": setField(request, unsafe.Offsetof(requestRecord{}.Message), 8),
		"request: after too long": setField(request, unsafe.Offsetof(requestRecord{}.After), 104),
		"request: half a link":    setField(requestRecordOf("", "", linkBytes("eth0"), ""), unsafe.Offsetof(requestRecord{}.Before), 50),
	} {
		t.Run(name, func(t *testing.T) {
			if err := parseRecord(b); !errors.Is(err, ErrRecord) {
				t.Errorf("error %v, want one that wraps %v", err, ErrRecord)
			}
		})
	}
}

// parseRecord reads a record of any kind.
func parseRecord(b []byte) error {
	kind, err := PeekRecord(b)
	if err != nil {
		return err
	}
	if kind == RecordProcess {
		_, _, err := ParseProcess(b)
		return err
	}
	return new(Request).Parse(b)
}

func TestCommandLine(t *testing.T) {
	for arguments, want := range map[string]Name{
		"":                                      "",
		"ip\x00":                                "ip",
		"ip":                                    "ip", // cut, or overwritten up to its end
		"ip\x00link\x00":                        "ip link",
		"ip\x00\x00link\x00":                    "ip '' link",
		"sh\x00-c\x00ip l; id\x00":              "sh -c 'ip l; id'",
		"a\x00it's\x00":                         `a 'it'\''s'`,
		"a\x00$HOME\x00`id`\x00*\x00":           "a '$HOME' '`id`' '*'",
		"a\x00~\x00~root/x\x00":                 "a '~' '~root/x'",
		"a\x00{b,c}\x00#d\x00!e\x00":            "a '{b,c}' '#d' '!e'",
		"a\x00b\nc\x00\x1b[2J\x00":              "a 'b\nc' '\x1b[2J'",
		"a\x00\xff\xfe\x00":                     "a \xff\xfe",
		"ip\x00dev\x00eth0:1%2\x00x=y@":         "ip dev eth0:1%2 x=y@",
		"nginx: master process\x00\x00\x00\x00": "'nginx: master process'", // a title and what it left over
	} {
		if got := CommandLine([]byte(arguments)); got != want {
			t.Errorf("CommandLine(%q) = %q, want %q", arguments, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	for components, want := range map[string]Name{
		"":                      "",
		"\x00":                  "",
		"/\x00":                 "",
		"ip\x00":                "/ip",
		"ip\x00sbin\x00usr\x00": "/usr/sbin/ip",
		"a\nb\x00\x1b\x00":      "/\x1b/a\nb",
		"cut":                   "/cut",
		"a\x00\x00b\x00/\x00":   "/b/a",
	} {
		if got := path([]byte(components)); got != want {
			t.Errorf("path(%q) = %q, want %q", components, got, want)
		}
	}
}

// FuzzRecord reads whatever comes: no panic, an error that says so for what is no
// record, and nothing that holds on to the bytes but a request's message.
func FuzzRecord(f *testing.F) {
	f.Add(processRecordOf("ip\x00link\x00", "ip\x00sbin\x00", "a\x00"))
	f.Add(requestRecordOf("message", "text", linkBytes("eth0"), ""))
	f.Add(requestRecordOf("", "", "", linkBytes("\x1b[2J"))[:100])
	f.Add([]byte{1, 0, 1, 0, 8, 0, 0, 0})
	f.Add([]byte{1, 0, 2, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, input []byte) {
		b := bytes.Clone(input)
		var r Request
		_, p, err := ParseProcess(b)
		if err != nil && !errors.Is(err, ErrRecord) {
			t.Errorf("process: error %v", err)
		}
		if err := r.Parse(b); err != nil && !errors.Is(err, ErrRecord) {
			t.Errorf("request: error %v", err)
		}
		if p == nil {
			return
		}
		before := fmt.Sprintf("%+v", p)
		clear(b)
		if after := fmt.Sprintf("%+v", p); after != before {
			t.Errorf("the process holds on to the record:\nwas %s\n is %s", before, after)
		}
	})
}
