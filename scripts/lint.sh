#!/usr/bin/env bash
# Format, vet and static analysis.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say "gofmt, tsc, go vet, staticcheck"
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 -r gofmt -l)
[ -z "$unformatted" ] || die "Not gofmt-clean:
$unformatted"
scripts/assets.sh check
go vet ./...
go vet -tags bench ./bench
go tool -modfile=tools/go.mod staticcheck ./...
go -C tools vet ./...
go -C tools tool staticcheck ./...
