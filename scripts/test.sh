#!/usr/bin/env bash
# Every test: static checks, unit, integration on a real MariaDB, and end to end
# with a real WordPress and a real browser. The last line counts them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh assets database site browser
scripts/lint.sh
scripts/assets.sh test
scripts/gotest.sh ./...
