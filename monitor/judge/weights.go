package judge

import "github.com/wrongns/wrongns/monitor/judge/rules"

// Weight is what one fact adds to the belief that a change was meant for the
// host's namespace, in log-odds: +0.7 doubles the odds, -0.7 halves them. Facts
// are taken as independent, so their weights add up, and the confidence is
// 1 / (1 + e^-sum).
type Weight struct {
	Fact    string
	LogOdds float64
	Reason  string
}

// Weights is the whole of what the judge believes. The facts of a rule come
// first, then those of the context.
//
// The numbers are set so that the plain case of a mistake, by a command with
// neither a terminal nor anything else that speaks for or against it, is likely
// (0.80 and more); that what would have done the same in both worlds is suspected
// at most; that what runs by itself takes a very strong sign to be suspected; and
// that certain (0.97) takes a very strong sign and a person at a terminal.
var Weights = []Weight{
	{prior, -2.5, "most changes that containers make to themselves are meant for themselves: the odds are 1 to 12"},

	{rules.LinkMissingHere, 3.0, "a command can't have been meant for a world that lacks the link; but names are mistyped, and programs try names"},
	{rules.LinkOnHost, 2.2, "a mistyped name is rarely that of a link of the host"},

	{rules.GatewayUnreachable, 3.0, "a route by a gateway that nothing reaches is of no use to anybody"},
	{rules.GatewayOnLinkOnHost, 2.2, "of all the addresses that are not reachable here, few are next door to the host"},

	{rules.UplinkEnslaved, 2.6, "a container that bridges its only way out loses its network, which nobody wants"},
	{rules.HostUplinkOfThatName, 1.5, "on the host the same command is the textbook set-up"},
	{rules.HostUplinkEnslaved, -1.5, "on the host it is done already, so there is little reason to do it again"},
	{rules.MasterMadeHere, 0.5, "the bridge was made in the same breath, so it is not part of how the container is built"},
	{rules.MasterUpHere, 0.3, "the recipe is followed to its end"},

	{rules.OwnLinkUnchanged, 1.6, "people seldom ask for what is there already"},
	{rules.HostLinkShadowed, 1.5, "two links of one name are easily taken for each other"},
	{rules.HostLinkNotAsAsked, 1.2, "there the command would have done something"},
	{rules.HostLinkAsAsked, -0.4, "there it would have done nothing either, so it may be a habit"},

	{rules.GatewayOfHost, 1.6, "the gateway is what the host goes by, and not what this world goes by"},
	{rules.OwnDefaultRoute, 1.0, "there is a default route already, from the runtime, and it is shut out or doubled"},
	{rules.RouteFailsHere, 2.6, "a route that this world refuses was hardly meant for it"},

	{interactive, 0.8, "people lose track of where they are, scripts run where they were put"},
	{execLate, 0.4, "what enters a container long after its start is somebody's repair, not its own set-up"},
	{entrypoint, -2.0, "what a container's own init runs was put there for the container"},
	{daemonAtWork, -2.4, "network daemons set links, addresses and routes again and again, and mean their own"},
	{runtimeAtWork, -2.4, "a runtime inside a container wires the containers inside it"},
	{namedByItself, -4.0, "who names the namespace has not lost track of it"},
	{bareNamespace, -0.8, "nothing but the network is a world of its own: whoever is in there went in by a command that says so"},
}

// weightOf returns the log-odds of a fact of the table.
func weightOf(fact string) float64 {
	for i := range Weights {
		if Weights[i].Fact == fact {
			return Weights[i].LogOdds
		}
	}
	return 0 // a test proves that the table has every fact
}
