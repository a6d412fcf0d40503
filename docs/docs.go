// Package docs holds what people read, and those parts of it that the program
// reads too.
package docs

import _ "embed"

// EventsSchema is the JSON Schema of an event's line.
//
//go:embed events.schema.json
var EventsSchema []byte
