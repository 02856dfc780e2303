#!/usr/bin/env bash
# Members send, read, leave and block on all nodes of a site for ten minutes, while links
# are cut, hosts killed, frozen and restarted, and clocks stepped. What they saw is then
# judged, and summed up. SOAK_MINUTES changes how long, SOAK_SEED repeats a run's plan.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

minutes=${SOAK_MINUTES:-10}
case $minutes in '' | *[!0-9]* | 0) die "SOAK_MINUTES is a number of minutes, not \"$minutes\"." ;; esac
scripts/deps.sh database cluster
mkdir -p build/tools
say "building"
go build -race -tags steppedclock -o build/tools/parley-race ./cmd/parley
go test -race -c -o build/tools/cluster.test ./e2e/cluster
export PARLEY_E2E_BINARY=$ROOT/build/tools/parley-race
say "$minutes minutes of faults"
cd e2e/cluster
exec ../../build/tools/cluster.test -test.run '^TestNothingIsLost$' -test.v -test.timeout "$((2 * minutes + 20))m" \
	-soak "${minutes}m" -seed "${SOAK_SEED:-0}"
