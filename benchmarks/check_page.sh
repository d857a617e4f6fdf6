#!/usr/bin/env bash
# check_page.sh [--write] PAGE MARKER COMMAND...: whether the page holds what the command prints between <!-- MARKER --> and
# <!-- end of MARKER -->; --write puts it there.
set -euo pipefail
write=
if [ "$1" = --write ]; then write=1; shift; fi
page=$1 marker=$2
shift 2
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
"$@" >"$printed"
between="/<!-- $marker -->/,/<!-- end of $marker -->/"
grep -q "<!-- end of $marker -->" "$page" || { echo "$page has no place for $marker" >&2; exit 1; }
if [ -n "$write" ]; then
  sed -i -e "/<!-- $marker -->/r $printed" -e "$between{/<!--/!d}" "$page"
elif ! diff <(sed -n "$between{/<!--/!p}" "$page") "$printed"; then
  echo "$page does not hold what $1 prints; benchmarks/check_page.sh --write $page $marker $* mends it" >&2
  exit 1
fi
