#!/usr/bin/env bash
# Runs go test -race on the packages named, all on one throw-away MariaDB, then
# the tests of the containers, and ends with a line that counts.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say "go test -race"
mkdir -p build/tools
go build -o build/tools/ ./internal/testdb/cmd/withdb ./internal/testsum
{
	failed=
	build/tools/withdb go test -json -race -count=1 -timeout 20m "$@" || failed=yes
	go -C tools test -json -count=1 ./... || failed=yes
	[ -z "$failed" ]
} | build/tools/testsum
