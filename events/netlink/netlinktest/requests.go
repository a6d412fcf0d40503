// Package netlinktest has what the tests of the decoders share: requests that real
// programs made, kept in text files, and a form of a decoded change that is easily
// compared.
package netlinktest

import (
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/wrongns/wrongns/events"
)

var update = flag.Bool("update", false, "write the decoded lines of testdata/requests.txt anew")

// A request is one that a program made.
type request struct {
	command string // "ip link set dev eth0 up"
	input   string // what the kernel was handed, in the form that the decoder's test reads
	decoded int    // the line that says what it is decoded to
}

// Requests decodes each request of the file and compares what Render makes of it
// with the file, in which each stands on three lines: "$ " and the command, the
// input, what it is decoded to. It also has to come back from its JSON.
func Requests(t *testing.T, path string, decode func(t *testing.T, input string, c *events.Change) error) {
	lines := read(t, path)
	for _, r := range requests(lines) {
		var c events.Change
		if err := decode(t, r.input, &c); err != nil {
			t.Errorf("%s: %v", r.command, err)
		}
		ReadBack(t, &c)
		if got := Render(&c); *update {
			lines[r.decoded] = got
		} else if want := lines[r.decoded]; got != want {
			t.Errorf("%s\n got %s\nwant %s", r.command, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Inputs returns the inputs of all requests of the file, as seeds for fuzzing.
func Inputs(t testing.TB, path string) []string {
	t.Helper()
	var inputs []string
	for _, r := range requests(read(t, path)) {
		inputs = append(inputs, r.input)
	}
	return inputs
}

// read returns the lines of a file.
func read(t testing.TB, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(b), "\n")
}

// requests finds the requests in the lines of a file.
func requests(lines []string) []request {
	var found []request
	for i, line := range lines {
		if command, ok := strings.CutPrefix(line, "$ "); ok && i+2 < len(lines) {
			found = append(found, request{command, lines[i+1], i + 2})
		}
	}
	return found
}

// Bytes returns the bytes that are written in hex.
func Bytes(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
