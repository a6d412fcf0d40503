package vm

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// File types in a cpio header, which are those of stat(2).
const (
	typeDir  = 0o040000
	typeFile = 0o100000
	typeLink = 0o120000
)

// A tree is the content of an initramfs, by clean paths without the leading slash.
type tree map[string]entry

type entry struct {
	mode uint32 // type and permissions
	data []byte
	host string // if not "", the file that holds the data
}

func (t tree) dir(name string) { t.put(name, entry{mode: typeDir | 0o755}) }

func (t tree) link(name, target string) {
	t.put(name, entry{mode: typeLink | 0o777, data: []byte(target)})
}

func (t tree) data(name string, perm fs.FileMode, data []byte) {
	t.put(name, entry{mode: typeFile | uint32(perm), data: data})
}

func (t tree) file(name string, perm fs.FileMode, host string) {
	t.put(name, entry{mode: typeFile | uint32(perm), host: host})
}

// put enters e, in the place of what was there, and the folders above it.
func (t tree) put(name string, e entry) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	// Not through the link: the kernel would follow it while it unpacks, but the two paths are one entry.
	if top, _, found := strings.Cut(name, "/"); found && t[top].mode&typeLink == typeLink {
		name = path.Join(string(t[top].data), strings.TrimPrefix(name, top))
	}
	t[name] = e
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, found := t[dir]; !found {
			t[dir] = entry{mode: typeDir | 0o755}
		}
	}
}

// writeFile writes the tree as an initramfs. It is not compressed: qemu copies it into the guest's memory
// faster than the guest could unpack it.
func (t tree) writeFile(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write initramfs: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := t.write(w); err != nil {
		return fmt.Errorf("write initramfs: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write initramfs: %w", err)
	}
	return nil
}

// write writes the tree in the "newc" format, which is what the kernel unpacks; see its
// Documentation/driver-api/early-userspace/buffer-format.rst.
func (t tree) write(w io.Writer) error {
	// In order, a folder comes before what is in it.
	for i, name := range slices.Sorted(maps.Keys(t)) {
		if err := writeEntry(w, i+1, name, t[name]); err != nil {
			return err
		}
	}
	return writeHeader(w, 0, "TRAILER!!!", 0, 0)
}

func writeEntry(w io.Writer, inode int, name string, e entry) error {
	if e.host == "" {
		if err := writeHeader(w, inode, name, e.mode, int64(len(e.data))); err != nil {
			return err
		}
		_, err := w.Write(pad(e.data, int64(len(e.data))))
		return err
	}
	f, err := os.Open(e.host)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := writeHeader(w, inode, name, e.mode, info.Size()); err != nil {
		return err
	}
	// Exactly the announced bytes, even if the file is being written to.
	if _, err := io.CopyN(w, f, info.Size()); err != nil {
		return fmt.Errorf("copy %s: %w", e.host, err)
	}
	_, err = w.Write(pad(nil, info.Size()))
	return err
}

func writeHeader(w io.Writer, inode int, name string, mode uint32, size int64) error {
	if size > 1<<32-1 {
		return fmt.Errorf("add %s: %d bytes are too many for a cpio archive", name, size)
	}
	const links, uid, gid, mtime, major, minor, rmajor, rminor, checksum = 1, 0, 0, 0, 0, 0, 0, 0, 0
	header := "070701"
	for _, field := range []int64{int64(inode), int64(mode), uid, gid, links, mtime, size,
		major, minor, rmajor, rminor, int64(len(name) + 1), checksum} {
		header += fmt.Sprintf("%08x", field)
	}
	header += name + "\x00"
	_, err := w.Write(pad([]byte(header), int64(len(header))))
	return err
}

// pad appends to b the zero bytes that make a multiple of four of size.
func pad(b []byte, size int64) []byte {
	return append(slices.Clip(b), make([]byte, -size&3)...)
}
