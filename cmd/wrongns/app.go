package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

func newApp() *cli.App {
	app := &cli.App{
		Name:  "wrongns",
		Usage: "who changed which link or route, in which network namespace, and was it the wrong one?",
		Description: "Every flag can be given in the environment too: WRONGNS_ and its name in capitals,\n" +
			"with _ for -, so WRONGNS_HOST_NETNS for --host-netns.\n\n" +
			"Example:\n   sudo wrongns trace --container web",
		Commands: []*cli.Command{
			traceCommand(), replayCommand(), demoCommand(), doctorCommand(), rulesCommand(), configCommand(), holdCommand(),
		},
		Flags:          []cli.Flag{versionFlag()},
		HideVersion:    true, // ours says more
		Action:         noCommand,
		OnUsageError:   wrongUsage,
		ExitErrHandler: func(*cli.Context, error) {}, // main decides
	}
	prepare(app.Commands)
	return app
}

// prepare sets what all commands have alike.
func prepare(commands []*cli.Command) {
	for _, command := range commands {
		command.OnUsageError = wrongUsage
		command.HideHelpCommand = true
		prepare(command.Subcommands)
	}
}

func noCommand(c *cli.Context) error {
	switch {
	case c.Bool("version"):
		return printVersion(c.App.Writer)
	case c.Args().Present():
		return usagef("there is no command %q: see wrongns --help", c.Args().First())
	}
	return cli.ShowAppHelp(c)
}

func wrongUsage(c *cli.Context, err error, _ bool) error {
	return usagef("%w: see %s --help", err, c.Command.HelpName)
}

// noArguments is an Action for commands that take flags only.
func noArguments(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			return usagef("%s takes no argument %q: see %s --help", c.Command.Name, c.Args().First(), c.Command.HelpName)
		}
		return action(c)
	}
}

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// env names the environment's variable for a flag.
func env(flag string) []string {
	return []string{"WRONGNS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
}
