#!/usr/bin/env bash
# Installs what the demo and the tests need and this machine lacks, from Debian's or Ubuntu's packages:
#
#   test/setup.sh demo       the tools that make the demo's mistakes
#   test/setup.sh test       these, and what the tests run against: Docker, Podman, LXC, systemd-nspawn, qemu with
#                            Debian's kernels
#   test/setup.sh generate   the compiler that makes bpf's objects
#
# What is there already is kept. It needs root or sudo, and the network, only if something is missing.
# No service is started or stopped. What had to be left out is said, one line each, and is no error:
# the tests that need it are skipped, or fail if WRONGNS_REQUIRE is 1.
set -euo pipefail

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)

say() { echo "setup: $*"; }

# The programs and files that each purpose needs, with the package that has each.
demo=(ip:iproute2 busybox:busybox-static)
tests=("${demo[@]}" dockerd:docker.io iptables:iptables ifconfig:net-tools podman:podman
	systemd-nspawn:systemd-container lxc-start:lxc strace:strace qemu-system-x86_64:qemu-system-x86
	xz:xz-utils zstd:zstd /etc/protocols:netbase)
# Those who change the networks of the corpus's containers for a living.
tests+=(bird:bird2 dhclient:isc-dhcp-client dnsmasq:dnsmasq-base keepalived:keepalived openvpn:openvpn
	wg:wireguard-tools wireguard-go:wireguard-go /usr/lib/cni/bridge:containernetworking-plugins)
generate=(clang-19:clang-19 llvm-strip-19:llvm-19)

purpose=${1:-}
case $purpose in
demo) needed=("${demo[@]}") ;;
test) needed=("${tests[@]}") ;;
generate) needed=("${generate[@]}") ;;
*)
	echo "usage: test/setup.sh demo|test|generate" >&2
	exit 2
	;;
esac

missing=()
for pair in "${needed[@]}"; do
	command -v "${pair%%:*}" >/dev/null || [ -e "${pair%%:*}" ] || missing+=("${pair##*:}")
done

left_out() { # WHY PACKAGE…
	local why=$1 package
	shift
	for package; do say "left out $package: $why"; done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Packages of services start them when they are installed, unless policy-rc.d says no. Ours stands there
# only while we install; what stood there before comes back, also after Ctrl-C.
policy=/usr/sbin/policy-rc.d

forbid_services() {
	trap allow_services EXIT
	trap 'exit 130' INT TERM HUP
	if [ -e "$policy" ] && [ ! -e "$policy.before-wrongns" ]; then
		as_root mv "$policy" "$policy.before-wrongns"
	fi
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
}

allow_services() {
	if [ -e "$policy.before-wrongns" ]; then
		as_root mv "$policy.before-wrongns" "$policy"
	else
		as_root rm -f "$policy"
	fi
}

install() { # PACKAGE…: each by itself, so that one that is nowhere to be had does not cost the others
	local package log
	log=$(mktemp)
	forbid_services
	say "asking apt for its newest lists"
	as_root apt-get -q update >"$log" 2>&1 || say "apt-get update: $(first_complaint "$log")"
	for package; do
		say "installing $package"
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$package" \
			>"$log" 2>&1 </dev/null || left_out "$(first_complaint "$log")" "$package"
	done
	rm -f "$log"
}

first_complaint() { # LOG: apt's own first complaint, if it had one
	grep -m1 '^[EW]:' "$1" | cut -c1-200 || echo "apt-get failed"
}

if [ ${#missing[@]} = 0 ]; then
	say "all programs for $purpose are here"
elif ! command -v apt-get >/dev/null; then
	left_out "there is no apt-get; install it by hand" "${missing[@]}"
elif [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
	left_out "needs root, and there is no sudo" "${missing[@]}"
else
	install "${missing[@]}"
fi

if [ "$purpose" = test ]; then
	"$here/vm/fetch.sh" || say "left out kernels, for the reason above: the tests in qemu need them"
fi
