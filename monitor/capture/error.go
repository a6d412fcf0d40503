package capture

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Error is a reason why the kernel can't be watched, for a person: what could
// not be done, why, and what to do about it.
type Error struct {
	What, Why, Mend string
	err             error
}

func (e *Error) Error() string {
	line := e.What + ": " + e.Why
	if e.Mend != "" {
		line += ": " + e.Mend
	}
	return line
}

func (e *Error) Unwrap() error { return e.err }

// Lockdown is the kernel's lockdown mode (none, integrity, confidentiality), ""
// if the kernel has none.
func Lockdown() string {
	b, err := os.ReadFile("/sys/kernel/security/lockdown")
	if err != nil {
		return ""
	}
	_, mode, _ := strings.Cut(string(b), "[")
	mode, _, _ = strings.Cut(mode, "]")
	return mode
}

// explain turns an error of loading or attaching a tier into one that says what
// is missing.
func explain(t tier, err error) *Error {
	var verifier *ebpf.VerifierError
	e := &Error{What: "hook the kernel by " + t.name, err: err}
	switch {
	case !haveCapabilities():
		e.Why, e.Mend = "needs CAP_BPF and CAP_PERFMON", "run it with sudo"
	case !haveBTF():
		e.Why, e.Mend = "the kernel has no BTF (/sys/kernel/btf/vmlinux)", "use a kernel built with CONFIG_DEBUG_INFO_BTF"
	case Lockdown() == "confidentiality":
		e.Why, e.Mend = "the kernel is locked down for confidentiality", "boot it with lockdown=integrity or none"
	case errors.As(err, &verifier):
		e.Why, e.Mend = fmt.Sprintf("the kernel's verifier refused a program: %v", err), "please report this with the kernel's version"
	case errors.Is(err, unix.EPERM), errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, os.ErrNotExist),
		errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENODEV):
		e.Why, e.Mend = fmt.Sprintf("this kernel does not allow %s (%s)", t.hooks, reason(err)), "use --tier auto"
	default:
		e.Why = err.Error()
	}
	return e
}

// noTier says why each tier was refused.
func noTier(refused []*Error) *Error {
	e := &Error{What: "hook the kernel", Mend: "wrongns doctor says more"}
	var whys []string
	var errs []error
	for _, r := range refused {
		whys = append(whys, r.Why)
		errs = append(errs, r.err)
	}
	e.Why, e.err = strings.Join(whys, "; "), errors.Join(errs...)
	return e
}

// reason is the kernel's own word in err, without what the library makes of it,
// or all of err if the kernel was not asked.
func reason(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

func haveBTF() bool {
	_, err := os.Stat("/sys/kernel/btf/vmlinux")
	return err == nil
}

// haveCapabilities reports whether the thread may load and attach tracing programs.
func haveCapabilities() bool {
	const admin, perfmon, bpf = unix.CAP_SYS_ADMIN, unix.CAP_PERFMON, unix.CAP_BPF
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return false
	}
	has := func(c int) bool { return data[c/32].Effective&(1<<(c%32)) != 0 }
	return has(admin) || has(perfmon) && has(bpf)
}
