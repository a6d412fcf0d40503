package events

// HostInfo names the machine that an event happened on. It is learned once, by
// whoever writes events (see monitor/output.ReadHost); a field that is empty is
// left out of the JSON.
type HostInfo struct {
	Name   string // as uname -n says it
	BootID string // /proc/sys/kernel/random/boot_id: times since boot mean nothing without it
}
