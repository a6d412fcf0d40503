package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/monitor/capture"
)

// version is set by the linker for a release (see Makefile).
var version string

func versionFlag() cli.Flag {
	return &cli.BoolFlag{
		Name:  "version",
		Usage: "print the version, the kernel's, and the tiers that would work here",
	}
}

func printVersion(w io.Writer) error {
	_, err := fmt.Fprintf(w, "wrongns %s %s\nkernel  %s\ntiers   %s\n",
		ownVersion(), runtime.Version(), kernelRelease(), workingTiers())
	return err
}

// ownVersion is the release's number, else what Go wrote down about the build:
// the module's version, or the commit that it was built from.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(version, "unknown")
	}
	var commit, modified string
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = "-modified"
		}
	}
	if commit != "" {
		commit = " commit " + commit[:min(12, len(commit))] + modified
	}
	return cmp.Or(version, info.Main.Version, "unknown") + commit
}

// kernelRelease is what uname -rm says.
func kernelRelease() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(name.Release[:]) + " " + unix.ByteSliceToString(name.Machine[:])
}

func workingTiers() string {
	var works []string
	for _, tier := range capture.Probe() {
		if tier.OK {
			works = append(works, tier.Tier)
		}
	}
	if len(works) == 0 {
		return "none, see wrongns doctor"
	}
	return strings.Join(works, ", ")
}
