package monitor

import (
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/capture"
)

// lossInterval is how often losses are looked for, whether or not anything
// happens.
const lossInterval = time.Second

// lossReport turns counters that only grow into statuses of what came since.
type lossReport struct {
	since time.Time
	due   time.Time
	seen  map[capture.Loss]uint64 // by stage and cause; Count is 0
	own   map[capture.Loss]uint64 // what was lost on this side of the ring
}

func newLossReport(now time.Time) *lossReport {
	return &lossReport{
		since: now,
		due:   now.Add(lossInterval),
		seen:  map[capture.Loss]uint64{},
		own:   map[capture.Loss]uint64{},
	}
}

// The causes on this side of the ring.
var (
	lossDecode = capture.Loss{Stage: "decode", Cause: "record could not be read"}
	lossWorld  = capture.Loss{Stage: "world", Cause: "namespace could not be asked"}
)

func (l *lossReport) addDecode() { l.own[lossDecode]++ }
func (l *lossReport) addWorld()  { l.own[lossWorld]++ }

// report returns a status for each cause that has grown since the last report.
func (l *lossReport) report(counts []capture.Loss, now time.Time) (statuses []*events.Status) {
	for cause, n := range l.own {
		cause.Count = n
		counts = append(counts, cause)
	}
	for _, loss := range counts {
		key := capture.Loss{Stage: loss.Stage, Cause: loss.Cause}
		if grown := loss.Count - l.seen[key]; grown > 0 {
			l.seen[key] = loss.Count
			statuses = append(statuses, &events.Status{
				State: "lost", Stage: loss.Stage, Cause: loss.Cause, Count: grown, From: l.since, To: now,
			})
		}
	}
	l.since, l.due = now, now.Add(lossInterval)
	return statuses
}
