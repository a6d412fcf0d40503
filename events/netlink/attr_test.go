package netlink

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAttributesGetters(t *testing.T) {
	ad := NewAttributes(bytes.Join([][]byte{
		attr(1, raw(7)),
		attr(2, u16(700)),
		attr(3|unix.NLA_F_NESTED, attr(9|unix.NLA_F_NET_BYTEORDER, raw(0x12, 0xb5))),
		attr(4, u32(70000)),
		attr(5, u32(1), u32(0)),
		attr(6, raw('e', 't', 'h', '0', 0, 'x')),
		attr(7, raw(192, 0, 2, 1)),
		attr(8, []byte("eth1"))[:8],
	}, nil))
	var seen []uint16
	for ad.Next() {
		seen = append(seen, ad.Type())
		ok := true
		switch ad.Type() {
		case 1:
			ok = ad.Uint8() == 7
		case 2:
			ok = ad.Uint16() == 700
		case 3:
			inner := ad.Nested()
			ok = inner.Next() && inner.Type() == 9 && inner.BigEndian16() == 0x12b5 && !inner.Next() && inner.Err() == nil
		case 4:
			ok = ad.Uint32() == 70000
		case 5:
			ok = native.Uint32(ad.Bytes()) == 1 && ad.Uint64() != 0
		case 6:
			ok = ad.Name() == "eth0"
		case 7:
			ok = ad.Addr().String() == "192.0.2.1" && ad.BigEndian32() == 0xc0000201
		case 8:
			ok = ad.Name() == "eth1"
		}
		if !ok {
			t.Errorf("attribute %d: wrong value from % x", ad.Type(), ad.Bytes())
		}
	}
	if err := ad.Err(); err != nil {
		t.Errorf("walk: %v", err)
	}
	if len(seen) != 8 {
		t.Errorf("walked %v, want eight attributes", seen)
	}
}

func TestAttributesErrors(t *testing.T) {
	good := attr(1, u32(5))
	for _, test := range []struct {
		name, want string
		walked     int
		b          []byte
	}{
		{"no header", "attribute at byte 8: 3 bytes left", 1, append(good[:8:8], 1, 2, 3)},
		{"length 0", "attribute at byte 8: length 0, want 4 to the 4 bytes left", 1, append(good[:8:8], 0, 0, 1, 0)},
		{"length 3", "attribute at byte 0: length 3,", 0, append(u16(3), 1, 0)},
		{"past the end", "attribute at byte 8: length 9, want 4 to the 8 bytes left", 1, append(good[:8:8], append(u16(9), 1, 0, 0, 0, 0, 0)...)},
		{"getter", "attribute 2 at byte 0: payload of 2 bytes, want 4", 2, append(attr(2, u16(5)), good...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			ad, walked := NewAttributes(test.b), 0
			for ad.Next() {
				walked++
				ad.Uint32()
			}
			if err := ad.Err(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if walked != test.walked {
				t.Errorf("walked %d attributes, want %d", walked, test.walked)
			}
			if ad.Next() {
				t.Error("the walk goes on after its end")
			}
		})
	}
}

func TestAttributesDoesNotAllocate(t *testing.T) {
	b := bytes.Join([][]byte{attr(1, u32(5)), attr(2, u32(3)), attr(3, u32(6))}, nil)
	sum := uint32(0)
	allocs := testing.AllocsPerRun(100, func() {
		for ad := NewAttributes(b); ad.Next(); {
			sum += ad.Uint32()
		}
	})
	if allocs != 0 || sum%14 != 0 || sum == 0 {
		t.Errorf("%v allocations, want none; sum %d, want a multiple of 14", allocs, sum)
	}
}
