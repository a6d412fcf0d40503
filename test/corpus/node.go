package corpus

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The namespaces that the corpus makes all have this prefix. One test at a time has a daemon, so what is there when
// one begins was left behind by a test that was killed.
const netnsPrefix = "wncorpus-"

const (
	nodeNetns   = netnsPrefix + "node"
	routerNetns = netnsPrefix + "router"
)

// settleTimeout is how long the node may take to be as before: addresses and routes follow their links.
const settleTimeout = 3 * time.Second

// nodeLinks are the node's own.
var nodeLinks = []string{"lo", "eth0", "ens4", "ens5", "eth1"}

// wires makes the node's links; their other ends are in the router's namespace, under the same names.
const wires = `
link set lo up
link add eth0 type veth peer name eth0 netns ` + routerNetns + `
link add ens4 type veth peer name ens4 netns ` + routerNetns + `
link add ens5 type veth peer name ens5 netns ` + routerNetns + `
link add eth1 type veth peer name eth1 netns ` + routerNetns + `
`

// router is what the node's links lead to.
const router = `
address add 192.168.1.1/24 dev eth0
address add 2001:db8:1::1/64 dev eth0 nodad
address add 198.51.100.1/24 dev ens4
link set lo up
link set eth0 up
link set ens4 up
link set ens5 up
link set eth1 up
`

// links puts the node's links up, or back as they were.
const links = `
link set eth0 nomaster mtu 1500 up
link set ens4 nomaster mtu 1500 up
link set ens5 nomaster mtu 1500 up
link set eth1 nomaster mtu 1500 down
link set lo mtu 65536 up
`

// addresses gives the node its addresses and routes, or gives them back.
const addresses = `
address replace 127.0.0.1/8 dev lo scope host
address replace ::1/128 dev lo
address replace 192.168.1.2/24 brd + dev eth0
address replace 2001:db8:1::2/64 dev eth0 nodad
address replace 198.51.100.2/24 brd + dev ens4
route replace default via 192.168.1.1
-6 route replace default via 2001:db8:1::1 dev eth0
route replace 203.0.113.0/24 via 198.51.100.1
`

// newNode makes the namespace that is the host of the corpus, and returns its name.
func newNode(t testing.TB) string {
	t.Helper()
	removeStale(t)
	for _, name := range []string{nodeNetns, routerNetns} {
		addNetns(t, name)
	}
	for _, step := range []struct{ netns, commands string }{
		{nodeNetns, wires}, {routerNetns, router}, {nodeNetns, links}, {nodeNetns, addresses},
	} {
		if err := batch(step.netns, step.commands); err != nil {
			t.Fatal(err)
		}
	}
	return nodeNetns
}

// addNetns makes a namespace with a name, and removes it when the test ends.
func addNetns(t testing.TB, name string) {
	t.Helper()
	if _, err := ip("netns", "add", name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := ip("netns", "delete", name); err != nil {
			t.Error(err)
		}
	})
}

func removeStale(t testing.TB) {
	t.Helper()
	files, _ := filepath.Glob("/run/netns/" + netnsPrefix + "*") // fails on a bad pattern only
	for _, file := range files {
		if _, err := ip("netns", "delete", filepath.Base(file)); err != nil {
			t.Fatal(err)
		}
	}
}

