package events

import "net/netip"

// ValueKind says how a Value is stored and shown.
type ValueKind uint8

// The kinds of a Value.
const (
	Int     ValueKind = iota + 1 // Num as a signed number
	Uint                         // Num as an unsigned number
	Bool                         // Num is 0 or 1
	Text                         // Str: a word of our own vocabulary, always printable
	Outside                      // Str: a name that came from outside, hostile bytes
	Hex                          // Str: raw bytes, shown as hex
	Mac                          // Str: a link-layer address, shown as aa:bb:…
	Addr                         // Prefix.Addr()
	Net                          // Prefix
	List                         // Items; the names of the fields are empty
	Struct                       // Items
)

// Value is one decoded attribute's value. Only the fields that its Kind names
// are meaningful.
type Value struct {
	Kind   ValueKind
	Num    uint64
	Str    string
	Prefix netip.Prefix
	Items  Object
}

// Field is a Value with its name in the vocabulary of `ip -json`.
type Field struct {
	Name  string
	Value Value
}

// Object is an ordered set of fields. A later field of the same name replaces
// an earlier one (see Set), as the kernel takes the last of duplicate attributes.
type Object []Field

// Get returns the value of the field called name, and whether it is there.
func (o Object) Get(name string) (Value, bool) {
	for i := range o {
		if o[i].Name == name {
			return o[i].Value, true
		}
	}
	return Value{}, false
}

// Set adds a field, or replaces the value of the one that has this name.
func (o *Object) Set(name string, v Value) {
	for i := range *o {
		if (*o)[i].Name == name {
			(*o)[i].Value = v
			return
		}
	}
	*o = append(*o, Field{name, v})
}

// Name returns the field's text as it came (unescaped), or "" if the field is
// absent or holds no text.
func (o Object) Name(name string) Name {
	v, _ := o.Get(name)
	if v.Kind == Outside || v.Kind == Text {
		return Name(v.Str)
	}
	return ""
}

// Uint returns the field's number, and whether there is one.
func (o Object) Uint(name string) (uint64, bool) {
	v, ok := o.Get(name)
	return v.Num, ok && (v.Kind == Int || v.Kind == Uint || v.Kind == Bool)
}

// Addr returns the field's address; it is invalid if there is none.
func (o Object) Addr(name string) netip.Addr {
	v, _ := o.Get(name)
	return v.Prefix.Addr()
}

// Has reports whether the list field called name holds the text word.
func (o Object) Has(name, word string) bool {
	v, _ := o.Get(name)
	for _, item := range v.Items {
		if item.Value.Str == word {
			return true
		}
	}
	return false
}

// IntValue makes a signed number.
func IntValue(n int64) Value { return Value{Kind: Int, Num: uint64(n)} }

// UintValue makes an unsigned number.
func UintValue(n uint64) Value { return Value{Kind: Uint, Num: n} }

// BoolValue makes a truth value.
func BoolValue(b bool) Value {
	v := Value{Kind: Bool}
	if b {
		v.Num = 1
	}
	return v
}

// TextValue makes a word of our own vocabulary.
func TextValue(s string) Value { return Value{Kind: Text, Str: s} }

// OutsideValue makes a name that came from outside.
func OutsideValue(s string) Value { return Value{Kind: Outside, Str: s} }

// HexValue makes raw bytes.
func HexValue(b []byte) Value { return Value{Kind: Hex, Str: string(b)} }

// MacValue makes a link-layer address of any length.
func MacValue(b []byte) Value { return Value{Kind: Mac, Str: string(b)} }

// AddrValue makes an IP address.
func AddrValue(a netip.Addr) Value {
	return Value{Kind: Addr, Prefix: netip.PrefixFrom(a, a.BitLen())}
}

// NetValue makes an IP prefix.
func NetValue(p netip.Prefix) Value { return Value{Kind: Net, Prefix: p} }

// ListValue makes a list of values.
func ListValue(values ...Value) Value {
	v := Value{Kind: List}
	for _, item := range values {
		v.Items = append(v.Items, Field{Value: item})
	}
	return v
}

// StructValue makes a nested object.
func StructValue(o Object) Value { return Value{Kind: Struct, Items: o} }
