// Package docker runs a real Docker for tests: a dockerd of its own, with containerd, images, networks and
// containers, that leaves the machine as it found it.
//
// The daemon runs in the machine's own mount namespace, and in its network namespace too, as everywhere else,
// unless StartIn is told another one. What it keeps is in one private directory. It is
// forbidden to touch iptables, forwarding and docker0; only links whose names begin with "wn" are made on the
// host, and when a test ends, however it ends, the host's links, addresses and routes are compared with those
// before.
//
// A test that is not root, or finds no dockerd, is skipped and says why; with WRONGNS_REQUIRE=1 it fails.
package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout   = time.Minute     // dockerd needs a third of a second on an idle machine
	lockTimeout    = 5 * time.Minute // the tests of another package may be at work
	commandTimeout = 2 * time.Minute
	pollInterval   = 10 * time.Millisecond
)

// dirPrefix begins the name of a daemon's directory in the directory for temporary files.
const dirPrefix = "wrongns-docker-"

// searchPath makes dockerd find the containerd and runc that the distribution ships with it, rather than those
// that somebody has put in front of them.
const searchPath = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

// Daemon is a running dockerd. Its methods may be called from several goroutines, except that those which take a
// testing.TB may end the test, so belong to the test's own.
type Daemon struct {
	Host      string        // of its API, as DOCKER_HOST and docker -H want it: unix://…/docker.sock
	ExecRoot  string        // holds netns/, the files that name the containers' network namespaces
	DataRoot  string        // holds containers/ID/config.v2.json and the images
	PID       int           // of dockerd; containerd is its child
	StartTime time.Duration // from starting dockerd to its first answer

	dir   string // everything of the daemon is below it
	netns string // the name of the network namespace that it runs in; "" for the machine's own
	cmd   *exec.Cmd
	ended chan struct{} // closed when dockerd has ended
}

// Start starts a daemon for the test and removes all traces of it when the test ends; those of a test that was
// killed, before the next one starts. One daemon runs at a time on a machine: a second Start waits for the end of
// the first one's test.
func Start(t testing.TB) *Daemon {
	t.Helper()
	return StartIn(t, func(testing.TB) string { return "" })
}

// StartIn is Start for a daemon whose host has a network of the test's own making: a namespace of ip netns's, which
// node makes and returns the name of. Its containers' bridges, the parents of their macvlan links and --network host are there.
// node is called when no other test on the machine has a daemon.
func StartIn(t testing.TB, node func(testing.TB) (name string)) *Daemon {
	t.Helper()
	program := require(t)
	t.Cleanup(lock(t, program))
	removeStale(t)
	t.Cleanup(watchHost(t))

	dir, err := os.MkdirTemp("", dirPrefix)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir) // the kernel's list of mounts has no symbolic links
	}
	if err != nil {
		t.Fatalf("make directory for dockerd: %v", err)
	}
	d := inDirectory(dir)
	d.netns = node(t)
	t.Cleanup(func() { d.remove(t) })
	if err := d.prepare(); err != nil {
		t.Fatalf("prepare directory for dockerd: %v", err)
	}

	begin := time.Now()
	if err := d.launch(program, d.bridge(t)); err != nil {
		Unavailable(t, "start dockerd: %v", err)
	}
	if err := d.await(); err != nil {
		Unavailable(t, "start dockerd: %v\n%s", err, d.log())
	}
	d.StartTime = time.Since(begin)
	d.importImages(t)
	return d
}

func inDirectory(dir string) *Daemon {
	return &Daemon{
		Host:     "unix://" + filepath.Join(dir, "docker.sock"),
		ExecRoot: filepath.Join(dir, "exec"),
		DataRoot: filepath.Join(dir, "data"),
		dir:      dir,
	}
}

