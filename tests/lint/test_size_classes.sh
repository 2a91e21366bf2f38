#!/bin/bash
# test_size_classes: the checked-in table is what its generator prints.
set -eu
tool=$(mktemp)
trap 'rm -f "$tool"' EXIT
"${CC:-cc}" -std=c11 -Wall -Wextra -Werror tools/mksizeclasses.c -o "$tool"
"$tool" --check allocator/size_classes.def
