#!/bin/sh
# The guest's PID 1. The kernel's console is the first serial port; the second carries the job's output and
# nothing else, framed by lines that begin with a token which the host makes up for each run:
#
#   TOKEN start UPTIME
#   …what the job wrote…
#   TOKEN exit STATUS
#   TOKEN file PATH        then the file in base64, for each one that the job wants back
#   TOKEN end
#
# busybox runs its own applets by their bare names, whatever PATH says: here that is wanted.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/busybox HOME=/root LANG=C.UTF-8

fail() {
	echo "init: $*" >/dev/console
	reboot -f
}

mount_on() { # FOLDER TYPE [OPTIONS]
	mount -t "$2" -o "${3:-rw}" "$2" "$1" || fail "mount $1"
}

mount_all() {
	# The shell finds its applets through /proc/self/exe.
	/usr/bin/busybox mount -t proc proc /proc || fail "mount /proc"
	mount_on /sys sysfs
	mount_on /dev devtmpfs
	mkdir -p /dev/pts /dev/shm
	mount_on /dev/pts devpts
	mount_on /dev/shm tmpfs mode=1777
	mount_on /tmp tmpfs mode=1777
	mount_on /run tmpfs mode=755
	mount_on /sys/kernel/security securityfs
	mount_on /sys/kernel/tracing tracefs
	mount_on /sys/fs/bpf bpf
	mount_on /sys/fs/cgroup cgroup2
	ln -s /proc/self/fd /dev/fd
}

load_modules() {
	local module options
	while read -r module; do
		case $module in # as systemd's modprobe.d has it: no bond0 or dummy0 unasked
		bonding.ko) options=max_bonds=0 ;;
		dummy.ko) options=numdummies=0 ;;
		*) options= ;;
		esac
		# shellcheck disable=SC2086
		insmod "/vm/modules/$module" $options || fail "load module $module"
	done </vm/modules.order
}

give_back() {
	# The names may be patterns.
	# shellcheck disable=SC2013
	for file in $(cat /vm/collect); do
		[ -f "$file" ] || continue
		echo "$token file $file"
		base64 "$file"
	done
}

mount_all
/usr/bin/busybox --install -s /busybox
load_modules
ip link set lo up
hostname vm

read -r token </vm/token
exec 3<>/dev/ttyS1
stty raw -echo <&3 # or each newline would become two bytes
read -r uptime _ </proc/uptime
echo "$token start $uptime" >&3
# In a subshell, so that this one's "Terminated" goes to the console.
(sh /vm/job </dev/null >/dev/ttyS1 2>&1 3>&-)
status=$?
kill -9 -1 # what the job left running would write between the files
{
	printf '\n%s exit %d\n' "$token" "$status"
	give_back
	echo "$token end"
} >&3
stty -echo <&3 # waits until all is sent
reboot -f
