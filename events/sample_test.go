package events

import (
	"net/netip"
	"strings"
	"syscall"
	"time"
)

var (
	sampleTime = time.Date(2026, 11, 22, 6, 18, 35, 676280450, time.UTC)
	sampleHost = HostInfo{Name: "node-7", BootID: "2f2b1c3e-6f0e-4f0a-9a51-0d4f9e1f6a11"}
)

func sampleProcess(commandLine string) *Process {
	return &Process{
		PID: 4121, TID: 4121, Start: 81_223_456_789, Name: "ip", CommandLine: Name(commandLine), Executable: "/sbin/ip",
		LoginUID: 1000, Session: 3, Capabilities: 1 << 12, Interactive: true, NetnsInode: 4026532281, NetnsCookie: 4098,
		Namespaces: Namespaces{Mnt: 4026532278, PID: 4026532280, User: 4026531837, UTS: 4026532279, Cgroup: 4026532282},
		Cgroup:     "/docker/84f98fadc384", CgroupID: 7311,
		Parent:  &Parent{PID: 4100, Start: 80_000_000_000, Name: "sh", CommandLine: "sh"},
		Descent: []uint32{4100, 4080},
	}
}

func sampleContainer() *Container {
	return &Container{ID: "84f98fadc384" + strings.Repeat("0", 52), Name: "web", Runtime: "docker", Image: "tools:latest",
		Init: &Init{PID: 4080, Start: 79_000_000_000},
		Told: true, Privileged: true, HostMounts: []Name{"/etc"}, Netns: 4026532281, Ignore: "host-gateway"}
}

// sampleLink is a container's macvlan that is up.
func sampleLink() *Link {
	return &Link{
		Index: 2, Name: "eth0", MTU: 1500, Kind: "macvlan", Address: "\x02\x42\xac\x11\x00\x02", Parent: 7, ParentName: "ens3",
		Flags: syscall.IFF_UP | syscall.IFF_BROADCAST | syscall.IFF_MULTICAST | 1<<16,
	}
}

