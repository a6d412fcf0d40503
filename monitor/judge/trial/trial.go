// Package trial says what a request does in a world: it tries the request on the
// facts of that world, as the kernel would, and touches nothing. The same code
// tries it on the world where it was made and on the host's, so that a rule
// compares two outcomes and not two strings.
package trial

import (
	"fmt"
	"slices"
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// Result is what becomes of a request in a world.
type Result uint8

// The results. Unknown: the facts do not tell.
const (
	Unknown Result = iota
	Fails          // the kernel refuses it
	Idle           // it succeeds and changes nothing
	Works          // it changes something, or finds what it looks for
)

// String says a result in one word.
func (r Result) String() string {
	return [...]string{"unknown", "fails", "idle", "works"}[r]
}

// Outcome is what a request comes to in a world.
type Outcome struct {
	Result Result
	Errno  syscall.Errno // of Fails
	Why    string        // for a person: there is no eth5. Names in it are escaped

	// Fits says that what is asked for has its place among what is there: an
	// address in one of the world's subnets, a route by a gateway that the world
	// goes by.
	Fits bool
}

// Same reports whether a request does the same in two worlds.
func (o Outcome) Same(other Outcome) bool {
	return o.Result != Unknown && o.Result == other.Result && o.Errno == other.Errno && o.Fits == other.Fits
}

// Of tries a request on a world. What the facts do not tell is Unknown, and so is
// everything in a world that is not known.
func Of(c *events.Change, f *events.Facts) (o Outcome) {
	if f == nil || !f.Known {
		return Outcome{}
	}
	switch c.Kind {
	case events.KindLink:
		o = link(c, f)
	case events.KindAddress:
		o = address(c, f)
	case events.KindRoute:
		o = route(c, f)
	}
	o.Fits = fits(c, f)
	return o
}

// fits tells Outcome.Fits.
func fits(c *events.Change, f *events.Facts) bool {
	switch {
	case f == nil:
		return false
	case c.Kind == events.KindAddress:
		return f.Fit != nil
	case c.Kind == events.KindRoute:
		return slices.Contains(f.Defaults, GatewayOf(c))
	}
	return false
}

// Here is what the request came to in the world where it was made. That one need
// not be tried: the kernel has answered, and the state says what changed.
func Here(c *events.Change) Outcome {
	o := Outcome{Fits: fits(c, c.Here)}
	switch {
	case !c.Known:
	case c.Errno != 0:
		o.Result, o.Errno, o.Why = Fails, c.Errno, c.Result()
	case c.Effect == events.EffectNone:
		o.Result, o.Why = Idle, "it was so already"
	case c.Effect == events.EffectChanged:
		o.Result, o.Why = Works, "it changed something"
	}
	return o
}

// OnHost tries the request on the host's world.
func OnHost(c *events.Change) Outcome { return Of(c, c.Host) }

func fails(errno syscall.Errno, format string, args ...any) Outcome {
	return Outcome{Result: Fails, Errno: errno, Why: fmt.Sprintf(format, args...)}
}

func idle(format string, args ...any) Outcome {
	return Outcome{Result: Idle, Why: fmt.Sprintf(format, args...)}
}

func works(format string, args ...any) Outcome {
	return Outcome{Result: Works, Why: fmt.Sprintf(format, args...)}
}
