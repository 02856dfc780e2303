#!/usr/bin/env bash
# Runs go test -race on the packages named, all on one throw-away MariaDB, then
# the tests of the containers, and ends with a line that counts. Meanwhile, with
# E2E_FRONTS="nginx apache caddy" or some of them, the end-to-end tests run once
# through each of these web servers. COUNT_ALSO names a file of results, as go test
# -json writes them, to be counted, too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say "go test -race${E2E_FRONTS:+, end to end through $E2E_FRONTS}"
mkdir -p build/tools
go build -o build/tools/ ./internal/testdb/cmd/withdb ./internal/testsum
if [ -n "${E2E_FRONTS:-}" ]; then
	# Its clock can be stepped by those who ask for that (e2e/cluster).
	go build -race -tags steppedclock -o build/tools/parley-race ./cmd/parley
	export PARLEY_E2E_BINARY=$ROOT/build/tools/parley-race
fi

through_fronts() {
	local front failed= skip=
	go test -race -c -o build/tools/e2e.test ./e2e || return
	for front in $E2E_FRONTS; do
		(cd e2e && PARLEY_E2E_FRONT=$front go tool test2json -t -p "parley/e2e ($front)" \
			../build/tools/e2e.test -test.v=test2json -test.timeout=20m ${skip:+"-test.skip=$skip"}) || failed=yes
		skip='^TestLook$' # no web server changes how pages look
	done
	[ -z "$failed" ]
}

{
	failed= e2e=
	if [ -n "${E2E_FRONTS:-}" ]; then
		heard=$(mktemp)
		# A process group of its own, so that Ctrl-C can end it with all it has started.
		set -m
		through_fronts >"$heard" &
		e2e=$!
		set +m
		trap 'kill -- -"$e2e" 2>/dev/null || true; rm -f "$heard"' EXIT
	fi
	build/tools/withdb go test -json -race -count=1 -timeout 20m "$@" || failed=yes
	go -C tools test -json -count=1 ./... || failed=yes
	if [ -n "$e2e" ]; then
		wait "$e2e" || failed=yes
		cat "$heard"
	fi
	[ -z "${COUNT_ALSO:-}" ] || cat "$COUNT_ALSO"
	[ -z "$failed" ]
} | build/tools/testsum
