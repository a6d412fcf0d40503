package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/capture"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say what this kernel and these privileges allow, and what to mend",
		Description: "Ends with 0 if this machine can be monitored as things are, with 1 if not.\n\n" +
			"Example:\n   sudo wrongns doctor\n   sudo wrongns doctor -o json",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, EnvVars: env("output"), Value: "text", Usage: "print as `FORMAT` text or json"},
		},
		Action: noArguments(doctor),
	}
}

// diagnosis is what doctor says, also as JSON.
type diagnosis struct {
	OK     bool      `json:"ok"`             // this machine can be monitored
	Tier   string    `json:"tier,omitempty"` // the one that would be used
	Checks []finding `json:"checks"`
}

// state is how a check went.
type state string

const (
	stateOK      state = "ok"
	stateMissing state = "missing"
	stateUnknown state = "unknown" // could not be found out
)

// finding is one thing that was looked at.
type finding struct {
	Name  string `json:"name"`
	State state  `json:"state"`
	Found string `json:"found"`          // in a few words
	Mend  string `json:"mend,omitempty"` // what to do about it, if anything
}

func doctor(c *cli.Context) error {
	format := c.String("output")
	if format != "text" && format != "json" {
		return usagef("output %q: not one of text, json", format)
	}
	d := diagnose()
	write := d.writeText
	if format == "json" {
		write = d.writeJSON
	}
	if err := write(c.App.Writer); err != nil {
		return fmt.Errorf("write the diagnosis: %w", err)
	}
	if !d.OK {
		return exitStatus(exitFailed)
	}
	return nil
}

func diagnose() diagnosis {
	var d diagnosis
	for _, check := range checks {
		d.Checks = append(d.Checks, check())
	}
	for _, tier := range capture.Probe() {
		f := finding{Name: "tier " + tier.Tier, State: stateOK, Found: "works"}
		if !tier.OK {
			f = finding{f.Name, stateMissing, tier.Why, tier.Mend}
		} else if !d.OK {
			d.OK, d.Tier = true, tier.Tier
		}
		if tier.Note != "" {
			f.Found += "; " + tier.Note
		}
		d.Checks = append(d.Checks, f)
	}
	return d
}

func (d *diagnosis) writeJSON(w io.Writer) error {
	return json.NewEncoder(w).Encode(d)
}

func (d *diagnosis) writeText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range d.Checks {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.State, f.Name, events.Name(f.Found))
		if f.Mend != "" {
			fmt.Fprintf(table, "\t\t-> %s\n", events.Name(f.Mend))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	verdict := "This machine cannot be monitored as things are."
	if d.OK {
		verdict = "This machine can be monitored: " + d.Tier + " would be used."
	}
	if slices.ContainsFunc(d.Checks, func(f finding) bool { return f.Mend != "" }) {
		verdict += " What to mend stands behind the arrows."
	}
	_, err := fmt.Fprintln(w, verdict)
	return err
}
