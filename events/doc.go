// Package events says what happened on a node: the record that the kernel side
// writes, the Change that is decoded from it, the Warning that is drawn from
// changes, and the Status of the monitor itself, with their JSON and their text.
//
// It is pure: it needs no root and no kernel, and never imports monitor. A value
// of this package is not safe for concurrent use.
package events
