package events

import (
	"net/netip"
	"syscall"
	"time"
)

// Kind says what a change is about.
type Kind string

// The kinds of objects that can be changed.
const (
	KindLink      Kind = "link"
	KindAddress   Kind = "address"
	KindRoute     Kind = "route"
	KindRule      Kind = "rule"
	KindNeighbour Kind = "neighbour" // of a link, or of a bridge: an entry of its forwarding table
	KindNexthop   Kind = "nexthop"
	KindQdisc     Kind = "qdisc" // a queueing discipline, a class or a filter
)

// Kinds are all kinds, in the order in which they are shown.
var Kinds = []Kind{KindLink, KindAddress, KindRoute, KindRule, KindNeighbour, KindNexthop, KindQdisc}

// Action says what was asked for.
type Action string

// The actions. Lookup is a look-up of a link by name that failed, often the
// only trace of a command that was meant for another namespace.
const (
	Add     Action = "add"
	Set     Action = "set"
	Replace Action = "replace"
	Append  Action = "append"
	Delete  Action = "delete"
	Lookup  Action = "lookup"
	Move    Action = "move" // a link goes to another network namespace
)

// Via is the door through which the request reached the kernel.
type Via string

// The doors.
const (
	ViaRtnetlink Via = "rtnetlink"
	ViaIoctl     Via = "ioctl"
)

// Effect is what came of a request.
type Effect string

// The effects. Unknown: the state before or the result could not be seen.
const (
	EffectChanged Effect = "changed"
	EffectNone    Effect = "none"
	EffectFailed  Effect = "failed"
	EffectUnknown Effect = "unknown"
)

// Change is one request to change a link, an address or a route (or a failed
// look-up of a link), with who made it, where, and what came of it.
//
// The strings of a Change stay valid after the next one has been decoded.
type Change struct {
	Time time.Time
	Seq  uint64 // its place in the log; 0 if a filter kept it out

	Kind    Kind
	Action  Action
	Via     Via
	Target  Name   // what a person would call it: eth0, 10.0.0.0/24, default
	Request Object // the attributes under the names of `ip -json`

	// The result. Known is false when the kernel's answer could not be seen
	// (tracepoint tier, the ack was taken by another thread first).
	Known  bool
	Errno  syscall.Errno // 0 for success
	Extack Name          // the kernel's own words, when it gave any
	Effect Effect

	Before, After *Link // the link that the request is about; nil if not known or not there

	Netns     Namespace  // the namespace that was changed
	To        *Namespace // where a moved link went
	Process   *Process
	Container *Container // who acted; nil if the process is not in a container

	// What the two worlds looked like to the request, as they stood before it, and
	// how the process stood between them. Filled only for a change that the judge
	// looks at: one that a container made, or that was made outside the host's namespace
	// by somebody who does not live there.
	Here, Host *Facts
	Standing   *Standing

	Capture Capture
}

// Result is "ok", the errno's name, or "unknown".
func (c *Change) Result() string {
	switch {
	case !c.Known:
		return "unknown"
	case c.Errno == 0:
		return "ok"
	}
	return ErrnoName(c.Errno)
}

// Gateway is the next hop that the request names, the first if there are several;
// invalid if it names none.
func (c *Change) Gateway() netip.Addr {
	if via, ok := c.Request.Get("via"); ok {
		return via.Items.Addr("host")
	}
	if gateway := c.Request.Addr("gateway"); gateway.IsValid() {
		return gateway
	}
	several, _ := c.Request.Get("nexthops")
	for _, hop := range several.Items {
		if gateway := hop.Value.Items.Addr("gateway"); gateway.IsValid() {
			return gateway
		}
	}
	return netip.Addr{}
}

// Failed reports whether the request is known to have failed.
func (c *Change) Failed() bool { return c.Known && c.Errno != 0 }

// ContainerKnown reports whether Container says who acted. If not, its being nil
// means nothing: the process's cgroup could not be read.
func (c *Change) ContainerKnown() bool {
	return c.Container != nil || c.Process != nil && c.Process.Cgroup != ""
}

// Capture says how the change was seen.
type Capture struct {
	Tier           string // fexit, kprobe or tracepoint
	Truncated      bool   // the request was longer than what was captured
	OriginalLength int    // its full length in bytes, when Truncated
	Incomplete     bool   // the process's details were lost; only its pid is known
	Error          string // what could not be decoded of the request, "" if all was
}

// Namespace is a network namespace.
type Namespace struct {
	Inode  uint32 // the number that /proc/PID/ns/net shows; reused by the kernel
	Cookie uint64 // never reused; 0 where the kernel has none (before 5.12)
	Host   bool   // it is the host's
	Owner  string // "host", "container web", "netns blue", …; "" if not known
}

// Link is the state of one network interface.
type Link struct {
	Index      uint32
	Name       Name
	Flags      uint32 // IFF_*
	MTU        uint32
	Kind       string // IFLA_INFO_KIND: macvlan, bridge, veth…; "" for a physical link
	Address    string // link-layer address, raw bytes
	Master     uint32 // index of the link it is enslaved to, 0 if none
	MasterName Name
	Parent     uint32 // index of the link it stands on (macvlan's lower link, veth's peer), 0 if none
	ParentName Name   // "" if not known
}

