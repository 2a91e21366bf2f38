#!/bin/bash
# test_liars: each function of allocator/inspect.h lies, a new one too, and one that nobody can lie about is refused.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v python3 >/dev/null || exit 77
export PYTHONDONTWRITEBYTECODE=1
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
fail() { echo "FAIL: $1" && exit 1; }

mkdir "$sample"/{ci,allocator,oracle}
cp "$source/ci/liars" "$sample/ci"
with() { # DECLARATION: what is made of the header with it
    sed "s|^#endif|$1\n&|" "$source/allocator/inspect.h" >"$sample/allocator/inspect.h"
    "$sample/ci/liars" --c >"$sample/out.c" 2>"$sample/err"
}

with ""
for name in $(grep -oE '\binspect_\w+\(' "$source/allocator/inspect.h" | tr -d '(' | sort -u); do
    grep -q "^// wrap: $name$" "$sample/out.c" || fail "$name does not lie"
    grep -qE "^\| $name(:| \|)" "$source/oracle/SOURCES.md" || fail "oracle/SOURCES.md has no $name: ci/liars --save PROGRAM"
done
with "size_t inspect_new(const struct heap *heap);"
grep -q '"inspect_new"' "$sample/out.c" || fail "a new function is no liar"
with "struct inspect_pair { size_t left, right; bool is_odd; }; bool inspect_pair(const struct heap *heap, struct inspect_pair *pair);"
for what in none left right is_odd; do
    grep -q "\"inspect_pair: $what\"" "$sample/out.c" || fail "the member $what of a new record does not lie"
done
status=0
with "double inspect_share(const struct heap *heap);" || status=$?
[ $status = 2 ] || fail "what is not understood: status $status"
grep -q "liars: allocator/inspect.h: nobody knows how to lie about" "$sample/err" || fail "what is not understood is named"
status=0
"$sample/ci/liars" 2>/dev/null || status=$?
[ $status = 2 ] || fail "a call without a program: status $status"

# what a program says becomes the page
with ""
printf '#!/bin/sh\necho "| inspect_x | Sys | kernel |"\n' >"$sample/program"
chmod +x "$sample/program"
"$sample/ci/liars" --save "$sample/program"
tail -n 1 "$sample/oracle/SOURCES.md" | grep -qx '| inspect_x | Sys | kernel |' || fail "the page has the rows"
echo "ok: whatever is told of the heap may be a lie"
