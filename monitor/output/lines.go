package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// bufferSize is how many bytes of lines are held back: until the batch is done,
// and while writing fails.
const bufferSize = 256 << 10

// lines is a buffer of whole lines in front of a writer. A line is taken whole
// or not at all; of what the writer did not take, nothing is dropped or written
// twice.
type lines struct {
	w      io.Writer
	close  func() error
	buf    []byte
	counts counts
}

// counts are safe for concurrent use.
type counts struct{ written, lost, failures atomic.Uint64 }

// Counts says how an output has fared since it was opened. Once it is closed,
// each line that it was given is either written or lost.
type Counts struct {
	Written  uint64 // lines written to their end
	Lost     uint64 // lines refused for want of room, after writing had failed, or left over at Close
	Failures uint64 // writes that failed
}

func newLines(w io.Writer) *lines {
	return &lines{w: w, close: func() error { return nil }, buf: make([]byte, 0, bufferSize)}
}

// openLines opens a file for appending, which nobody but its owner can read: the
// lines hold command lines, and those hold passwords.
func openLines(path string) (*lines, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	l := newLines(f)
	l.close = f.Close
	return l, nil
}

// Write takes p, one or more whole lines, for the next Flush. It implements
// zapcore.WriteSyncer with Sync.
func (l *lines) Write(p []byte) (int, error) {
	if len(l.buf)+len(p) > bufferSize {
		if err := l.Flush(); err != nil && len(l.buf)+len(p) > bufferSize {
			l.counts.lost.Add(lineCount(p))
			return 0, fmt.Errorf("line lost: %w", err)
		}
	}
	l.buf = append(l.buf, p...)
	return len(p), nil
}

// Sync is Flush, for zap.
func (l *lines) Sync() error { return l.Flush() }

// Flush writes what is buffered. After an error the rest stays, to be written
// by the next Flush from the very byte at which this one ended.
func (l *lines) Flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	n, err := l.w.Write(l.buf)
	l.counts.written.Add(lineCount(l.buf[:n]))
	if n > 0 {
		l.buf = l.buf[:copy(l.buf, l.buf[n:])]
	}
	if err != nil {
		l.counts.failures.Add(1)
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// Close flushes and closes. Lines that still can't be written are lost.
func (l *lines) Close() error {
	err := l.Flush()
	if left := lineCount(l.buf); left > 0 {
		l.counts.lost.Add(left)
		l.buf = l.buf[:0]
		err = fmt.Errorf("%w: %d lines lost", err, left)
	}
	return errors.Join(err, l.close())
}

func lineCount(p []byte) uint64 { return uint64(bytes.Count(p, []byte{'\n'})) }

// Counts is safe for concurrent use.
func (l *lines) Counts() Counts {
	c := &l.counts
	return Counts{Written: c.written.Load(), Lost: c.lost.Load(), Failures: c.failures.Load()}
}
