package docker

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const killTimeout = 20 * time.Second

// remove ends the daemon and removes whatever it has left. It takes the same way whether dockerd is well, hangs, or
// was killed by a test: what dockerd does on SIGTERM takes it seconds.
func (d *Daemon) remove(t testing.TB) {
	t.Helper()
	if t.Failed() {
		t.Logf("the end of dockerd's log:\n%s", d.log())
	}
	containers, err := d.containers()
	if err != nil {
		t.Errorf("remove containers: %v", err)
	}
	if d.alive() && len(containers) > 0 {
		if out, exit, err := d.Docker(append([]string{"rm", "--force", "--volumes"}, containers...)...); exit != 0 {
			t.Errorf("remove containers: exit %d: %v: %s", exit, err, out)
		}
	}
	if d.alive() {
		if err := d.cmd.Process.Kill(); err != nil {
			t.Errorf("kill dockerd: %v", err)
		}
		<-d.ended
	}
	if err := d.removeRest(containers); err != nil {
		t.Errorf("remove what dockerd left: %v", err)
	}
}

// removeStale removes what is left of the daemons of tests that were killed, or ran into their time limit, before
// their cleanups. Since the caller has the lock, none of them is in use.
func removeStale(t testing.TB) {
	t.Helper()
	temp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		t.Fatalf("find directory for temporary files: %v", err)
	}
	dirs, _ := filepath.Glob(filepath.Join(temp, dirPrefix+"*")) // fails on a bad pattern only
	for _, dir := range dirs {
		d := inDirectory(dir)
		containers, err := d.containers()
		if err == nil {
			err = d.removeRest(containers)
		}
		if err != nil {
			t.Fatalf("remove what a killed test left in %s: %v", dir, err)
		}
	}
}

// removeRest removes the daemon's processes, mounts, links, cgroups and files, in the order in which they hold each
// other.
func (d *Daemon) removeRest(containers []string) error {
	if err := d.killRest(containers); err != nil {
		return err
	}
	d.removeSockets()
	if err := d.unmount(); err != nil {
		return err
	}
	links, err := os.ReadDir(d.linksDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list links: %w", err)
	}
	for _, link := range links {
		if err := removeLink(link.Name()); err != nil {
			return err
		}
	}
	removeCgroups(containers)
	if err := d.removeOutside(); err != nil {
		return err
	}
	return os.RemoveAll(d.dir) // last: never through a mount, and what it says is needed until here
}

// containers returns the IDs of all containers, running or not, from dockerd's files: it may not answer any more.
func (d *Daemon) containers() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(d.DataRoot, "containers"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ids []string
	for _, entry := range entries {
		ids = append(ids, entry.Name())
	}
	return ids, err
}

// killRest kills what outlives dockerd: containerd's shims, and the containers' processes, which are nobody's
// children any more. (And, after a killed test, a dockerd that is still ending.)
func (d *Daemon) killRest(containers []string) error {
	for deadline := time.Now().Add(killTimeout); ; time.Sleep(pollInterval) {
		left, err := d.killOnce(containers)
		if err != nil || left == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("kill processes: %d still there after %s", left, killTimeout)
		}
	}
}

func (d *Daemon) killOnce(containers []string) (killed int, err error) {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	for _, entry := range processes {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		// Held before it is looked at, so that a process which gets its number meanwhile can't be hit.
		process, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		if d.owns(pid, containers) {
			killed++
			_ = process.Kill() // if it has just ended, so much the better
		}
		_ = process.Release()
	}
	return killed, nil
}

// parts matches the names of Docker's own processes.
var parts = regexp.MustCompile(`^(docker|containerd|runc)`)

// owns tells whether this daemon started the process: it lives in the cgroup of one of its containers, or it is a
// part of Docker that was told a path in the daemon's directory.
func (d *Daemon) owns(pid int, containers []string) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	cgroup, _ := os.ReadFile(filepath.Join(dir, "cgroup")) // gone: not ours to kill
	if slices.ContainsFunc(containers, func(id string) bool { return strings.Contains(string(cgroup), id) }) {
		return true
	}
	comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
	if !parts.Match(comm) {
		return false
	}
	cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	return strings.Contains(string(cmdline), d.dir+"/")
}

// removeSockets removes the sockets of shims that were killed. containerd puts them in /run/containerd, under a
// hash; their names are in files of the containers.
func (d *Daemon) removeSockets() {
	files, _ := filepath.Glob(filepath.Join(d.ExecRoot, "containerd/daemon/*/*/*/address"))
	for _, file := range files {
		address, _ := os.ReadFile(file)
		if socket, ok := strings.CutPrefix(string(address), "unix:///run/containerd/s/"); ok {
			_ = os.Remove(filepath.Join("/run/containerd/s", filepath.Base(socket)))
		}
	}
}

// unmount unmounts everything below the daemon's directory: its data root (bound onto itself), the containers' file
// systems, and the files that hold network namespaces.
func (d *Daemon) unmount() error {
	mounts, err := d.mounts()
	if err != nil {
		return err
	}
	for _, mount := range slices.Backward(mounts) {
		if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", mount, err)
		}
	}
	if mounts, err = d.mounts(); err == nil && len(mounts) > 0 {
		err = fmt.Errorf("still mounted: %v", mounts)
	}
	return err
}

// unescape undoes what the kernel does to white space in mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// mounts returns the mounts below the daemon's directory, in the order in which they were made.
func (d *Daemon) mounts() ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	defer file.Close()
	var mounts []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		if mountPoint := unescape.Replace(fields[4]); strings.HasPrefix(mountPoint, d.dir+"/") {
			mounts = append(mounts, mountPoint)
		}
	}
	return mounts, lines.Err()
}

// removeCgroups removes the cgroups of containers that were not removed by Docker. Only empty ones can be.
func removeCgroups(containers []string) {
	for _, id := range containers {
		for _, pattern := range []string{"/sys/fs/cgroup/docker/", "/sys/fs/cgroup/*/docker/"} {
			paths, _ := filepath.Glob(pattern + id)
			for _, path := range paths {
				_ = os.Remove(path)
			}
		}
	}
}

// outside returns the paths that Docker makes outside its own directories and that are there now, each parent before
// its children.
func outside() []string {
	var there []string
	for _, pattern := range []string{
		"/etc/docker", "/etc/docker/key.json",
		"/opt/containerd", "/opt/containerd/bin", "/opt/containerd/lib",
		"/run/containerd", "/run/containerd/s",
		"/run/docker", "/run/docker/plugins",
		"/sys/fs/cgroup/docker", "/sys/fs/cgroup/*/docker",
	} {
		paths, _ := filepath.Glob(pattern) // fails on a bad pattern only
		there = append(there, paths...)
	}
	return there
}

// noteOutside writes down which of those paths are there before dockerd starts.
func (d *Daemon) noteOutside() error {
	return os.WriteFile(d.outsidePath(), []byte(strings.Join(outside(), "\n")), 0o600)
}

// removeOutside removes those that were not: directories if they are empty, and a key.
func (d *Daemon) removeOutside() error {
	before, err := os.ReadFile(d.outsidePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // ended before it was written, so before dockerd started
	}
	if err != nil {
		return err
	}
	for _, path := range slices.Backward(outside()) {
		if !slices.Contains(strings.Split(string(before), "\n"), path) {
			_ = os.Remove(path) // if it is in use by now, it is not ours alone
		}
	}
	return nil
}

func (d *Daemon) outsidePath() string { return filepath.Join(d.dir, "outside") }
