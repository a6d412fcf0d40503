package corpus

import (
	"testing"

	"github.com/wrongns/wrongns/test/docker"
)

// recording is what a run gave.
type recording struct {
	made   []*Made
	events []docker.Event
}

func (r *recording) write(t testing.TB, table *Table) {}
func (r *recording) replay(t testing.TB)              {}
