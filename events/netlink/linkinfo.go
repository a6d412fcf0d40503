package netlink

import (
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// linkInfo reads IFLA_LINKINFO: the link's kind and, by the kind's own table,
// the data behind it, whichever stands first. A link's peer has a kind of its own
// only in a request that the kernel refuses or ignores; it is kept as hex, so
// that nothing nests without end.
func (m *message) linkInfo(ad *Attributes) events.Value {
	if m.peer {
		return events.HexValue(ad.Bytes())
	}
	var o events.Object
	var data, slaveData Attributes
	inner := ad.Nested()
	for inner.Next() {
		switch inner.Type() {
		case unix.IFLA_INFO_KIND:
			o.Set("info_kind", events.OutsideValue(inner.Name()))
		case unix.IFLA_INFO_SLAVE_KIND:
			o.Set("info_slave_kind", events.OutsideValue(inner.Name()))
		case unix.IFLA_INFO_DATA:
			data = inner.Nested()
		case unix.IFLA_INFO_SLAVE_DATA:
			slaveData = inner.Nested()
		default:
			setUnknown(&o, &inner)
		}
	}
	kind := string(o.Name("info_kind"))
	inner.Fail(m.setData(&o, "info_data", linkKinds[kind], data))
	// To set a port, ip names its master's kind here: bridge_slave.
	inner.Fail(m.setData(&o, "info_slave_data", portKinds[kind], slaveData))
	ad.Fail(inner.Err())
	return events.StructValue(o)
}

// setData sets what a kind has of its own, as hex if the kind has no table.
func (m *message) setData(o *events.Object, name string, table []attribute, ad Attributes) error {
	switch {
	case ad.b == nil:
	case table == nil:
		o.Set(name, events.HexValue(ad.b))
	default:
		var data events.Object
		m.setAll(&data, &ad, table)
		nameRemote(data)
		o.Set(name, events.StructValue(data))
	}
	return ad.Err()
}

// nameRemote calls a vxlan's group what ip calls it when it is one host.
func nameRemote(o events.Object) {
	for i, f := range o {
		if (f.Name == "group" || f.Name == "group6") && f.Value.Kind == events.Addr && !f.Value.Prefix.Addr().IsMulticast() {
			o[i].Name = "remote" + f.Name[len("group"):]
		}
	}
}

// peerLink reads the other end of a pair: a struct ifinfomsg and IFLA_* again.
// Its indexes may be those of another namespace.
func (m *message) peerLink(ad *Attributes) events.Value {
	b := ad.Bytes()
	if len(b) < unix.SizeofIfInfomsg {
		ad.wrong("16 or more")
		return events.Value{}
	}
	var o events.Object
	peer := message{af: b[0], peer: true}
	inner := ad.nestedAt(unix.SizeofIfInfomsg)
	peer.setLink(&o, b[:unix.SizeofIfInfomsg], &inner)
	ad.Fail(inner.Err())
	return events.StructValue(o)
}

// linkKinds are the kinds of links whose IFLA_INFO_DATA is decoded.
var linkKinds = map[string][]attribute{
	"macvlan": macvlanAttributes, "macvtap": macvlanAttributes,
	"ipvlan": ipvlanAttributes, "ipvtap": ipvlanAttributes,
	"veth": vethAttributes, "vxcan": vethAttributes, "netkit": netkitAttributes,
	"vlan": vlanAttributes, "vxlan": vxlanAttributes, "geneve": geneveAttributes,
	"bridge": bridgeAttributes, "bond": bondAttributes,
	"vrf": vrfAttributes, "tun": tunAttributes, "xfrm": xfrmAttributes,
	"gre": greAttributes, "gretap": greAttributes, "ip6gre": greAttributes, "ip6gretap": greAttributes, "erspan": greAttributes,
	"ipip": tunnelAttributes, "sit": tunnelAttributes, "ip6tnl": tunnelAttributes,
}

// portKinds are the kinds of ports whose IFLA_INFO_SLAVE_DATA is decoded.
var portKinds = map[string][]attribute{
	"bridge_slave": bridgePortAttributes,
	"bond_slave":   bondPortAttributes,
}

var macvlanAttributes = []attribute{
	unix.IFLA_MACVLAN_MODE: {name: "mode", form: asUint32,
		words: []string{1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}},
	unix.IFLA_MACVLAN_FLAGS:         {name: "flags", form: asBits16, words: []string{"nopromisc", "nodst"}},
	unix.IFLA_MACVLAN_MACADDR_MODE:  {name: "macaddr_mode", form: asUint32, words: []string{"add", "del", "flush", "set"}},
	unix.IFLA_MACVLAN_MACADDR:       {name: "macaddr", form: asMac},
	unix.IFLA_MACVLAN_MACADDR_DATA:  {name: "macaddr_data", form: asHex},
	unix.IFLA_MACVLAN_BC_QUEUE_LEN:  {name: "bcqueuelen", form: asUint32},
	unix.IFLA_MACVLAN_BC_CUTOFF:     {name: "bclim", form: asInt32},
	unix.IFLA_MACVLAN_MACADDR_COUNT: {name: "macaddr_count", form: asUint32},
}

var ipvlanAttributes = []attribute{
	unix.IFLA_IPVLAN_MODE:  {name: "mode", form: asUint16, words: []string{"l2", "l3", "l3s"}},
	unix.IFLA_IPVLAN_FLAGS: {name: "flags", form: asBits16, words: []string{"private", "vepa"}},
}

// vethAttributes are VETH_INFO_*; VXCAN_INFO_* are the same.
var vethAttributes = []attribute{1: {name: "peer", form: asPeer}}

var (
	netkitModes      = []string{"l2", "l3"}
	netkitPolicies   = []string{0: "forward", 2: "blackhole"}
	netkitAttributes = []attribute{
		unix.IFLA_NETKIT_PEER_INFO:   {name: "peer", form: asPeer},
		unix.IFLA_NETKIT_PRIMARY:     {name: "primary", form: asBool},
		unix.IFLA_NETKIT_POLICY:      {name: "policy", form: asUint32, words: netkitPolicies},
		unix.IFLA_NETKIT_PEER_POLICY: {name: "peer_policy", form: asUint32, words: netkitPolicies},
		unix.IFLA_NETKIT_MODE:        {name: "mode", form: asUint32, words: netkitModes},
	}
)

var vlanAttributes = []attribute{
	unix.IFLA_VLAN_ID:          {name: "id", form: asUint16},
	unix.IFLA_VLAN_FLAGS:       {name: "flags", form: asHex},
	unix.IFLA_VLAN_EGRESS_QOS:  {name: "egress_qos", form: asHex},
	unix.IFLA_VLAN_INGRESS_QOS: {name: "ingress_qos", form: asHex},
	unix.IFLA_VLAN_PROTOCOL:    {name: "protocol", form: asEtherType},
}

var fragmentPolicies = []string{"unset", "set", "inherit"}

var vxlanAttributes = []attribute{
	unix.IFLA_VXLAN_ID:                {name: "id", form: asUint32},
	unix.IFLA_VXLAN_GROUP:             {name: "group", form: asAddr},
	unix.IFLA_VXLAN_LINK:              {name: "link", form: asLink},
	unix.IFLA_VXLAN_LOCAL:             {name: "local", form: asAddr},
	unix.IFLA_VXLAN_TTL:               {name: "ttl", form: asUint8},
	unix.IFLA_VXLAN_TOS:               {name: "tos", form: asUint8},
	unix.IFLA_VXLAN_LEARNING:          {name: "learning", form: asBool},
	unix.IFLA_VXLAN_AGEING:            {name: "ageing", form: asUint32},
	unix.IFLA_VXLAN_LIMIT:             {name: "limit", form: asUint32},
	unix.IFLA_VXLAN_PORT_RANGE:        {name: "port_range", form: asHex},
	unix.IFLA_VXLAN_PROXY:             {name: "proxy", form: asBool},
	unix.IFLA_VXLAN_RSC:               {name: "rsc", form: asBool},
	unix.IFLA_VXLAN_L2MISS:            {name: "l2miss", form: asBool},
	unix.IFLA_VXLAN_L3MISS:            {name: "l3miss", form: asBool},
	unix.IFLA_VXLAN_PORT:              {name: "port", form: asBig16},
	unix.IFLA_VXLAN_GROUP6:            {name: "group6", form: asAddr},
	unix.IFLA_VXLAN_LOCAL6:            {name: "local6", form: asAddr},
	unix.IFLA_VXLAN_UDP_CSUM:          {name: "udp_csum", form: asBool},
	unix.IFLA_VXLAN_UDP_ZERO_CSUM6_TX: {name: "udp_zero_csum6_tx", form: asBool},
	unix.IFLA_VXLAN_UDP_ZERO_CSUM6_RX: {name: "udp_zero_csum6_rx", form: asBool},
	unix.IFLA_VXLAN_REMCSUM_TX:        {name: "remcsum_tx", form: asBool},
	unix.IFLA_VXLAN_REMCSUM_RX:        {name: "remcsum_rx", form: asBool},
	unix.IFLA_VXLAN_GBP:               {name: "gbp", form: asFlag},
	unix.IFLA_VXLAN_REMCSUM_NOPARTIAL: {name: "remcsum_nopartial", form: asFlag},
	unix.IFLA_VXLAN_COLLECT_METADATA:  {name: "external", form: asBool},
	unix.IFLA_VXLAN_LABEL:             {name: "label", form: asBig32},
	unix.IFLA_VXLAN_GPE:               {name: "gpe", form: asFlag},
	unix.IFLA_VXLAN_TTL_INHERIT:       {name: "ttl_inherit", form: asFlag},
	unix.IFLA_VXLAN_DF:                {name: "df", form: asUint8, words: fragmentPolicies},
	unix.IFLA_VXLAN_VNIFILTER:         {name: "vnifilter", form: asBool},
	unix.IFLA_VXLAN_LOCALBYPASS:       {name: "localbypass", form: asBool},
}

var geneveAttributes = []attribute{
	unix.IFLA_GENEVE_ID:                  {name: "id", form: asUint32},
	unix.IFLA_GENEVE_REMOTE:              {name: "remote", form: asAddr},
	unix.IFLA_GENEVE_TTL:                 {name: "ttl", form: asUint8},
	unix.IFLA_GENEVE_TOS:                 {name: "tos", form: asUint8},
	unix.IFLA_GENEVE_PORT:                {name: "port", form: asBig16},
	unix.IFLA_GENEVE_COLLECT_METADATA:    {name: "external", form: asFlag},
	unix.IFLA_GENEVE_REMOTE6:             {name: "remote6", form: asAddr},
	unix.IFLA_GENEVE_UDP_CSUM:            {name: "udp_csum", form: asBool},
	unix.IFLA_GENEVE_UDP_ZERO_CSUM6_TX:   {name: "udp_zero_csum6_tx", form: asBool},
	unix.IFLA_GENEVE_UDP_ZERO_CSUM6_RX:   {name: "udp_zero_csum6_rx", form: asBool},
	unix.IFLA_GENEVE_LABEL:               {name: "label", form: asBig32},
	unix.IFLA_GENEVE_TTL_INHERIT:         {name: "ttl_inherit", form: asBool},
	unix.IFLA_GENEVE_DF:                  {name: "df", form: asUint8, words: fragmentPolicies},
	unix.IFLA_GENEVE_INNER_PROTO_INHERIT: {name: "inner_proto_inherit", form: asFlag},
}

var bridgeAttributes = []attribute{
	unix.IFLA_BR_FORWARD_DELAY:              {name: "forward_delay", form: asUint32},
	unix.IFLA_BR_HELLO_TIME:                 {name: "hello_time", form: asUint32},
	unix.IFLA_BR_MAX_AGE:                    {name: "max_age", form: asUint32},
	unix.IFLA_BR_AGEING_TIME:                {name: "ageing_time", form: asUint32},
	unix.IFLA_BR_STP_STATE:                  {name: "stp_state", form: asUint32},
	unix.IFLA_BR_PRIORITY:                   {name: "priority", form: asUint16},
	unix.IFLA_BR_VLAN_FILTERING:             {name: "vlan_filtering", form: asUint8},
	unix.IFLA_BR_VLAN_PROTOCOL:              {name: "vlan_protocol", form: asEtherType},
	unix.IFLA_BR_GROUP_FWD_MASK:             {name: "group_fwd_mask", form: asUint16},
	unix.IFLA_BR_GROUP_ADDR:                 {name: "group_addr", form: asMac},
	unix.IFLA_BR_FDB_FLUSH:                  {name: "fdb_flush", form: asFlag},
	unix.IFLA_BR_FDB_MAX_LEARNED:            {name: "fdb_max_learned", form: asUint32},
	unix.IFLA_BR_MCAST_ROUTER:               {name: "mcast_router", form: asUint8},
	unix.IFLA_BR_MCAST_SNOOPING:             {name: "mcast_snooping", form: asUint8},
	unix.IFLA_BR_MCAST_QUERY_USE_IFADDR:     {name: "mcast_query_use_ifaddr", form: asUint8},
	unix.IFLA_BR_MCAST_QUERIER:              {name: "mcast_querier", form: asUint8},
	unix.IFLA_BR_MCAST_HASH_ELASTICITY:      {name: "mcast_hash_elasticity", form: asUint32},
	unix.IFLA_BR_MCAST_HASH_MAX:             {name: "mcast_hash_max", form: asUint32},
	unix.IFLA_BR_MCAST_LAST_MEMBER_CNT:      {name: "mcast_last_member_cnt", form: asUint32},
	unix.IFLA_BR_MCAST_STARTUP_QUERY_CNT:    {name: "mcast_startup_query_cnt", form: asUint32},
	unix.IFLA_BR_MCAST_LAST_MEMBER_INTVL:    {name: "mcast_last_member_intvl", form: asUint64},
	unix.IFLA_BR_MCAST_MEMBERSHIP_INTVL:     {name: "mcast_membership_intvl", form: asUint64},
	unix.IFLA_BR_MCAST_QUERIER_INTVL:        {name: "mcast_querier_intvl", form: asUint64},
	unix.IFLA_BR_MCAST_QUERY_INTVL:          {name: "mcast_query_intvl", form: asUint64},
	unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: {name: "mcast_query_response_intvl", form: asUint64},
	unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL:  {name: "mcast_startup_query_intvl", form: asUint64},
	unix.IFLA_BR_NF_CALL_IPTABLES:           {name: "nf_call_iptables", form: asUint8},
	unix.IFLA_BR_NF_CALL_IP6TABLES:          {name: "nf_call_ip6tables", form: asUint8},
	unix.IFLA_BR_NF_CALL_ARPTABLES:          {name: "nf_call_arptables", form: asUint8},
	unix.IFLA_BR_VLAN_DEFAULT_PVID:          {name: "vlan_default_pvid", form: asUint16},
	unix.IFLA_BR_VLAN_STATS_ENABLED:         {name: "vlan_stats_enabled", form: asUint8},
	unix.IFLA_BR_MCAST_STATS_ENABLED:        {name: "mcast_stats_enabled", form: asUint8},
	unix.IFLA_BR_MCAST_IGMP_VERSION:         {name: "mcast_igmp_version", form: asUint8},
	unix.IFLA_BR_MCAST_MLD_VERSION:          {name: "mcast_mld_version", form: asUint8},
	unix.IFLA_BR_VLAN_STATS_PER_PORT:        {name: "vlan_stats_per_port", form: asUint8},
	unix.IFLA_BR_MULTI_BOOLOPT:              {name: "multi_boolopt", form: asHex},
}

var bridgePortAttributes = []attribute{
	unix.IFLA_BRPORT_STATE: {name: "state", form: asUint8,
		words: []string{"disabled", "listening", "learning", "forwarding", "blocking"}},
	unix.IFLA_BRPORT_PRIORITY:            {name: "priority", form: asUint16},
	unix.IFLA_BRPORT_COST:                {name: "cost", form: asUint32},
	unix.IFLA_BRPORT_MODE:                {name: "hairpin", form: asBool},
	unix.IFLA_BRPORT_GUARD:               {name: "guard", form: asBool},
	unix.IFLA_BRPORT_PROTECT:             {name: "root_block", form: asBool},
	unix.IFLA_BRPORT_FAST_LEAVE:          {name: "fastleave", form: asBool},
	unix.IFLA_BRPORT_LEARNING:            {name: "learning", form: asBool},
	unix.IFLA_BRPORT_UNICAST_FLOOD:       {name: "flood", form: asBool},
	unix.IFLA_BRPORT_PROXYARP:            {name: "proxy_arp", form: asBool},
	unix.IFLA_BRPORT_PROXYARP_WIFI:       {name: "proxy_arp_wifi", form: asBool},
	unix.IFLA_BRPORT_FLUSH:               {name: "fdb_flush", form: asFlag},
	unix.IFLA_BRPORT_MULTICAST_ROUTER:    {name: "multicast_router", form: asUint8},
	unix.IFLA_BRPORT_MCAST_FLOOD:         {name: "mcast_flood", form: asBool},
	unix.IFLA_BRPORT_MCAST_TO_UCAST:      {name: "mcast_to_unicast", form: asBool},
	unix.IFLA_BRPORT_VLAN_TUNNEL:         {name: "vlan_tunnel", form: asBool},
	unix.IFLA_BRPORT_BCAST_FLOOD:         {name: "bcast_flood", form: asBool},
	unix.IFLA_BRPORT_GROUP_FWD_MASK:      {name: "group_fwd_mask", form: asUint16},
	unix.IFLA_BRPORT_NEIGH_SUPPRESS:      {name: "neigh_suppress", form: asBool},
	unix.IFLA_BRPORT_ISOLATED:            {name: "isolated", form: asBool},
	unix.IFLA_BRPORT_BACKUP_PORT:         {name: "backup_port", form: asLink},
	unix.IFLA_BRPORT_LOCKED:              {name: "locked", form: asBool},
	unix.IFLA_BRPORT_MAB:                 {name: "mab", form: asBool},
	unix.IFLA_BRPORT_BACKUP_NHID:         {name: "backup_nhid", form: asUint32},
	unix.IFLA_BRPORT_NEIGH_VLAN_SUPPRESS: {name: "neigh_vlan_suppress", form: asBool},
}

var offOn = []string{"off", "on"}

var bondAttributes = []attribute{
	unix.IFLA_BOND_MODE: {name: "mode", form: asUint8,
		words: []string{"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"}},
	unix.IFLA_BOND_ACTIVE_SLAVE:  {name: "active_slave", form: asLink},
	unix.IFLA_BOND_MIIMON:        {name: "miimon", form: asUint32},
	unix.IFLA_BOND_UPDELAY:       {name: "updelay", form: asUint32},
	unix.IFLA_BOND_DOWNDELAY:     {name: "downdelay", form: asUint32},
	unix.IFLA_BOND_USE_CARRIER:   {name: "use_carrier", form: asUint8},
	unix.IFLA_BOND_ARP_INTERVAL:  {name: "arp_interval", form: asUint32},
	unix.IFLA_BOND_ARP_IP_TARGET: {name: "arp_ip_target", form: asAddrs},
	unix.IFLA_BOND_ARP_VALIDATE: {name: "arp_validate", form: asUint32,
		words: []string{"none", "active", "backup", "all", "filter", "filter_active", "filter_backup"}},
	unix.IFLA_BOND_ARP_ALL_TARGETS:  {name: "arp_all_targets", form: asUint32, words: []string{"any", "all"}},
	unix.IFLA_BOND_PRIMARY:          {name: "primary", form: asLink},
	unix.IFLA_BOND_PRIMARY_RESELECT: {name: "primary_reselect", form: asUint8, words: []string{"always", "better", "failure"}},
	unix.IFLA_BOND_FAIL_OVER_MAC:    {name: "fail_over_mac", form: asUint8, words: []string{"none", "active", "follow"}},
	unix.IFLA_BOND_XMIT_HASH_POLICY: {name: "xmit_hash_policy", form: asUint8,
		words: []string{"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"}},
	unix.IFLA_BOND_RESEND_IGMP:       {name: "resend_igmp", form: asUint32},
	unix.IFLA_BOND_NUM_PEER_NOTIF:    {name: "num_peer_notif", form: asUint8},
	unix.IFLA_BOND_ALL_SLAVES_ACTIVE: {name: "all_slaves_active", form: asUint8},
	unix.IFLA_BOND_MIN_LINKS:         {name: "min_links", form: asUint32},
	unix.IFLA_BOND_LP_INTERVAL:       {name: "lp_interval", form: asUint32},
	unix.IFLA_BOND_PACKETS_PER_SLAVE: {name: "packets_per_slave", form: asUint32},
	unix.IFLA_BOND_AD_LACP_RATE:      {name: "ad_lacp_rate", form: asUint8, words: []string{"slow", "fast"}},
	unix.IFLA_BOND_AD_SELECT: {name: "ad_select", form: asUint8,
		words: []string{"stable", "bandwidth", "count", "actor_port_prio"}},
	unix.IFLA_BOND_AD_ACTOR_SYS_PRIO: {name: "ad_actor_sys_prio", form: asUint16},
	unix.IFLA_BOND_AD_USER_PORT_KEY:  {name: "ad_user_port_key", form: asUint16},
	unix.IFLA_BOND_AD_ACTOR_SYSTEM:   {name: "ad_actor_system", form: asMac},
	unix.IFLA_BOND_TLB_DYNAMIC_LB:    {name: "tlb_dynamic_lb", form: asUint8},
	unix.IFLA_BOND_PEER_NOTIF_DELAY:  {name: "peer_notify_delay", form: asUint32},
	unix.IFLA_BOND_AD_LACP_ACTIVE:    {name: "ad_lacp_active", form: asUint8, words: offOn},
	unix.IFLA_BOND_MISSED_MAX:        {name: "arp_missed_max", form: asUint8},
	unix.IFLA_BOND_NS_IP6_TARGET:     {name: "ns_ip6_target", form: asAddrs},
	unix.IFLA_BOND_COUPLED_CONTROL:   {name: "coupled_control", form: asBool},
}

var bondPortAttributes = []attribute{
	unix.IFLA_BOND_SLAVE_QUEUE_ID: {name: "queue_id", form: asUint16},
	unix.IFLA_BOND_SLAVE_PRIO:     {name: "prio", form: asInt32},
}

var vrfAttributes = []attribute{unix.IFLA_VRF_TABLE: {name: "table", form: asUint32}}

var tunAttributes = []attribute{
	unix.IFLA_TUN_OWNER:       {name: "user", form: asUint32},
	unix.IFLA_TUN_GROUP:       {name: "group", form: asUint32},
	unix.IFLA_TUN_TYPE:        {name: "type", form: asUint8, words: []string{1: "tun", 2: "tap"}},
	unix.IFLA_TUN_PI:          {name: "pi", form: asBool},
	unix.IFLA_TUN_VNET_HDR:    {name: "vnet_hdr", form: asBool},
	unix.IFLA_TUN_PERSIST:     {name: "persist", form: asBool},
	unix.IFLA_TUN_MULTI_QUEUE: {name: "multi_queue", form: asBool},
}

var xfrmAttributes = []attribute{
	unix.IFLA_XFRM_LINK:             {name: "link", form: asLink},
	unix.IFLA_XFRM_IF_ID:            {name: "if_id", form: asUint32},
	unix.IFLA_XFRM_COLLECT_METADATA: {name: "external", form: asFlag},
}

// greAttributes are IFLA_GRE_*, for which there are no constants in x/sys.
var greAttributes = []attribute{
	1:  {name: "link", form: asLink},
	2:  {name: "iflags", form: asBig16},
	3:  {name: "oflags", form: asBig16},
	4:  {name: "ikey", form: asAddr}, // ip shows keys as addresses
	5:  {name: "okey", form: asAddr},
	6:  {name: "local", form: asAddr},
	7:  {name: "remote", form: asAddr},
	8:  {name: "ttl", form: asUint8},
	9:  {name: "tos", form: asUint8},
	10: {name: "pmtudisc", form: asBool},
	11: {name: "encap_limit", form: asUint8},
	12: {name: "flowinfo", form: asBig32},
	13: {name: "flags", form: asUint32},
	14: {name: "encap_type", form: asUint16},
	15: {name: "encap_flags", form: asUint16},
	16: {name: "encap_sport", form: asBig16},
	17: {name: "encap_dport", form: asBig16},
	18: {name: "external", form: asFlag},
	19: {name: "ignore_df", form: asBool},
	20: {name: "fwmark", form: asUint32},
}

// tunnelAttributes are IFLA_IPTUN_*, for which there are no constants in x/sys.
// IFLA_IPTUN_FLAGS is of another size in each kind.
var tunnelAttributes = []attribute{
	1:  {name: "link", form: asLink},
	2:  {name: "local", form: asAddr},
	3:  {name: "remote", form: asAddr},
	4:  {name: "ttl", form: asUint8},
	5:  {name: "tos", form: asUint8},
	6:  {name: "encap_limit", form: asUint8},
	7:  {name: "flowinfo", form: asBig32},
	8:  {name: "flags", form: asHex},
	9:  {name: "proto", form: asUint8},
	10: {name: "pmtudisc", form: asBool},
	15: {name: "encap_type", form: asUint16},
	16: {name: "encap_flags", form: asUint16},
	17: {name: "encap_sport", form: asBig16},
	18: {name: "encap_dport", form: asBig16},
	19: {name: "external", form: asFlag},
	20: {name: "fwmark", form: asUint32},
}
