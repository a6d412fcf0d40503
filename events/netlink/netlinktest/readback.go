package netlinktest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wrongns/wrongns/events"
)

// ReadBack checks that events.Parse makes the same request of its JSON, as far as
// that tells of it: words are texts as names are, and a number that is not
// negative has no sign.
func ReadBack(t *testing.T, c *events.Change) {
	t.Helper()
	written := *c
	written.Time, written.Via = time.Unix(1, 0), events.ViaRtnetlink
	line, err := events.Parse(written.AppendJSON(nil, nil))
	if err != nil {
		t.Errorf("%s: %v", Render(c), err)
		return
	}
	read := line.Event.(*events.Change)
	same := cmp.Options{
		cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{}), cmp.Transformer("carried", carried),
	}
	if diff := cmp.Diff(c.Request, read.Request, same); diff != "" {
		t.Errorf("%s: read from its JSON (+) it is another:\n%s", Render(c), diff)
	}
}

func carried(v events.Value) events.Value {
	switch {
	case v.Kind == events.Text:
		v.Kind = events.Outside
	case v.Kind == events.Int && int64(v.Num) >= 0:
		v.Kind = events.Uint
	}
	return v
}
