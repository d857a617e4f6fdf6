#!/bin/sh
# A launcher for nvcc run with -Xptxas -v: what ptxas says of each kernel goes to OBJECT.resources instead of the
# terminal. Everything else that the compiler says stays visible. Usage: nvcc_resources.sh [ccache] nvcc ... -o OBJECT ...
object= previous=
for argument; do
  [ "$previous" = -o ] && object=$argument
  previous=$argument
done
[ -n "$object" ] || exec "$@"
said=$object.said
status=0
"$@" 2>"$said" || status=$?
# ptxas's lines, and the indented one after "Function properties".
is_ptxas='^ptxas info|bytes stack frame,.*bytes spill stores'
grep -E "$is_ptxas" "$said" >"$object.resources"
grep -Ev "$is_ptxas" "$said" >&2
rm -f "$said"
exit "$status"
