// Package output writes events to where people and pipelines read them, one
// file for each form. An output is used by one goroutine; only its counts may be
// read by others meanwhile.
package output

import "github.com/wrongns/wrongns/events"

// Output takes events in the order in which they happened.
//
// An event is buffered; Flush, which the caller calls when a batch is done,
// writes what is buffered. An error of Change, Warning or Status means that this
// event was not taken: it is lost, and counted so. An error of Flush means that
// writing failed: what is buffered is kept and tried again with the next one.
type Output interface {
	Change(*events.Change) error
	Warning(*events.Warning) error
	Status(*events.Status) error
	Flush() error
	// Close flushes, and closes what the output itself has opened.
	Close() error
}
