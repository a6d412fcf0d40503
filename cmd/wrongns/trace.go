package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/wrongns/wrongns/monitor"
	"github.com/wrongns/wrongns/monitor/capture"
)

func traceCommand() *cli.Command {
	return &cli.Command{
		Name:      "trace",
		Usage:     "print changes and warnings as they happen",
		ArgsUsage: "[-- CMD ARG…]",
		Description: "Prints until Ctrl-C, or until --for or -n end it. With -- CMD it runs CMD, prints only what\n" +
			"CMD and its children changed, and ends with CMD's exit status (128 and the signal's number\n" +
			"if one killed it). A filter that is given several times lets through any of its values;\n" +
			"filters of different kinds have to agree.\n\n" +
			"Example:\n" +
			"   sudo wrongns trace --warnings\n" +
			"   sudo wrongns trace --container web --kind link,route -o json\n" +
			"   sudo wrongns trace -- ifup eth1",
		Flags:  append(append(filterFlags(), captureFlags()...), showFlags()...),
		Action: trace,
	}
}

func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "container", EnvVars: env("container"), Usage: "only what `NAME|ID-PREFIX` did, or had done to its namespace"},
		&cli.StringSliceFlag{Name: "netns", EnvVars: env("netns"), Usage: "only in, or by a process of, the network namespace `host|NAME|INODE|PID`"},
		&cli.IntSliceFlag{Name: "pid", EnvVars: env("pid"), Usage: "only by the process `N`"},
		&cli.StringSliceFlag{Name: "command", EnvVars: env("command"), Usage: "only by processes or executables called `NAME`"},
		&cli.StringSliceFlag{Name: "kind", EnvVars: env("kind"), Usage: "only changes of this `KIND`: link, address, route, rule, neighbour, nexthop, qdisc"},
		&cli.BoolFlag{Name: "warnings", EnvVars: env("warnings"), Usage: "only warnings"},
		&cli.BoolFlag{Name: "failed", EnvVars: env("failed"), Usage: "only what failed"},
	}
}

func captureFlags() []cli.Flag {
	return []cli.Flag{
		configFlag(),
		tierFlag(),
		&cli.StringFlag{Name: "host-netns", EnvVars: env("host-netns"), Usage: "the network namespace `NAME|INODE|PID` counts as the host's (default: the initial one)"},
	}
}

func tierFlag() cli.Flag {
	return &cli.StringFlag{Name: "tier", EnvVars: env("tier"), Value: capture.TierAuto, Usage: "how to hook the kernel: `TIER` auto, fexit, kprobe or tracepoint"}
}

func showFlags() []cli.Flag {
	return []cli.Flag{
		outputFlag(),
		&cli.StringFlag{Name: "output-file", EnvVars: env("output-file"), Usage: "write to `FILE` (mode 0600 if new) and not to standard output"},
		&cli.StringFlag{Name: "ready-file", EnvVars: env("ready-file"), Usage: "make `FILE` once everything is attached"},
		&cli.DurationFlag{Name: "for", EnvVars: env("for"), DefaultText: "no end", Usage: "stop after `TIME`, such as 30s or 5m"},
		&cli.IntFlag{Name: "number", Aliases: []string{"n"}, EnvVars: env("number"), DefaultText: "no end", Usage: "stop after `N` lines of changes and warnings"},
	}
}

func trace(c *cli.Context) error {
	options, err := monitorOptions(c)
	if err != nil {
		return err
	}
	command, err := afterDashes(c, os.Args)
	if err != nil {
		return err
	}
	out, err := openOutput(c.String("output"), c.String("output-file"))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	t := &tracing{
		options:   options,
		tally:     &tally{Output: out, limit: c.Int("number"), enough: stop},
		readyFile: c.String("ready-file"),
		limit:     c.Duration("for"),
		stop:      stop,
	}
	err = t.run(ctx, command)
	if t.watched {
		fmt.Fprintln(os.Stderr, t.tally)
	}
	return errors.Join(err, out.Close())
}

