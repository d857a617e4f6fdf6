#!/bin/sh
# pkg_config.sh PREFIX CXX SOURCE FOLDER NAME: a program made by the compiler and NAME.pc alone.
set -eu
prefix=$1 cxx=$2 source=$3 folder=$4 name=$5
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name "$name.pc")")
export PKG_CONFIG_PATH
program=$folder/with_$name
# shellcheck disable=SC2046
"$cxx" -std=c++20 -O0 "$source" -o "$program" $(pkg-config --cflags --libs "$name")
if readelf -d "$program" | grep -q 'NEEDED.*\[libt2ue_compiled\.so\.[0-9]*\.[0-9]*\]'; then found=shared; else found=not; fi
case $name-$found in
  t2ue-shared-shared | t2ue-not | t2ue-headers-not) ;;
  *) echo "$program, made with $name.pc, is $found linked with the shared library"; exit 1 ;;
esac
said=$(LD_LIBRARY_PATH=$(pkg-config --variable=libdir "$name") "$program")
version=$(pkg-config --modversion "$name")
[ "$said" = "$version" ] || { echo "the headers are of version $said, $name.pc of $version"; exit 1; }
