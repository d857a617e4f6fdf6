#!/usr/bin/env bash
# bundle.sh BUILD OUTPUT.tar.xz: the programs of a build, stripped, with the libraries that a GPU machine may lack, and
# check.sh. cuBLASLt, cuDNN and the driver are the machine's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1 output=$2
limit_mb=60
command -v xz >/dev/null || { echo 'bundle.sh: xz was not found (Debian: xz-utils)' >&2; exit 1; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/gpu-bundle
mkdir -p "$root/bin" "$root/lib" "$(dirname "$output")"

programs=(apps/t2ue tests/test_{ops,cuda,plan,optim} benchmarks/gpu_step_bench)
for program in "${programs[@]}"; do
  strip -o "$root/bin/${program##*/}" "$build/$program"
done
# The C library stays the machine's: the driver's libraries were made for it.
machines='^(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|resolv|cuda|cublasLt|cudnn.*))\.so'
for program in "${programs[@]}"; do ldd "$build/$program"; done | awk '$2 == "=>" { print $1, $3 }' | sort -u |
  while read -r name path; do
    if [[ $name =~ $machines ]]; then continue; fi
    [ -f "$path" ] || { echo "bundle.sh: $name was not found" >&2; exit 1; }
    strip -o "$root/lib/$name" "$path"
  done
cp "$here/check.sh" "$root/"
mkdir -p "$root/benchmarks"
cp -r "$here"/../../benchmarks/{gpu_vs_pytorch.py,run_facts.py,peers} "$root/benchmarks/"
rm -rf "$root/benchmarks/peers/__pycache__"
git -C "$here" describe --always --dirty=+ >"$root/COMMIT"
cp "$here/bundle.md" "$root/README.md"
XZ_OPT=-T0 tar -cJf "$output" --owner=0 --group=0 -C "$stage" gpu-bundle

megabytes=$(($(stat -c %s "$output") / 1000000))
glibc=$(objdump -T "$root"/bin/* "$root"/lib/* | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n1)
echo "$output: $megabytes MB, needs an x86-64-v3 processor and ${glibc/_/ }"
if [ $megabytes -ge $limit_mb ]; then
  echo "bundle.sh: $megabytes MB; a bundle must stay under $limit_mb MB" >&2
  exit 1
fi
