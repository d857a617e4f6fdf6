#!/bin/sh
# cuda_resources.sh OUTPUT.csv OBJECT...: a row for each kernel and architecture, from the OBJECT.resources that
# nvcc_resources.sh left. Shared memory is what is fixed at compile time; what a launch adds is not known here.
set -eu
output=$1
shift
for object; do
  case $object in *.cu.o) ;; *) continue ;; esac
  if [ ! -f "$object.resources" ]; then
    echo "$object.resources is missing: remove $object and build again" >&2
    exit 1
  fi
  file=${object##*/}
  awk -v file="${file%.o}" '
    function finish() {
      if (kernel != "")
        printf "%s,%s,%d,%d,%d,%d,%d,\"%s\"\n", file, arch, registers, stack, stores, loads, shared, kernel
      kernel = ""
    }
    /Compiling entry function/ {
      finish()
      split($0, quoted, "\047")
      kernel = quoted[2]; arch = quoted[4]
      registers = stack = stores = loads = shared = 0
    }
    # Sums: functions that a kernel calls and that were not inlined are reported after it.
    /bytes stack frame/ {
      for (i = 3; i <= NF; ++i) {
        if ($(i) == "stack") stack += $(i - 2)
        if ($(i) == "spill" && $(i + 1) ~ /^stores/) stores += $(i - 2)
        if ($(i) == "spill" && $(i + 1) ~ /^loads/) loads += $(i - 2)
      }
    }
    /Used [0-9]+ registers/ {
      for (i = 3; i <= NF; ++i) {
        if ($(i) ~ /^registers/) registers = $(i - 1)
        if ($(i) ~ /^smem/) shared = $(i - 2)
      }
    }
    END { finish() }' "$object.resources"
done >"$output.mangled"
{
  echo 'file,arch,registers,stack_bytes,spill_store_bytes,spill_load_bytes,static_shared_bytes,kernel'
  c++filt <"$output.mangled" | sed -e 's/"void /"/' -e 's/(anonymous namespace):://g' -e 's/t2ue::cuda:://g' \
    -e 's/t2ue:://g' | LC_ALL=C sort -t'"' -k2
} >"$output.new"
rm "$output.mangled"
mv "$output.new" "$output"
