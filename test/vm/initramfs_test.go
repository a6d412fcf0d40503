package vm

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTree(t *testing.T) {
	root := make(tree)
	root.link("/bin", "usr/bin")
	root.data("/bin/a/../tool", 0o755, []byte("12345"))
	root.data("/usr/bin/tool", 0o700, []byte("1"))
	want := []string{"bin", "usr", "usr/bin", "usr/bin/tool"}
	if got := slices.Sorted(maps.Keys(root)); !slices.Equal(got, want) {
		t.Errorf("paths %q, want %q", got, want)
	}
	var b bytes.Buffer
	if err := root.write(&b); err != nil {
		t.Fatal(err)
	}
	if b.Len()%4 != 0 {
		t.Errorf("%d bytes are not a multiple of four", b.Len())
	}
	// Inode, type and permissions, owner, links, time, size, devices, length of the name, checksum; the name; the data.
	const entry = "070701" + "00000004" + "000081c0" + "00000000" + "00000000" + "00000001" + "00000000" + "00000001" +
		"00000000" + "00000000" + "00000000" + "00000000" + "0000000d" + "00000000" + "usr/bin/tool\x00\x00" + "1\x00\x00\x00"
	if !strings.Contains(b.String(), entry) {
		t.Errorf("archive %q lacks %q", b.String(), entry)
	}
}

func TestInitramfsRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	command := []string{"/bin/true"}
	for want, job := range map[string]Job{
		"does not begin with an absolute path": {Command: []string{"ip", "link"}},
		"begin with an absolute path":          {},
		"has no value":                         {Command: command, Env: []string{"NAME"}},
		"no such file":                         {Command: command, Files: []File{{Host: file + "x", Guest: "/x"}}},
		"not a regular file":                   {Command: command, Files: []File{{Host: filepath.Dir(file), Guest: "/x"}}},
		"is not absolute":                      {Command: command, Files: []File{{Host: file, Guest: "x"}}},
	} {
		err := writeInitramfs(filepath.Join(t.TempDir(), "initramfs"), Kernel{}, job, "T")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", job, err, want)
		}
	}
}
