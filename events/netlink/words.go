package netlink

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// The words are ip's own, indexed by the numbers, or the bits, that they stand for.
var (
	addressFamilies = []string{
		unix.AF_INET: "inet", unix.AF_INET6: "inet6", unix.AF_PACKET: "link", unix.AF_BRIDGE: "bridge", unix.AF_MPLS: "mpls",
		familyIPMR: "inet", familyIP6MR: "inet6",
	}
	linkFlags = []string{
		"UP", "BROADCAST", "DEBUG", "LOOPBACK", "POINTOPOINT", "NOTRAILERS", "RUNNING", "NOARP", "PROMISC", "ALLMULTI",
		"MASTER", "SLAVE", "MULTICAST", "PORTSEL", "AUTOMEDIA", "DYNAMIC", "LOWER_UP", "DORMANT", "ECHO",
	}
	operStates = []string{"UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"}
	linkModes  = []string{"DEFAULT", "DORMANT"}
	linkGroups = []string{"default"}

	scopes = []string{
		unix.RT_SCOPE_UNIVERSE: "global", unix.RT_SCOPE_SITE: "site", unix.RT_SCOPE_LINK: "link", unix.RT_SCOPE_HOST: "host",
		unix.RT_SCOPE_NOWHERE: "nowhere",
	}
	addressFlags = []string{
		"secondary", "nodad", "optimistic", "dadfailed", "home", "deprecated", "tentative", "permanent", "mngtmpaddr",
		"noprefixroute", "autojoin", "stable-privacy",
	}
	addressProtocols = []string{"unspec", "kernel_lo", "kernel_ra", "kernel_ll"}

	tables     = []string{unix.RT_TABLE_DEFAULT: "default", unix.RT_TABLE_MAIN: "main", unix.RT_TABLE_LOCAL: "local"}
	routeTypes = []string{
		"none", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw", "nat",
		"xresolve",
	}
	routeProtocols = []string{
		"unspec", "redirect", "kernel", "boot", "static",
		unix.RTPROT_GATED: "gated", unix.RTPROT_RA: "ra", unix.RTPROT_MRT: "mrt", unix.RTPROT_ZEBRA: "zebra", unix.RTPROT_BIRD: "bird",
		unix.RTPROT_DNROUTED: "dnrouted", unix.RTPROT_XORP: "xorp", unix.RTPROT_NTK: "ntk", unix.RTPROT_DHCP: "dhcp",
		unix.RTPROT_KEEPALIVED: "keepalived", unix.RTPROT_BABEL: "babel", unix.RTPROT_BGP: "bgp", unix.RTPROT_ISIS: "isis",
		unix.RTPROT_OSPF: "ospf", unix.RTPROT_RIP: "rip", unix.RTPROT_EIGRP: "eigrp",
	}
	// The lower bits are RTNH_F_*, which next hops have too, the upper RTM_F_*.
	routeFlags = []string{
		"dead", "pervasive", "onlink", "offload", "linkdown", "unresolved", "trap", 8: "notify", 9: "cloned", 10: "equalize",
		11: "prefix", 12: "lookup_table", 13: "fib_match", 14: "rt_offload", 15: "rt_trap", 29: "rt_offload_failed",
	}
	routePreferences = []string{0: "medium", 1: "high", 3: "low"}
	encapTypes       = []string{
		unix.LWTUNNEL_ENCAP_NONE: "none", unix.LWTUNNEL_ENCAP_MPLS: "mpls", unix.LWTUNNEL_ENCAP_IP: "ip", unix.LWTUNNEL_ENCAP_ILA: "ila",
		unix.LWTUNNEL_ENCAP_IP6: "ip6", unix.LWTUNNEL_ENCAP_SEG6: "seg6", unix.LWTUNNEL_ENCAP_BPF: "bpf",
		unix.LWTUNNEL_ENCAP_SEG6_LOCAL: "seg6local", unix.LWTUNNEL_ENCAP_RPL: "rpl", unix.LWTUNNEL_ENCAP_IOAM6: "ioam6",
		unix.LWTUNNEL_ENCAP_XFRM: "xfrm",
	}

	ruleActions = []string{
		unix.FR_ACT_UNSPEC: "unspec", unix.FR_ACT_TO_TBL: "lookup", unix.FR_ACT_GOTO: "goto", unix.FR_ACT_NOP: "nop",
		unix.FR_ACT_BLACKHOLE: "blackhole", unix.FR_ACT_UNREACHABLE: "unreachable", unix.FR_ACT_PROHIBIT: "prohibit",
	}
	ipProtocols = []string{
		unix.IPPROTO_ICMP: "icmp", unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp", unix.IPPROTO_GRE: "gre", unix.IPPROTO_ESP: "esp",
		unix.IPPROTO_AH: "ah", unix.IPPROTO_ICMPV6: "ipv6-icmp", unix.IPPROTO_SCTP: "sctp",
	}

	neighbourStates = []string{"INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT"}
	neighbourFlags  = []string{"use", "self", "master", "proxy", "extern_learn", "offload", "sticky", "router"}
	extendedFlags   = []string{"managed", "locked", "extern_valid"} // NTF_EXT_*
)

// word returns the word for n, or n itself in digits, so that a field has the
// same type whether or not its value has a name.
func word(words []string, n uint64) string {
	if n < uint64(len(words)) && words[n] != "" {
		return words[n]
	}
	return strconv.FormatUint(n, 10)
}

// bits returns the list of the words for the bits that are set in n, and those
// without a word as one hexadecimal number at the end.
func bits(words []string, n uint32) events.Value {
	v := events.ListValue()
	for i := 0; i < len(words) && n != 0; i++ {
		if bit := uint32(1) << i; n&bit != 0 && words[i] != "" {
			v.Items = append(v.Items, events.Field{Value: events.TextValue(words[i])})
			n &^= bit
		}
	}
	if n != 0 {
		v.Items = append(v.Items, events.Field{Value: events.TextValue("0x" + strconv.FormatUint(uint64(n), 16))})
	}
	return v
}

// hexNumber shows a number as ip shows marks.
func hexNumber(n uint32) events.Value {
	return events.TextValue("0x" + strconv.FormatUint(uint64(n), 16))
}

// LinkFlags returns the list of ip's words for IFF_* flags, the lowest bit first.
func LinkFlags(flags uint32) events.Value { return bits(linkFlags, flags) }

// etherType returns ip's word for a VLAN's protocol, or the number in hex.
func etherType(n uint16) events.Value {
	switch n {
	case unix.ETH_P_8021Q:
		return events.TextValue("802.1Q")
	case unix.ETH_P_8021AD:
		return events.TextValue("802.1ad")
	}
	return events.TextValue("0x" + strconv.FormatUint(uint64(n), 16))
}
