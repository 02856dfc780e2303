#!/usr/bin/env bash
# Every test: static checks, unit, integration on a real MariaDB, and end to end
# with a real WordPress and a real browser through nginx, Apache and Caddy, and with
# several nodes whose hosts fail. The last line counts them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh assets database site fronts relay browser cluster
scripts/lint.sh
scripts/assets.sh test
COUNT_ALSO=build/assets-tests.json E2E_FRONTS="nginx apache+caddy" scripts/gotest.sh $(go list ./... | grep -v '/e2e$')
