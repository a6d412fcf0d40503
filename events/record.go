package events

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The record's layout is that of bpf/record.h; a test holds these structs against
// the types that are generated from there.

// RecordVersion is the layout that this package reads.
const RecordVersion = 1

// RecordKind tells the kinds of records apart.
type RecordKind uint16

// The kinds of records.
const (
	RecordProcess RecordKind = 1
	RecordRequest RecordKind = 2
)

type recordHeader struct {
	Version uint16
	Kind    RecordKind
	Length  uint32
}

type processFacts struct {
	Start, ExecID, Capabilities, Cgroup, NetnsCookie, ParentStart uint64
	RootIno                                                       uint64
	Tgid, Tid, Parent, UID, LoginUID, Session                     uint32
	Netns, Mntns, Pidns, Userns, Utsns, Cgroupns                  uint32
	Flags, RootDev                                                uint32
	Name, Thread, ParentName                                      [16]byte
}

type processRecord struct {
	recordHeader
	ID                                                uint64
	Facts                                             processFacts
	Ancestors, CommandLine, Executable, Cgroup, Flags uint16
	_                                                 [3]uint16
}

type linkState struct {
	Index, Flags, MTU, Master, Lower, Netns uint32
	Address                                 [8]byte
	AddressLen, Operstate                   uint8
	_                                       [6]byte
	Name, Kind, MasterName, LowerName       [16]byte
}

type requestRecord struct {
	recordHeader
	Time, Process, NetnsCookie, TargetCookie uint64
	Netns, TargetNetns, Tgid, Tid            uint32
	Error                                    int32
	Flags, Command, MessageFull              uint32
	Door, Family                             uint16
	Message, Extack, Before, After           uint16
	_                                        uint32
}

// Flags of records: see bpf/record.h.
const (
	processTTY = 1 << 0

	requestResultKnown = 1 << 0
	requestBeforeRead  = 1 << 1
	requestAfterRead   = 1 << 2
	requestNoProcess   = 1 << 3
	requestUnwalked    = 1 << 4
)

// Doors of requests: see bpf/record.h.
const (
	DoorRtnetlink = 1
	DoorIoctl     = 2
)

// Request is one request as it was captured. Message points into the record
// that it was read from.
type Request struct {
	Time        uint64 // ns since boot
	Process     uint64 // the number of a process record; 0 if the process could not be described
	PID, TID    uint32
	Netns       Namespace  // of the socket
	Target      *Namespace // the one that the request names, nil if none
	Door        uint16
	Command     uint32 // of an ioctl
	Family      uint16 // address family of an ioctl's socket
	Message     []byte
	MessageFull int // length of the message before it was cut

	Known  bool // Errno is the kernel's answer
	Errno  int32
	Extack Name

	BeforeRead, AfterRead bool // the link was looked for, so nil means that it was not there
	Before, After         *Link
	AfterNetns            uint32 // where the link was found after
	Unwalked              bool   // the hook did not look at all attributes
}

// ErrRecord is wrapped by all errors about a record that can't be read.
var ErrRecord = errors.New("malformed record")

