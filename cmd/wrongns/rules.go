package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wrongns/wrongns/monitor/judge/handbook"
	"github.com/wrongns/wrongns/monitor/judge/rules"
)

func rulesCommand() *cli.Command {
	return &cli.Command{
		Name:  "rules",
		Usage: "say what each rule looks for, with an example, and how to silence it",
		Description: "Every rule weighs a request against two worlds: what does it do here, and what would it\n" +
			"have done on the host? Pointless or impossible here and sensible there: it was meant for there.\n\n" +
			"Example:\n   wrongns rules",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, EnvVars: env("output"), Value: "text", Usage: "`text|markdown`"},
		},
		Action: noArguments(printRules),
	}
}

func printRules(c *cli.Context) error {
	switch c.String("output") {
	case "text":
		return printShort(c)
	case "markdown":
		text, err := handbook.Markdown()
		if err == nil {
			_, err = c.App.Writer.Write(text)
		}
		return err
	}
	return usagef("output %q: not one of text, markdown", c.String("output"))
}

func printShort(c *cli.Context) error {
	for i, rule := range slices.Concat(rules.All, rules.Neighbours) {
		gap := "\n"
		if i == 0 {
			gap = ""
		}
		_, err := fmt.Fprintf(c.App.Writer, "%s%s\n  looks for   %s\n  example     %s\n  to silence  %s\n",
			gap, rule.Name, rule.Looks, rule.Example, rule.Silence)
		if err != nil {
			return fmt.Errorf("print the rules: %w", err)
		}
	}
	return nil
}
