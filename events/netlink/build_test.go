package netlink

import (
	"golang.org/x/sys/unix"
)

// build makes a message of its parts: the family's header and the attributes.
func build(typ, flags uint16, parts ...[]byte) []byte {
	b := make([]byte, unix.SizeofNlMsghdr)
	for _, part := range parts {
		b = append(b, part...)
	}
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], typ)
	native.PutUint16(b[6:], flags|unix.NLM_F_REQUEST)
	return b
}

// attr makes one attribute, padded, of the parts of its payload.
func attr(typ uint16, parts ...[]byte) []byte {
	b := make([]byte, unix.NLA_HDRLEN)
	for _, part := range parts {
		b = append(b, part...)
	}
	native.PutUint16(b, uint16(len(b)))
	native.PutUint16(b[2:], typ)
	for len(b)%unix.NLA_ALIGNTO != 0 {
		b = append(b, 0)
	}
	return b
}

func u16(n uint16) []byte  { return native.AppendUint16(nil, n) }
func u32(n uint32) []byte  { return native.AppendUint32(nil, n) }
func text(s string) []byte { return append([]byte(s), 0) }
func raw(b ...byte) []byte { return b }
func name(s string) []byte { return attr(unix.IFLA_IFNAME, text(s)) }
func info(i uint32) []byte { return infoFlags(i, 0, 0) }
func rtmsg(dst byte) []byte {
	return raw(unix.AF_INET, dst, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, 0, unix.RTN_UNICAST, 0, 0, 0, 0)
}

// tcmsg makes a struct tcmsg.
func tcmsg(index, handle, parent, info uint32) []byte {
	b := make([]byte, 4, sizeofTcmsg)
	for _, n := range []uint32{index, handle, parent, info} {
		b = native.AppendUint32(b, n)
	}
	return b
}

// rulemsg makes a struct fib_rule_hdr of IPv4.
func rulemsg(dst, src, action byte, flags uint32) []byte {
	return append(raw(unix.AF_INET, dst, src, 0, 0, 0, 0, action), u32(flags)...)
}

// ndmsg makes a struct ndmsg.
func ndmsg(family byte, index uint32, state uint16, flags byte) []byte {
	b := append(raw(family, 0, 0, 0), u32(index)...)
	return append(append(b, u16(state)...), flags, 0)
}

// infoFlags makes a struct ifinfomsg.
func infoFlags(index, flags, mask uint32) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	native.PutUint32(b[4:], index)
	native.PutUint32(b[8:], flags)
	native.PutUint32(b[12:], mask)
	return b
}
