#!/usr/bin/env bash
# Builds bin/parley, a static binary with the pages embedded, and packs the companion
# plugin into bin/parley-plugin.zip.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo unknown)}
scripts/assets.sh
mkdir -p bin
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$version" -o bin/parley ./cmd/parley
say "bin/parley $version"
go run ./internal/pluginzip wordpress/parley bin/parley-plugin.zip
say "bin/parley-plugin.zip, the companion plugin"
