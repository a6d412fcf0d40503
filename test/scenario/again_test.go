package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
)

// TestSaidAgain changes rules, neighbours and forwarding tables, and makes of each
// event the command that it says. Those commands have to make the same of another
// namespace.
func TestSaidAgain(t *testing.T) {
	needRoot(t)
	commands := readCommands(t, filepath.Join("testdata", "again.txt"))
	for _, tier := range tiers(t) {
		t.Run(tier, func(t *testing.T) {
			stage := newStage(t)
			for _, netns := range []string{hostNetns, containerNetns} {
				furnish(t, netns)
			}
			lines := stage.watch(t, tier, func() {
				for _, command := range commands {
					before := stage.written(t)
					run(t, "bash", "-c", in(hostNetns, command))
					stage.awaitMore(t, before, command)
				}
			})
			said := changesOf(t, lines)
			if len(said) != len(commands) {
				t.Errorf("%d changes of %d commands", len(said), len(commands))
			}
			for _, c := range said {
				t.Logf("%s: %s", c.Target, c.Command())
				run(t, "bash", "-c", in(containerNetns, c.Command()))
			}
			if diff := cmp.Diff(tables(t, hostNetns), tables(t, containerNetns)); diff != "" {
				t.Errorf("what was said makes something else (-done +said):\n%s", diff)
			}
		})
	}
}

// readCommands returns the lines of a file but its comments.
func readCommands(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
			commands = append(commands, line)
		}
	}
	return commands
}

// in is the shell's command that runs another in a namespace.
func in(netns, command string) string { return "ip netns exec " + netns + " " + command }

// furnish makes the same links in a namespace, all up, and without addresses that
// the kernel makes up.
func furnish(t *testing.T, netns string) {
	t.Helper()
	for _, command := range []string{
		"ip link add up0 address 02:00:00:00:00:01 type veth peer name up1 address 02:00:00:00:00:02",
		"ip link add br0 address 02:00:00:00:00:03 type bridge",
		"ip link add vx0 address 02:00:00:00:00:04 type vxlan id 7 dstport 4789 local 198.18.1.100",
		"ip link set up1 master br0",
		"ip link set up0 addrgenmode none", "ip link set up1 addrgenmode none", "ip link set br0 addrgenmode none",
		"ip link set vx0 addrgenmode none", "ip link set up0 up", "ip link set up1 up", "ip link set br0 up", "ip link set vx0 up",
	} {
		run(t, "bash", "-c", in(netns, command))
	}
}

// changesOf are the changes that succeeded among lines of JSON.
func changesOf(t *testing.T, lines [][]byte) []*events.Change {
	t.Helper()
	var changes []*events.Change
	for _, line := range lines {
		l, err := events.Parse(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		switch event := l.Event.(type) {
		case *events.Change:
			if event.Effect == events.EffectFailed {
				t.Errorf("failed: %s", line)
			}
			changes = append(changes, event)
		case *events.Status:
			if event.State != "started" && event.State != "stopped" {
				t.Errorf("status: %s", line)
			}
		}
	}
	return changes
}

// sorted puts neighbours into an order, which the kernel leaves to chance, and
// leaves out those that it makes by itself for multicast.
func sorted(table []map[string]any) []map[string]any {
	table = slices.DeleteFunc(table, func(row map[string]any) bool {
		dst, _ := row["dst"].(string)
		return strings.HasPrefix(dst, "ff0")
	})
	slices.SortFunc(table, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return table
}

// tables are a namespace's rules, neighbours and forwarding tables, by the
// command that shows them.
func tables(t *testing.T, netns string) map[string]any {
	t.Helper()
	shown := map[string]any{}
	for _, command := range []string{
		"ip -json rule", "ip -json -6 rule", "ip -json -4 neigh show nud all", "ip -json -6 neigh show nud all",
		"ip -json neigh show proxy", "bridge -json fdb",
	} {
		var table []map[string]any
		out := run(t, "bash", "-c", in(netns, command))
		if err := json.Unmarshal([]byte(out), &table); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		shown[command] = table
		if !strings.HasSuffix(command, "rule") {
			shown[command] = sorted(table)
		}
	}
	return shown
}
