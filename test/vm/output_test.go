package vm

import (
	"bytes"
	"errors"
	"maps"
	"testing"
	"time"
)

func TestParseOutput(t *testing.T) {
	const whole = "T start 2.50\nhello\nT exit 3\nT file /a\naGk=\nT file /b c\nT end\n"
	result, err := parseOutput([]byte(whole), "T")
	if err != nil {
		t.Fatal(err)
	}
	if result.Boot != 2500*time.Millisecond || string(result.Output) != "hello" || result.Status != 3 {
		t.Errorf("got %v, %q, status %d", result.Boot, result.Output, result.Status)
	}
	if want := map[string][]byte{"/a": []byte("hi"), "/b c": {}}; !maps.EqualFunc(result.Files, want, bytes.Equal) {
		t.Errorf("files %q, want %q", result.Files, want)
	}

	for port, want := range map[string]error{
		"":                                errNotStarted,
		"hello T exit 0\n":                errNotStarted,
		"T start 1\nhello T exit 0\n":     errNotEnded,
		"T start 1\nhello\nT exit 0\nT f": errCutShort,
	} {
		if _, err := parseOutput([]byte(port), "T"); !errors.Is(err, want) {
			t.Errorf("%q: error %v, want %v", port, err, want)
		}
	}
	// Wherever the guest stops, that is an error and no panic.
	for i := range len(whole) {
		if _, err := parseOutput([]byte(whole[:i]), "T"); err == nil {
			t.Errorf("%q: no error", whole[:i])
		}
	}
}
