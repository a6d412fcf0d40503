// Package capture hooks the kernel's handling of requests and reads the records
// that the hooks write: it chooses a tier, loads and attaches its programs, and
// counts what could not be delivered. What the records mean is not its business.
package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/wrongns/wrongns/bpf"
)

// DefaultRingBytes is the size of the ring if Config names none: some hundred
// thousand requests of a process that is known already.
const DefaultRingBytes = 32 << 20

// Config says what to capture. Everything that is not wanted is left out by the
// kernel side, before a record is made.
type Config struct {
	Tier      string // TierAuto or one tier's name
	RingBytes int    // a power of two and a multiple of the page size; 0: DefaultRingBytes
	Netns     uint32 // only requests to or from this network namespace, by inode; 0: all
	Family    uint32 // only what this process and its descendants ask; 0: all
	Families  uint32 // bit (type - RTM_BASE) / 4 of each message family wanted; 0: all
}

// Capture is a tier at work. Read and Losses may be called from different
// goroutines, Close when both have returned.
type Capture struct {
	Tier string

	tier       tier
	collection *ebpf.Collection
	links      map[string]link.Link
	reader     *ringbuf.Reader
	record     ringbuf.Record
	swept      uint64 // ends not seen, as counted by sweep
}

// Open loads and attaches the tier that cfg names, or the first that the kernel
// allows. The error is an *Error that says what is missing.
func Open(cfg Config) (*Capture, error) {
	var refused []*Error
	for _, t := range preference() {
		if cfg.Tier != TierAuto && cfg.Tier != "" && cfg.Tier != t.name {
			continue
		}
		c, err := open(t, cfg)
		if err == nil {
			return c, nil
		}
		e := explain(t, err)
		if !haveCapabilities() || !haveBTF() {
			return nil, e // no other tier would do better
		}
		refused = append(refused, e)
	}
	switch len(refused) {
	case 0:
		return nil, fmt.Errorf("hook the kernel: no tier is called %q", cfg.Tier)
	case 1:
		return nil, refused[0]
	}
	return nil, noTier(refused)
}

func open(t tier, cfg Config) (*Capture, error) {
	// Maps are charged to RLIMIT_MEMLOCK before 5.11. Where it can't be raised, loading fails and says so.
	_ = rlimit.RemoveMemlock()
	spec, err := prepare(t, cfg)
	if err != nil {
		return nil, err
	}
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	c := &Capture{Tier: t.name, tier: t, collection: collection, links: map[string]link.Link{}}
	if c.reader, err = ringbuf.NewReader(collection.Maps[bpf.FexitMapRing]); err != nil {
		return nil, errors.Join(fmt.Errorf("open ring: %w", err), c.Close())
	}
	// The ends before the beginnings: an end without its beginning is recognised.
	for _, name := range attachOrder(collection.Programs) {
		l, err := t.attach(name, collection.Programs[name])
		if err != nil {
			return nil, errors.Join(fmt.Errorf("attach %s: %w", name, err), c.Close())
		}
		c.links[name] = l
	}
	return c, nil
}

// prepare reads the tier's object and sets its variables and sizes.
func prepare(t tier, cfg Config) (*ebpf.CollectionSpec, error) {
	spec, err := t.load()
	if err != nil {
		return nil, err
	}
	if err := dropUnused(spec, cfg.Family); err != nil {
		return nil, err
	}
	variables := map[string]uint32{
		bpf.FexitVarSelfTgid:   uint32(os.Getpid()),
		bpf.FexitVarOnlyNetns:  cfg.Netns,
		bpf.FexitVarOnlyFamily: cfg.Family,
	}
	if cfg.Families != 0 {
		variables[bpf.FexitVarFamilies] = cfg.Families
	}
	for name, value := range variables {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	spec.Maps[bpf.FexitMapRing].MaxEntries = uint32(cfg.RingBytes)
	if cfg.RingBytes == 0 {
		spec.Maps[bpf.FexitMapRing].MaxEntries = DefaultRingBytes
	}
	return spec, nil
}

func attachOrder(programs map[string]*ebpf.Program) []string {
	var ends, rest []string
	for name := range programs {
		if name == bpf.FexitProgRtnetlinkExit || name == bpf.FexitProgIoctlExit {
			ends = append(ends, name)
		} else {
			rest = append(rest, name)
		}
	}
	return append(ends, rest...)
}

// pause is how long the reader lets records gather after the kernel has woken
// it. Meanwhile the ring isn't empty, so the kernel does not wake it again: a
// burst costs a wake-up every pause, and an idle machine none.
const pause = 2 * time.Millisecond

// Read waits for the next record and returns its bytes, which are valid until
// the next call. more says that another stands on the ring already. The error is
// os.ErrDeadlineExceeded after the deadline, and ringbuf.ErrFlushed after Flush.
func (c *Capture) Read(deadline time.Time) (record []byte, more bool, err error) {
	if c.reader.AvailableBytes() == 0 {
		c.reader.SetDeadline(deadline)
		if err := c.wait(); err != nil {
			return nil, false, err
		}
		return c.record.RawSample, true, nil
	}
	if err := c.reader.ReadInto(&c.record); err != nil {
		return nil, false, fmt.Errorf("read ring: %w", err)
	}
	return c.record.RawSample, c.reader.AvailableBytes() > 0, nil
}

func (c *Capture) wait() error {
	if err := c.reader.ReadInto(&c.record); err != nil {
		return fmt.Errorf("read ring: %w", err)
	}
	time.Sleep(pause)
	return nil
}

// Flush makes Read return what stands on the ring, and then ringbuf.ErrFlushed.
// It may be called by another goroutine.
func (c *Capture) Flush() {
	// It fails only after Close, when nobody reads any more.
	_ = c.reader.Flush()
}

// Close detaches the programs and frees what they held.
func (c *Capture) Close() error {
	var errs []error
	for _, l := range c.links {
		errs = append(errs, l.Close())
	}
	if c.reader != nil {
		errs = append(errs, c.reader.Close())
	}
	c.collection.Close()
	return errors.Join(errs...)
}

var _ io.Closer = (*Capture)(nil)
