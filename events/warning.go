package events

import "time"

// Verdict says how sure a warning is.
type Verdict string

// The verdicts, from the least sure.
const (
	Suspected Verdict = "suspected"
	Likely    Verdict = "likely"
	Certain   Verdict = "certain"
)

// Evidence is one reason to believe (or, with a negative weight, not to
// believe) that a change was meant for the host's namespace.
type Evidence struct {
	Fact   string  // a key of the table of weights
	Weight float64 // log-odds
	Detail string  // for a person; names in it are already escaped
}

// Side is what one of the two worlds has of the link or route in question.
type Side struct {
	Link   Name
	Type   string
	Parent Name
	State  string // up, down, absent
	Route  string // for routes: what there is, in a few words
}

// Warning says that somebody changed a namespace while believing that it was
// another one.
type Warning struct {
	Time       time.Time
	Seq        uint64
	Rule       string
	Confidence float64 // 0 to 1
	Verdict    Verdict
	Summary    string
	Evidence   []Evidence
	Changed    string // one line: what was changed
	Untouched  string // one line: what was left as it was
	Because    string // one line: why it is believed to be a mistake
	Own, Host  Side
	Advice     []string // commands that reach the host; the last may be a sentence
	Changes    []uint64 // the sequence numbers of the changes it is drawn from
	Count      int      // how many times the same was seen in the window

	// Last is the change that it was drawn from last: who, where and when.
	Last *Change
}

// Status says something about the monitor itself.
type Status struct {
	Time    time.Time
	Seq     uint64
	State   string // started, stopped, lost, …
	Stage   string // lost: ring, hook, output
	Cause   string // lost: full, …
	Count   uint64
	From    time.Time
	To      time.Time
	Version string
	Tier    string
	Kernel  string
	Netns   *Namespace // started: the host's namespace
	Enter   string     // started: what runs a command there when it is put before it and "--"
	Detail  string
}
