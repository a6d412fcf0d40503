#!/usr/bin/env bash
# Fetches the stock Debian cloud kernels that the tests boot, each with the modules that they use:
#
#   test/vm/fetch.sh [DIR]      DIR: ${WRONGNS_CACHE:-$HOME/.cache/wrongns}/kernels
#
#   DIR/6.1/vmlinuz             the kernel
#   DIR/6.1/release             what uname -r says there
#   DIR/6.1/modules/*.ko        the modules, decompressed
#   DIR/6.1/modules.order.txt   their names, in an order in which they can be loaded
#   DIR/6.1/modules.wanted      what was asked for, so that a longer list below fetches again
#
# What is there already is kept, and then the network is not asked. Needs apt and dpkg-deb, not root;
# apt works in a folder of its own, so the system's sources, lists and cache stay as they are.
set -euo pipefail

kernels=(5.10 6.1 6.12 7.2)
# af_packet and ipv6 are built in everywhere, and so have no module.
modules="bridge veth macvlan ipvlan dummy tun bonding 8021q vrf vxlan overlay"

mirror=http://deb.debian.org
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
dir=${1:-${WRONGNS_CACHE:-$HOME/.cache/wrongns}/kernels}

complain() { echo "fetch.sh: $*" >&2; }

die() {
	complain "$@"
	exit 1
}

complete() { # VERSION: is it here, with every module of the list?
	[ -f "$dir/$1/release" ] && [ "$(cat "$dir/$1/modules.wanted")" = "$modules" ]
}

report() { # VERSION HOW
	printf '%-5s %-28s %2d modules  %s  %s\n' "$1" "$(cat "$dir/$1/release")" \
		"$(wc -l <"$dir/$1/modules.order.txt")" "$2" "$dir/$1"
}

# A whole apt of its own. The mirror may lag behind without harm (Check-Valid-Until): these kernels are
# tested on, not lived on, and the signatures are checked all the same.
setup_apt() {
	local suite
	mkdir -p "$work"/etc/{apt.conf.d,preferences.d} "$work"/state/lists/partial "$work"/cache/archives/partial
	: >"$work/state/status"
	for suite in debian/bullseye debian-security/bullseye-security \
		debian/bookworm debian-security/bookworm-security debian/trixie debian/sid; do
		echo "deb [arch=amd64 signed-by=$keyring] $mirror/${suite%/*} ${suite#*/} main"
	done >"$work/etc/sources.list"
	{
		apt-config dump | grep -iE '^Acquire::(http|https|Retries)' || true # a proxy, if the system has one
		cat <<-CONF
			Dir::Etc "$work/etc";
			Dir::Etc::sourcelist "$work/etc/sources.list";
			Dir::Etc::sourceparts "-";
			Dir::State "$work/state";
			Dir::State::status "$work/state/status";
			Dir::Cache "$work/cache";
			APT::Architecture "amd64";
			APT::Architectures "amd64";
			APT::Sandbox::User "root";
			Acquire::Check-Valid-Until "false";
			Acquire::Languages "none";
		CONF
	} >"$work/apt.conf"
	export APT_CONFIG="$work/apt.conf"
	# One dead suite must not cost the kernels of the others: what is missing is said kernel by kernel.
	apt-get -q update >"$work/apt.log" 2>&1 || true
}

why() { # apt's own first complaint, if it had one
	grep -m1 '^[EW]:' "$work/apt.log" | cut -c1-300 || echo "not on $mirror"
}

newest() { # VERSION: the newest release of it, such as 6.1.0-56-cloud-amd64
	apt-cache pkgnames linux- 2>/dev/null |
		sed -nE "s/^linux-(image|binary)-(${1//./\\.}\.[0-9].*-cloud-amd64)\$/\2/p" | sort -uV | tail -n 1
}

# From 7.2 on, linux-image is empty and depends on the kernel and its modules, each a package of its own.
packages() { # RELEASE
	if [ -n "$(apt-cache pkgnames "linux-binary-$1")" ]; then
		echo "linux-binary-$1 linux-modules-$1"
	else
		echo "linux-image-$1"
	fi
}

# Prints the names of a module and of all that it needs, the needed first.
resolve() { # NAME TREE OUT
	local file dep
	[ ! -f "$3/modules/$1.ko" ] || return 0
	file=$(find "$2" -name "$1.ko*" -print -quit)
	[ -n "$file" ] || file=$(find "$2" -name "${1//_/-}.ko*" -print -quit)
	[ -n "$file" ] || { complain "the kernel's package has no module $1"; return 1; }
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -qdc "$file" ;;
	*) cat "$file" ;;
	esac >"$3/modules/$1.ko" || return 1
	# The package has no modules.dep, and modinfo need not be installed: the names stand in the module.
	for dep in $(grep -aoE -m1 'depends=[A-Za-z0-9_,-]*' "$3/modules/$1.ko" | head -n 1 | cut -d= -f2 | tr , ' '); do
		resolve "$dep" "$2" "$3" || return 1
	done
	echo "$1.ko"
}

fetch() { # VERSION
	local version=$1 release tree="$work/$1.tree" out="$work/$1" package module
	release=$(newest "$version")
	[ -n "$release" ] || { complain "no cloud kernel $version: $(why)"; return 1; }
	mkdir -p "$tree" "$out/modules"
	for package in $(packages "$release"); do
		(cd "$work" && apt-get -q download "$package") >"$work/apt.log" 2>&1 ||
			{ complain "download $package: $(why)"; return 1; }
		dpkg-deb -x "$work/$package"_*.deb "$tree" || return 1
		rm -f "$work/$package"_*.deb
	done
	cp "$(find "$tree" -name 'vmlinuz*' -print -quit)" "$out/vmlinuz" || return 1
	for module in $modules; do
		resolve "$module" "$tree" "$out" || return 1
	done >"$out/modules.order.txt"
	echo "$modules" >"$out/modules.wanted"
	echo "$release" >"$out/release"
	rm -rf "$tree" "${dir:?}/$version"
	mv -T "$out" "$dir/$version"
}

missing=()
for version in "${kernels[@]}"; do
	if complete "$version"; then report "$version" found; else missing+=("$version"); fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

for tool in apt-get apt-cache apt-config dpkg-deb xz zstd; do
	command -v "$tool" >/dev/null || die "needs $tool"
done
[ -f "$keyring" ] || die "needs $keyring (package debian-archive-keyring)"
mkdir -p "$dir"
work=$(mktemp -d "$dir/.fetch.XXXXXX") # in DIR, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
setup_apt
[ -n "$(apt-cache pkgnames linux-)" ] || die "fetch package lists: $(why)"
failed=0
for version in "${missing[@]}"; do
	if fetch "$version"; then report "$version" fetched; else failed=1; fi
done
exit $failed
