package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/creack/pty"
)

// lineTimeout is how long one command may take.
const lineTimeout = time.Minute

// session is a command that runs with a terminal, or with pipes.
type session struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	ended chan struct{}

	mu  sync.Mutex
	out bytes.Buffer // under mu: both streams
}

// Write takes what the command prints.
func (s *session) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(text)
}

func (s *session) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// start begins a session. With a terminal the command is the leader of the terminal's session, as a login's shell is.
func start(cmd *exec.Cmd, tty bool) (*session, error) {
	s := &session{cmd: cmd, ended: make(chan struct{})}
	read := make(chan struct{})
	if tty {
		terminal, err := pty.Start(cmd)
		if err != nil {
			return nil, err
		}
		s.in = terminal
		go func() {
			_, _ = io.Copy(s, terminal) // ends with EIO when nobody has the other side open
			close(read)
		}()
	} else {
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		s.in, cmd.Stdout, cmd.Stderr = in, s, s
		cmd.WaitDelay = time.Second // what it leaves running may keep the pipes
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		close(read)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		<-read
		close(s.ended)
	}()
	return s, nil
}

// wait waits for the end and returns what was printed, and the exit status.
func (s *session) wait() (output string, exit int, err error) {
	select {
	case <-s.ended:
		return s.output(), s.cmd.ProcessState.ExitCode(), nil
	case <-time.After(lineTimeout):
		_ = s.cmd.Process.Kill() // if it has just ended, so much the better
		return s.output(), -1, fmt.Errorf("run %v: no end after %s", s.cmd.Args, lineTimeout)
	}
}

// ready matches what greet waits for, but for its echo.
var ready = regexp.MustCompile(`wrongns-ready=2`)

// greet waits until a shell answers. What enters a container may throw away what was typed before.
func (s *session) greet() error {
	for deadline := time.Now().Add(lineTimeout); time.Now().Before(deadline); {
		if _, err := io.WriteString(s.in, "echo wrongns-ready=$((1+1))\n"); err != nil {
			return fmt.Errorf("greet shell: %w", err)
		}
		for range 50 {
			time.Sleep(10 * time.Millisecond)
			if ready.MatchString(s.output()) {
				return nil
			}
		}
	}
	return fmt.Errorf("greet shell: no answer in %s: %s", lineTimeout, s.output())
}

// status matches what a typed line is made to print at its end. The terminal's echo of it is no match.
var status = regexp.MustCompile(`wrongns-status=(\d+)`)

// enter types a line into a shell and returns what it printed, and its exit status.
func (s *session) enter(line string) (output string, exit int, err error) {
	before := len(s.output())
	if _, err := io.WriteString(s.in, line+"\necho wrongns-status=$?\n"); err != nil {
		return "", -1, fmt.Errorf("type %s: %w", line, err)
	}
	for deadline := time.Now().Add(lineTimeout); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text := s.output()[before:]
		if match := status.FindStringSubmatch(text); match != nil {
			exit, err := strconv.Atoi(match[1])
			return text, exit, err
		}
		select {
		case <-s.ended:
			return text, -1, errors.New("type " + line + ": the shell has ended: " + text)
		default:
		}
	}
	return s.output()[before:], -1, fmt.Errorf("type %s: no answer in %s", line, lineTimeout)
}

// leave ends a shell.
func (s *session) leave() error {
	if _, err := io.WriteString(s.in, "exit\n"); err != nil {
		return fmt.Errorf("leave shell: %w", err)
	}
	_, _, err := s.wait()
	_ = s.in.Close() // a pipe was closed by the end of its command
	return err
}
