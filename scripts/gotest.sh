#!/usr/bin/env bash
# Runs go test -race on the packages named, all on one throw-away MariaDB, then
# the tests of the containers, and ends with a line that counts. Meanwhile the
# end-to-end tests run through each web server of E2E_FRONTS: all of them through
# the first, through the others not those of what happens inside a page. It names
# lanes that run side by side: "nginx apache+caddy" is two, the second one web
# server after the other. COUNT_ALSO names a file of results, as go test -json
# writes them, to be counted, too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say "go test -race${E2E_FRONTS:+, end to end through $E2E_FRONTS}"
mkdir -p build/tools
go build -o build/tools/ ./internal/testdb/cmd/withdb ./internal/testsum
if [ -n "${E2E_FRONTS:-}" ]; then
	# Its clock can be stepped by those who ask for that (e2e/cluster).
	go build -race -tags steppedclock -o build/tools/parley-race ./cmd/parley
	go test -race -c -o build/tools/e2e.test ./e2e
	export PARLEY_E2E_BINARY=$ROOT/build/tools/parley-race
fi

# The packages that take longest, for none of them to be what all wait for.
slow='e2e/live bpbridge/importer e2e/companion e2e/cluster api messaging cmd/parley bpbridge wpauth realtime'
packages=()
for package in $slow; do
	for named in "$@"; do [ "$named" != "parley/$package" ] || packages+=("$named"); done
done
for named in "$@"; do
	case " ${packages[*]} " in *" $named "*) ;; *) packages+=("$named") ;; esac
done

# lane FRONT+…: every site, browser and folder is the process's own, so that lanes
# share nothing but the machine.
lane() {
	local front failed= skip
	for front in ${1//+/ }; do
		# What happens inside a page is the same behind every web server: one is enough.
		skip='^(TestLook|TestInbox(List|Thread|States|FiveThousandMessages)|TestOversightPage)$'
		[ "$front" != "${E2E_FRONTS%%[+ ]*}" ] || skip=
		(cd e2e && PARLEY_E2E_FRONT=$front go tool test2json -t -p "parley/e2e ($front)" \
			../build/tools/e2e.test -test.v=test2json -test.timeout=20m ${skip:+"-test.skip=$skip"}) || failed=yes
	done
	[ -z "$failed" ]
}

{
	failed= heard=() lanes=()
	end() {
		local group
		for group in "${lanes[@]}"; do kill -- -"$group" 2>/dev/null || true; done
		rm -f "${heard[@]}"
	}
	trap end EXIT
	for fronts in ${E2E_FRONTS:-}; do
		heard+=("$(mktemp)")
		# A process group of its own, so that Ctrl-C can end it with all it has started.
		set -m
		lane "$fronts" >"${heard[-1]}" &
		lanes+=($!)
		set +m
	done
	build/tools/withdb go test -json -race -count=1 -timeout 20m "${packages[@]}" || failed=yes
	go -C tools test -json -count=1 ./... || failed=yes
	for i in "${!lanes[@]}"; do
		wait "${lanes[i]}" || failed=yes
		cat "${heard[i]}"
	done
	[ -z "${COUNT_ALSO:-}" ] || cat "$COUNT_ALSO"
	[ -z "$failed" ]
} | build/tools/testsum
