package docker

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The images that every Daemon has. They differ in which ip a command finds: the two change links by different
// doors of the kernel.
const (
	// Iproute2 has iproute2's ip and bridge in /sbin, before busybox's in /bin, and dash as its sh: busybox's sh
	// would prefer its own ip to any in PATH.
	Iproute2 = "wrongns-test/iproute2"
	// Busybox has busybox alone, as Alpine does.
	Busybox = "wrongns-test/busybox"
)

// Label is on both images; its value is the last part of the image's name.
const Label = "org.wrongns.test"

// importImages makes the images from the machine's own programs: a test can't rely on a registry.
func (d *Daemon) importImages(t testing.TB) {
	t.Helper()
	d.Image(t, Busybox, nil)
	d.Image(t, Iproute2, Iproute2Programs())
}

// Iproute2Programs are those of the image Iproute2, as Image takes them.
func Iproute2Programs() map[string]string {
	return map[string]string{"sbin/ip": "ip", "sbin/bridge": "bridge", "bin/sh": "dash"}
}

// Image makes an image that has busybox and other programs of the machine's, each with its libraries: by the path in
// the image the name of a program that is in the usual places, or its own path.
func (d *Daemon) Image(t testing.TB, image string, programs map[string]string) {
	t.Helper()
	root, err := rootfs(programs)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		Unavailable(t, "make image %s: %v", image, err)
	case err != nil:
		t.Fatalf("make image %s: %v", image, err)
	}
	d.must(t, root, "import", "--change", "LABEL "+Label+"="+path.Base(image), "-", image)
}

// Unpack writes the file system of an image of these programs into a new directory, for runtimes that have no images.
func Unpack(dir string, programs map[string]string) error {
	content, err := rootfs(programs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "usr"), 0o755); err != nil { // systemd-nspawn wants it
		return fmt.Errorf("unpack image: %w", err)
	}
	tar := exec.Command("tar", "--extract", "--directory", dir)
	tar.Stdin = bytes.NewReader(content)
	if out, err := tar.CombinedOutput(); err != nil {
		return fmt.Errorf("unpack image: %w: %s", err, out)
	}
	return nil
}

// rootfs returns the image's file system as a tar archive.
func rootfs(programs map[string]string) ([]byte, error) {
	var buf bytes.Buffer
	a := &archive{w: tar.NewWriter(&buf), has: map[string]bool{}}
	for _, dir := range []string{"bin", "sbin", "etc", "dev", "proc", "sys", "run", "root", "var", "tmp"} {
		a.dir(dir)
	}
	a.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	a.file("etc/group", 0o644, []byte("root:x:0:\n"))
	a.file("etc/os-release", 0o644, []byte("ID=wrongns-test\nNAME=\"wrongns test image\"\n"))
	for _, to := range slices.Sorted(maps.Keys(programs)) {
		a.program(programs[to], to)
	}
	a.busybox()
	if a.err != nil {
		return nil, a.err
	}
	if err := a.w.Close(); err != nil {
		return nil, fmt.Errorf("write archive: %w", err)
	}
	return buf.Bytes(), nil
}

// archive writes a tar archive. The first error sticks and makes the rest do nothing. A name that is there already
// is not written again.
type archive struct {
	w   *tar.Writer
	has map[string]bool
	err error
}

func (a *archive) add(header tar.Header, content []byte) {
	if a.err != nil || a.has[header.Name] {
		return
	}
	a.has[header.Name] = true
	if parent := path.Dir(header.Name); parent != "." {
		a.dir(parent)
	}
	header.Size = int64(len(content))
	if err := a.w.WriteHeader(&header); err != nil {
		a.err = fmt.Errorf("add file %s: %w", header.Name, err)
		return
	}
	if _, err := a.w.Write(content); err != nil {
		a.err = fmt.Errorf("add file %s: %w", header.Name, err)
	}
}

func (a *archive) dir(name string) {
	mode := int64(0o755)
	if name == "tmp" {
		mode = 0o1777
	}
	a.add(tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, nil)
}

func (a *archive) file(name string, mode int64, content []byte) {
	a.add(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}, content)
}

func (a *archive) link(name, target string) {
	a.add(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, nil)
}

// copy adds a file of the machine's; where that is a symbolic link, what it points to.
func (a *archive) copy(from, to string) {
	content, err := os.ReadFile(from)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("copy program: %w", err)
	}
	a.file(to, 0o755, content)
}

// busybox adds busybox and a link for each of its applets.
func (a *archive) busybox() {
	program, err := find("busybox")
	if err == nil {
		err = static(program)
	}
	var list []byte
	if err == nil {
		list, err = exec.Command(program, "--list").Output()
	}
	if err != nil {
		a.err = fmt.Errorf("add busybox: %w", err)
		return
	}
	a.copy(program, "bin/busybox")
	for _, applet := range strings.Fields(string(list)) {
		a.link("bin/"+applet, "busybox")
	}
}

// static returns an error if the program needs a dynamic loader, which the busybox image has not got.
func static(program string) error {
	file, err := os.Open(program)
	if err != nil {
		return fmt.Errorf("read program: %w", err)
	}
	defer file.Close()
	headers, err := elf.NewFile(file)
	if err != nil {
		return fmt.Errorf("read program %s: %w", program, err)
	}
	for _, p := range headers.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is dynamically linked: install busybox-static", program)
		}
	}
	return nil
}

// library matches the path in each line of what ldd prints: a library's, or the loader's.
var library = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// program adds a program, by its name or its path, and its libraries if it has any, each where its loader looks for it.
func (a *archive) program(name, to string) {
	program, err := name, error(nil)
	if !strings.Contains(name, "/") {
		program, err = find(name)
	}
	var out []byte
	if err == nil && static(program) != nil {
		out, err = exec.Command("ldd", program).Output()
	}
	if err != nil {
		a.err = fmt.Errorf("add program %s: %w", name, err)
		return
	}
	a.copy(program, to)
	for _, match := range library.FindAllStringSubmatch(string(out), -1) {
		a.copy(match[1], strings.TrimPrefix(match[1], "/"))
	}
}