// prepare writes what dockerd, and the removal of everything, will read.
func (d *Daemon) prepare() error {
	if err := os.Mkdir(d.linksDir(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(d.configPath(), []byte("{}\n"), 0o600); err != nil {
		return err
	}
	return d.noteOutside()
}

// require looks for what the harness needs and returns the path of dockerd.
func require(t testing.TB) string {
	t.Helper()
	if os.Geteuid() != 0 {
		Unavailable(t, "start dockerd: needs root: run the tests with sudo")
	}
	var dockerd string
	for _, name := range []string{"docker", "containerd", "runc", "busybox", "ip", "bridge", "nsenter", "dockerd"} {
		path, err := find(name)
		if err != nil {
			Unavailable(t, "%v: install docker.io, iproute2 and busybox-static", err)
		}
		dockerd = path
	}
	return dockerd
}

// Unavailable skips a test, and says why, for lack of something that this machine has not; with WRONGNS_REQUIRE=1 the
// test fails.
func Unavailable(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("WRONGNS_REQUIRE") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// find looks a program up in searchPath, which is not the caller's PATH.
func find(name string) (string, error) {
	for _, dir := range filepath.SplitList(searchPath) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("find program %s in %s: %w", name, searchPath, exec.ErrNotFound)
}

// lock lets one test on the machine have a daemon. Two would share what dockerd and containerd do not let us move:
// /run/containerd, /run/docker, /etc/docker/key.json and the docker cgroups. The lock is on dockerd's own program
// file, so that there is no lock file to leave behind.
func lock(t testing.TB, program string) (unlock func()) {
	t.Helper()
	file, err := os.Open(program)
	if err != nil {
		t.Fatalf("lock dockerd: %v", err)
	}
	for deadline := time.Now().Add(lockTimeout); ; time.Sleep(pollInterval) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			file.Close()
			t.Fatalf("lock %s: %v: does another test (or this one) still run its daemon?", program, err)
		}
	}
}

// bridge returns the flag that keeps dockerd from making a default bridge. Where another dockerd already has a
// docker0, --bridge=none would delete it: there the daemon is given a bridge of its own.
func (d *Daemon) bridge(t testing.TB) string {
	t.Helper()
	if _, err := net.InterfaceByName("docker0"); err != nil || d.netns != "" {
		return "--bridge=none"
	}
	name := linkName(bridgePrefix)
	d.addLink(t, name)
	mustIP(t, "link", "add", name, "type", "bridge")
	mustIP(t, "address", "add", freeSubnet(t)+".1/24", "dev", name)
	return "--bridge=" + name
}

func (d *Daemon) launch(program, bridge string) error {
	log, err := os.Create(d.logPath())
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = d.OnHost(program,
		// Its own, empty one: /etc/docker/daemon.json may set what these flags set, which dockerd refuses.
		"--config-file", d.configPath(),
		"--data-root", d.DataRoot,
		// Absolute, or containerd takes the path of its debug socket for a TCP address and exits.
		"--exec-root", d.ExecRoot,
		"--pidfile", filepath.Join(d.dir, "docker.pid"),
		"--host", d.Host,
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
		"--log-level=warn", bridge)
	d.cmd.Env = d.environment()
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return d.start()
}

// OnHost is a command that runs in the network namespace of the daemon's host.
func (d *Daemon) OnHost(name string, args ...string) *exec.Cmd {
	if d.netns == "" {
		return exec.Command(name, args...)
	}
	return exec.Command("nsenter", append([]string{"--net=/run/netns/" + d.netns, "--", name}, args...)...)
}

// start runs dockerd from a thread that lives as long as it does. If the test binary is killed, or panics at its
// time limit, no cleanup runs; then the kernel ends dockerd, and dockerd its containers and containerd. The kernel
// does so when the thread that started dockerd ends, so this one must not return to the pool.
func (d *Daemon) start() error {
	d.ended = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := d.cmd.Start()
		started <- err
		if err == nil {
			_ = d.cmd.Wait() // what matters of its end is in its log
			close(d.ended)
		}
	}()
	if err := <-started; err != nil {
		d.cmd = nil
		return err
	}
	d.PID = d.cmd.Process.Pid
	return nil
}

// await waits until the daemon answers.
func (d *Daemon) await() error {
	socket := strings.TrimPrefix(d.Host, "unix://")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: startTimeout}
	for deadline := time.After(startTimeout); ; {
		response, err := client.Get("http://docker/_ping")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("answer: %s", response.Status)
		}
		select {
		case <-d.ended:
			return fmt.Errorf("it ended: %s", d.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("no answer in %s: %w", startTimeout, err)
		case <-time.After(pollInterval):
		}
	}
}

// Scratch makes a directory that goes with the daemon's own, also if the test is killed. Its path is short.
func (d *Daemon) Scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(d.dir, "")
	if err != nil {
		t.Fatalf("make directory: %v", err)
	}
	return dir
}

// alive tells whether dockerd runs.
func (d *Daemon) alive() bool {
	if d.cmd == nil {
		return false
	}
	select {
	case <-d.ended:
		return false
	default:
		return true
	}
}

// Docker runs the docker command on this daemon and returns what it printed, both streams together, and its exit
// status. The error says that it could not be run at all, or did not end in time; then the status is -1.
func (d *Daemon) Docker(args ...string) (output string, exit int, err error) {
	return d.docker(nil, args...)
}

// Command is a docker command on this daemon that was not started yet; it is killed when ctx is done. The error says
// that there is no docker command.
func (d *Daemon) Command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	program, err := find("docker")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"--host", d.Host}, args...)...)
	cmd.Env = d.environment()
	return cmd, nil
}

func (d *Daemon) docker(stdin []byte, args ...string) (output string, exit int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	cmd, err := d.Command(ctx, args...)
	if err != nil {
		return "", -1, err
	}
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return string(out), -1, fmt.Errorf("run docker %s: %w", args[0], ctx.Err())
	}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		return string(out), -1, fmt.Errorf("run docker %s: %w", args[0], err)
	}
	return string(out), cmd.ProcessState.ExitCode(), nil
}

// must runs the docker command and ends the test if it fails.
func (d *Daemon) must(t testing.TB, stdin []byte, args ...string) string {
	t.Helper()
	out, exit, err := d.docker(stdin, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if exit != 0 {
		t.Fatalf("docker %s: exit %d: %s", strings.Join(args, " "), exit, out)
	}
	return out
}

// environment is the whole environment of dockerd and of the docker command: the user's contexts, DOCKER_* and
// proxies stay out.
func (d *Daemon) environment() []string {
	return []string{"PATH=" + searchPath, "HOME=" + d.dir}
}

func (d *Daemon) configPath() string { return filepath.Join(d.dir, "daemon.json") }
func (d *Daemon) logPath() string    { return filepath.Join(d.dir, "dockerd.log") }

// log returns the end of dockerd's log.
func (d *Daemon) log() string {
	const enough = 8 << 10
	log, err := os.ReadFile(d.logPath())
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-enough):])
}
