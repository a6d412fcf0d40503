package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/wrongns/wrongns/monitor"
)

// runCommand runs the command and watches what it and its children do, until it
// has ended. --for and -n end the watching, not the command. The error is an
// exitStatus if the command ended with one other than 0.
func (t *tracing) runCommand(ctx context.Context, command []string) error {
	child, err := hold(command, nil)
	if err != nil {
		return err
	}
	stopForwarding := forwardSignals(child.Process)
	defer stopForwarding()
	ended := make(chan error, 1)
	go func() {
		ended <- child.Wait()
		t.stop()
	}()

	var notReleased error
	t.options.Family = child.Process.Pid
	t.options.Ready = func() {
		t.ready()
		if t.notReady == nil {
			notReleased = child.release()
		}
	}
	err = errors.Join(monitor.Run(ctx, t.options, t.tally), t.notReady, notReleased)
	child.abandon()
	status := <-ended
	if err != nil {
		return err
	}
	return statusOf(status)
}

// statusOf turns what Wait returned into the status that a shell would give.
func statusOf(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("wait for the command: %w", err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitStatus(128 + int(status.Signal()))
	}
	return exitStatus(exit.ExitCode())
}

// forwardSignals hands what asks us to end to the command: it ends first, and we
// after it. A Ctrl-C it gets from the terminal itself, in the same process group.
func forwardSignals(child *os.Process) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	fromTerminal := term.IsTerminal(int(os.Stdin.Fd()))
	go func() {
		for s := range signals {
			if s != syscall.SIGINT || !fromTerminal {
				// It can have ended already; then there is nobody to tell.
				_ = child.Signal(s)
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}
