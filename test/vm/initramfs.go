package vm

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed init.sh
var initScript []byte

// A File is put into the guest.
type File struct {
	Host  string      // path of a regular file, or of a link to one
	Guest string      // absolute path
	Mode  fs.FileMode // the host file's if zero
}

// skeleton is what every guest has beside its files. The links make it look like a Debian host with a merged
// /usr, so that /bin/ip and /usr/bin/ip are one there as well.
var skeleton = struct {
	dirs  []string
	links [][2]string // path, target
}{
	dirs: []string{"/busybox", "/dev", "/proc", "/run", "/sys", "/tmp", "/root", "/etc"},
	links: [][2]string{
		{"/bin", "usr/bin"}, {"/sbin", "usr/sbin"}, {"/lib", "usr/lib"}, {"/lib64", "usr/lib64"}, {"/var/run", "/run"},
		{"/usr/bin/sh", "busybox"}, {"/usr/bin/env", "busybox"},
	},
}

// writeInitramfs writes, at path, the root file system of a guest.
func writeInitramfs(path string, k Kernel, job Job, token string) error {
	script, err := jobScript(job)
	if err != nil {
		return err
	}
	busybox, err := findBusybox()
	if err != nil {
		return err
	}
	root := make(tree)
	for _, dir := range skeleton.dirs {
		root.dir(dir)
	}
	for _, link := range skeleton.links {
		root.link(link[0], link[1])
	}
	root.data("/init", 0o755, initScript)
	root.data("/etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	root.data("/etc/group", 0o644, []byte("root:x:0:\n"))
	root.data("/vm/token", 0o644, []byte(token+"\n"))
	root.data("/vm/job", 0o644, script)
	root.data("/vm/collect", 0o644, []byte(strings.Join(job.Collect, "\n")+"\n"))
	var order strings.Builder
	for _, module := range k.Modules {
		name := filepath.Base(module)
		fmt.Fprintln(&order, name)
		root.file("/vm/modules/"+name, 0o644, module)
	}
	root.data("/vm/modules.order", 0o644, []byte(order.String()))
	root.file("/usr/bin/busybox", 0o755, busybox)
	// Last, so that a job can put a shell of its own in the place of busybox's.
	for _, f := range job.Files {
		if err := root.add(f); err != nil {
			return err
		}
	}
	return root.writeFile(path)
}

// jobScript makes the shell script that becomes the job's command.
func jobScript(job Job) ([]byte, error) {
	if len(job.Command) == 0 || !strings.HasPrefix(job.Command[0], "/") {
		return nil, fmt.Errorf("make job's script: command %q does not begin with an absolute path", job.Command)
	}
	var script strings.Builder
	for _, variable := range job.Env {
		name, value, found := strings.Cut(variable, "=")
		if !found {
			return nil, fmt.Errorf("make job's script: environment %q has no value", variable)
		}
		fmt.Fprintf(&script, "export %s=%s\n", name, quote(value))
	}
	script.WriteString("exec")
	for _, arg := range job.Command {
		script.WriteString(" " + quote(arg))
	}
	script.WriteString("\n")
	return []byte(script.String()), nil
}

// quote makes one word of s for a shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func findBusybox() (string, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return "", fmt.Errorf("find busybox (package busybox-static): %w", err)
	}
	loader, err := interpreter(path)
	if err != nil {
		return "", err
	}
	if loader != "" {
		return "", fmt.Errorf("use %s: it is not static (install package busybox-static)", path)
	}
	return path, nil
}

// add puts a job's file into the tree.
func (t tree) add(f File) error {
	info, err := os.Stat(f.Host)
	if err != nil {
		return fmt.Errorf("add file to guest: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("add %s to guest: %w", f.Host, errors.New("not a regular file"))
	}
	if !strings.HasPrefix(f.Guest, "/") {
		return fmt.Errorf("add %s to guest: its place there, %q, is not absolute", f.Host, f.Guest)
	}
	mode := f.Mode
	if mode == 0 {
		mode = info.Mode()
	}
	t.file(f.Guest, mode.Perm(), f.Host)
	return nil
}
