#!/bin/sh
# Every file that a page links to is there: README.md, CONTRIBUTING.md, CHANGELOG.md, docs/, benchmarks/results/.
#   check_links.sh SOURCE_FOLDER
set -eu
cd "$1"
missing=0
for page in *.md docs/*.md benchmarks/results/*.md; do
  for link in $(grep -oE '\]\([^)# ]+' "$page" | sed 's/^](//'); do
    case $link in http*) continue ;; esac
    [ -e "$(dirname "$page")/$link" ] || { echo "$page links to $link, which is not there"; missing=1; }
  done
done
exit $missing