// Up reports whether the link is administratively up.
func (l *Link) Up() bool { return l.Flags&syscall.IFF_UP != 0 }

// Type is the link's kind as a person would say it.
func (l *Link) Type() string {
	switch {
	case l.Kind != "":
		return l.Kind
	case l.Flags&syscall.IFF_LOOPBACK != 0:
		return "loopback"
	}
	return "ethernet"
}

// Process is a thread of a process at the moment of a request, with all that
// was read about it in the request's own context. It is shared between changes
// and must not be modified.
type Process struct {
	PID, TID     uint32
	Start        uint64 // of the process, in ns since boot; (PID, Start) is its identity
	Name         Name
	Thread       Name // the thread's own name, where it differs from the process's
	CommandLine  Name // arguments quoted for a shell where they need it
	Executable   Name // the path inside the process's own root
	Truncated    bool // command line or path was longer than what was captured
	UID          uint32
	LoginUID     uint32 // NoUID if not set
	Session      uint32 // audit session, NoUID if not set
	Capabilities uint64 // effective set, a bit for each
	Interactive  bool   // it has a controlling terminal
	NetnsInode   uint32
	NetnsCookie  uint64
	Namespaces   Namespaces
	RootDev      uint32 // device of the process's root directory, as stat(2) has it; 0 if not known
	RootIno      uint64 // its inode
	Cgroup       Name   // path from the root of the hierarchy
	CgroupID     uint64
	Parent       *Parent
	Descent      []uint32 // pids of the ancestors that were read, nearest first
}

// NoUID is an unset login uid or audit session.
const NoUID = ^uint32(0)

// InitialPIDNamespace is the number of the kernel's first PID namespace,
// PROC_PID_INIT_INO in linux/proc_ns.h, the same on every kernel.
const InitialPIDNamespace = 0xeffffffc

// Namespaces are the numbers of a process's namespaces other than net.
type Namespaces struct{ Mnt, PID, User, UTS, Cgroup uint32 }

// Parent is a process's parent at the moment of the request.
type Parent struct {
	PID         uint32
	Start       uint64
	Name        Name
	CommandLine Name
}

// Container is what a runtime calls a container. ID alone is known when the
// runtime can't be asked.
type Container struct {
	ID      string
	Name    Name
	Runtime string // docker, podman, containerd, cri-o, lxc, systemd-nspawn; "" if not known
	Image   Name

	// What the runtime tells of how the container is made. Told says that it did:
	// if not, the rest means nothing.
	Told       bool
	Init       *Init  // its first process; nil if not known or if it does not run
	Privileged bool   // it has all capabilities and the host's devices
	HostNet    bool   // it was put into the host's network namespace on purpose
	HostMounts []Name // folders of the host's that it sees and by which the host is administered: "/", "/etc", "/proc", …
	Netns      uint32 // inode of its own network namespace; 0 if not known
	Ignore     string // the value of its label wrongns.ignore: "true", or names of rules divided by commas; "" if it has none
}

// Init is the first process of a container.
type Init struct {
	PID   uint32
	Start uint64 // ns since boot; what /proc tells is exact to 10 ms, rounded down
}

// Standing is what a process has of the host's world beside the network. Who lives
// there in all else easily takes the network for the host's too.
type Standing struct {
	Known      bool     // the host's own could be read: if not, absence means nothing
	Namespaces []string // those that it shares with the host: mnt, pid, uts
	Root       bool     // its root directory is the host's
}

// Facts is what one world (a container's, or the host's) looked like to a
// request, as it stood before the request was made.
type Facts struct {
	Link      *Link          // the link that the request names, nil if there is none
	Addresses []netip.Prefix // of Link
	Master    *Link          // the link that it names as master
	Nexthop   *Nexthop       // the request's gateway, seen from this world
	Defaults  []netip.Addr   // the gateways of the default routes of the request's family
	Route     *Route         // the route to just that destination which the request names, in its table; nil if there is none, or if RouteKnown is false
	Fit       *Fit           // where the address that the request names belongs; nil if in no subnet of this world's
	Known     bool           // false: this world could not be asked, absence means nothing
	// RouteKnown says that Route was looked for: of a container's own world only
	// default routes are remembered.
	RouteKnown bool
}

// Route is a route as it stands in a world.
type Route struct {
	Gateway netip.Addr // invalid if it goes straight out of Dev
	Dev     Name
	Metric  uint32
}

// Fit is the subnet of one of a world's links in which an address lies.
type Fit struct {
	Prefix netip.Prefix // the link's own address, with the length of its subnet
	Dev    Name
	Own    bool // the address is this world's own already
}

// Nexthop is how a world would reach a gateway.
type Nexthop struct {
	Gateway netip.Addr
	OnLink  bool // one of the world's own links reaches it without a router
	Own     bool // it is an address of this world itself
	Dev     Name // the link by which it is reached
}
