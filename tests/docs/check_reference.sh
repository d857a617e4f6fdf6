#!/bin/sh
# The API reference is written without a warning, and its groups hold what they should.
#   check_reference.sh SOURCE_FOLDER OUTPUT_FOLDER
set -eu
command -v doxygen >/dev/null || { echo 'skipped: doxygen is not installed (make install-docs-deps)'; exit 77; }
rm -rf "$2"
"$1"/docs/make_reference.sh "$2"
for found in noise:apply_noise train:ParameterSet eval:retrieval core:Tensor; do
  group=${found%:*} name=${found#*:}
  grep -qE "[>:]$name<" "$2/html/group__$group.html" || { echo "the group $group lacks $name"; exit 1; }
done
