// Package cli tests the program from outside: what its command line takes, what
// it says, and what it ends with. The scripts are in testdata.
package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// bin is the folder that has the program, built once for all scripts.
var bin string

func TestMain(m *testing.M) {
	status, err := build(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// build builds the program for the time of run.
func build(run func() int) (status int, err error) {
	if bin, err = os.MkdirTemp("", "wrongns-cli-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	if err := os.Chmod(bin, 0o755); err != nil { // nobody shall run it, too
		return 0, err
	}
	// A checkout that belongs to somebody else would make -buildvcs fail.
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(bin, "wrongns"),
		"github.com/wrongns/wrongns/cmd/wrongns")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build wrongns: %w\n%s", err, out)
	}
	return run(), nil
}

func TestCommandLine(t *testing.T) { runScripts(t, "testdata/anyone") }

// TestWatching has what must load programs into the kernel and make network
// namespaces of its own.
func TestWatching(t *testing.T) {
	switch {
	case os.Getuid() == 0:
		runScripts(t, "testdata/root")
	case os.Getenv("WRONGNS_REQUIRE") == "1":
		t.Fatal("needs root")
	default:
		t.Skip("needs root")
	}
}

func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+env.Getenv("PATH")+":/usr/sbin:/sbin")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":      status,
			"powerless":   powerless,
			"permissions": permissions,
		},
		RequireExplicitExec: true,
	})
}

// status N CMD ARG… runs a command that has to end with exit status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N CMD ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case err == nil && want != 0:
		ts.Fatalf("exit status 0, want %d", want)
	case errors.As(err, &exit) && exit.ExitCode() != want:
		ts.Fatalf("%v, want exit status %d", err, want)
	case err != nil && exit == nil:
		ts.Check(err)
	}
}

// powerless N CMD ARG… is status, without any of root's powers.
func powerless(ts *testscript.TestScript, neg bool, args []string) {
	if os.Getuid() == 0 && len(args) > 1 {
		as := []string{args[0], "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"}
		args = append(as, args[1:]...)
	}
	status(ts, neg, args)
}

// permissions MODE FILE checks a file's mode, in octal.
func permissions(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: permissions MODE FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}
