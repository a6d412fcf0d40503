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
			traceCommand(), replayCommand(), demoCommand(), doctorCommand(), rulesCommand(), holdCommand(),
		},
		Flags:          []cli.Flag{versionFlag()},
		HideVersion:    true, // ours says more
		Action:         noCommand,
		OnUsageError:   wrongUsage,
		ExitErrHandler: func(*cli.Context, error) {}, // main decides
	}
	for _, command := range app.Commands {
		command.OnUsageError = wrongUsage
		command.HideHelpCommand = true
	}
	return app
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
	return usagef("%w: see %s --help", err, strings.TrimSpace(c.App.Name+" "+commandName(c)))
}

func commandName(c *cli.Context) string {
	if c.Command == nil || c.Command.Name == c.App.Name {
		return ""
	}
	return c.Command.Name
}

// noArguments is an Action for commands that take flags only.
func noArguments(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			return usagef("%s takes no argument %q: see wrongns %[1]s --help", c.Command.Name, c.Args().First())
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
