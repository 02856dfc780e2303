#!/usr/bin/env bash
# A throw-away site with sample members and Parley in front, until Ctrl-C.
# DEMO_PORT is its port (8080), WORDPRESS_DIR a WordPress to copy.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh database site
scripts/build.sh
mkdir -p build/tools
go build -o build/tools/demo ./internal/wpsite/cmd/demo
exec build/tools/demo
