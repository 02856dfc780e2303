#!/usr/bin/env bash
# Runs go test -race on the packages named, all on one throw-away MariaDB.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say "go test -race"
go test -race -count=1 -timeout 15m "$@"
