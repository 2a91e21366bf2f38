#!/bin/bash
# test_move: a move rewrites every place that names the file, no other, and keeps the move apart from the edits.
# night: a tool of ours, which no change of the product moves
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v git >/dev/null && command -v python3 >/dev/null || exit 77
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
cd "$sample"
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

# holds FILE TEXT: this file is now just this
holds() { [ "$(cat "$1")" = "$2" ] || fail "$1 is: $(cat "$1")"; }

mkdir -p heap/big tests/heap tests/big cmake ci/faults corpus/heap
printf '// small: objects.\n#ifndef HEAP_SMALL_H\n#define HEAP_SMALL_H\n#endif\n' >heap/small.h
printf '// small: objects.\n#include "heap/small.h"\n#include "heap/big/page.h"\n' >heap/small.c
printf '// page: of 8 KiB.\n#ifndef HEAP_BIG_PAGE_H\n#endif // HEAP_BIG_PAGE_H\n' >heap/big/page.h
printf '// test_small: it.\n#include "heap/small.h"\n#include "tests/heap/small.h"\n' >tests/heap/test_small.c
printf '// small: a fixture.\n' >tests/heap/small.h
printf '%s\n' 'list(FILTER s EXCLUDE REGEX "/heap/small\\.c$")' '${PROJECT_SOURCE_DIR}/heap/small.c' \
    'heap/smaller.c heap/small.cc xheap/small.c' >cmake/a.cmake
printf '# by: test heap.test_small\n--- a/heap/small.c\n+++ b/heap/small.c\n' >ci/faults/a.patch
printf 'heap/small.c put :: * :: abort: see tests/heap/test_small.c.\n' >ci/coverage-reasons
printf '`heap/small.c`, `heap/big/`, heap/big/page.h.\n' >README.md
printf 'heap/small.c is new\n' | tee CHANGELOG.md >corpus/heap/a.ops
git init -q .
git add .
git -c user.name=a -c user.email=a@b.c commit -qm first

move() { # STATUS FROM TO...
    local expected=$1 status=0
    shift
    out=$("$source/ci/move" "$@" 2>&1) || status=$?
    [ $status = "$expected" ] || fail "ci/move $*: status $status: $out"
}

move 2
move 2 heap/none.c heap/other.c
move 2 heap/small.c heap/small.h
[ -z "$(git status --porcelain)" ] || fail "a move that is refused moves"

move 1 heap/small.h heap/tiny.h heap/small.c heap/objects/ heap/big heap/pages tests/heap/test_small.c tests/big/
[ "$out" = "4 moved, 8 files rewritten
cmake/a.cmake:3: xheap/small.c
cmake/a.cmake:3: heap/smaller.c
cmake/a.cmake:3: heap/small.cc" ] || fail "it says: $out"
holds heap/tiny.h $'// tiny: objects.\n#ifndef HEAP_TINY_H\n#define HEAP_TINY_H\n#endif'
holds heap/objects/small.c $'// small: objects.\n#include "heap/tiny.h"\n#include "heap/pages/page.h"'
holds heap/pages/page.h $'// page: of 8 KiB.\n#ifndef HEAP_PAGES_PAGE_H\n#endif // HEAP_PAGES_PAGE_H'
holds tests/big/test_small.c $'// test_small: it.\n#include "heap/tiny.h"\n#include "tests/heap/small.h"'
holds cmake/a.cmake 'list(FILTER s EXCLUDE REGEX "/heap/objects/small\\.c$")
${PROJECT_SOURCE_DIR}/heap/objects/small.c
heap/smaller.c heap/small.cc xheap/small.c'
holds ci/faults/a.patch $'# by: test big.test_small\n--- a/heap/objects/small.c\n+++ b/heap/objects/small.c'
holds ci/coverage-reasons 'heap/objects/small.c put :: * :: abort: see tests/big/test_small.c.'
holds README.md '`heap/objects/small.c`, `heap/pages/`, heap/pages/page.h.'
holds CHANGELOG.md 'heap/small.c is new'
holds corpus/heap/a.ops 'heap/small.c is new'
[ "$(git diff --cached -M100% --name-status | cut -c1-4 | sort -u)" = R100 ] || fail "the index holds more than moves"
[ $failed = 0 ] && echo "ok: a move rewrites what names the file, and nothing else"
exit $failed
