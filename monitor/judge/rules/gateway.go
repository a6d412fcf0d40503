package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/judge/trial"
)

// gatewayOf returns the gateway of a route that is to be made; it is invalid for
// any other change. A link-local gateway is on every link of every world, so it
// is of none in particular.
func gatewayOf(c *events.Change) netip.Addr {
	gateway := trial.GatewayOf(c)
	if gateway.IsLinkLocalUnicast() {
		return netip.Addr{}
	}
	return gateway
}

// routeText says which route a change is about: default via 192.168.1.1.
func routeText(c *events.Change, gateway netip.Addr) string {
	return fmt.Sprintf("%s via %s", c.Target, gateway)
}

// defaultRoutes says a world's default routes.
func defaultRoutes(gateways []netip.Addr) string {
	if len(gateways) == 0 {
		return "no default route"
	}
	texts := make([]string, len(gateways))
	for i, g := range gateways {
		texts[i] = "default via " + g.String()
	}
	return strings.Join(texts, ", ")
}

// hostRoute says how the host reaches a gateway.
func hostRoute(c *events.Change, gateway netip.Addr) string {
	text := ""
	if slices.Contains(c.Host.Defaults, gateway) {
		text = "default via "
	}
	text += gateway.String()
	if hop := c.Host.Nexthop; hop != nil && hop.OnLink {
		text += " on-link"
		if hop.Dev != "" {
			text += " by " + hop.Dev.String()
		}
	}
	return text
}
