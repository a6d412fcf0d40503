package scenario

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
)

// nexthopCommands make nexthop objects, on links and addresses that prepareNexthops makes.
var nexthopCommands = []string{
	"ip nexthop add id 1 via 198.18.7.2 dev nh0",
	"ip nexthop add id 2 blackhole",
	"ip -6 nexthop add id 3 blackhole",
	"ip nexthop add id 4 dev nh0",
	"ip -6 nexthop add id 5 dev nh0",
	"ip nexthop add id 6 via 203.0.113.1 dev nh0 onlink",
	"ip nexthop add id 7 via fe80::9 dev nh0 proto static",
	"ip nexthop add id 8 via 198.18.7.3 dev nh0 proto bird",
	"ip nexthop add id 9 group 1/8",
	"ip nexthop add id 10 group 1,5/6,255",
	"ip nexthop add id 11 via 198.18.7.4 fdb",
	"ip nexthop add id 12 via 2001:db8::4 fdb",
	"ip nexthop add id 13 group 11 fdb",
	"ip nexthop add id 14 group 7 proto 77",
	"ip nexthop add id 4294967295 via 198.18.7.5 dev nh0",
	"ip nexthop replace id 8 via 198.18.7.6 dev nh0 proto zebra",
	"ip nexthop replace id 9 group 1,3/8",
	"ip nexthop add id 15 dev nh0",
	"ip nexthop del id 15",
}

// resilientCommand makes a kind of group that Linux 5.13 has been the first to have.
const resilientCommand = "ip nexthop add id 16 group 1/8 type resilient buckets 64 idle_timer 30 unbalanced_timer 90"

// TestNexthopsRebuilt makes nexthop objects and runs the commands that wrongns says
// of them in another namespace: it has the same then.
func TestNexthopsRebuilt(t *testing.T) {
	needRoot(t)
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			stage := newStage(t)
			prepareNexthops(t, hostNetns)
			prepareNexthops(t, containerNetns)
			made := slices.Clone(nexthopCommands)
			lines := stage.watch(t, tier, func() {
				for _, command := range made {
					inNetns(t, hostNetns, command)
				}
				if tryNetns(hostNetns, resilientCommand) == nil {
					made = append(made, resilientCommand)
				}
			}, "--kind", "nexthop")
			rebuilt := 0
			for _, c := range changesOfKind(t, lines, events.KindNexthop) {
				if c.Failed() {
					continue
				}
				rebuilt++
				inNetns(t, containerNetns, c.Command())
			}
			if rebuilt != len(made) {
				t.Errorf("%d changes seen, want %d", rebuilt, len(made))
			}
			want, got := dumpNetns(t, hostNetns, "ip -json nexthop"), dumpNetns(t, containerNetns, "ip -json nexthop")
			if len(want) < 10 {
				t.Fatalf("only %d nexthops were made", len(want))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the commands make other nexthops (-made +rebuilt):\n%s", diff)
			}
		})
	}
}

// prepareNexthops gives a namespace a link that is up, with addresses.
func prepareNexthops(t *testing.T, netns string) {
	t.Helper()
	for _, command := range []string{
		"ip link set lo up",
		"ip link add nh0 index 77 type veth peer name nh1", "ip link set nh0 up", "ip link set nh1 up",
		"ip address add 198.18.7.1/24 dev nh0",
	} {
		inNetns(t, netns, command)
	}
}

