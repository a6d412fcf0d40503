package rules

import (
	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// Neighbours are what is no mistake of this kind and yet should be known:
// somebody changes a namespace that is not his own. Their cases carry no facts of
// the two worlds.
var Neighbours = []Rule{
	{
		Name:    "host-changed-by-container",
		Looks:   "a container that has a network of its own changes the host's",
		Why:     `No mistake of this kind, and yet somebody should know: a container that has a network of its own changed the host's.`,
		Example: "nsenter --target 1 --net -- ip route del default",
		Silence: "run the container with --network host if it manages the host's network: then it is not said",
		Seen:    true,
		Find:    hostChangedByContainer,
	},
	{
		Name:    "cross-namespace",
		Looks:   "a process changes a namespace that is neither its own nor the host's, and is no runtime or CNI plug-in",
		Why:     `Likewise: somebody changed a network that is neither his own nor the host's. Runtimes and CNI plug-ins do so all day, and are passed over.`,
		Example: "nsenter --target $(pidof other) --net -- ip link set eth0 down",
		Silence: "an ignore rule for the program, if it does so on purpose",
		Seen:    true,
		Find:    crossNamespace,
	},
}

// changesOther reports whether a change did something to a namespace: what failed,
// or only looked, has no effect on others.
func changesOther(k *Case) bool {
	return k.Action != events.Lookup && k.Did.Result != trial.Fails && k.Did.Result != trial.Idle && k.Known
}

// Away reports whether the process changed a namespace that is not the one of its
// container, or, if it is of none, not the one that it lives in. A process can go
// and live in another namespace, a container can't.
//
// A namespace that nobody is known to own is taken for one that the process or its
// container has made, as Docker in Docker and simulators of networks do.
func Away(c *events.Change) bool {
	if !c.Netns.Host && c.Netns.Owner == "" {
		return false
	}
	if c.Process.NetnsInode != 0 && c.Process.NetnsInode != c.Netns.Inode {
		return true
	}
	switch told := c.Container; {
	case told == nil || !told.Told:
		return false
	case told.HostNet:
		return !c.Netns.Host
	default:
		return told.Netns != 0 && told.Netns != c.Netns.Inode
	}
}
