package output

import (
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/wrongns/wrongns/events"
)

// JSON writes events as JSON lines, each one object as docs/events.md describes it.
//
// The lines go through zap, unsampled. An event is the entry's one field and
// brings its own bytes; an entry without an event, from Logger, is encoded by
// zap's own JSON encoder, so that both can share one stream.
type JSON struct {
	*lines
	core   zapcore.Core
	event  line
	fields []zapcore.Field // the one field, event, made once
}

// NewJSON returns an output that writes to w, which stays the caller's to close.
func NewJSON(w io.Writer, host events.HostInfo) *JSON { return newJSON(newLines(w), host) }

// OpenJSON returns an output that appends to the file at path, and makes it with
// mode 0600 if it is not there.
func OpenJSON(path string, host events.HostInfo) (*JSON, error) {
	l, err := openLines(path)
	if err != nil {
		return nil, err
	}
	return newJSON(l, host), nil
}

func newJSON(l *lines, host events.HostInfo) *JSON {
	j := &JSON{lines: l, core: zapcore.NewCore(newEncoder(), l, zapcore.DebugLevel)}
	j.event.host = host
	j.fields = []zapcore.Field{zap.Inline(&j.event)}
	return j
}

// SetHost changes the machine that the next events happened on, for who reads
// them from a log.
func (j *JSON) SetHost(host events.HostInfo) { j.event.host = host }

// Logger returns a logger for plain lines in the same stream, which don't
// count as events. It is not safe for use beside the output's other methods.
func (j *JSON) Logger() *zap.Logger { return zap.New(j.core) }

// Change implements Output.
func (j *JSON) Change(c *events.Change) error { return j.write(zapcore.InfoLevel, c) }

// Warning implements Output.
func (j *JSON) Warning(w *events.Warning) error { return j.write(zapcore.WarnLevel, w) }

// Status implements Output.
func (j *JSON) Status(s *events.Status) error { return j.write(zapcore.InfoLevel, s) }

// write hands the event to the core rather than to a logger: a logger prints an
// error of writing, only the core returns it.
func (j *JSON) write(level zapcore.Level, e appender) error {
	j.event.event = e
	return j.core.Write(zapcore.Entry{Level: level}, j.fields)
}

// appender is an event of package events.
type appender interface {
	AppendJSON([]byte, *events.HostInfo) []byte
}

// line is an event with the host it happened on, as a zap field.
type line struct {
	event appender
	host  events.HostInfo
}

// MarshalLogObject makes a line fit into zap.Inline. Encoders other than ours
// get the event's JSON as one field.
func (l *line) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddByteString("wrongns", l.event.AppendJSON(nil, &l.host))
	return nil
}

// encoder is zap's JSON encoder but for events, which it writes as they are.
type encoder struct {
	zapcore.Encoder
	pool buffer.Pool
}

func newEncoder() *encoder {
	plain := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", NameKey: "logger", MessageKey: "message",
		EncodeTime:     zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000000000Z07:00"),
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: zapcore.StringDurationEncoder,
	})
	return &encoder{plain, buffer.NewPool()}
}

// Clone implements zapcore.Encoder.
func (e *encoder) Clone() zapcore.Encoder { return &encoder{e.Encoder.Clone(), e.pool} }

// EncodeEntry implements zapcore.Encoder.
func (e *encoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	for i := range fields {
		if l, ok := fields[i].Interface.(*line); ok {
			return e.encodeEvent(l), nil
		}
	}
	entry.Time = entry.Time.In(time.UTC)
	return e.Encoder.EncodeEntry(entry, fields)
}

// encodeEvent makes the line in the spare room of a pooled buffer. AppendBytes
// then copies it onto itself, or, when it had outgrown that room, for good.
func (e *encoder) encodeEvent(l *line) *buffer.Buffer {
	b := e.pool.Get()
	b.AppendBytes(append(l.event.AppendJSON(b.Bytes(), &l.host), '\n'))
	return b
}
