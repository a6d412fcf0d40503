package events

import "math/bits"

// linkFlags are the names of the IFF_* bits, from bit 0 (linux/if.h).
var linkFlags = [...]string{
	"UP", "BROADCAST", "DEBUG", "LOOPBACK", "POINTOPOINT", "NOTRAILERS", "RUNNING", "NOARP", "PROMISC", "ALLMULTI",
	"MASTER", "SLAVE", "MULTICAST", "PORTSEL", "AUTOMEDIA", "DYNAMIC", "LOWER_UP", "DORMANT", "ECHO",
}

// capabilities are the names of the CAP_* bits, from bit 0 (linux/capability.h).
var capabilities = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
	"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
}

// allCapabilities is the effective set of a process that lacks none of them.
const allCapabilities uint64 = 1<<len(capabilities) - 1

// CapabilitiesLacking is how many of the kernel's capabilities are not in a set.
func CapabilitiesLacking(set uint64) int { return bits.OnesCount64(allCapabilities &^ set) }
