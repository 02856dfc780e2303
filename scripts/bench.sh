#!/usr/bin/env bash
# The benchmarks: data, service, load and bare statements, all made on the spot.
# BENCH_ARGS are passed on, read as a shell reads them:
# make bench BENCH_ARGS="-scale 10 -only inbox", BENCH_ARGS='-only "realtime send"'.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh database relay
scripts/assets.sh
eval "args=(${BENCH_ARGS:-})"
go test -tags bench -count=1 -timeout 90m -run '^Test(Bench|Import|Realtime)$' -v ./bench -args "${args[@]}"
