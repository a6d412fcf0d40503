package vm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mustWork are the tiers that each kernel should support: one that fails there
// is a failed test. docs/kernels.md shows the same table.
var mustWork = map[string]string{
	"5.10": "fexit,kprobe,tracepoint",
	"6.1":  "fexit,kprobe,tracepoint",
	"6.12": "fexit,kprobe,tracepoint",
	"7.2":  "fexit,kprobe,tracepoint",
}

// TestScenario runs test/scenario in each kernel, on every tier: the events are
// to be those recorded there.
func TestScenario(t *testing.T) {
	files := scenarioFiles(t)
	for _, version := range Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			result, err := runIn(t, findKernel(t, version), Job{
				Files:   files,
				Command: []string{"/bin/bash", "-c", "cd /scenario && exec ./scenario.test -test.v"},
				Env:     []string{"WRONGNS=/scenario/wrongns", "WRONGNS_REQUIRE=1", "WRONGNS_TIERS=" + mustWork[version], "WRONGNS_ROUTES=2000"},
				Timeout: 8 * time.Minute,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s", result.Output)
			if result.Status != 0 {
				t.Errorf("status %d", result.Status)
			}
		})
	}
}

// scenarioFiles builds the suite and the program that it tests, and returns them
// with what they read and run.
func scenarioFiles(t *testing.T) []File {
	t.Helper()
	files, err := Programs("ip", "bridge", "tc", "bash", "busybox")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for guest, argv := range map[string][]string{
		"scenario.test": {"go", "test", "-c", "-o", filepath.Join(dir, "scenario.test"), "../scenario"},
		"wrongns":       {"go", "build", "-o", filepath.Join(dir, "wrongns"), "../../cmd/wrongns"},
	} {
		build := exec.Command(argv[0], argv[1:]...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
		}
		files = append(files, File{Host: filepath.Join(dir, guest), Guest: "/scenario/" + guest})
	}
	files = append(files, File{Host: "/etc/protocols", Guest: "/etc/protocols"}) // ip takes words for them from there
	data, err := filepath.Glob("../scenario/testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range data {
		files = append(files, File{Host: name, Guest: "/scenario/testdata/" + filepath.Base(name)})
	}
	return files
}
