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
// at most; that what runs by itself takes more than the strongest sign to be suspected; and
// that certain (0.97) takes a very strong sign and a person at a terminal.
var Weights = []Weight{
	{prior, -2.5, "most changes that containers make to themselves are meant for themselves: the odds are 1 to 12"},

	{rules.LinkMissingHere, 3.0, "a command can't have been meant for a world that lacks the link; but names are mistyped, and programs try names"},
	{rules.LinkOnHost, 2.2, "a mistyped name is rarely that of a link of the host"},

	{onlyLooks, -2.0, "a command that only shows a link harms nobody, and scripts and health checks try names"},

	{rules.GatewayUnreachable, 3.0, "a route by a gateway that nothing reaches is of no use to anybody"},
	{rules.GatewayOnLinkOnHost, 2.2, "of all the addresses that are not reachable here, few are next door to the host"},

	{rules.UplinkEnslaved, 4.1, "a container that bridges its only way out loses its network, which nobody wants; on the host it is the textbook set-up"},
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

	{rules.RouteMissingHere, 2.4, "nobody deletes what he does not believe to be there; but scripts tidy up what may not be"},
	{rules.RouteOnHost, 2.4, "of all the routes and addresses that are not here, few are the host's"},

	{rules.SubnetOfHost, 2.6, "an address outside of all subnets here is of little use, and the host's subnet is not a likely coincidence"},
	{rules.LinkOfThatSubnet, 1.2, "on the host that link is the one that is in that subnet"},
	{rules.AddressOfHost, 0.6, "that address is the host's; a second holder of it would break both"},

	{rules.HostEverywhere, 2.0, "who sees the host all around takes the network for the host's too"},

	{failsOnHost, -2.4, "what works here and would fail on the host was hardly meant for there"},

	{rules.HostChanged, 2.0, "it is seen, so there is no prior to overcome; what remains open is whether it was meant"},
	{rules.OtherNamespace, 0.2, "likewise; but programs that orchestrate namespaces do so on purpose"},
	{rules.ContainerReachesOut, 1.8, "a container is seldom meant to reach into another's network"},

	{interactive, 0.8, "people lose track of where they are, scripts run where they were put"},
	{execLate, 0.4, "what enters a container long after its start is somebody's repair, not its own set-up"},
	{startUp, -0.15, "no person is so quick; what sets the container up from outside may be"},
	{privileged, 0.3, "who gives a container the host's powers wants it to manage the host"},
	{hostMounts, 0.3, "likewise"},
	{hostFiles, 0.9, "who sees the host's files believes to be on the host"},
	{hostProcesses, 0.6, "likewise the processes"},
	{hostName, 0.6, "likewise the name, which stands in every prompt"},
	{entrypoint, -3.2, "what a container's own init runs was put there for the container"},
	{daemonAtWork, -3.2, "network daemons set links, addresses and routes again and again, and mean their own"},
	{runtimeAtWork, -3.2, "a runtime inside a container wires the containers inside it"},
	{namedByItself, -4.0, "who names the namespace has not lost track of it"},
	{bareNamespace, -0.8, "nothing but the network is a world of its own: whoever is in there went in by a command that says so"},
}