// qdiscCommands are commands, and what wrongns says of them. Kernels that lack a
// module refuse some of them, and what builds on those.
var qdiscCommands = []struct{ command, want string }{
	{"tc qdisc add dev nh0 root handle 1: pfifo limit 10", "tc qdisc add dev nh0 root handle 1: pfifo limit 10"},
	{"tc qdisc change dev nh0 root handle 1: pfifo limit 20", "tc qdisc change dev nh0 root handle 1: pfifo limit 20"},
	{"tc qdisc replace dev nh0 root bfifo", "tc qdisc replace dev nh0 root bfifo"},
	{"tc qdisc del dev nh0 root", "tc qdisc del dev nh0 root"},
	{"tc qdisc add dev nh0 root handle 10: htb default 1", "tc qdisc add dev nh0 root handle 10: htb …"},
	{"tc class add dev nh0 parent 10: classid 10:1f htb rate 10mbit", "tc class add dev nh0 parent 10: classid 10:1f htb …"},
	{"tc class change dev nh0 parent 10: classid 10:1f htb rate 20mbit", "tc class change dev nh0 parent 10: classid 10:1f htb …"},
	{"tc qdisc add dev nh0 parent 10:1f handle 20: pfifo limit 5", "tc qdisc add dev nh0 parent 10:1f handle 20: pfifo limit 5"},
	{"tc filter add dev nh0 parent 10: protocol ip pref 5 u32 match ip dst 10.0.0.0/8 flowid 10:1f", "tc filter add dev nh0 parent 10: protocol ip pref 5 u32 …"},
	{"tc filter del dev nh0 parent 10: protocol ip pref 5 u32", "tc filter del dev nh0 parent 10: protocol ip pref 5 u32"},
	{"tc class add dev nh0 parent 10: classid 10:2 htb rate 1mbit", "tc class add dev nh0 parent 10: classid 10:2 htb …"},
	{"tc class del dev nh0 classid 10:2", "tc class del dev nh0 classid 10:2"},
	{"tc qdisc add dev nh1 root tbf rate 1mbit burst 10k latency 10ms", "tc qdisc add dev nh1 root tbf …"},
	{"tc qdisc replace dev nh1 root handle 5: prio", "tc qdisc replace dev nh1 root handle 5: prio …"},
	{"tc qdisc add dev nh1 ingress", "tc qdisc add dev nh1 ingress"},
	{"tc qdisc del dev nh1 ingress", "tc qdisc del dev nh1 ingress"},
	{"tc qdisc add dev nh1 clsact", "tc qdisc add dev nh1 clsact"},
	{"tc filter add dev nh1 egress protocol all pref 7 u32 match u32 0 0", "tc filter add dev nh1 egress protocol all pref 7 u32 …"},
	{"tc filter add dev nh1 ingress protocol arp pref 8 chain 3 u32 match u32 0 0", "tc filter add dev nh1 ingress protocol arp pref 8 chain 3 u32 …"},
}

// TestQdiscs has each change of a queueing discipline, a class or a filter told as
// the command that made it, but for the options that are not decoded; and told as
// failed where it failed, for the want of a module.
func TestQdiscs(t *testing.T) {
	needRoot(t)
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			stage := newStage(t)
			prepareNexthops(t, hostNetns)
			failed := map[string]bool{}
			lines := stage.watch(t, tier, func() {
				for _, q := range qdiscCommands {
					if err := tryNetns(hostNetns, q.command); err != nil {
						failed[q.command] = true
						t.Log(err)
					}
				}
			}, "--kind", "qdisc")
			var want, got []string
			for _, q := range qdiscCommands {
				want = append(want, fmt.Sprintf("%s failed=%t", q.want, failed[q.command]))
			}
			for _, c := range changesOfKind(t, lines, events.KindQdisc) {
				got = append(got, fmt.Sprintf("%s failed=%t", c.Command(), c.Failed()))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if len(failed) > len(qdiscCommands)-4 {
				t.Error("even the queues that every kernel has could not be made")
			}
		})
	}
}

// changesOfKind reads the changes of one kind.
func changesOfKind(t *testing.T, lines [][]byte, kind events.Kind) (found []*events.Change) {
	t.Helper()
	for _, line := range lines {
		read, err := events.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := read.Event.(*events.Change); ok && c.Kind == kind {
			found = append(found, c)
		}
	}
	return found
}

// tryNetns runs a command in a namespace.
func tryNetns(netns, command string) error {
	out, err := exec.Command("ip", append([]string{"netns", "exec", netns}, strings.Fields(command)...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return nil
}

func inNetns(t *testing.T, netns, command string) {
	t.Helper()
	if err := tryNetns(netns, command); err != nil {
		t.Error(err)
	}
}

// dumpNetns is the list that a command prints in a namespace.
func dumpNetns(t *testing.T, netns, command string) (list []any) {
	t.Helper()
	words := append([]string{"netns", "exec", netns}, strings.Fields(command)...)
	out, err := exec.Command("ip", words...).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return list
}
