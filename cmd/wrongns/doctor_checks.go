package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/monitor/capture"
)

// checks are what doctor looks at before it tries the tiers.
var checks = [...]func() finding{
	checkKernel, checkBTF, checkCapabilities, checkLockdown, checkTracefs, checkPIDNamespace, checkDocker,
}

func checkKernel() finding {
	return finding{Name: "kernel", State: stateOK, Found: kernelRelease()}
}

func checkBTF() finding {
	const file = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(file); err != nil {
		return finding{"BTF", stateMissing, reason(err), "use a kernel that was built with CONFIG_DEBUG_INFO_BTF=y"}
	}
	return finding{Name: "BTF", State: stateOK, Found: file}
}

// wanted are the capabilities that the features need.
var wanted = [...]struct {
	bit  uint
	name string
}{
	{unix.CAP_BPF, "CAP_BPF"},
	{unix.CAP_PERFMON, "CAP_PERFMON"},
	{unix.CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},   // enter a container's network namespace
	{unix.CAP_SYS_PTRACE, "CAP_SYS_PTRACE"}, // find it, in /proc/PID/ns of a process
}

func checkCapabilities() finding {
	held, err := effectiveCapabilities()
	if err != nil {
		return finding{"capabilities", stateUnknown, reason(err), ""}
	}
	if held&(1<<unix.CAP_SYS_ADMIN) != 0 {
		held |= 1<<unix.CAP_BPF | 1<<unix.CAP_PERFMON // it stands for both
	}
	var has, lacks []string
	for _, c := range wanted {
		if held&(1<<c.bit) != 0 {
			has = append(has, c.name)
		} else {
			lacks = append(lacks, c.name)
		}
	}
	if len(lacks) > 0 {
		return finding{"capabilities", stateMissing, "lacks " + strings.Join(lacks, ", "), "run it with sudo"}
	}
	return finding{Name: "capabilities", State: stateOK, Found: strings.Join(has, ", ")}
}

func effectiveCapabilities() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, fmt.Errorf("read own capabilities: %w", err)
	}
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), nil
}

// checkLockdown: the strictest mode forbids BPF to read the kernel's memory.
func checkLockdown() finding {
	switch mode := capture.Lockdown(); mode {
	case "":
		return finding{"lockdown", stateUnknown, "the kernel has none, or /sys/kernel/security is not mounted", ""}
	case "confidentiality":
		return finding{"lockdown", stateMissing, mode, "boot with lockdown=integrity"}
	default:
		return finding{Name: "lockdown", State: stateOK, Found: mode}
	}
}

// checkTracefs looks for what the system calls' tracepoints are found by. It
// need not be mounted: package capture mounts it for itself then.
func checkTracefs() finding {
	const dir = "/sys/kernel/tracing"
	if _, err := os.Stat(dir + "/events/syscalls/sys_enter_ioctl"); err == nil {
		return finding{Name: "tracefs", State: stateOK, Found: dir}
	}
	known, err := os.ReadFile("/proc/filesystems")
	switch {
	case err != nil:
		return finding{"tracefs", stateUnknown, reason(err), ""}
	case !bytes.Contains(known, []byte("\ttracefs\n")):
		return finding{"tracefs", stateMissing, "the kernel has none", "use a kernel that was built with CONFIG_FTRACE_SYSCALLS=y"}
	}
	return finding{Name: "tracefs", State: stateOK, Found: "cannot be seen in " + dir + ", and is mounted in private when needed"}
}

// checkPIDNamespace tells whether pids in /proc are those that the kernel side
// reports. Kernel threads live in the initial namespace only, and kthreadd is
// always the second process there.
func checkPIDNamespace() finding {
	comm, err := os.ReadFile("/proc/2/comm")
	if err != nil || string(comm) != "kthreadd\n" {
		return finding{"PID namespace", stateMissing, "not the node's own", "run it in the node's PID namespace (docker run --pid=host)"}
	}
	return finding{Name: "PID namespace", State: stateOK, Found: "the node's own"}
}

func checkDocker() finding {
	socket, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if !ok {
		socket = "/var/run/docker.sock"
	}
	connection, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return finding{"Docker", stateMissing, socket + ": " + reason(err),
			"without it containers go by their ids; start Docker if this node has it"}
	}
	connection.Close()
	return finding{Name: "Docker", State: stateOK, Found: socket}
}

// reason is the last cause of an error, which says why without repeating what.
func reason(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}
