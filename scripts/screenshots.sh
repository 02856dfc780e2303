#!/usr/bin/env bash
# Takes the pictures of the README: a real site with sample members, a real browser.
# Pictures of every state of every page, in all sizes, schemes and directions, are left
# in build/screenshots to look through.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/deps.sh assets database site browser
scripts/assets.sh
say "every state of the pages"
shots=$ROOT/build/screenshots
rm -rf "$shots"
mkdir -p "$shots" docs/images
PARLEY_SCREENSHOTS=$shots go test -count=1 -timeout 30m -run '^TestLook$' ./e2e ./e2e/live

# picture STATE NAME
picture() { cp "$shots/$1.png" "docs/images/$2.png"; }
picture group-1280-light-ltr inbox-desktop
picture list-390-light-ltr inbox-phone-list
picture thread-390-light-ltr inbox-phone
picture thread-1280-dark-ltr inbox-dark
picture group-1280-light-rtl inbox-rtl
picture oversight-1280-light-ltr oversight
picture live-thread-1280-light inbox-live
for image in docs/images/*.png; do
	[ "$(stat -c %s "$image")" -lt 307200 ] || die "$image is larger than 300 KB."
done
say "docs/images"
