package main

import (
	"os"
	"slices"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/output"
)

// outputFlag chooses between the formats.
func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, EnvVars: env("output"), Value: "text", Usage: "print as `FORMAT` text, wide or json"}
}

// checkFormat refuses what is not a format.
func checkFormat(format string) error {
	if !slices.Contains([]string{"text", "wide", "json"}, format) {
		return usagef("output %q: not one of text, wide, json", format)
	}
	return nil
}

// openOutput returns the output for a format: text, wide or json. Without a path
// it is standard output. A file is appended to, and if it is new nobody but its
// owner can read it: command lines hold passwords.
func openOutput(format, path string) (output.Output, error) {
	switch {
	case path == "":
		return newOutput(format, os.Stdout), nil
	case format == "json":
		return output.OpenJSON(path, output.ReadHost())
	}
	return output.OpenText(path, format == "wide")
}

func newOutput(format string, file *os.File) output.Output {
	if format == "json" {
		return output.NewJSON(file, output.ReadHost())
	}
	return output.NewText(file, format == "wide", style(file))
}

// style is coloured on a terminal, unless its user has said no (no-color.org).
func style(file *os.File) events.Style {
	if !term.IsTerminal(int(file.Fd())) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return events.Style{}
	}
	return events.Colour()
}
