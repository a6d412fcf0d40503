// Package scenario runs the same changes on every tier that the kernel has, and
// holds what wrongns says of them against one recorded answer: the events are to
// be the same whatever the tier and the kernel.
//
// Environment: WRONGNS is the program to test, built from this tree if unset;
// WRONGNS_TIERS names the tiers that must work here, separated by commas.
package scenario

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/monitor/capture"
)

var update = flag.Bool("update", false, "record the answers of the first tier")

// program is the wrongns under test.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	var cleanUp func()
	program, cleanUp = findProgram()
	defer cleanUp()
	return m.Run()
}

// TestChanges makes every kind of change, by rtnetlink and by ioctl, in a
// namespace that plays the host and in one that plays a container.
func TestChanges(t *testing.T) {
	needRoot(t)
	golden := filepath.Join("testdata", "changes.json")
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			stage := newStage(t)
			lines := stage.watch(t, tier, func() { stage.play(t, filepath.Join("testdata", "changes.txt")) })
			checkReplay(t, stage.events, lines)
			got := normalise(t, stage, lines)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				*update = false
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, knownDifferences(want, tier), got)
		})
	}
}

// knownDifferences takes out of the recorded answer what this tier can't see on
// this kernel. It must then really not be there.
func knownDifferences(want []byte, tier string) []byte {
	if tier != capture.TierTracepoint || haveExtackTracepoint() {
		return want
	}
	return withoutTexts(want)
}

func compare(t *testing.T, want, got []byte) {
	t.Helper()
	split := func(b []byte) []string { return strings.Split(string(bytes.TrimSpace(b)), "\n") }
	if diff := cmp.Diff(split(want), split(got)); diff != "" {
		t.Errorf("events differ from the recorded ones (-recorded +got):\n%s", diff)
	}
}

// tiers are those that must work here: those of WRONGNS_TIERS, or those for which
// this kernel has what they need.
func tiers(t *testing.T) []string {
	t.Helper()
	if named := os.Getenv("WRONGNS_TIERS"); named != "" {
		return strings.Split(named, ",")
	}
	must := []string{capture.TierTracepoint}
	if _, err := os.Stat("/sys/bus/event_source/devices/kprobe"); err == nil {
		must = append(must, capture.TierKprobe)
	}
	for _, report := range capture.Probe() {
		if report.OK && !slices.Contains(must, report.Tier) {
			must = append(must, report.Tier)
		}
		t.Logf("%s: works %v %s", report.Tier, report.OK, report.Why)
	}
	return must
}
