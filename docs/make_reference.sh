#!/bin/sh
# Writes the API reference to OUTPUT_FOLDER/html. A comment that Doxygen misreads is an error.
#   make_reference.sh OUTPUT_FOLDER
set -eu
mkdir -p "$1"
T2UE_DOCS=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
T2UE_HEADERS=$(echo *.hpp)
export T2UE_DOCS T2UE_HEADERS
exec doxygen docs/Doxyfile
