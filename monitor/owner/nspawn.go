package owner

import (
	"strconv"
	"strings"
)

const nspawnRuntime = "systemd-nspawn"

// newNspawn knows the containers of systemd-nspawn.
func newNspawn(b *book) *machines {
	return newMachines(b, nspawnRuntime, func(cgroup string, _ uint32) string { return cgroup })
}

// nspawnPayload is the name of the container whose cgroup this is: that of a scope
// that systemd-machined made for it, machine-NAME.scope/payload, or of a service,
// systemd-nspawn@NAME.service/payload. In supervisor beside it lives nspawn itself.
func nspawnPayload(name, next string) string {
	if next != "payload" {
		return ""
	}
	if scope, ok := strings.CutPrefix(name, "machine-"); ok {
		if scope, ok = strings.CutSuffix(scope, ".scope"); ok {
			return unescapeUnit(scope)
		}
	}
	if service, ok := strings.CutPrefix(name, "systemd-nspawn@"); ok {
		if service, ok = strings.CutSuffix(service, ".service"); ok {
			return unescapeUnit(service)
		}
	}
	return ""
}

// unescapeUnit undoes what systemd does to a name to put it into that of a unit:
// \x2d is a hyphen. Of what is not so, nothing is changed.
func unescapeUnit(s string) string {
	var b strings.Builder
	for s != "" {
		if len(s) >= 4 && s[:2] == `\x` {
			if c, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				b.WriteByte(byte(c))
				s = s[4:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}
