package trial

import (
	"syscall"

	"github.com/wrongns/wrongns/events"
)

// link tries a request about a link.
func link(c *events.Change, f *events.Facts) Outcome {
	there := f.Link
	switch {
	case c.Action == events.Add && there != nil && c.Target != "":
		return fails(syscall.EEXIST, "there is a %s already", there.Name)
	case c.Action == events.Add:
		return works("%s would be made", c.Target)
	case there == nil:
		return fails(syscall.ENODEV, "there is no %s", c.Target)
	case c.Action == events.Lookup:
		return works("%s is there", there.Name)
	case c.Action == events.Set:
		return set(c, f)
	}
	return works("%s is there", there.Name) // to be deleted, or moved
}

// set tries a request to set what a link has.
func set(c *events.Change, f *events.Facts) Outcome {
	asked := AskedOf(c)
	if master := asked.Master; master != "" && f.Master == nil {
		return Outcome{Why: "no " + master.String() + " is there, which may have been made before by the same hand"}
	}
	switch lacking := asked.Lacking(f.Link); {
	case lacking != nil:
		return works("%s is %s", f.Link.Name, lacking.Instead(f.Link))
	case asked.Whole && len(asked.Things) > 0:
		return idle("%s is %s already", f.Link.Name, asked)
	}
	return Outcome{}
}
