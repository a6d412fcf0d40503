package netlink

import (
	"testing"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/events/netlink/netlinktest"
)

// capturedRequests are what real programs sent.
const capturedRequests = "testdata/requests.txt"

// testLinks are the links of the namespace in which capturedRequests were made.
func testLinks(index uint32) events.Name {
	if names := [...]events.Name{1: "lo", 2: "wan0", 3: "hv0", 4: "br0", 5: "mv0"}; index < uint32(len(names)) {
		return names[index]
	}
	return ""
}

func TestDecodeCaptured(t *testing.T) {
	netlinktest.Requests(t, capturedRequests, func(t *testing.T, input string, c *events.Change) error {
		return Decode(c, netlinktest.Bytes(t, input), testLinks)
	})
}