// overlay lets b be read as a T; nil if b is too short. The layout is fixed
// by both sides, so no field is decoded one by one on the way of every event.
func overlay[T any](b []byte) *T {
	var t T
	if uintptr(len(b)) < unsafe.Sizeof(t) {
		return nil
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Alignof(t) != 0 {
		copied := append(make([]byte, 0, len(b)), b...)
		p = unsafe.Pointer(unsafe.SliceData(copied))
	}
	return (*T)(p)
}

// PeekRecord tells the kind of a record, and checks its version and length.
func PeekRecord(b []byte) (RecordKind, error) {
	h := overlay[recordHeader](b)
	switch {
	case h == nil:
		return 0, fmt.Errorf("read record header: %w: %d bytes", ErrRecord, len(b))
	case h.Version != RecordVersion:
		return 0, fmt.Errorf("read record header: %w: version %d, want %d", ErrRecord, h.Version, RecordVersion)
	case int64(h.Length) > int64(len(b)):
		return 0, fmt.Errorf("read record header: %w: says %d bytes, has %d", ErrRecord, h.Length, len(b))
	}
	return h.Kind, nil
}

// tail hands out the parts of a record's tail one after the other.
type tail struct {
	b   []byte
	err error
}

// tailOf returns what stands behind the fixed part of a record, which has that size.
func tailOf(b []byte, fixed uintptr) (tail, error) {
	h := overlay[recordHeader](b)
	if h == nil || uintptr(h.Length) < fixed || int64(h.Length) > int64(len(b)) {
		return tail{}, fmt.Errorf("read record's tail: %w: %d bytes, fixed part %d", ErrRecord, len(b), fixed)
	}
	return tail{b: b[fixed:h.Length]}, nil
}

func (t *tail) take(n uint16, what string) []byte {
	if t.err != nil || int(n) > len(t.b) {
		if t.err == nil {
			t.err = fmt.Errorf("read record's %s: %w: %d bytes of %d left", what, ErrRecord, n, len(t.b))
		}
		return nil
	}
	part := t.b[:n]
	t.b = t.b[n:]
	return part
}

// ParseProcess reads a process record. The Process does not refer to b.
func ParseProcess(b []byte) (id uint64, p *Process, err error) {
	r := overlay[processRecord](b)
	if r == nil {
		return 0, nil, fmt.Errorf("read process record: %w: %d bytes", ErrRecord, len(b))
	}
	t, err := tailOf(b, unsafe.Sizeof(*r))
	if err != nil {
		return 0, nil, err
	}
	f := &r.Facts
	p = &Process{
		PID: f.Tgid, TID: f.Tid, Start: f.Start,
		Name:         cString(f.Name[:]),
		Descent:      pids(t.take(r.Ancestors, "ancestors")),
		CommandLine:  CommandLine(t.take(r.CommandLine, "command line")),
		Executable:   path(t.take(r.Executable, "executable")),
		Cgroup:       path(t.take(r.Cgroup, "cgroup")),
		Truncated:    r.Flags != 0,
		UID:          f.UID,
		LoginUID:     f.LoginUID,
		Session:      f.Session,
		Capabilities: f.Capabilities,
		Interactive:  f.Flags&processTTY != 0,
		NetnsInode:   f.Netns,
		NetnsCookie:  f.NetnsCookie,
		Namespaces:   Namespaces{Mnt: f.Mntns, PID: f.Pidns, User: f.Userns, UTS: f.Utsns, Cgroup: f.Cgroupns},
		RootDev:      statDev(f.RootDev),
		RootIno:      f.RootIno,
		CgroupID:     f.Cgroup,
		Parent:       &Parent{PID: f.Parent, Start: f.ParentStart, Name: cString(f.ParentName[:])},
	}
	if thread := cString(f.Thread[:]); thread != p.Name {
		p.Thread = thread
	}
	return r.ID, p, t.err
}

// Parse reads a request record into r, which keeps pointing into b.
func (r *Request) Parse(b []byte) error {
	raw := overlay[requestRecord](b)
	if raw == nil {
		return fmt.Errorf("read request record: %w: %d bytes", ErrRecord, len(b))
	}
	t, err := tailOf(b, unsafe.Sizeof(*raw))
	if err != nil {
		return err
	}
	*r = Request{
		Time: raw.Time, Process: raw.Process, PID: raw.Tgid, TID: raw.Tid,
		Netns: Namespace{Inode: raw.Netns, Cookie: raw.NetnsCookie},
		Door:  raw.Door, Command: raw.Command, Family: raw.Family,
		Message:     t.take(raw.Message, "message"),
		MessageFull: int(raw.MessageFull),
		Known:       raw.Flags&requestResultKnown != 0,
		Errno:       -raw.Error,
		Extack:      Name(t.take(raw.Extack, "extack")),
		BeforeRead:  raw.Flags&requestBeforeRead != 0,
		AfterRead:   raw.Flags&requestAfterRead != 0,
		Unwalked:    raw.Flags&requestUnwalked != 0,
	}
	if raw.TargetNetns != 0 {
		r.Target = &Namespace{Inode: raw.TargetNetns, Cookie: raw.TargetCookie}
	}
	r.Before, _ = t.link(raw.Before, "link before")
	r.After, r.AfterNetns = t.link(raw.After, "link after")
	return t.err
}

// link reads a link's state, of n bytes, and the namespace where it lives; nil if n is 0.
func (t *tail) link(n uint16, what string) (*Link, uint32) {
	s := overlay[linkState](t.take(n, what))
	if s == nil {
		if n != 0 && t.err == nil {
			t.err = fmt.Errorf("read record's %s: %w: %d bytes", what, ErrRecord, n)
		}
		return nil, 0
	}
	return &Link{
		Index: s.Index, Name: cString(s.Name[:]), Flags: s.Flags, MTU: s.MTU, Kind: string(cString(s.Kind[:])),
		Address: string(s.Address[:min(int(s.AddressLen), len(s.Address))]),
		Master:  s.Master, MasterName: cString(s.MasterName[:]),
		Parent: s.Lower, ParentName: cString(s.LowerName[:]),
	}, s.Netns
}

// statDev is a device's number as stat(2) has it, from the kernel's own form.
func statDev(dev uint32) uint32 {
	const minorBits = 20
	return uint32(unix.Mkdev(dev>>minorBits, dev&(1<<minorBits-1)))
}

// pids reads process numbers of four bytes each; nil for none.
func pids(b []byte) (pids []uint32) {
	for ; len(b) >= 4; b = b[4:] {
		pids = append(pids, binary.NativeEndian.Uint32(b))
	}
	return pids
}

func cString(b []byte) Name {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return Name(b)
}

// path joins components that come leaf first, each ended by NUL.
func path(b []byte) Name {
	components := strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")
	var joined strings.Builder
	for i := len(components) - 1; i >= 0; i-- {
		if components[i] == "" || components[i] == "/" {
			continue
		}
		joined.WriteByte('/')
		joined.WriteString(components[i])
	}
	return Name(joined.String())
}

// CommandLine joins arguments that are each ended by NUL, quoted for a shell
// where they need it, so that the line can be run again.
func CommandLine(b []byte) Name {
	if len(b) == 0 {
		return ""
	}
	var line strings.Builder
	for i, arg := range strings.Split(strings.TrimRight(string(b), "\x00"), "\x00") {
		if i > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(shellQuote(arg))
	}
	return Name(line.String())
}

func shellQuote(arg string) string {
	const plain = "%+,-./:=@^_"
	safe := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f || strings.ContainsRune(plain, r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !safe(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
