package netlink

import (
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// linkAttributes are IFLA_*.
var linkAttributes = []attribute{
	unix.IFLA_ADDRESS:             {name: "address", form: asMac},
	unix.IFLA_BROADCAST:           {name: "broadcast", form: asMac},
	unix.IFLA_IFNAME:              {name: "ifname", form: asName},
	unix.IFLA_MTU:                 {name: "mtu", form: asUint32},
	unix.IFLA_LINK:                {name: "link", form: asUint32},
	unix.IFLA_QDISC:               {name: "qdisc", form: asName},
	unix.IFLA_MASTER:              {name: "master", form: asUint32},
	unix.IFLA_PROTINFO:            {name: "protinfo", form: asNested, table: bridgePortAttributes},
	unix.IFLA_TXQLEN:              {name: "txqlen", form: asUint32},
	unix.IFLA_MAP:                 {name: "map", form: asHex},
	unix.IFLA_OPERSTATE:           {name: "operstate", form: asUint8, words: operStates},
	unix.IFLA_LINKMODE:            {name: "linkmode", form: asUint8, words: linkModes},
	unix.IFLA_LINKINFO:            {name: "linkinfo", form: asLinkInfo},
	unix.IFLA_NET_NS_PID:          {name: "net_ns_pid", form: asUint32},
	unix.IFLA_IFALIAS:             {name: "ifalias", form: asName},
	unix.IFLA_NUM_VF:              {name: "num_vf", form: asUint32},
	unix.IFLA_VFINFO_LIST:         {name: "vfinfo_list", form: asHex},
	unix.IFLA_VF_PORTS:            {name: "vf_ports", form: asHex},
	unix.IFLA_PORT_SELF:           {name: "port_self", form: asHex},
	unix.IFLA_AF_SPEC:             {name: "af_spec", form: asAFSpec, table: afSpecAttributes},
	unix.IFLA_GROUP:               {name: "group", form: asUint32, words: linkGroups},
	unix.IFLA_NET_NS_FD:           {name: "net_ns_fd", form: asUint32},
	unix.IFLA_EXT_MASK:            {name: "ext_mask", form: asUint32},
	unix.IFLA_PROMISCUITY:         {name: "promiscuity", form: asUint32},
	unix.IFLA_NUM_TX_QUEUES:       {name: "num_tx_queues", form: asUint32},
	unix.IFLA_NUM_RX_QUEUES:       {name: "num_rx_queues", form: asUint32},
	unix.IFLA_CARRIER:             {name: "carrier", form: asBool},
	unix.IFLA_LINK_NETNSID:        {name: "link_netnsid", form: asInt32},
	unix.IFLA_PROTO_DOWN:          {name: "proto_down", form: asBool},
	unix.IFLA_GSO_MAX_SEGS:        {name: "gso_max_segs", form: asUint32},
	unix.IFLA_GSO_MAX_SIZE:        {name: "gso_max_size", form: asUint32},
	unix.IFLA_XDP:                 {name: "xdp", form: asNested, table: xdpAttributes},
	unix.IFLA_TARGET_NETNSID:      {name: "target_netnsid", form: asInt32},
	unix.IFLA_NEW_IFINDEX:         {name: "new_ifindex", form: asInt32},
	unix.IFLA_PROP_LIST:           {name: "altnames", form: asNames},
	unix.IFLA_ALT_IFNAME:          {name: "altname", form: asName},
	unix.IFLA_PERM_ADDRESS:        {name: "permaddr", form: asMac},
	unix.IFLA_PROTO_DOWN_REASON:   {name: "proto_down_reason", form: asNested, table: protoDownAttributes},
	unix.IFLA_PARENT_DEV_NAME:     {name: "parentdev", form: asName},
	unix.IFLA_PARENT_DEV_BUS_NAME: {name: "parentbus", form: asName},
	unix.IFLA_GRO_MAX_SIZE:        {name: "gro_max_size", form: asUint32},
	unix.IFLA_ALLMULTI:            {name: "allmulti", form: asUint32},
	unix.IFLA_GSO_IPV4_MAX_SIZE:   {name: "gso_ipv4_max_size", form: asUint32},
	unix.IFLA_GRO_IPV4_MAX_SIZE:   {name: "gro_ipv4_max_size", form: asUint32},
}

// afSpecAttributes are the address families of IFLA_AF_SPEC.
var afSpecAttributes = []attribute{
	unix.AF_INET: {name: "inet", form: asHex},
	unix.AF_INET6: {name: "inet6", form: asNested, table: []attribute{
		unix.IFLA_INET6_TOKEN: {name: "token", form: asAddr},
		unix.IFLA_INET6_ADDR_GEN_MODE: {name: "addr_gen_mode", form: asUint8,
			words: []string{"eui64", "none", "stable_secret", "random"}},
	}},
}

// xdpAttributes are IFLA_XDP_*.
var xdpAttributes = []attribute{
	unix.IFLA_XDP_FD:          {name: "fd", form: asInt32},
	unix.IFLA_XDP_FLAGS:       {name: "flags", form: asUint32},
	unix.IFLA_XDP_EXPECTED_FD: {name: "expected_fd", form: asInt32},
}

// protoDownAttributes are IFLA_PROTO_DOWN_REASON_*.
var protoDownAttributes = []attribute{
	unix.IFLA_PROTO_DOWN_REASON_MASK:  {name: "mask", form: asUint32},
	unix.IFLA_PROTO_DOWN_REASON_VALUE: {name: "value", form: asUint32},
}

// SettableFlags are the IFF_* flags that a request can change. The kernel takes
// the others out of a word of flags.
const SettableFlags = unix.IFF_UP | unix.IFF_DEBUG | unix.IFF_NOTRAILERS | unix.IFF_NOARP | unix.IFF_PROMISC | unix.IFF_ALLMULTI |
	unix.IFF_MULTICAST | unix.IFF_PORTSEL | unix.IFF_AUTOMEDIA | unix.IFF_DYNAMIC

func decodeLink(c *events.Change, m message) error {
	h, ad, err := m.header(unix.SizeofIfInfomsg)
	index := native.Uint32(h[4:])
	o := &c.Request
	m.setLink(o, h, &ad)
	ad.Fail(err)
	if m.verb == verbDel && m.af == unix.AF_BRIDGE {
		m.verb = verbSet // takes VLANs and the like from a port, which stays
		o.Set("deleted", events.BoolValue(true))
	}
	c.Action = m.linkAction(*o, index)
	switch c.Action {
	case events.Add, events.Replace:
		c.Target = newLinkTarget(*o)
	case events.Set, events.Move:
		c.Target = m.linkTarget(*o, index)
		nameNew(*o, c.Target, index)
	default:
		if find(*o, "target_netnsid") != nil {
			m.links = nil // the index is one of that other namespace
		}
		c.Target = m.linkTarget(*o, index)
	}
	return ad.Err()
}

// linkAction follows the kernel: a request with NLM_F_CREATE makes a link unless
// it names one by its index.
func (m *message) linkAction(o events.Object, index uint32) events.Action {
	switch m.verb {
	case verbDel:
		return events.Delete
	case verbGet:
		return events.Lookup
	}
	_, known := m.known(index)
	switch {
	case m.verb == verbNew && m.has(unix.NLM_F_CREATE|unix.NLM_F_REPLACE) && !known:
		return events.Replace
	case m.verb == verbNew && m.has(unix.NLM_F_CREATE) && (!known || m.has(unix.NLM_F_EXCL)):
		return events.Add
	case goesElsewhere(o):
		return events.Move
	}
	return events.Set
}

// known returns the name of the link with that index, if there is one.
func (m *message) known(index uint32) (events.Name, bool) {
	if index == 0 || m.links == nil {
		return "", false
	}
	name := m.links(index)
	return name, name != ""
}

// goesElsewhere reports whether a link that is added or set is to be in another
// network namespace than the socket's.
func goesElsewhere(o events.Object) bool {
	return find(o, "net_ns_pid") != nil || find(o, "net_ns_fd") != nil || find(o, "target_netnsid") != nil
}

// newLinkTarget names a link that does not exist yet. The kernel gives a link
// without a name one by this pattern.
func newLinkTarget(o events.Object) events.Name {
	if name := o.Name("ifname"); name != "" {
		return name
	}
	if info := find(o, "linkinfo"); info != nil {
		return info.Value.Items.Name("info_kind") + "%d"
	}
	return ""
}

// linkTarget names a link that exists, in the kernel's order: by its index, by
// its name, by its other name, or as one of a group. A request that names none
// has the target "".
func (m *message) linkTarget(o events.Object, index uint32) events.Name {
	if name, ok := m.known(index); ok {
		return name
	}
	for _, name := range []string{"ifname", "altname"} {
		if name := o.Name(name); name != "" {
			return name
		}
	}
	if index != 0 {
		return LinkName(nil, index)
	}
	if group := o.Name("group"); group != "" {
		return "group " + group
	}
	return ""
}

// nameNew calls the name in a request that goes by index what it is, a new one,
// unless the link is called that already.
func nameNew(o events.Object, target events.Name, index uint32) {
	f := find(o, "ifname")
	if index != 0 && f != nil && f.Value.Str != string(target) {
		f.Name = "newname"
	}
}

// setLink sets the fields of a struct ifinfomsg and the attributes behind it.
func (m *message) setLink(o *events.Object, h []byte, ad *Attributes) {
	if h[0] != unix.AF_UNSPEC {
		o.Set("family", events.TextValue(word(addressFamilies, uint64(h[0]))))
	}
	if index := int32(native.Uint32(h[4:])); index != 0 {
		o.Set("ifindex", events.IntValue(int64(index)))
	}
	setLinkFlags(o, native.Uint32(h[8:]), native.Uint32(h[12:]))
	m.setAll(o, ad, linkAttributes)
	m.nameLinks(*o)
}

// setLinkFlags sets the flags asked on and those asked off. A mask of none or of
// all makes flags the whole word, in which UP is what is meant to be off.
func setLinkFlags(o *events.Object, flags, mask uint32) {
	on, off := flags&mask, mask&^flags
	if mask == ^uint32(0) || mask == 0 && flags != 0 {
		on, off = flags&SettableFlags, unix.IFF_UP&^flags
	}
	if on != 0 {
		o.Set("flags", LinkFlags(on))
	}
	if off != 0 {
		o.Set("flags_off", LinkFlags(off))
	}
}

// nameLinks turns the indexes of other links into names, which takes the whole
// request: IFLA_LINK is an index in IFLA_LINK_NETNSID, IFLA_MASTER one in the
// namespace that the link goes to. No master at all is nomaster, as in ip's words.
func (m *message) nameLinks(o events.Object) {
	if f := find(o, "link"); f != nil && f.Value.Kind == events.Uint {
		f.Value = m.linkIn(find(o, "link_netnsid") == nil, f.Value)
	}
	f := find(o, "master")
	switch {
	case f == nil || f.Value.Kind != events.Uint:
	case f.Value.Num == 0:
		f.Name, f.Value = "nomaster", events.BoolValue(true)
	default:
		f.Value = m.linkIn(!goesElsewhere(o), f.Value)
	}
}

// linkIn names the link with that index, in this namespace or in another one,
// whose links are not known.
func (m *message) linkIn(here bool, index events.Value) events.Value {
	links := m.links
	if !here {
		links = nil
	}
	return events.OutsideValue(string(LinkName(links, uint32(index.Num))))
}
