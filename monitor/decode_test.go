package monitor

import (
	"errors"
	"testing"

	"github.com/wrongns/wrongns/events"
)

// newTestDecoder is one that knows no link of any namespace.
func newTestDecoder() *decoder {
	d := newDecoder("fexit")
	d.links = func(uint32, uint64, uint32) events.Name { return "" }
	return d
}

// mustDecode decodes records and returns the change of the last.
func mustDecode(t *testing.T, d *decoder, records ...[]byte) *events.Change {
	t.Helper()
	var c *events.Change
	for _, record := range records {
		var err error
		if c, err = d.decode(record); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestDecodeRoute(t *testing.T) {
	c := mustDecode(t, newTestDecoder(), processRecord(t, 7), routeRecord(t, 7))
	if c.Kind != events.KindRoute || c.Target != "198.18.7.0/24" || c.Via != events.ViaRtnetlink || !c.Known {
		t.Errorf("change %+v", c)
	}
	if c.Process.Name != "bird" || c.Process.Executable != "/usr/sbin/bird" || c.Capture.Incomplete {
		t.Errorf("process %+v, incomplete %v", c.Process, c.Capture.Incomplete)
	}
	if c.Request.Name("dev") != "if1" {
		t.Errorf("dev %q, want if1 for a link that is not known", c.Request.Name("dev"))
	}
}

// A request whose process's record was lost is told all the same, and says what it lacks.
func TestDecodeWithoutProcess(t *testing.T) {
	c := mustDecode(t, newTestDecoder(), routeRecord(t, 7))
	if !c.Capture.Incomplete || c.Process.PID != 4121 || c.Process.LoginUID != events.NoUID || c.Process.Name != "" {
		t.Errorf("incomplete %v, process %+v", c.Capture.Incomplete, c.Process)
	}
}

// A malformed request is told with what could be read of it, and the error.
func TestDecodeMalformed(t *testing.T) {
	record := routeRecord(t, 7)
	gateway := len(record) - 16 // the attribute before the last: give it a length beyond the message
	record[gateway] = 200
	c, err := newTestDecoder().decode(record)
	if err != nil {
		t.Fatal(err)
	}
	if c.Capture.Error == "" || c.Kind != events.KindRoute || c.Target != "198.18.7.0/24" {
		t.Errorf("error %q, change %+v", c.Capture.Error, c)
	}
	if _, there := c.Request.Get("gateway"); there {
		t.Error("the malformed gateway is told")
	}
}

func TestDecodeNoRecord(t *testing.T) {
	for name, record := range map[string][]byte{
		"nothing":      nil,
		"half a head":  {1, 0, 2},
		"unknown kind": {1, 0, 9, 0, 8, 0, 0, 0},
		"head alone":   {1, 0, 2, 0, 8, 0, 0, 0},
	} {
		if c, err := newTestDecoder().decode(record); c != nil || !errors.Is(err, events.ErrRecord) {
			t.Errorf("%s: change %v, error %v, want %v", name, c, err, events.ErrRecord)
		}
	}
}
