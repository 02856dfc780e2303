#!/usr/bin/env bash
# Installs the programs the demo and the tests start, where they are missing:
# MariaDB, nginx, PHP, WordPress, with "fronts" the other web servers, with "browser"
# Chromium, with "relay" Redis, with "cluster" what several hosts on one machine need, and
# with "assets" Node and npm, which build the browser's part. Debian 12 and Ubuntu. No
# service is started or left enabled by it.
#
#   scripts/deps.sh assets|database|site|fronts|relay|browser|cluster…
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

have() { command -v "$1" >/dev/null 2>&1; }
# Its name holds the version on Debian.
have_php_fpm() { [ -n "$(compgen -c php-fpm)" ]; }
have_php() { have php && php -r 'exit(extension_loaded("mysqli") && extension_loaded("mbstring") && extension_loaded("xml") ? 0 : 1);' 2>/dev/null; }
have_browser() {
	if [ -n "${PARLEY_BROWSER:-}" ]; then have "$PARLEY_BROWSER"; return; fi
	local b
	for b in chromium chromium-browser google-chrome-stable google-chrome; do
		# Ubuntu's chromium-browser may be a stub that only says "install the snap".
		have "$b" && "$b" --version >/dev/null 2>&1 && return 0
	done
	return 1
}
# esbuild and TypeScript want 18; flock comes with util-linux everywhere.
have_node() { have node && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ]; }
have_wordpress() { [ -f "${WORDPRESS_DIR:-/usr/share/wordpress}/wp-load.php" ]; }

missing() {
	local want
	for want in "$@"; do
		case $want in
		assets)
			have_node || echo nodejs
			have npm || echo npm
			;;
		database) have mariadbd || echo mariadb-server ;;
		site)
			have nginx || echo nginx-light
			have_php_fpm || echo php-fpm
			# "php" by name, or apt would choose Apache's module to satisfy WordPress.
			have_php || echo php php-cli php-mysql php-mbstring php-xml
			if ! have_wordpress; then
				[ -z "${WORDPRESS_DIR:-}" ] || die "WORDPRESS_DIR=$WORDPRESS_DIR holds no WordPress (wp-load.php is not there)."
				echo php php-fpm wordpress wordpress-theme-twentytwentythree
			fi
			;;
		fronts)
			# The program and its modules; "apache2" is the service around them.
			have apache2 || echo apache2-bin
			have caddy || echo caddy
			;;
		relay) have redis-server || echo redis-server ;;
		browser) have_browser || echo chromium ;;
		cluster)
			have ip || echo iproute2
			have nginx || echo nginx-light
			have redis-server || echo redis-server
			[ -n "$(compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1')" ] || echo libfaketime
			;;
		*) die "deps.sh: what is \"$want\"?" ;;
		esac
	done
}

packages=$(missing "$@" | tr ' ' '\n' | sort -u | tr '\n' ' ')
[ -n "${packages// /}" ] || exit 0

have apt-get || die "Missing: $packages(names of Debian packages). This machine has no apt-get: install them by its own means."
root=()
if [ "$(id -u)" != 0 ]; then
	have sudo && sudo -n true 2>/dev/null && root=(sudo -n) ||
		die "Missing: $packages— run as root: apt-get install --no-install-recommends $packages"
fi

# One installation at a time on this machine; the other clone's may bring all we lack.
exec 9>>"${TMPDIR:-/tmp}/parley-apt-$(id -u).lock"
flock 9
packages=$(missing "$@" | tr ' ' '\n' | sort -u | tr '\n' ' ')
[ -n "${packages// /}" ] || exit 0
say "installing $packages"

# Debian starts and enables a service it installs. This policy forbids the start
# while we are at it; what was not there before is disabled again afterwards.
policy=/usr/sbin/policy-rc.d
ours=
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee $policy >/dev/null
	"${root[@]}" chmod 755 $policy
	ours=yes
fi
units() { { systemctl list-unit-files --state=enabled --no-legend 2>/dev/null || true; } | awk '{print $1}' | sort; }
before=$(units)
restore() {
	[ -z "$ours" ] || "${root[@]}" rm -f $policy
	local unit
	for unit in $(comm -13 <(printf '%s\n' "$before") <(units)); do
		case $unit in
		mariadb* | mysql* | nginx* | php*-fpm* | apache2* | caddy* | redis* | phpsessionclean*) "${root[@]}" systemctl disable --quiet "$unit" 2>/dev/null || true ;;
		esac
	done
}
trap restore EXIT

apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
		apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" </dev/null 9>&-
}
install() { apt install -y --no-install-recommends $packages >"$log" 2>&1; }
log=$(mktemp)
# Lists that are already there save the update; stale ones are found by the failure.
if ! install; then
	apt update >"$log" 2>&1 || { cat "$log" >&2; die "apt-get update failed."; }
	install || { cat "$log" >&2; die "apt-get install $packages failed."; }
fi
rm -f "$log"

left=$(missing "$@" | tr '\n' ' ')
[ -z "${left// /}" ] || die "Still missing after the installation: $left"
