package monitor

import (
	"slices"
	"testing"
	"time"

	"github.com/wrongns/wrongns/monitor/capture"
)

// said is what a report tells, without its times.
func said(l *lossReport, now time.Time, counts ...capture.Loss) (losses []capture.Loss) {
	for _, s := range l.report(counts, now) {
		losses = append(losses, capture.Loss{Stage: s.Stage, Cause: s.Cause, Count: s.Count})
	}
	return losses
}

func TestLossReport(t *testing.T) {
	full := func(n uint64) capture.Loss { return capture.Loss{Stage: "ring", Cause: "full", Count: n} }
	hook := func(n uint64) capture.Loss { return capture.Loss{Stage: "hook", Cause: "full", Count: n} }
	start := time.Unix(1000, 0)
	l := newLossReport(start)
	for i, step := range []struct {
		counts, want []capture.Loss
	}{
		{[]capture.Loss{full(0), hook(0)}, nil},
		{[]capture.Loss{full(3), hook(0)}, []capture.Loss{full(3)}},
		{[]capture.Loss{full(3), hook(0)}, nil},
		{[]capture.Loss{full(10), hook(2)}, []capture.Loss{full(7), hook(2)}},
		{[]capture.Loss{full(11), hook(2)}, []capture.Loss{full(1)}},
	} {
		if got := said(l, start.Add(time.Duration(i)*time.Second), step.counts...); !slices.Equal(got, step.want) {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
}

// What is lost on this side of the ring is told in the same way, once.
func TestLossReportOwn(t *testing.T) {
	start := time.Unix(1000, 0)
	l := newLossReport(start)
	l.addDecode()
	l.addDecode()
	decode := lossDecode
	decode.Count = 2
	if got := said(l, start); !slices.Equal(got, []capture.Loss{decode}) {
		t.Errorf("%v, want %v", got, decode)
	}
	l.addWorld()
	world := lossWorld
	world.Count = 1
	if got := said(l, start); !slices.Equal(got, []capture.Loss{world}) {
		t.Errorf("%v, want %v", got, world)
	}
}

// Each loss lies between the report before and this one.
func TestLossReportTimes(t *testing.T) {
	start := time.Unix(1000, 0)
	l := newLossReport(start)
	l.report(nil, start.Add(time.Second))
	now := start.Add(3 * time.Second)
	statuses := l.report([]capture.Loss{{Stage: "ring", Cause: "full", Count: 1}}, now)
	if len(statuses) != 1 || statuses[0].State != "lost" || !statuses[0].From.Equal(start.Add(time.Second)) || !statuses[0].To.Equal(now) {
		t.Errorf("%+v, want one from %v to %v", statuses, start.Add(time.Second), now)
	}
	if !l.due.After(now) {
		t.Errorf("the next report is due at %v, which is not after %v", l.due, now)
	}
}
