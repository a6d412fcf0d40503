package monitor

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/ioctl"
	"github.com/wrongns/wrongns/events/netlink"
)

// decoder makes changes of records. It remembers the processes that it was told
// of, and is for one goroutine.
type decoder struct {
	tier      string
	processes processTable
	booted    time.Time // the time of day that "0 ns since boot" was, by the clock as it is set now
	links     func(inode uint32, cookie uint64, index uint32) events.Name

	request events.Request
	change  events.Change
}

func newDecoder(tier string) *decoder {
	d := &decoder{tier: tier, processes: newProcessTable(processesRemembered)}
	d.setClock()
	return d
}

// setClock follows the time of day, which can be set while the monitor runs.
func (d *decoder) setClock() {
	var boot unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) == nil { // it can't fail with this clock
		d.booted = time.Now().Add(-time.Duration(boot.Nano()))
	}
}

// decode reads a record. It returns the change that a request's record tells of,
// which is valid until the next call, or nil for a process's record. An error
// says what could not be read; where there is a change as well, that is what
// could be read of it.
func (d *decoder) decode(record []byte) (*events.Change, error) {
	kind, err := events.PeekRecord(record)
	if err != nil {
		return nil, err
	}
	switch kind {
	case events.RecordProcess:
		id, process, err := events.ParseProcess(record)
		if process != nil {
			process.Parent.CommandLine = parentCommandLine(process.Parent)
			d.processes.add(id, process)
		}
		return nil, err
	case events.RecordRequest:
		if err := d.request.Parse(record); err != nil {
			return nil, err
		}
		return d.changeOf(&d.request)
	}
	return nil, fmt.Errorf("read record: %w: kind %d", events.ErrRecord, kind)
}

func (d *decoder) changeOf(r *events.Request) (*events.Change, error) {
	c := &d.change
	*c = events.Change{
		Time:    d.booted.Add(time.Duration(r.Time)),
		Request: c.Request[:0],
		Known:   r.Known, Errno: syscall.Errno(r.Errno), Extack: r.Extack,
		Before: r.Before, After: r.After,
		Netns:   r.Netns,
		Process: d.processes.get(r.Process),
		Capture: events.Capture{Tier: d.tier},
	}
	if c.Process == nil {
		c.Process = &events.Process{PID: r.PID, TID: r.TID, LoginUID: events.NoUID, Session: events.NoUID}
		c.Capture.Incomplete = true
	}
	if r.MessageFull > len(r.Message) {
		c.Capture.Truncated, c.Capture.OriginalLength = true, r.MessageFull
	}
	err := d.message(c, r)
	if c.Kind == events.KindLink && r.After != nil && (c.Capture.Truncated || c.Target == unnamed(r.After.Index)) {
		c.Target = r.After.Name // the hook saw it, where the message was cut or the namespace is not known
	}
	switch {
	case c.Kind == "":
		return nil, err
	case err != nil && !errors.Is(err, netlink.ErrTruncated):
		c.Capture.Error = err.Error()
	case r.Unwalked:
		c.Capture.Error = "more attributes than the hook looks at: its link or namespace may be another"
	}
	if r.Target != nil && c.Action == events.Move {
		c.To = r.Target
	} else if r.Target != nil {
		c.Netns = *r.Target
	}
	return c, nil
}

// unnamed is what decoders call a link whose name they were not told.
func unnamed(index uint32) events.Name { return netlink.LinkName(nil, index) }

// message decodes what was asked, by the door through which it came.
func (d *decoder) message(c *events.Change, r *events.Request) error {
	links := func(index uint32) events.Name {
		if r.Before != nil && r.Before.Index == index {
			return r.Before.Name
		}
		return d.links(r.Netns.Inode, r.Netns.Cookie, index)
	}
	if r.Door == events.DoorIoctl {
		c.Via = events.ViaIoctl
		return ioctl.Decode(c, r.Command, r.Family, r.Message, links)
	}
	c.Via = events.ViaRtnetlink
	return netlink.Decode(c, r.Message, links)
}
