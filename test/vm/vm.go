// Package vm boots stock Debian kernels in qemu, under software emulation, and runs a command in each as
// root. It lets the same tests speak for kernels that the machine at hand does not run.
//
// The kernels come from fetch.sh, beside this file. The guest is an initramfs that is made for each run: a
// static busybox, the kernel's modules, and the files of the [Job].
package vm

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Versions are the kernels that fetch.sh fetches.
var Versions = []string{"5.10", "6.1", "6.12", "7.2"}

// defaultTimeout is for jobs that name none. A guest boots in 3 to 6 s, and in 20 on a busy machine.
const defaultTimeout = 2 * time.Minute

// defaultMemory, in MiB, is for jobs that name none.
const defaultMemory = 1024

// consoleLines is how much of the guest's console an error quotes.
const consoleLines = 40

// A Kernel is one that fetch.sh has put in the cache.
type Kernel struct {
	Version string   // short, as in Versions
	Release string   // what uname -r says
	Image   string   // the bootable image
	Modules []string // files, in an order in which they can be loaded
}

// A Job is what to run in a guest.
type Job struct {
	Files []File // see also Programs

	// Command is run as root, in /, with /dev/null to read from. Its first element is an absolute path,
	// for busybox's shell prefers busybox's own ip to any other.
	Command []string
	Env     []string // "NAME=value", beside PATH, HOME and LANG

	// Collect names guest files, or shell patterns of them, to give back in Result.Files once the
	// command has ended.
	Collect []string

	Timeout time.Duration // of the whole run; two minutes if zero
	Memory  int           // in MiB; 1024 if zero
}

// A Result is what a job came to.
type Result struct {
	Status  int               // the command's exit status, as a shell tells it: 128 + n for signal n
	Output  []byte            // what it wrote to stdout and stderr
	Files   map[string][]byte // those of Job.Collect that were there, by their paths
	Console string            // what the kernel and init wrote
	Boot    time.Duration     // the guest's own uptime when the command began
}

// Find returns the kernel of that short version from the cache: the folder that WRONGNS_CACHE names, or
// ~/.cache/wrongns. The error is fs.ErrNotExist if it has not been fetched.
func Find(version string) (Kernel, error) {
	cache, err := cacheDir()
	if err != nil {
		return Kernel{}, fmt.Errorf("find kernel %s: %w", version, err)
	}
	dir := filepath.Join(cache, "kernels", version)
	release, err := os.ReadFile(filepath.Join(dir, "release"))
	if err != nil {
		return Kernel{}, fmt.Errorf("find kernel %s (test/vm/fetch.sh fetches it): %w", version, err)
	}
	order, err := os.ReadFile(filepath.Join(dir, "modules.order.txt"))
	if err != nil {
		return Kernel{}, fmt.Errorf("find modules of kernel %s: %w", version, err)
	}
	k := Kernel{
		Version: version,
		Release: strings.TrimSpace(string(release)),
		Image:   filepath.Join(dir, "vmlinuz"),
	}
	for _, name := range strings.Fields(string(order)) {
		k.Modules = append(k.Modules, filepath.Join(dir, "modules", name))
	}
	return k, nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv("WRONGNS_CACHE"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".cache", "wrongns"), nil
}

// Run boots the kernel, runs the job's command in it and waits for its end. A command that fails is not an
// error but a Status. A guest that panics, stops early or is not done in time is one; it quotes the end of the
// console, and the Result holds what the command had written.
//
// Each call is a virtual machine of two processors: run few at a time.
func Run(ctx context.Context, k Kernel, job Job) (Result, error) {
	if job.Timeout == 0 {
		job.Timeout = defaultTimeout
	}
	if job.Memory == 0 {
		job.Memory = defaultMemory
	}
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		return Result{}, fmt.Errorf("find qemu (package qemu-system-x86): %w", err)
	}
	dir, err := os.MkdirTemp("", "wrongns-vm-")
	if err != nil {
		return Result{}, fmt.Errorf("make folder for guest: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	m := machine{qemu: qemu, kernel: k, dir: dir, memory: job.Memory, token: "@@vm-" + rand.Text()}
	if err := writeInitramfs(m.path("initramfs"), k, job, m.token); err != nil {
		return Result{}, fmt.Errorf("make initramfs for kernel %s: %w", k.Version, err)
	}
	ctx, cancel := context.WithTimeout(ctx, job.Timeout)
	defer cancel()
	runErr := m.run(ctx)
	result, err := m.result()
	if err == nil {
		return result, nil // even if the guest then failed to go down
	}
	if runErr != nil {
		err = fmt.Errorf("%w: %w", runErr, err)
	}
	return result, fmt.Errorf("run %s on kernel %s: %w\n%s", job.Command[0], k.Version, err,
		lastLines(result.Console, consoleLines))
}

// A machine is one qemu process and the files that it works on.
type machine struct {
	qemu   string
	kernel Kernel
	dir    string
	memory int
	token  string // begins the lines that frame the job's output
}

func (m machine) path(name string) string { return filepath.Join(m.dir, name) }

// run starts qemu and waits for it. The guest ends in a reset, of its own will or after a panic, and qemu ends
// there (-no-reboot): powering off takes longer, and a kernel that has panicked cannot.
func (m machine) run(ctx context.Context) error {
	// Pdeathsig, below, is sent when the thread ends that started qemu.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	// One thread for both processors: with a thread for each, a kernel that patches its own code (a tracepoint
	// that is switched on) has been seen to run into what it was patching.
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, m.qemu,
		"-accel", "tcg,thread=single", "-cpu", "max", "-smp", "2", "-m", strconv.Itoa(m.memory),
		"-display", "none", "-nodefaults", "-no-user-config", "-no-reboot",
		"-serial", "file:"+m.path("console"), "-serial", "file:"+m.path("output"),
		"-kernel", m.kernel.Image, "-initrd", m.path("initramfs"),
		"-append", "console=ttyS0 quiet panic=-1 oops=panic reboot=t rdinit=/init")
	cmd.Stderr = &stderr
	// A test binary that is killed must not leave its guests behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("wait for guest: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("run qemu: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}

// result reads what the guest has left on its two serial ports.
func (m machine) result() (Result, error) {
	console, err := os.ReadFile(m.path("console"))
	if err != nil {
		return Result{}, fmt.Errorf("read console: %w", err)
	}
	port, err := os.ReadFile(m.path("output"))
	if err != nil {
		return Result{}, fmt.Errorf("read output: %w", err)
	}
	result, err := parseOutput(port, m.token)
	result.Console = strings.ReplaceAll(string(console), "\r\n", "\n")
	// The line that says why may be further up than the lines that an error quotes.
	if _, why, found := strings.Cut(result.Console, "Kernel panic"); err != nil && found {
		why, _, _ = strings.Cut(why, "\n")
		err = fmt.Errorf("%w: kernel panic%s", err, why)
	}
	return result, err
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
