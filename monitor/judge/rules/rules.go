// Package rules finds the signs that a change was meant for the host's network
// namespace and not for the one that it was made in.
//
// Every rule weighs one request against two worlds, as they stood when it was
// made: what does it do here, and what would it have done on the host? Pointless
// or impossible here and sensible there: that is what each of them looks for, in
// its own way. A rule is a kind of evidence, not a pattern of commands.
//
// A rule is a pure function of one change and the facts that it carries. What a
// fact weighs, and what earlier changes add to it, is the judge's business.
package rules

import (
	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// Rule is one kind of evidence, with what a person needs to know about it.
type Rule struct {
	Name    string // the warning's rule
	Looks   string // what it looks for
	Why     string // why that is a sign; may hold Markdown
	Example string // a command that it would find, run in a container
	Silence string // what to do where it is wrong

	// Seen says that what it finds is seen and not inferred: what the same would
	// have done on the host says nothing for or against it.
	Seen bool

	// Find returns what a change shows, or nil. It keeps nothing of it but its strings.
	Find func(*Case) *Finding
}

// Case is a change with what it came to in both worlds. The rules of All need one
// that carries the facts of both.
type Case struct {
	*events.Change
	Did trial.Outcome // here

	would trial.Outcome
	tried bool
}

// CaseOf makes a case of a change.
func CaseOf(c *events.Change) Case { return Case{Change: c, Did: trial.Here(c)} }

// Would is what the change would have come to on the host. It is tried once, and
// only if somebody wants to know.
func (k *Case) Would() trial.Outcome {
	if !k.tried {
		k.would, k.tried = trial.OnHost(k.Change), true
	}
	return k.would
}

// All are the rules, from the strongest to the weakest: of two that find
// equally much in one change the first one speaks.
var All = []Rule{
	{
		Name:    "missing-link",
		Looks:   "a change or a look-up names a link that is not here, and the host has one of that name",
		Why:     "Nothing is harmed, but whoever asked believes in the wrong world. `ip` and busybox look a link up by name before they change it, so the failed look-up is often all that ever reaches the kernel.",
		Example: "ip link set dev ens3 up",
		Silence: "ask only for links that `ip link` shows in the container; daemons are believed more than shells",
		Find:    missingLink,
	},
	{
		Name:    "unreachable-gateway",
		Looks:   "a route fails because no link here reaches its gateway, and a link of the host does",
		Why:     `The kernel refuses a route by a gateway that no link is next door to. That the host is next door to just this one is hardly a coincidence.`,
		Example: "ip route add default via 192.168.1.1",
		Silence: "give the container an address in the gateway's subnet before the route",
		Find:    unreachableGateway,
	},
	{
		Name:    "uplink-enslaved",
		Looks:   "the container's own uplink goes into a bridge, bond or VRF here, and the host has a link of that name",
		Why:     `Bridging the network card is the textbook way to give virtual machines and containers a network. On the host it works; in a container it only cuts the container off. Making the bridge before and setting it up after deepen the belief. A host that has no link of that name would have refused the command, which takes the belief away.`,
		Example: "ip link set dev eth0 master br0",
		Silence: "let the container's entrypoint wire its bridge: what a container does to itself is believed",
		Find:    uplinkEnslaved,
	},
	{
		Name:    "no-op-on-shadowed-link",
		Looks:   "a link here already is as asked, and the host has a different link of that name",
		Why:     `The command succeeded and did nothing, and nobody tells. If the host's link of that name is not as asked, there it would have done something.`,
		Example: "ip link set dev eth0 up",
		Silence: "leave the command out, it does nothing; or let the container's entrypoint run it",
		Find:    noOpOnShadowedLink,
	},
	{
		Name:    "host-gateway",
		Looks:   "a default route by the host's own gateway doubles, replaces or fails beside the one here",
		Why:     `The runtime has given the container a default route already. Another by the host's own gateway may be meant for the host, or may be what somebody wants of a container in the host's subnet: where it works that can't be told apart, and it is suspected at most.`,
		Example: "ip route replace default via 192.168.1.1",
		Silence: "tell the runtime the gateway (docker network create --gateway) instead of changing it afterwards",
		Find:    hostGateway,
	},
	{
		Name:    "missing-route",
		Looks:   "a request deletes or changes a route or an address that is not here, and that the host has",
		Why:     `Nobody deletes what he does not believe to be there.`,
		Example: "ip route del 203.0.113.0/24",
		Silence: "delete only what `ip route` and `ip address` show in the container",
		Find:    missingRoute,
	},
	{
		Name:    "host-address",
		Looks:   "an address is added that lies in no subnet of this namespace and in one of the host's",
		Why:     `An address outside of all of a container's subnets is of little use to it. A container that hangs in the host's network is in that subnet itself, and is passed over.`,
		Example: "ip address add 192.168.1.50/24 dev eth0",
		Silence: "have the runtime connect the container to that network; or let the container's entrypoint add the address",
		Find:    hostAddress,
	},
	{
		Name:    "host-everywhere-but-net",
		Looks:   "a process of a container sees the host's files, and only its network is the container's",
		Why:     "`nsenter` without `--net`, or a `chroot` to where the host's file system is mounted: the prompt, the files and perhaps the processes are the host's, so the network is taken for the host's too. Only processes of a container count: who came from the host into a container's network did so by a command that says so.",
		Example: "nsenter --target 1 --mount --uts --pid -- ip link set dev eth0 mtu 9000",
		Silence: "enter the network as well (nsenter --net), or none of the host's namespaces",
		Find:    hostEverywhereButNet,
	},
}

// Finding is what a rule sees in one change. Its texts are for a person: names
// in them are already escaped.
type Finding struct {
	// About is the link or the gateway that the mistake is about. Findings of one
	// rule about the same thing, in the same place, are one mistake.
	About string
	// Step marks a finding that is no sign of a mistake by itself. It only
	// deepens the belief in one that another change shows, before it or after it.
	// It has no texts.
	Step  bool
	Facts []Fact

	Summary   string
	Changed   string
	Untouched string
	Because   string
	Own, Host events.Side
}

// Fact is one reason to believe, or not to, that the host was meant.
type Fact struct {
	Key    string // into the judge's table of weights
	Detail string
}

// The facts that rules can give.
const (
	LinkMissingHere     = "link-missing-here"
	LinkOnHost          = "link-on-host"
	OwnLinkUnchanged    = "own-link-unchanged"
	HostLinkShadowed    = "host-link-shadowed"
	HostLinkNotAsAsked  = "host-link-not-as-asked"
	HostLinkAsAsked     = "host-link-as-asked"
	UplinkEnslaved      = "uplink-enslaved"
	HostUplinkEnslaved  = "host-uplink-enslaved"
	MasterMadeHere      = "master-made-here"
	MasterUpHere        = "master-up-here"
	GatewayUnreachable  = "gateway-unreachable-here"
	GatewayOnLinkOnHost = "gateway-on-link-on-host"
	GatewayOfHost       = "gateway-of-host"
	OwnDefaultRoute     = "own-default-route"
	RouteFailsHere      = "route-fails-here"
	RouteMissingHere    = "route-missing-here"
	RouteOnHost         = "route-on-host"
	SubnetOfHost        = "subnet-of-host"
	LinkOfThatSubnet    = "link-of-that-subnet"
	AddressOfHost       = "address-of-host"
	HostEverywhere      = "host-everywhere"
	HostChanged         = "host-changed"
	OtherNamespace      = "other-namespace"
	ContainerReachesOut = "container-reaches-out"
)
