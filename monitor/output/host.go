package output

import (
	"bytes"
	"os"

	"github.com/wrongns/wrongns/events"
)

// ReadHost learns the name of this machine and of its boot. What can't be had
// stays empty, and so absent from every line.
func ReadHost() events.HostInfo {
	name, _ := os.Hostname()
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return events.HostInfo{Name: name, BootID: string(bytes.TrimSpace(id))}
}
