package vm

import (
	"debug/elf"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs returns the host's programs of these names, or at these paths, with the loader and the shared
// libraries that they need, for a guest to have in the same places.
func Programs(names ...string) ([]File, error) {
	var files []File
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, fmt.Errorf("find program: %w", err)
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, fmt.Errorf("find program %s: %w", name, err)
		}
		needed, err := libraries(path)
		if err != nil {
			return nil, err
		}
		for _, file := range append(needed, path) {
			files = append(files, File{Host: file, Guest: file})
		}
	}
	return files, nil
}

// libraries returns the loader and the shared libraries of a program: none if it is static.
func libraries(path string) ([]string, error) {
	loader, err := interpreter(path)
	if err != nil || loader == "" {
		return nil, err
	}
	// ldd, not the ELF file's own list: where a library is found is up to the host's loader.
	out, err := exec.Command("ldd", path).Output()
	if err != nil {
		return nil, fmt.Errorf("list libraries of %s: %w", path, err)
	}
	files := []string{loader}
	for line := range strings.Lines(string(out)) {
		name, target, found := strings.Cut(strings.TrimSpace(line), " => ")
		if !found {
			continue // the loader, and the vdso, which is no file
		}
		if !strings.HasPrefix(target, "/") {
			return nil, fmt.Errorf("list libraries of %s: %s: %s", path, name, target)
		}
		file, _, _ := strings.Cut(target, " (")
		files = append(files, file)
	}
	return files, nil
}

// interpreter returns the path of a program's loader, or "" if it is static.
func interpreter(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("read program %s: %w", path, err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		loader := make([]byte, p.Filesz)
		if _, err := p.ReadAt(loader, 0); err != nil {
			return "", fmt.Errorf("read loader of %s: %w", path, err)
		}
		return strings.TrimRight(string(loader), "\x00"), nil
	}
	return "", nil
}
