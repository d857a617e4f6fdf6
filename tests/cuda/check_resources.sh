#!/bin/sh
# check_resources.sh RESOURCES.csv ALLOWED.txt: fails if a kernel spills registers or has a stack and no line of
# ALLOWED.txt names it. There a line is "NAME # REASON"; NAME is how the kernel's name in RESOURCES.csv begins.
set -eu
awk -v allowed_file="$2" '
  BEGIN {
    while ((got = (getline line < allowed_file)) > 0) {
      if (line ~ /^#/ || line ~ /^ *$/) continue
      at = index(line, " # ")
      if (at < 2 || length(line) < at + 3) { print allowed_file ": no reason is given: " line; failed = 1; continue }
      names[++count] = substr(line, 1, at - 1)
    }
    if (got < 0) { print "cannot read " allowed_file; failed = 1 }
  }
  NR == 1 { next }
  {
    split($0, quoted, "\"")
    split($0, field, ",")
    ++kernels
    if (field[4] + field[5] + field[6] == 0) next
    what = sprintf("%s on %s: stack %d, spill stores %d, spill loads %d bytes", quoted[2], field[2], field[4],
                   field[5], field[6])
    for (i = 1; i <= count; ++i)
      if (index(quoted[2], names[i]) == 1) { print "allowed: " what; next }
    print "NOT ALLOWED: " what
    failed = 1
  }
  END {
    if (kernels == 0) { print "the report holds no kernel"; failed = 1 }
    print kernels + 0 " kernels"
    exit failed
  }' "$1"
