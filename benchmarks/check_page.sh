#!/usr/bin/env bash
# check_page.sh STEP_COUNTS PAGE [--write]: whether the page holds what the program prints; --write puts it there.
set -euo pipefail
program=$1 page=$2
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
"$program" >"$counts"
between='/<!-- step_counts -->/,/<!-- end of step_counts -->/'
if [ "${3:-}" = --write ]; then
  sed -i -e "/<!-- step_counts -->/r $counts" -e "$between{/<!--/!d}" "$page"
elif ! diff <(sed -n "$between{/<!--/!p}" "$page") "$counts"; then
  echo "$page does not hold what step_counts prints; benchmarks/check_page.sh STEP_COUNTS PAGE --write mends it" >&2
  exit 1
fi
