package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/urfave/cli/v2"
)

// A held process is this program again, which waits before it becomes another:
// so its pid is known, and all that it ever does is watched from its first
// instruction on. It ends by itself when this process does, however that ends.
type held struct {
	*exec.Cmd
	pipe *os.File
}

// holdPipe is where the held process has the pipe's other end.
const holdPipe = 3

// holdCommand is the held process's side. Nobody should call it by hand.
func holdCommand() *cli.Command {
	return &cli.Command{
		Name:            "hold",
		Usage:           "wait for a byte on descriptor 3, then become PATH with ARGV",
		ArgsUsage:       "[PATH ARGV…]",
		Description:     "Example:\n   wrongns hold /bin/ls ls -l 3<fifo",
		Hidden:          true,
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			argv := c.Args().Slice()
			if !released() || len(argv) < 2 {
				return exitStatus(exitFailed)
			}
			return fmt.Errorf("run %s: %w", argv[0], syscall.Exec(argv[0], argv[1:], os.Environ()))
		},
	}
}

// released waits until the pipe has a byte, or has been closed without one.
func released() bool {
	pipe := os.NewFile(holdPipe, "hold")
	defer pipe.Close()
	_, err := io.ReadFull(pipe, make([]byte, 1))
	return err == nil
}

// hold starts a process that will become argv, with this process's standard
// streams; without argv it only waits. The caller must release or abandon it.
func hold(argv []string, attributes *syscall.SysProcAttr) (*held, error) {
	args := []string{"hold"}
	if len(argv) > 0 {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", argv[0], errors.Unwrap(err))
		}
		args = append(append(args, path), argv...)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("hold a process: %w", err)
	}
	defer theirs.Close()
	h := &held{Cmd: exec.Command("/proc/self/exe", args...), pipe: ours}
	h.Stdin, h.Stdout, h.Stderr = os.Stdin, os.Stdout, os.Stderr
	h.ExtraFiles = []*os.File{theirs}
	h.SysProcAttr = attributes
	if err := h.Start(); err != nil {
		ours.Close()
		return nil, fmt.Errorf("hold a process: %w", err)
	}
	return h, nil
}

// release lets the process become what it was held for.
func (h *held) release() error {
	if _, err := h.pipe.Write([]byte{0}); err != nil {
		return fmt.Errorf("release the command: %w", err)
	}
	return h.pipe.Close()
}

// abandon ends a process that has not been released; a released one goes on. It
// does not wait for the end.
func (h *held) abandon() { h.pipe.Close() }
