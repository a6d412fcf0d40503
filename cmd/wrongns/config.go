package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/config"
	"github.com/wrongns/wrongns/monitor/judge"
	"github.com/wrongns/wrongns/monitor/output"
)

func configCommand() *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "check, print or describe the configuration's file",
		Description: "docs/configuration.md explains the file. Without FILE it is the one that --config or\n" +
			"WRONGNS_CONFIG names.\n\n" +
			"Example:\n   wrongns config print >wrongns.yaml\n   wrongns config check wrongns.yaml",
		Subcommands: []*cli.Command{
			{
				Name:        "check",
				Usage:       "say what is wrong with a file: a line each, with line and column",
				ArgsUsage:   "[FILE]",
				Description: "Ends with 0 if the file can be used, with 1 if not.\n\nExample:\n   wrongns config check wrongns.yaml",
				Flags:       []cli.Flag{configFlag()},
				Action:      checkConfig,
			},
			{
				Name:      "print",
				Usage:     "print the configuration in force, with all that has a default",
				ArgsUsage: "[FILE]",
				Description: "What is printed is a file that gives the same. Without any file it is the defaults.\n\n" +
					"Example:\n   wrongns config print",
				Flags:  []cli.Flag{configFlag()},
				Action: printConfig,
			},
			{
				Name:        "schema",
				Usage:       "print the JSON Schema of the file, for editors",
				Description: "Example:\n   wrongns config schema >wrongns.schema.json",
				Action:      noArguments(printConfigSchema),
			},
		},
		Action: noSubcommand,
	}
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", EnvVars: env("config"), Usage: "read the configuration from `FILE`"}
}

func noSubcommand(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("there is no command %q: see wrongns %s --help", "config "+c.Args().First(), c.Command.Name)
	}
	return cli.ShowSubcommandHelp(c)
}

// configPath is the file that a command of config is about, or "".
func configPath(c *cli.Context) (string, error) {
	switch c.NArg() {
	case 0:
		return c.String("config"), nil
	case 1:
		return c.Args().First(), nil
	}
	return "", usagef("config %s takes one FILE: see wrongns config %[1]s --help", c.Command.Name)
}

func checkConfig(c *cli.Context) error {
	path, err := configPath(c)
	switch {
	case err != nil:
		return err
	case path == "":
		return usagef("config check needs a FILE: see wrongns config check --help")
	}
	if _, err := config.Load(path); err != nil {
		return tellEach(err)
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s can be used\n", events.Name(path))
	return err
}

// tellEach prints each of the problems of a file on a line of its own.
func tellEach(err error) error {
	var problem *config.Problem
	if !errors.As(err, &problem) {
		return err
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(os.Stderr, events.Name(line))
	}
	return exitStatus(exitFailed)
}

func printConfig(c *cli.Context) error {
	path, err := configPath(c)
	if err != nil {
		return err
	}
	loaded, err := loadConfig(path)
	if err != nil {
		return tellEach(err)
	}
	return loaded.Write(c.App.Writer)
}

func printConfigSchema(c *cli.Context) error { return config.WriteSchema(c.App.Writer) }

// loadConfig reads the configuration; without a path it is the default.
func loadConfig(path string) (*config.Config, error) {
	if path == "" {
		return config.Default(), nil
	}
	return config.Load(path)
}

// judgeConfig is what the file that --config names tells the judge.
func judgeConfig(c *cli.Context) (judge.Config, error) {
	loaded, err := loadConfig(c.String("config"))
	if err != nil {
		return judge.Config{}, err
	}
	host := output.ReadHost()
	return loaded.JudgeConfig(&host), nil
}
