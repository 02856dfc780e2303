#!/usr/bin/env bash
# Goes through the stages of deploy/Dockerfile without Docker, and leaves the
# image's only file in the folder named: what .dockerignore lets through is copied,
# the build stage's command is run on it, and the result is checked to be what the
# second stage needs, a program without libraries that runs as nobody.
#
#   deploy/build_by_hand.sh FOLDER
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/env.sh"
[ $# = 1 ] || die "Which folder shall hold the result?"
mkdir -p "$1"
out=$(cd "$1" && pwd -P)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

# The context: tar reads the patterns we use the way Docker does.
grep -v '^#' .dockerignore | sed -e 's#^\*\*/##' >"$context/.ignore"
tar -c --exclude-from="$context/.ignore" . | tar -x -C "$context"

# The build stage: its RUN lines as they stand, with its paths in our folder.
grep '^RUN ' deploy/Dockerfile | sed -e 's/^RUN //' -e "s#-o /parley#-o '$out/parley'#" |
	(cd "$context" && VERSION=${VERSION:-by-hand} bash -euo pipefail)

# The second stage.
! ldd "$out/parley" >/dev/null 2>&1 || die "The program is not static: $(ldd "$out/parley")"
chmod 755 "$out" "$out/parley"
if [ "$(id -u)" = 0 ]; then
	user=$(sed -n 's/^USER \([0-9]*\):\([0-9]*\)$/\1 \2/p' deploy/Dockerfile)
	read -r uid gid <<<"$user"
	env -i setpriv --reuid "$uid" --regid "$gid" --clear-groups "$out/parley" version
else
	env -i "$out/parley" version
fi
