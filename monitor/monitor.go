// Package monitor watches: it takes the requests that capture reads from the
// kernel, makes changes of them, completes each with who did it and what both
// worlds looked like, has it judged, and hands it to the output. All of that
// happens in one goroutine, in the order in which the kernel reported it.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/capture"
	"github.com/wrongns/wrongns/monitor/judge"
	"github.com/wrongns/wrongns/monitor/output"
	"github.com/wrongns/wrongns/monitor/owner"
	"github.com/wrongns/wrongns/monitor/world"
)

// Options say what to watch. The zero value watches everything by the best tier.
type Options struct {
	Tier      string // capture.TierAuto or the name of a tier
	HostNetns string // which namespace counts as the host's, see world.OpenHost; "": the initial one
	Filter    Filter
	Judge     judge.Config // when to warn
	Family    int          // pid: only what this process and its descendants do; 0: everybody
	RingBytes int          // size of the ring; 0: capture.DefaultRingBytes
	Version   string       // of the program, for the log
	Ready     func()       // called once everything is attached and both worlds are known; may be nil
}

// Run watches until ctx is done, reads what stands on the ring at that moment,
// and returns. It flushes out whenever nothing more is waiting, and leaves it
// open. An error that wraps a *capture.Error says what the kernel or the
// privileges do not allow.
func Run(ctx context.Context, o Options, out output.Output) (err error) {
	source, err := capture.Open(captureConfig(o))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	host, err := world.OpenHost(o.HostNetns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, host.Close()) }()
	owners := owner.New()
	defer owners.Close()

	o.Judge.EnterHost = host.Enter()
	p := &pipeline{
		source:  source,
		decoder: newDecoder(source.Tier),
		owners:  owners,
		world:   world.New(host, owners.Netns),
		judge:   judge.New(o.Judge),
		filter:  o.Filter,
		losses:  newLossReport(time.Now()),
		out:     out,
	}
	p.decoder.links = p.world.LinkName
	defer context.AfterFunc(ctx, source.Flush)()
	if err := p.status(startedStatus(o.Version, source.Tier, host)); err != nil {
		return err
	}
	if o.Ready != nil {
		o.Ready()
	}
	if err := p.run(); err != nil {
		return err
	}
	if err := p.status(&events.Status{State: "stopped"}); err != nil {
		return err
	}
	return out.Flush()
}

// captureConfig hands to the kernel side what it can decide, so that what nobody
// wants to see costs nothing. Links are always captured: the world needs them.
func captureConfig(o Options) capture.Config {
	cfg := capture.Config{Tier: o.Tier, RingBytes: o.RingBytes, Family: uint32(o.Family)}
	if len(o.Filter.Netns) == 1 {
		cfg.Netns = o.Filter.Netns[0].Inode
	}
	if len(o.Filter.Kinds) > 0 {
		cfg.Families = 1
		for _, kind := range o.Filter.Kinds {
			cfg.Families |= kindFamilies[kind]
		}
	}
	return cfg
}

// kindFamilies are the bits of capture.Config.Families.
var kindFamilies = map[events.Kind]uint32{
	events.KindLink: 1 << 0, events.KindAddress: 1 << 1, events.KindRoute: 1 << 2,
	events.KindNeighbour: 1 << 3, events.KindRule: 1 << 4, events.KindNexthop: 1 << 22,
	events.KindQdisc: 1<<5 | 1<<6 | 1<<7, // qdiscs, classes, filters
}

// pipeline is the way of a change, from the record to the output.
type pipeline struct {
	source  *capture.Capture
	decoder *decoder
	owners  *owner.Owners
	world   *world.World
	judge   *judge.Judge
	filter  Filter
	losses  *lossReport
	out     output.Output
	seq     uint64
}

// atOnce is how many records are handled before anything else is seen to, if the
// ring is never empty.
const atOnce = 4096

// run handles records until the source is flushed and empty.
func (p *pipeline) run() error {
	for n := 1; ; n++ {
		record, more, err := p.source.Read(p.losses.due)
		switch {
		case errors.Is(err, ringbuf.ErrFlushed):
			return p.reportLosses(time.Now())
		case errors.Is(err, os.ErrDeadlineExceeded):
			more = false
		case err != nil:
			return fmt.Errorf("read events: %w", err)
		default:
			if err := p.handle(record); err != nil {
				return err
			}
		}
		if more && n%atOnce != 0 {
			continue
		}
		if err := p.pause(time.Now()); err != nil {
			return err
		}
	}
}

// pause sees to what is not a record: the clock, the output, what was lost.
func (p *pipeline) pause(now time.Time) error {
	p.decoder.setClock()
	if now.After(p.losses.due) {
		p.world.Tend()
		return p.reportLosses(now)
	}
	return p.out.Flush()
}

// handle takes one record all the way.
func (p *pipeline) handle(record []byte) error {
	c, err := p.decoder.decode(record)
	if err != nil {
		p.losses.addDecode()
	}
	if c == nil {
		return nil
	}
	p.owners.Identify(c)
	if err := p.world.Facts(c); err != nil {
		p.losses.addWorld()
	}
	if p.filter.Match(c) {
		p.seq++
		c.Seq = p.seq
		if err := p.out.Change(c); err != nil {
			return err
		}
	}
	if w := p.judge.Judge(c); w != nil && p.filter.MatchWarning(w) {
		p.seq++
		w.Seq = p.seq
		return p.out.Warning(w)
	}
	return nil
}

// status numbers, stamps and puts out what the monitor says of itself.
func (p *pipeline) status(s *events.Status) error {
	p.seq++
	s.Seq = p.seq
	s.Time = time.Now()
	return p.out.Status(s)
}

func (p *pipeline) reportLosses(now time.Time) error {
	counts, err := p.source.Losses()
	if err != nil {
		return err
	}
	for _, s := range p.losses.report(counts, now) {
		if err := p.status(s); err != nil {
			return err
		}
	}
	return p.out.Flush()
}
