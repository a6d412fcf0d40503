package events

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
)

// A vocabulary has those fields of one kind of object that hold texts other than
// words and names: addresses and raw bytes. Shape alone does not tell them apart,
// since a link may be called 10.0.0.1, and a name must stay one.
type vocabulary map[string]ValueKind

// vocabularies are those of the objects that a request is made of, by the names of
// their fields; of the whole request, by its kind. They follow the tables of
// events/netlink and events/ioctl.
var vocabularies = map[string]vocabulary{
	string(KindLink): linkVocabulary, "peer": linkVocabulary,
	string(KindAddress): {
		"local": Addr, "address": Addr, "broadcast": Addr, "anycast": Addr, "multicast": Addr, "netmask": Addr, "cacheinfo": Hex,
	},
	string(KindRoute): routeVocabulary, "nexthops": routeVocabulary,
	string(KindRule):      {"src": Net, "dst": Net, "tun_id": Hex, "uid_range": Hex, "sport": Hex, "dport": Hex, "flow": Hex},
	string(KindNeighbour): {"dst": Addr, "lladdr": Mac, "cacheinfo": Hex, "fdb_ext_attrs": Hex},
	string(KindNexthop):   {"gateway": Addr, "group": Hex, "encap_data": Hex},
	string(KindQdisc): {
		"options": Hex, "stats": Hex, "xstats": Hex, "rate": Hex, "fcnt": Hex, "stats2": Hex, "stab": Hex,
	},
	"via":      {"host": Addr},
	"inet6":    {"token": Addr},
	"af_spec":  {"inet": Hex},
	"linkinfo": {"info_data": Hex, "info_slave_data": Hex},
	"info_data": {
		"macaddr": Mac, "group_addr": Mac, "ad_actor_system": Mac,
		"local": Addr, "local6": Addr, "remote": Addr, "remote6": Addr, "group": Addr, "group6": Addr, "ikey": Addr, "okey": Addr,
		"arp_ip_target": Addr, "ns_ip6_target": Addr,
		"peer": Hex, "flags": Hex, "egress_qos": Hex, "ingress_qos": Hex, "port_range": Hex, "macaddr_data": Hex, "multi_boolopt": Hex,
	},
}

var linkVocabulary = vocabulary{
	"address": Mac, "broadcast": Mac, "permaddr": Mac,
	"map": Hex, "vfinfo_list": Hex, "vf_ports": Hex, "port_self": Hex, "linkinfo": Hex, "af_spec": Hex,
}

var routeVocabulary = vocabulary{
	"dst": Net, "from": Net, "gateway": Addr, "prefsrc": Addr, "to": Addr, "via": Hex, "cacheinfo": Hex, "encap_data": Hex,
}

// kind is that of the texts in a field.
func (v vocabulary) kind(field string) ValueKind {
	if strings.HasPrefix(field, "attr_") {
		return Hex
	}
	return v[field]
}

// fields reads what writer.fields writes.
func (r reader) fields(v vocabulary) Object {
	var o Object
	for _, key := range r.keys {
		switch {
		case strings.HasSuffix(key, "_hex"), strings.HasSuffix(key, "_cut"):
			continue // they explain the field before them
		case !isWord(key):
			r.fail(key, "not the name of a field")
			return nil
		}
		if value := r.value(v, key); !leftOut(value) {
			o = append(o, Field{key, value})
		}
	}
	return o
}

// leftOut reports whether the writer would leave the field out: an empty text.
func leftOut(v Value) bool { return (v.Kind == Outside || v.Kind == Mac) && v.Str == "" }

// value reads the field called key of an object with the given vocabulary.
func (r reader) value(v vocabulary, key string) Value {
	switch value := r.values[key].(type) {
	case string:
		if r.has(key + "_hex") {
			return OutsideValue(r.hex(key + "_hex"))
		}
		return textValue(v.kind(key), value)
	case []any:
		return r.listValue(v, key, value)
	case *object:
		return StructValue(reader{value, r.path + key + ".", r.err}.fields(vocabularies[key]))
	default:
		return r.plainValue(key, value)
	}
}

func (r reader) listValue(v vocabulary, key string, list []any) Value {
	raw := r.listHex(key)
	out := ListValue()
	for i, item := range list {
		var value Value
		switch item := item.(type) {
		case string:
			value = textValue(v.kind(key), item)
			if i < len(raw) && raw[i] != nil {
				value = OutsideValue(*raw[i])
			}
		case *object:
			value = StructValue(reader{item, r.path + key + ".", r.err}.fields(vocabularies[key]))
		default:
			value = r.plainValue(key, item)
		}
		out.Items = append(out.Items, Field{Value: value})
	}
	return out
}

// plainValue makes a value of what is neither text nor made of others.
func (r reader) plainValue(key string, value any) Value {
	switch value := value.(type) {
	case nil:
		return Value{}
	case bool:
		return BoolValue(value)
	case json.Number:
		if n, err := strconv.ParseUint(value.String(), 10, 64); err == nil {
			return UintValue(n)
		}
		if n, err := strconv.ParseInt(value.String(), 10, 64); err == nil && n < 0 {
			return IntValue(n)
		}
		r.fail(key, "%s: want a whole number of 64 bits", value)
	default:
		r.fail(key, "lists in a list")
	}
	return Value{}
}

// textValue makes a value of a text in a field that should hold this kind. It is
// a name from outside if that would not be written as the same text again.
func textValue(kind ValueKind, s string) Value {
	switch kind {
	case Addr, Net:
		if v := addressValue(kind, s); string(appendPlain(nil, &v)) == s {
			return v
		}
		return textValue(Hex, s) // it was malformed
	case Mac:
		if mac, ok := parseMac(s); ok && string(appendMac(nil, mac)) == s {
			return MacValue([]byte(mac))
		}
	case Hex:
		if b, err := hex.DecodeString(s); err == nil && hex.EncodeToString(b) == s {
			return HexValue(b)
		}
	}
	return OutsideValue(s)
}

// addressValue reads an address; in a field for networks, with a length or as a
// host without one. What is neither gives an address that is not valid.
func addressValue(kind ValueKind, s string) Value {
	if p, err := netip.ParsePrefix(s); kind == Net && err == nil {
		return NetValue(p)
	}
	a, _ := netip.ParseAddr(s)
	return AddrValue(a)
}
