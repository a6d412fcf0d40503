// Command wrongns shows who changed which link, address or route, in which
// network namespace, and warns when it was the wrong one.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/wrongns/wrongns/events"
)

// The exit statuses. trace -- CMD has those of CMD besides.
const (
	exitDone   = 0
	exitFailed = 1 // could not do it
	exitUsage  = 2 // was asked wrongly
)

// usageError is a command line or environment that makes no sense.
type usageError struct{ error }

// exitStatus ends the program with this status when all has been said already.
type exitStatus int

// Error implements error.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() { os.Exit(run(os.Args)) }

func run(args []string) int {
	err := newApp().Run(args)
	var status exitStatus
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return int(status)
	}
	// An error may be several, and quote what came from outside: one line, nothing unprintable.
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	fmt.Fprintf(os.Stderr, "wrongns: %v\n", events.Name(text))
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailed
}
