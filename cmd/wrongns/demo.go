package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor"
	"github.com/wrongns/wrongns/monitor/capture"
	"github.com/wrongns/wrongns/monitor/output"
)

func demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "make the classic mistakes in throwaway namespaces, and show what is seen",
		Description: "Makes a network namespace that plays the host and two that play macvlan containers on it,\n" +
			"makes the mistakes there with iproute2 and with busybox, and takes everything away again.\n" +
			"The machine's own links are not touched. Ends with 1 if a warning that had to come did not.\n\n" +
			"Example:\n   sudo wrongns demo",
		Flags:  []cli.Flag{tierFlag()},
		Action: noArguments(demo),
	}
}

// How long the demo waits for a warning before it says that none came, and how
// long it must be quiet before the next scene begins. Neither decides anything
// on a machine that is not stuck.
const (
	patience = 10 * time.Second
	pause    = 300 * time.Millisecond
)

func demo(c *cli.Context) error {
	if !slices.Contains(capture.Tiers(), c.String("tier")) {
		return wrongTier(c.String("tier"))
	}
	tools, err := findTools()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	set, err := buildStage(ctx, tools)
	if err != nil {
		return fmt.Errorf("build the demo's namespaces: %w", err)
	}
	p := &play{
		stage:    set,
		w:        os.Stdout,
		audience: &audience{Output: newOutput("text", os.Stdout), seen: make(chan string, 64), gone: ctx.Done()},
	}
	err = p.run(ctx, c.String("tier"))
	set.remove()
	if err != nil {
		return err
	}
	return p.verdict()
}

// play is one run of all scenes, watched by a real monitor.
type play struct {
	stage    *stage
	w        io.Writer
	audience *audience
	missed   []string // the warnings that did not come
}

func (p *play) run(ctx context.Context, tier string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	options := monitor.Options{
		Tier:      tier,
		HostNetns: strconv.Itoa(p.stage.host.keeper.Process.Pid),
		Filter:    p.stage.filter(),
		Ready:     func() { close(ready) },
	}
	go func() { ended <- monitor.Run(ctx, options, p.audience) }()
	select {
	case <-ready:
	case err := <-ended:
		return err
	}
	err := p.scenes(ctx)
	stop()
	return errors.Join(err, <-ended)
}

// scenes makes every mistake with every tool.
func (p *play) scenes(ctx context.Context) error {
	fmt.Fprint(p.w, introduction)
	for _, container := range p.stage.containers {
		fmt.Fprintf(p.w, "\n== A container that has %s\n", container.tool.name)
		for _, m := range mistakes {
			fmt.Fprintf(p.w, "\n-- %s\n", m.story)
			if err := p.scene(ctx, container, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// scene makes one mistake. What is seen of a command comes a moment after it, so
// the commands stand together and what came of them below.
func (p *play) scene(ctx context.Context, c *container, m mistake) error {
	for _, command := range m.commands {
		fmt.Fprintf(p.w, "container# %s %s\n", strings.Join(c.tool.argv, " "), command)
	}
	for _, command := range m.commands {
		// That a mistake fails is part of the story; that it cannot even be made is not.
		said, err := c.run(ctx, containerFlags, append(slices.Clone(c.tool.argv), strings.Fields(command)...))
		if err != nil && !isExit(err) {
			return fmt.Errorf("run %s %s: %w", c.tool.name, command, err)
		}
		fmt.Fprint(p.w, said)
	}
	if !p.audience.waitFor(ctx, m.warns) {
		p.missed = append(p.missed, c.tool.name+": "+m.warns)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("demo: %w", context.Cause(ctx))
	}
	return nil
}

// verdict says what came of it.
func (p *play) verdict() error {
	all := len(mistakes) * len(p.stage.containers)
	fmt.Fprintf(p.w, "\n%d mistakes, %d of them warned of. The demo's namespaces are gone; nothing else was touched.\n",
		all, all-len(p.missed))
	if len(p.missed) > 0 {
		return fmt.Errorf("demo: warnings did not come: %s: see wrongns doctor", strings.Join(p.missed, ", "))
	}
	return nil
}

// audience shows what the monitor sees, and tells which warnings came.
type audience struct {
	output.Output
	seen chan string // the rules of warnings; "" for a change
	gone <-chan struct{}
}

// Change implements output.Output.
func (a *audience) Change(c *events.Change) error {
	err := errors.Join(a.Output.Change(c), a.Output.Flush())
	a.tell("")
	return err
}

// Warning implements output.Output.
func (a *audience) Warning(w *events.Warning) error {
	err := errors.Join(a.Output.Warning(w), a.Output.Flush())
	a.tell(w.Rule)
	return err
}

// Status implements output.Output: the play is about changes.
func (a *audience) Status(*events.Status) error { return nil }

func (a *audience) tell(rule string) {
	select {
	case a.seen <- rule:
	case <-a.gone:
	}
}

// waitFor waits until a warning of the rule has come and it has been quiet for a
// while since, so that what belongs to this scene is shown before the next. It
// reports whether the warning came.
func (a *audience) waitFor(ctx context.Context, rule string) bool {
	came := false
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		var quiet <-chan time.Time
		if came {
			quiet = time.After(pause)
		}
		select {
		case seen := <-a.seen:
			came = came || seen == rule
		case <-quiet:
			return true
		case <-end.C:
			return came
		case <-ctx.Done():
			return came
		}
	}
}
