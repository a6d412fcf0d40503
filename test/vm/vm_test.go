package vm

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slots holds as many tokens as guests may run at once: each has two processors, all of them emulated.
var slots = make(chan struct{}, 2)

// findKernel skips the test if the kernel has not been fetched. Where WRONGNS_REQUIRE is 1, as in CI, that fails it.
func findKernel(t *testing.T, version string) Kernel {
	t.Helper()
	k, err := Find(version)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("WRONGNS_REQUIRE") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// runIn runs the job when there is a slot for it.
func runIn(t *testing.T, k Kernel, job Job) (Result, error) {
	t.Helper()
	slots <- struct{}{}
	defer func() { <-slots }()
	start := time.Now()
	result, err := Run(t.Context(), k, job)
	t.Logf("%s: command began %.1f s after boot, all took %.1f s", k.Release, result.Boot.Seconds(), time.Since(start).Seconds())
	return result, err
}

// bootCheck stops at the first thing that the guest lacks.
const bootCheck = `set -ex
test "$(busybox uname -r)" = "$RELEASE"
test -s /sys/kernel/btf/vmlinux
ip -oneline link show lo | busybox grep -q LOOPBACK,UP
ip netns add x
ip netns exec x ip link set lo up
ip link add v0 type veth peer name v1
ip link add m0 link v0 type macvlan
ip link add i0 link v1 netns x type ipvlan
ip link add b0 type bridge
ip link add d0 type dummy
ip link set d0 master b0
ip link add bond0 type bond
ip link add vlan5 link v0 type vlan id 5
ip link add vrf0 type vrf table 10
ip link add vx0 type vxlan id 7 dstport 4789
ip tuntap add t0 mode tap
busybox mkdir -p /tmp/o/lower /tmp/o/upper /tmp/o/work /tmp/o/merged
busybox mount -t overlay -o lowerdir=/tmp/o/lower,upperdir=/tmp/o/upper,workdir=/tmp/o/work overlay /tmp/o/merged
`

func TestBoot(t *testing.T) {
	programs, err := Programs("ip", "bash")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			k := findKernel(t, version)
			result, err := runIn(t, k, Job{
				Files:   programs,
				Command: []string{"/bin/bash", "-c", bootCheck},
				Env:     []string{"RELEASE=" + k.Release},
			})
			if err != nil {
				t.Fatal(err)
			}
			if result.Status != 0 {
				t.Errorf("status %d after\n%s\nconsole:\n%s", result.Status, result.Output, result.Console)
			}
		})
	}
}

// A job's output, status and files come back as they were, whatever they hold.
func TestRunGivesBack(t *testing.T) {
	programs, err := Programs("bash")
	if err != nil {
		t.Fatal(err)
	}
	const script = `printf 'out\r\n\t'; printf 'err \xff\0' >&2
printf %s "$GREETING" >/tmp/greeting
busybox dd if=/dev/zero of=/tmp/big.1 bs=1000 count=500 2>/dev/null
: >/tmp/big.2
(while :; do echo late; busybox sleep 0.01; done) &
kill -TERM $$`
	result, err := runIn(t, findKernel(t, "6.1"), Job{
		Files:   programs,
		Command: []string{"/bin/bash", "-c", script},
		Env:     []string{"GREETING=it's $HOME\n=\"you\""},
		Collect: []string{"/tmp/greeting", "/tmp/big.*", "/tmp/none"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 128 + int(syscall.SIGTERM); result.Status != want {
		t.Errorf("status %d, want %d", result.Status, want)
	}
	if got, want := strings.ReplaceAll(string(result.Output), "late\n", ""), "out\r\n\terr \xff\x00"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
	want := map[string][]byte{
		"/tmp/greeting": []byte("it's $HOME\n=\"you\""),
		"/tmp/big.1":    make([]byte, 500_000),
		"/tmp/big.2":    {},
	}
	if !maps.EqualFunc(result.Files, want, bytes.Equal) {
		t.Errorf("files %v, want greeting, big.1 and big.2", slices.Sorted(maps.Keys(result.Files)))
	}
}

// A guest that breaks is an error that quotes its console, and keeps what the job had written.
func TestRunFails(t *testing.T) {
	for name, test := range map[string]struct {
		script  string
		timeout time.Duration
		want    error
		text    string
		output  string
	}{
		"panic":   {"echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 60", 0, errNotEnded, "sysrq triggered crash", "before\n"},
		"reset":   {"echo before; sleep 1; reboot -f", 0, errNotEnded, "Restarting system", "before\n"},
		"timeout": {"sleep 60", time.Second, context.DeadlineExceeded, "run /bin/busybox on kernel 6.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := runIn(t, findKernel(t, "6.1"), Job{
				Command: []string{"/bin/busybox", "sh", "-c", test.script},
				Timeout: test.timeout,
			})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want %q with %q", err, test.want, test.text)
			}
			if string(result.Output) != test.output {
				t.Errorf("output %q, want %q", result.Output, test.output)
			}
		})
	}
}
