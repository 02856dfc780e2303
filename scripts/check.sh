#!/usr/bin/env bash
# Format, vet, static analysis, vulnerability scan, and the Go tests with the
# race detector on a real MariaDB; without the end-to-end tests.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh database relay
scripts/lint.sh
scripts/vulncheck.sh
scripts/gotest.sh $(go list ./... | grep -v '/e2e')
