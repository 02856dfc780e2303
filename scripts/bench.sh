#!/usr/bin/env bash
# The benchmarks: data, service, load and bare statements, all made on the spot.
# BENCH_ARGS are passed on: make bench BENCH_ARGS="-scale 10 -only inbox".
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh database relay
scripts/assets.sh
# shellcheck disable=SC2086
go test -tags bench -count=1 -timeout 90m -run '^Test(Bench|Import|Realtime)$' -v ./bench -args ${BENCH_ARGS:-}
