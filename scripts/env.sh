# Sourced by the other scripts: the surroundings they all rely on, whatever the
# caller's environment holds.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$ROOT"

# A clean environment may lack even these; Go and npm keep their caches in HOME.
if [ -z "${HOME:-}" ]; then
	HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
	[ -n "$HOME" ] && [ -w "$HOME" ] || HOME=${TMPDIR:-/tmp}/home-$(id -u)
fi
mkdir -p "$HOME"
PATH=${PATH:-/usr/bin:/bin}:/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin
export HOME PATH LC_ALL=C.UTF-8 TZ=UTC

# The checkout may belong to another user than the one building it, which git
# answers with a refusal; the version is passed by the build script instead.
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"

say() { printf '%s\n' "== $*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

for tool in go git gcc; do
	command -v "$tool" >/dev/null || die "$tool is missing: install Go $(sed -n 's/^go //p' go.mod) or newer, git and gcc first."
done
