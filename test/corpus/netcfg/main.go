// Netcfg changes links, addresses and routes by a Go netlink library, as network plug-ins and agents do. It is one of
// the tools of the corpus.
//
//	netcfg [--netns FILE] link-up|link-down LINK
//	netcfg [--netns FILE] mtu LINK BYTES
//	netcfg [--netns FILE] master LINK MASTER
//	netcfg [--netns FILE] bridge NAME
//	netcfg [--netns FILE] address-add|address-delete LINK PREFIX
//	netcfg [--netns FILE] route-add|route-replace|route-delete default|PREFIX [GATEWAY [LINK]]
//
// With --netns it opens its socket in another network namespace and comes back before it asks for anything. A link is
// looked up by its name first, and then changed by its index.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

func main() {
	file := flag.String("netns", "", "open the socket in the network namespace of `FILE`")
	flag.Parse()
	if err := run(*file, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "netcfg: %v\n", err)
		os.Exit(1)
	}
}

// commands are by name what is done with the words after it.
var commands = map[string]struct {
	least int // words
	do    func(h *netlink.Handle, words []string) error
}{
	"link-up":        {1, withLink((*netlink.Handle).LinkSetUp)},
	"link-down":      {1, withLink((*netlink.Handle).LinkSetDown)},
	"mtu":            {2, setMTU},
	"master":         {2, setMaster},
	"bridge":         {1, addBridge},
	"address-add":    {2, withAddress((*netlink.Handle).AddrAdd)},
	"address-delete": {2, withAddress((*netlink.Handle).AddrDel)},
	"route-add":      {1, withRoute((*netlink.Handle).RouteAdd)},
	"route-replace":  {1, withRoute((*netlink.Handle).RouteReplace)},
	"route-delete":   {1, withRoute((*netlink.Handle).RouteDel)},
}

func run(file string, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("no command")
	}
	command, ok := commands[words[0]]
	if !ok || len(words)-1 < command.least {
		return fmt.Errorf("command %q: there is none, or it lacks words", words[0])
	}
	h, err := open(file)
	if err != nil {
		return err
	}
	defer h.Close()
	return command.do(h, words[1:])
}

func open(file string) (*netlink.Handle, error) {
	if file == "" {
		return netlink.NewHandle()
	}
	ns, err := netns.GetFromPath(file)
	if err != nil {
		return nil, fmt.Errorf("open network namespace %s: %w", file, err)
	}
	defer func() { _ = ns.Close() }()
	return netlink.NewHandleAt(ns)
}

func withLink(do func(*netlink.Handle, netlink.Link) error) func(*netlink.Handle, []string) error {
	return func(h *netlink.Handle, words []string) error {
		link, err := h.LinkByName(words[0])
		if err != nil {
			return fmt.Errorf("find link %s: %w", words[0], err)
		}
		return do(h, link)
	}
}

func setMTU(h *netlink.Handle, words []string) error {
	mtu, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	return withLink(func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, mtu) })(h, words)
}

func setMaster(h *netlink.Handle, words []string) error {
	master, err := h.LinkByName(words[1])
	if err != nil {
		return fmt.Errorf("find link %s: %w", words[1], err)
	}
	return withLink(func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMaster(l, master) })(h, words)
}

func addBridge(h *netlink.Handle, words []string) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = words[0]
	return h.LinkAdd(&netlink.Bridge{LinkAttrs: attributes})
}

func withAddress(do func(*netlink.Handle, netlink.Link, *netlink.Addr) error) func(*netlink.Handle, []string) error {
	return func(h *netlink.Handle, words []string) error {
		address, err := netlink.ParseAddr(words[1])
		if err != nil {
			return err
		}
		return withLink(func(h *netlink.Handle, l netlink.Link) error { return do(h, l, address) })(h, words)
	}
}

func withRoute(do func(*netlink.Handle, *netlink.Route) error) func(*netlink.Handle, []string) error {
	return func(h *netlink.Handle, words []string) error {
		route := &netlink.Route{}
		if words[0] != "default" {
			destination, err := netlink.ParseIPNet(words[0])
			if err != nil {
				return err
			}
			route.Dst = destination
		}
		if len(words) > 1 {
			if route.Gw = net.ParseIP(words[1]); route.Gw == nil {
				return fmt.Errorf("gateway %q: not an address", words[1])
			}
		}
		if len(words) > 2 {
			link, err := h.LinkByName(words[2])
			if err != nil {
				return fmt.Errorf("find link %s: %w", words[2], err)
			}
			route.LinkIndex = link.Attrs().Index
		}
		return do(h, route)
	}
}
