#!/bin/sh
# Every test that docs/honesty.md names is there, and all 35 pitfalls are.
#   check_honesty.sh SOURCE_FOLDER
set -eu
cd "$1"
names=$(grep -oE '`[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+`' docs/honesty.md | tr -d '`' | sort -u)
[ -n "$names" ] || { echo 'docs/honesty.md names no test'; exit 1; }
missing=0
for name in $names; do
  suite=${name%.*} test=${name#*.}
  if ! grep -rqE "^TEST(_F|_P)?\($suite, $test\)" --include='*_test.cpp' tests; then
    echo "docs/honesty.md names $name, which is no test"
    missing=1
  fi
done
for number in $(seq 35); do
  grep -q "^| $number |" docs/honesty.md || { echo "docs/honesty.md lacks pitfall $number"; missing=1; }
done
exit $missing
