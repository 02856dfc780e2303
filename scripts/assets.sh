#!/usr/bin/env bash
# Builds the browser's part, web/app, into web/dist, which the binary embeds.
# Packages come as the lock file pins them, and only when it changed.
#
#   scripts/assets.sh [check|test]   build; check the types too; run the unit tests too
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh assets
cd web/app
mkdir -p "$ROOT/build"
exec 8>>"$ROOT/build/assets.lock"
flock 8 # two targets may run at once
pinned=$({ cat package-lock.json; node --version; uname -m; } | sha256sum | cut -d' ' -f1)
if [ "$(cat node_modules/.pinned 2>/dev/null)" != "$pinned" ]; then
	say "npm ci"
	npm ci --no-audit --no-fund --loglevel=error 8>&-
	echo "$pinned" >node_modules/.pinned
fi
say "web/dist"
node build.mjs 8>&-
case ${1:-} in
check) node_modules/.bin/tsc --noEmit 8>&- ;;
test)
	say "node --test"
	node build.mjs --tests 8>&-
	find .tests -name "*.test.mjs" -print0 | xargs -0 node --test --test-reporter=dot --test-reporter-destination=stdout \
		--test-reporter=./results.mjs --test-reporter-destination="$ROOT/build/assets-tests.json" 8>&-
	;;
esac