// monitorOptions reads the flags that the monitor is told, and checks the others.
func monitorOptions(c *cli.Context) (monitor.Options, error) {
	o := monitor.Options{Version: ownVersion(), Tier: c.String("tier"), HostNetns: c.String("host-netns")}
	switch {
	case !slices.Contains(capture.Tiers(), o.Tier):
		return o, wrongTier(o.Tier)
	case c.Duration("for") < 0 || c.IsSet("for") && c.Duration("for") == 0:
		return o, usagef("for %s: must be more than 0", c.Duration("for"))
	case c.Int("number") < 0 || c.IsSet("number") && c.Int("number") == 0:
		return o, usagef("number %d: must be more than 0", c.Int("number"))
	}
	if err := checkFormat(c.String("output")); err != nil {
		return o, err
	}
	var err error
	if o.Filter, err = filter(c); err != nil {
		return o, err
	}
	o.Judge, err = judgeConfig(c)
	return o, err
}

func wrongTier(tier string) error {
	return usagef("tier %q: not one of %s", tier, strings.Join(capture.Tiers(), ", "))
}

func filter(c *cli.Context) (monitor.Filter, error) {
	f := monitor.Filter{
		Containers: words(c, "container"),
		Commands:   words(c, "command"),
		Warnings:   c.Bool("warnings"),
		Failed:     c.Bool("failed"),
	}
	for _, pid := range c.IntSlice("pid") {
		if pid <= 0 {
			return f, usagef("pid %d: must be more than 0", pid)
		}
		f.PIDs = append(f.PIDs, uint32(pid))
	}
	kinds, err := monitor.ParseKinds(words(c, "kind"))
	if err != nil {
		return f, usageError{err}
	}
	f.Kinds = kinds
	for _, value := range words(c, "netns") {
		netns, err := monitor.ParseNetns(value)
		if err != nil {
			return f, fmt.Errorf("read --netns: %w", err)
		}
		f.Netns = append(f.Netns, netns)
	}
	return f, nil
}

// words are the values of a repeatable flag. An empty one comes from a variable
// that was emptied to say that it does not count.
func words(c *cli.Context, flag string) []string {
	return slices.DeleteFunc(c.StringSlice(flag), func(word string) bool { return word == "" })
}

// afterDashes returns the command after --. Without the dashes an argument is
// more likely a slip than a program to be run as root.
func afterDashes(c *cli.Context, args []string) ([]string, error) {
	command := c.Args().Slice()
	if len(command) == 0 {
		return nil, nil
	}
	if before := len(args) - len(command) - 1; before < 0 || args[before] != "--" {
		return nil, usagef("argument %q: a command to run stands after --: %s trace -- %s",
			command[0], c.App.Name, strings.Join(command, " "))
	}
	return command, nil
}

// tracing is one run of trace.
type tracing struct {
	options   monitor.Options
	tally     *tally
	readyFile string
	limit     time.Duration // 0: no end
	stop      context.CancelFunc

	watched  bool  // it came so far
	notReady error // why readyFile could not be made
}

// run watches until ctx is done, or until the command has ended if there is one.
func (t *tracing) run(ctx context.Context, command []string) error {
	if err := t.clearReadyFile(); err != nil {
		return err
	}
	if len(command) > 0 {
		return t.runCommand(ctx, command)
	}
	ctx, ignore := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer ignore()
	context.AfterFunc(ctx, ignore) // a second Ctrl-C ends it at once
	t.options.Ready = t.ready
	return errors.Join(monitor.Run(ctx, t.options, t.tally), t.notReady)
}

// clearReadyFile takes away what an earlier run has left: it would tell those
// who wait for it that we are ready.
func (t *tracing) clearReadyFile() error {
	if t.readyFile == "" {
		return nil
	}
	if err := os.Remove(t.readyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear the ready file: %w", err)
	}
	return nil
}

// ready is called by monitor.Run, which has returned when its traces are read.
func (t *tracing) ready() {
	t.watched = true
	if t.readyFile != "" {
		if err := os.WriteFile(t.readyFile, nil, 0o644); err != nil {
			t.notReady = fmt.Errorf("make the ready file: %w", err)
			t.stop()
		}
	}
	if t.limit > 0 {
		time.AfterFunc(t.limit, t.stop)
	}
}
