package netlink

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink/netlinktest"
)

// FuzzDecode decodes whatever comes: no panic, no string that still belongs to
// the message, no value without a kind, and the same outcome for a change whose
// memory was used before.
func FuzzDecode(f *testing.F) {
	for _, input := range netlinktest.Inputs(f, capturedRequests) {
		f.Add(netlinktest.Bytes(f, input))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		msg := bytes.Clone(input) // what the fuzzer hands out must stay as it is
		var c, used events.Change
		err := Decode(&c, msg, testLinks)
		before := netlinktest.Render(&c)
		if strings.Contains(before, netlinktest.NoKind) {
			t.Errorf("value without a kind in %s", before)
		}
		used.Request = make(events.Object, 3, 100)
		if err2 := Decode(&used, msg, testLinks); (err == nil) != (err2 == nil) || netlinktest.Render(&used) != before {
			t.Errorf("decoded again: %v, %s\nwant %v, %s", err2, netlinktest.Render(&used), err, before)
		}
		for i := range msg {
			msg[i] ^= 0xff
		}
		if after := netlinktest.Render(&c); after != before {
			t.Errorf("the change holds on to the message:\nwas %s\n is %s", before, after)
		}
	})
}

// FuzzAttributes walks whatever comes: the attributes walked must be those that
// the bytes hold, one behind the other.
func FuzzAttributes(f *testing.F) {
	f.Add(bytes.Join([][]byte{attr(1, u32(5)), attr(2, u16(3)), attr(3, attr(4, raw(6)))}, nil))
	f.Add(attr(1, raw(1))[:5])
	f.Fuzz(func(t *testing.T, b []byte) {
		ad, at := NewAttributes(b), 0
		for ad.Next() {
			length := len(ad.Bytes()) + 4
			if at+length > len(b) || int(native.Uint16(b[at:])) != length || !bytes.Equal(ad.Bytes(), b[at+4:at+length]) {
				t.Fatalf("attribute at %d: % x is not what stands there", at, ad.Bytes())
			}
			at = min((at+length+3)/4*4, len(b))
		}
		if (at == len(b)) != (ad.Err() == nil) {
			t.Errorf("walked %d of %d bytes, error %v", at, len(b), ad.Err())
		}
	})
}
