package judge

import (
	"slices"

	"github.com/wrongns/wrongns/events"
)

// clone copies a change, so that it stays as it is when the memory of the
// original is used for the next one. Process, which is never modified, is shared.
func clone(c *events.Change) *events.Change {
	d := *c
	d.Request = cloneObject(c.Request)
	d.Before, d.After = copyOf(c.Before), copyOf(c.After)
	d.To, d.Container = copyOf(c.To), copyOf(c.Container)
	d.Here, d.Host, d.Standing = cloneFacts(c.Here), cloneFacts(c.Host), copyOf(c.Standing)
	return &d
}

func cloneObject(o events.Object) events.Object {
	o = slices.Clone(o)
	for i := range o {
		o[i].Value.Items = cloneObject(o[i].Value.Items)
	}
	return o
}

func cloneFacts(f *events.Facts) *events.Facts {
	f = copyOf(f)
	if f == nil {
		return nil
	}
	f.Link, f.Master, f.Nexthop = copyOf(f.Link), copyOf(f.Master), copyOf(f.Nexthop)
	f.Route, f.Fit = copyOf(f.Route), copyOf(f.Fit)
	f.Addresses, f.Defaults = slices.Clone(f.Addresses), slices.Clone(f.Defaults)
	return f
}

// copyOf copies what p points at.
func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