// ip runs ip and returns what it printed.
func ip(args ...string) (string, error) {
	var stderr strings.Builder
	cmd := exec.Command("ip", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run ip %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

// batch runs commands of ip's, one a line, in a namespace.
func batch(netns, commands string) error {
	var out strings.Builder
	for line := range strings.Lines(strings.TrimSpace(commands)) {
		if _, err := ip(append([]string{"-n", netns}, strings.Fields(line)...)...); err != nil {
			fmt.Fprintln(&out, err)
		}
	}
	if out.Len() > 0 {
		return fmt.Errorf("set up namespace %s: %s", netns, &out)
	}
	return nil
}

// object is a link, an address or a route as the node has it: what tells it apart, and how it is removed.
type object struct{ text, remove string }

// nodeState returns all objects of the node's own, sorted. What Docker makes for its containers there is left out.
func nodeState() ([]object, error) {
	var state []object
	for _, list := range []struct {
		args []string
		make func(map[string]any) []object
	}{
		{[]string{"-details", "link"}, linkObject},
		{[]string{"address"}, addressObjects},
		{[]string{"-4", "route", "show", "table", "all"}, routeObject("-4")},
		{[]string{"-6", "route", "show", "table", "all"}, routeObject("-6")},
	} {
		out, err := ip(append([]string{"-n", nodeNetns, "-json"}, list.args...)...)
		if err != nil {
			return nil, err
		}
		var found []map[string]any
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			return nil, fmt.Errorf("decode ip %s: %w", strings.Join(list.args, " "), err)
		}
		for _, o := range found {
			state = append(state, list.make(o)...)
		}
	}
	slices.SortFunc(state, func(a, b object) int { return strings.Compare(a.text, b.text) })
	return state, nil
}

// docker reports whether a link is one of Docker's: a bridge of its network, or a veth of a container's.
func dockers(name string) bool { return name == bridgeLink || strings.HasPrefix(name, "veth") }

func linkObject(o map[string]any) []object {
	name, _ := o["ifname"].(string)
	if dockers(name) {
		return nil
	}
	flags, _ := o["flags"].([]any)
	return []object{{
		text:   fmt.Sprintf("link %s up=%v mtu=%v master=%v address=%v", name, slices.Contains(flags, any("UP")), o["mtu"], o["master"], o["address"]),
		remove: "link delete " + name,
	}}
}

func addressObjects(o map[string]any) []object {
	name, _ := o["ifname"].(string)
	infos, _ := o["addr_info"].([]any)
	var all []object
	for _, info := range infos {
		a, _ := info.(map[string]any)
		if a["scope"] == "link" || dockers(name) {
			continue
		}
		prefix := fmt.Sprintf("%v/%v", a["local"], a["prefixlen"])
		all = append(all, object{"address " + prefix + " " + name, "address delete " + prefix + " dev " + name})
	}
	return all
}

// routeObject is for routes of a family that somebody made: those of the kernel's follow the addresses.
func routeObject(family string) func(map[string]any) []object {
	return func(o map[string]any) []object {
		dev, _ := o["dev"].(string)
		if o["protocol"] == "kernel" || dockers(dev) {
			return nil
		}
		remove := family + " route delete"
		if kind, ok := o["type"].(string); ok && kind != "unicast" {
			remove += " " + kind
		}
		remove += fmt.Sprintf(" %v", o["dst"])
		for _, part := range []struct{ key, word string }{{"gateway", "via"}, {"dev", "dev"}, {"table", "table"}, {"metric", "metric"}} {
			if value, ok := o[part.key]; ok {
				remove += fmt.Sprintf(" %s %v", part.word, value)
			}
		}
		return []object{{fmt.Sprintf("route %s %v via %v dev %v table %v metric %v type %v", family, o["dst"], o["gateway"],
			dev, o["table"], o["metric"], o["type"]), remove}}
	}
}

// restoreNode puts the node back to a state that it had. The test fails if it can't be.
func restoreNode(t testing.TB, before []object) {
	t.Helper()
	var problem string
	for deadline := time.Now().Add(settleTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		after, err := nodeState()
		if err != nil {
			t.Fatal(err)
		}
		if problem = difference(before, after); problem == "" {
			return
		}
		for _, o := range after {
			if !slices.Contains(before, o) && !ownLink(o) {
				_, _ = ip(append([]string{"-n", nodeNetns}, strings.Fields(o.remove)...)...) // another's end may have taken it along
			}
		}
		if err := batch(nodeNetns, strings.TrimSpace(links)+addresses); err != nil {
			problem += err.Error()
		}
	}
	t.Errorf("the node is not as before:\n%s", problem)
}

// ownLink reports whether an object is one of the node's own links, which are changed back and not removed.
func ownLink(o object) bool {
	words := strings.Fields(o.text)
	return words[0] == "link" && slices.Contains(nodeLinks, words[1])
}

func difference(before, after []object) string {
	var lines strings.Builder
	for _, o := range before {
		if !slices.Contains(after, o) {
			fmt.Fprintf(&lines, "- %s\n", o.text)
		}
	}
	for _, o := range after {
		if !slices.Contains(before, o) {
			fmt.Fprintf(&lines, "+ %s\n", o.text)
		}
	}
	return lines.String()
}
