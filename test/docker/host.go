package docker

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// settleTimeout is how long the links of a namespace that has gone may still be seen: the kernel removes them in
// the background.
const settleTimeout = 5 * time.Second

// watchHost notes the host's links, addresses and routes and returns a function that fails the test if they have
// changed.
func watchHost(t testing.TB) (check func()) {
	t.Helper()
	before, err := hostState()
	if err != nil {
		t.Fatalf("read the host's state: %v", err)
	}
	return func() {
		t.Helper()
		var difference string
		for deadline := time.Now().Add(settleTimeout); time.Now().Before(deadline); time.Sleep(pollInterval) {
			after, err := hostState()
			if err != nil {
				difference = err.Error()
			} else if difference = diff(before, after); difference == "" {
				return
			}
		}
		t.Errorf("the host has changed:\n%s", difference)
	}
}

// hostState returns the host's links, addresses and routes, one JSON object a string, sorted.
func hostState() ([]string, error) {
	watched, err := watchedLinks()
	if err != nil {
		return nil, err
	}
	var state []string
	for _, args := range [][]string{
		{"link"},
		{"address"},
		{"-4", "route", "show", "table", "all"},
		{"-6", "route", "show", "table", "all"},
	} {
		objects, err := ipJSON(args...)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if link := linkOf(object); link != "" && !watched[link] {
				continue
			}
			forgetTimes(object)
			text, err := json.Marshal(object) // with sorted keys
			if err != nil {
				return nil, fmt.Errorf("encode ip %s: %w", args[0], err)
			}
			state = append(state, strings.Join(args, " ")+" "+string(text))
		}
	}
	slices.Sort(state)
	return state, nil
}

// watchedLinks returns the machine's own links and those of this harness. Other virtual links come and go on the
// same machine meanwhile, by the tests of other packages.
func watchedLinks() (map[string]bool, error) {
	objects, err := ipJSON("-details", "link")
	if err != nil {
		return nil, err
	}
	watched := map[string]bool{}
	for _, object := range objects {
		info, _ := object["linkinfo"].(map[string]any)
		switch info["info_kind"] {
		case "veth", "bridge", "macvlan", "macvtap", "ipvlan", "dummy", "vxlan", "tun", "vlan", "bond", "vrf":
			watched[linkOf(object)] = madeHere(linkOf(object))
		default:
			watched[linkOf(object)] = true
		}
	}
	return watched, nil
}

// madeHere tells from a link's name whether this harness made it.
func madeHere(name string) bool {
	return strings.HasPrefix(name, parentPrefix) || strings.HasPrefix(name, peerPrefix) ||
		strings.HasPrefix(name, bridgePrefix)
}

// linkOf returns the name of the link that a link, address or route of ip's belongs to; "" for a route that
// belongs to none.
func linkOf(object map[string]any) string {
	if name, ok := object["ifname"].(string); ok {
		return name
	}
	name, _ := object["dev"].(string)
	return name
}

// forgetTimes removes what changes by itself as time goes by.
func forgetTimes(object map[string]any) {
	delete(object, "expires")
	addresses, _ := object["addr_info"].([]any)
	for _, address := range addresses {
		if address, ok := address.(map[string]any); ok {
			delete(address, "valid_life_time")
			delete(address, "preferred_life_time")
		}
	}
}

// diff returns the lines that only one of the two sorted lists has, or nothing.
func diff(before, after []string) string {
	var lines strings.Builder
	for _, line := range before {
		if _, found := slices.BinarySearch(after, line); !found {
			fmt.Fprintf(&lines, "- %s\n", line)
		}
	}
	for _, line := range after {
		if _, found := slices.BinarySearch(before, line); !found {
			fmt.Fprintf(&lines, "+ %s\n", line)
		}
	}
	return lines.String()
}

// ipJSON asks ip for a list.
func ipJSON(args ...string) ([]map[string]any, error) {
	out, err := ip(append([]string{"-json"}, args...)...)
	if err != nil {
		return nil, err
	}
	var objects []map[string]any
	if out = strings.TrimSpace(out); out == "" {
		return nil, nil // ip prints nothing at all for an empty list
	}
	if err := json.Unmarshal([]byte(out), &objects); err != nil {
		return nil, fmt.Errorf("decode ip %s: %w", strings.Join(args, " "), err)
	}
	return objects, nil
}

func ip(args ...string) (string, error) {
	program, err := find("ip")
	if err != nil {
		return "", err
	}
	var stderr strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run ip %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

func mustIP(t testing.TB, args ...string) {
	t.Helper()
	if _, err := ip(args...); err != nil {
		t.Fatal(err)
	}
}

// removeLink removes a link if it is there.
func removeLink(name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return nil
	}
	_, err := ip("link", "delete", "dev", name)
	return err
}
