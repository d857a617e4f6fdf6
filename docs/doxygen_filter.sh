#!/bin/sh
# Doxygen's view of a header: what is in namespace t2ue belongs to the group of the header's folder, and the comment
# at the head of the file describes the file. Lines keep their numbers.
case $1 in
  *.dox) exec cat "$1" ;;
  */noise/* | */methods/* | */data/image/*) group=noise ;;
  */eval/* | */report/*) group=eval ;;
  */data/* | */models/* | */optim/* | */training/*) group=train ;;
  *) group=core ;;
esac
sed -e '1,/^#pragma once/{s|^// |/// |; s|^#pragma once|/// @file|}' \
    -e "s|^namespace t2ue {|& /** @addtogroup $group */ /** @{ */|" \
    -e 's|^}  // namespace t2ue$|/** @} */ &|' "$1"
