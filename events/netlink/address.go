package netlink

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

// addressAttributes are IFA_*.
var addressAttributes = []attribute{
	unix.IFA_ADDRESS:        {name: "address", form: asHost},
	unix.IFA_LOCAL:          {name: "local", form: asHost},
	unix.IFA_LABEL:          {name: "label", form: asName},
	unix.IFA_BROADCAST:      {name: "broadcast", form: asHost},
	unix.IFA_ANYCAST:        {name: "anycast", form: asHost},
	unix.IFA_CACHEINFO:      {name: "cacheinfo", form: asHex},
	unix.IFA_MULTICAST:      {name: "multicast", form: asHost},
	unix.IFA_FLAGS:          {name: "flags", form: asBits32, words: addressFlags},
	unix.IFA_RT_PRIORITY:    {name: "metric", form: asUint32},
	unix.IFA_TARGET_NETNSID: {name: "target_netnsid", form: asInt32},
	11:                      {name: "protocol", form: asUint8, words: addressProtocols}, // IFA_PROTO
}

func decodeAddress(c *events.Change, m message) error {
	if c.Action = m.addressAction(); c.Action == "" {
		return errVerb
	}
	h, ad, err := m.header(unix.SizeofIfAddrmsg)
	if err != nil {
		return err
	}
	o, index := &c.Request, native.Uint32(h[4:])
	o.Set("family", events.TextValue(word(addressFamilies, uint64(m.af))))
	o.Set("local", events.Value{}) // the address comes first, wherever it stands in the message
	o.Set("prefixlen", events.UintValue(uint64(h[1])))
	if index != 0 {
		o.Set("dev", m.link(index))
	}
	o.Set("scope", events.TextValue(word(scopes, uint64(h[3]))))
	if h[2] != 0 {
		o.Set("flags", bits(addressFlags, uint32(h[2])))
	}
	m.setAddress(o, &ad)
	if index != 0 && find(*o, "target_netnsid") != nil {
		m.links = nil // the index is one of that other namespace
		o.Set("dev", m.link(index))
	}
	ad.Fail(setTarget(c, o.Addr("local"), h[1]))
	return ad.Err()
}

// addressAction tells apart what the flags ask for. The kernel adds an address
// whether or not NLM_F_CREATE is set.
func (m *message) addressAction() events.Action {
	switch {
	case m.verb == verbDel:
		return events.Delete
	case m.verb != verbNew:
		return ""
	case m.has(unix.NLM_F_REPLACE):
		return events.Replace
	}
	return events.Add
}

// setAddress sets the fields of IFA_*. Without IFA_LOCAL, IFA_ADDRESS is the
// address itself; beside it, it is the peer's if it is another one.
func (m *message) setAddress(o *events.Object, ad *Attributes) {
	for ad.Next() {
		if ad.Type() == unix.IFA_CACHEINFO && len(ad.Bytes()) >= 8 {
			o.Set("valid_life_time", events.UintValue(uint64(native.Uint32(ad.Bytes()[4:]))))
			o.Set("preferred_life_time", events.UintValue(uint64(native.Uint32(ad.Bytes()))))
			continue
		}
		m.set(o, ad, addressAttributes)
	}
	local, peer := find(*o, "local"), find(*o, "address")
	switch {
	case local.Value.Kind == 0 && peer == nil:
		remove(o, "local")
	case local.Value.Kind == 0:
		local.Value = peer.Value
		remove(o, "address")
	case peer != nil && peer.Value.Kind == events.Addr && peer.Value.Prefix == local.Value.Prefix:
		remove(o, "address")
	}
}

// setTarget shows the address with its prefix length, or the device if the
// request has no address that could be decoded.
func setTarget(c *events.Change, local netip.Addr, length uint8) error {
	if !local.IsValid() {
		c.Target = c.Request.Name("dev")
		return nil
	}
	p, err := prefix(local, length)
	if err != nil {
		c.Target = events.Name(local.String())
		return err
	}
	c.Target = events.Name(p.String())
	return nil
}
