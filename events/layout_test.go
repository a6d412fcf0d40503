package events

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/bpf"
)

// part is a field of a record that holds no fields itself.
type part struct {
	Offset, Size uintptr
}

// parts flattens a struct: each field by its name in small letters, those of
// inner structs behind the name of theirs.
func parts(t reflect.Type, at uintptr, prefix string, into map[string]part) map[string]part {
	for i := range t.NumField() {
		f := t.Field(i)
		name := prefix + strings.ToLower(f.Name)
		switch {
		case f.Type.Size() == 0: // structs.HostLayout
		case f.Anonymous: // the header, which C has as a member
			parts(f.Type, at+f.Offset, prefix+"header.", into)
		case f.Type.Kind() == reflect.Struct:
			parts(f.Type, at+f.Offset, name+".", into)
		case f.Name == "_":
			into[prefix+"pad"] = part{at + f.Offset, f.Type.Size()}
		default:
			into[name] = part{at + f.Offset, f.Type.Size()}
		}
	}
	return into
}

// The structs that records are read as are those that bpf/record.h makes, field
// by field.
func TestLayout(t *testing.T) {
	for name, pair := range map[string][2]any{
		"process": {bpf.FexitProcessRecord{}, processRecord{}},
		"request": {bpf.FexitRequestRecord{}, requestRecord{}},
		"link":    {bpf.FexitLinkState{}, linkState{}},
	} {
		t.Run(name, func(t *testing.T) {
			kernel, ours := reflect.TypeOf(pair[0]), reflect.TypeOf(pair[1])
			want, got := parts(kernel, 0, "", map[string]part{}), parts(ours, 0, "", map[string]part{})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fields differ from the kernel side's (-bpf +events):\n%s", diff)
			}
			if kernel.Size() != ours.Size() {
				t.Errorf("%d bytes, the kernel side has %d", ours.Size(), kernel.Size())
			}
		})
	}
}

// The numbers are those of bpf/record.h, where they are no types.
func TestLayoutNumbers(t *testing.T) {
	header, err := os.ReadFile("../bpf/record.h")
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^(?:#define|\t)\s*([A-Z_]+)\s+(?:= )?(\(1 << )?(\d+)`).FindAllStringSubmatch(string(header), -1) {
		n, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		if m[2] != "" {
			n = 1 << n
		}
		defined[m[1]] = n
	}
	want := map[string]int{
		"RECORD_VERSION":       RecordVersion,
		"RECORD_PROCESS":       int(RecordProcess),
		"RECORD_REQUEST":       int(RecordRequest),
		"PROCESS_TTY":          processTTY,
		"REQUEST_RESULT_KNOWN": requestResultKnown,
		"REQUEST_BEFORE_READ":  requestBeforeRead,
		"REQUEST_AFTER_READ":   requestAfterRead,
		"REQUEST_NO_PROCESS":   requestNoProcess,
		"REQUEST_UNWALKED":     requestUnwalked,
		"DOOR_RTNETLINK":       DoorRtnetlink,
		"DOOR_IOCTL":           DoorIoctl,
	}
	for name, n := range want {
		if got, ok := defined[name]; !ok || got != n {
			t.Errorf("%s is %d in bpf/record.h (defined %v), %d here", name, got, ok, n)
		}
	}
}
