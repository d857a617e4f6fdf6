#!/bin/sh
# The C++ program in a page compiles.
#   check_program.sh PAGE COMPILER FLAG...
set -eu
page=$1
shift
file=$(mktemp --suffix .cpp)
trap 'rm -f "$file"' EXIT
sed -n '/^```cpp$/,/^```$/{/^```/!p}' "$page" >"$file"
grep -q 'int main' "$file" || { echo "$page has no C++ program"; exit 1; }
"$@" -fsyntax-only -Wall -Werror "$file"
