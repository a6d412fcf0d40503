package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge"
	"github.com/wrongns/wrongns/monitor/output"
)

func replayCommand() *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "judge a log of changes again",
		ArgsUsage: "FILE",
		Description: "Reads what trace -o json has written, from FILE or (-) from standard input, also if gzip has\n" +
			"packed it, and prints the warnings that today's rules give. It needs no privileges. The warnings\n" +
			"that stand in the log are counted, for comparison, and not printed.\n\n" +
			"Example:\n" +
			"   wrongns replay events.json\n" +
			"   zcat -f events.json* | wrongns replay --changes -o wide -",
		Flags: []cli.Flag{
			outputFlag(),
			configFlag(),
			&cli.BoolFlag{Name: "changes", EnvVars: env("changes"), Usage: "print the changes, too"},
		},
		Action: replay,
	}
}

func replay(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("replay takes one FILE, or - for standard input: see wrongns replay --help")
	}
	if err := checkFormat(c.String("output")); err != nil {
		return err
	}
	log, err := openLog(c.Args().First())
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer log.Close()
	config, err := judgeConfig(c)
	if err != nil {
		return err
	}
	r := &replaying{
		name: c.Args().First(), config: config, judge: judge.New(config),
		out: newOutput(c.String("output"), os.Stdout), showChanges: c.Bool("changes"),
	}
	if err := errors.Join(r.run(log), r.out.Close()); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, r)
	return nil
}

// openLog opens a log by its path; - is standard input.
func openLog(path string) (io.ReadCloser, error) {
	if path == "-" {
		return os.Stdin, nil
	}
	return os.Open(path)
}

// longestLine is more than any log has: events.MaxLine, and room for what those
// who ship logs add to a line.
const longestLine = 1 << 20

// replaying is one run of replay.
type replaying struct {
	name        string // of the log
	config      judge.Config
	judge       *judge.Judge
	out         output.Output
	showChanges bool

	changes, warnings int
	logged            int // warnings that the log has
}

// run judges the whole log. Its last line may be torn: whoever wrote it was
// stopped, or still writes.
func (r *replaying) run(log io.Reader) error {
	in, err := unpacked(log)
	if err != nil {
		return fmt.Errorf("replay %s: %w", r.name, err)
	}
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		last := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("longer than %d bytes", longestLine)
		case err == nil, last:
			err = r.line(line)
		}
		switch {
		case last && errors.Is(err, io.ErrUnexpectedEOF):
			fmt.Fprintf(os.Stderr, "wrongns: replay %v: line %d is torn, and left out\n", events.Name(r.name), number)
			return nil
		case err != nil:
			return fmt.Errorf("replay %s: line %d: %w", r.name, number, err)
		case last:
			return nil
		}
	}
}

// unpacked reads a log, or what gzip made of one.
func unpacked(log io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(log, longestLine)
	if magic, err := in.Peek(2); err != nil || string(magic) != "\x1f\x8b" {
		return in, nil // what is wrong with it, reading will tell
	}
	packed, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(packed, longestLine), nil
}

// line takes one line of the log. A monitor that started had seen nothing yet, and
// neither has its judge.
func (r *replaying) line(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	line, err := events.Parse(text)
	if err != nil {
		return err
	}
	switch e := line.Event.(type) {
	case *events.Change:
		return r.change(e, line.Host)
	case *events.Warning:
		r.logged++
	case *events.Status:
		if e.State == "started" {
			r.config.EnterHost = e.Enter
			r.judge = judge.New(r.config)
		}
	}
	return nil
}

// change judges a change as the monitor does (see monitor.Run). Its warning has no
// place in the log, and so the number 0.
func (r *replaying) change(c *events.Change, host events.HostInfo) error {
	r.changes++
	if out, ok := r.out.(*output.JSON); ok {
		out.SetHost(host)
	}
	if r.showChanges {
		if err := r.out.Change(c); err != nil {
			return err
		}
	}
	w := r.judge.Judge(c)
	if w == nil {
		return nil
	}
	r.warnings++
	return r.out.Warning(w)
}

// String is the summary for the end: "14 changes, 2 warnings (2 in the log)".
func (r *replaying) String() string {
	return fmt.Sprintf("%s, %s (%d in the log)", plural(r.changes, "change"), plural(r.warnings, "warning"), r.logged)
}