// sampleUp is the first classic mistake.
func sampleUp() *Change {
	down := &Link{Index: 7, Name: "eth0", MTU: 1500, Flags: syscall.IFF_BROADCAST}
	return &Change{
		Time: sampleTime, Seq: 1042, Kind: KindLink, Action: Set, Via: ViaRtnetlink, Target: "eth0",
		Request: Object{{"ifname", OutsideValue("eth0")}, {"flags", ListValue(TextValue("UP"))}},
		Known:   true, Effect: EffectNone, Before: sampleLink(), After: sampleLink(),
		Netns:   Namespace{Inode: 4026532281, Cookie: 4098, Owner: "container web"},
		Process: sampleProcess("ip link set dev eth0 up"), Container: sampleContainer(),
		Here:     &Facts{Known: true, Link: sampleLink(), Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24")}},
		Host:     &Facts{Known: true, Link: down},
		Standing: &Standing{Known: true, Namespaces: []string{"uts"}},
		Capture:  Capture{Tier: "fexit"},
	}
}

// sampleRoute is a route that a daemon of the host's makes, the commonest of changes.
func sampleRoute() *Change {
	p := sampleProcess("/usr/sbin/bird -f")
	p.Name, p.Executable, p.Capabilities, p.Interactive = "bird", "/usr/sbin/bird", allCapabilities, false
	p.LoginUID, p.Session, p.NetnsInode, p.NetnsCookie = NoUID, NoUID, 4026531840, 1
	return &Change{
		Time: sampleTime, Seq: 7, Kind: KindRoute, Action: Add, Via: ViaRtnetlink, Target: "10.7.0.0/16",
		Request: Object{
			{"type", TextValue("unicast")}, {"dst", NetValue(netip.MustParsePrefix("10.7.0.0/16"))},
			{"gateway", AddrValue(netip.MustParseAddr("192.168.1.1"))}, {"dev", OutsideValue("eth0")},
			{"table", TextValue("main")}, {"protocol", TextValue("bird")}, {"scope", TextValue("global")},
			{"metric", UintValue(32)},
		},
		Known: true, Effect: EffectChanged, Netns: Namespace{Inode: 4026531840, Cookie: 1, Host: true, Owner: "host"},
		Process: p, Capture: Capture{Tier: "tracepoint"},
	}
}

// sampleGateway is the third classic mistake.
func sampleGateway() *Change {
	gateway := netip.MustParseAddr("192.168.1.1")
	c := sampleUp()
	c.Kind, c.Action, c.Target, c.Before, c.After = KindRoute, Add, "default", nil, nil
	c.Request = Object{{"dst", TextValue("default")}, {"gateway", AddrValue(gateway)}, {"table", TextValue("main")}}
	c.Errno, c.Extack, c.Effect = syscall.ENETUNREACH, "Nexthop has invalid gateway.", EffectFailed
	c.Process.CommandLine = "ip route add default via 192.168.1.1"
	c.Here = &Facts{Known: true, Defaults: []netip.Addr{netip.MustParseAddr("10.9.0.1")}, Nexthop: &Nexthop{Gateway: gateway}}
	c.Host = &Facts{
		Known: true, Nexthop: &Nexthop{Gateway: gateway, OnLink: true, Dev: "ens3"},
		Route: &Route{Gateway: gateway, Dev: "ens3", Metric: 100}, RouteKnown: true,
	}
	return c
}

// sampleAddress is an address of the host's subnet, made by a process that lives in
// a container of which nothing is told, with a root that could not be compared.
func sampleAddress() *Change {
	local := netip.MustParseAddr("192.168.1.9")
	c := sampleUp()
	c.Kind, c.Action, c.Target, c.Effect, c.Before, c.After = KindAddress, Add, "192.168.1.9/24", EffectChanged, nil, nil
	c.Request = Object{
		{"family", TextValue("inet")}, {"local", AddrValue(local)}, {"prefixlen", UintValue(24)}, {"dev", OutsideValue("eth0")},
	}
	c.Container = &Container{ID: "84f98fadc384"}
	c.Standing = &Standing{}
	c.Here.Fit = &Fit{Prefix: netip.MustParsePrefix("192.168.1.5/24"), Dev: "eth0"}
	c.Host.Fit = &Fit{Prefix: netip.MustParsePrefix("192.168.1.9/24"), Dev: "ens3", Own: true}
	return c
}

func sampleWarning() *Warning {
	return &Warning{
		Time: sampleTime, Seq: 1043, Rule: "no-op-on-shadowed-link", Confidence: 0.93, Verdict: Likely,
		Summary:   "web set its own eth0 up, which already was; the host's eth0 is down and was not touched",
		Evidence:  []Evidence{{"own-link-unchanged", 1.6, "eth0 was already up"}, {"interactive", 0.7, "it has a terminal"}},
		Changed:   "eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: already up, no effect",
		Untouched: "eth0 in the host's namespace, which is down",
		Because:   "the command had no effect here and would have had one on the host",
		Own:       Side{Link: "eth0", Type: "macvlan", Parent: "ens3", State: "up"},
		Host:      Side{Link: "eth0", Type: "ethernet", State: "down"},
		Advice:    []string{"nsenter --target 1 --net -- ip link set dev eth0 up", "run web with --network host"},
		Changes:   []uint64{1042}, Count: 1, Last: sampleUp(),
	}
}

func sampleLost() *Status {
	return &Status{
		Time: sampleTime, Seq: 1044, State: "lost", Stage: "ring", Cause: "full", Count: 12,
		From: sampleTime, To: sampleTime.Add(325 * time.Millisecond),
	}
}

func sampleStarted() *Status {
	return &Status{
		Time: sampleTime, State: "started", Version: "0.1.0", Tier: "fexit", Kernel: "6.1.0-18-cloud-amd64",
		Netns: &Namespace{Inode: 4026531840, Cookie: 1, Host: true, Owner: "host"},
	}
}
