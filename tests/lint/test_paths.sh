#!/bin/bash
# test_paths: what scripts, reasons and documents name is there, and a path or pattern that matches nothing is told.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v git >/dev/null && command -v python3 >/dev/null || exit 77
git -C "$source" rev-parse --git-dir >/dev/null 2>&1 || exit 77 # an archive has no tracked files
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0

# a small tree: heap/{small,large}.c, tests/help.h, tests/heap/test_small.c
mkdir -p "$sample"/{heap,tests/heap,cmake,ci/faults,ci/mutants}
touch "$sample"/heap/{small,large}.c "$sample/tests/help.h" "$sample/tests/heap/test_small.c"

# says FILE TEXT EXPECTED: with this text in this file, just these paths are told; all of them are asked at the end
trees=$(mktemp -d)
trap 'rm -rf "$sample" "$trees"' EXIT
count=0
says() {
    printf '%s\n' "$2" >"$sample/$1"
    cp -r "$sample" "$trees/$count"
    printf '%s' "${3:+$1:1: $3}" >"$trees/$count.says"
    printf '%s' "$1 with '$2'" >"$trees/$count.about"
    count=$((count + 1))
    rm "$sample/$1"
}

for text in 'heap/*.c' 'heap/{small,large}.c' '"/heap/(small|la[^/]*)\\.c$"' '${PROJECT_SOURCE_DIR}/heap/small.c' \
    'heap/${name}.c' '"$source"/heap/small.c' 'grep "^heap/sma"' '/^heap\/large/' 'tests/heap.test_small' tests/help.h \
    'ROOT / "tests" / "heap" / "test_small.c"' '(heap|tests)/.*\.c$' '${CMAKE_BINARY_DIR}/heap/none.c' \
    '{heap,none}/none' 'r"tests/(heap/(test_small|[a-z]+)|heap)"' '$other/heap/none.c' 'https://x.org/heap/none.c'; do
    says cmake/a.cmake "$text"
    says ci/a "$text"
done
says cmake/a.cmake 'heap/tiny*.c' 'heap/tiny*.c'
says cmake/a.cmake '"/heap/(small|tiny)\\.c$"' heap/tiny.c
says cmake/a.cmake '${PROJECT_SOURCE_DIR}/heap/tiny.c' heap/tiny.c
says ci/a 'heap/{small,tiny}.c' heap/tiny.c
says ci/a 'r"tests/(heap/(test_small|test_tiny)|heap)"' tests/heap/test_tiny
says ci/a 'ROOT / "tests" / "none.c"' tests/none.c
says ci/a tests/heap.test_tiny tests/heap.test_tiny
says ci/coverage-reasons 'heap/tiny.? f :: * :: abort: never' 'heap/tiny.?'
says ci/faults/a.patch '+++ b/heap/tiny.c' heap/tiny.c
says ci/faults/a.patch ' heap/tiny.c'
says ci/mutants/equivalent 'heap/tiny.c f: constant: 1 -> 0' heap/tiny.c
says .clang-tidy "HeaderFilterRegex: '(heap)/.*\\.hh\$'" 'heap/*.hh'
says README.md 'It is in `heap/tiny.c`.' heap/tiny.c
# a misspelt folder, a filter that nothing passes, a link to nowhere
says cmake/a.cmake 'set(x ${PROJECT_SOURCE_DIR}/haep/small.c)' haep/small.c
says cmake/a.cmake 'file(GLOB x haep/*.c)' 'haep/*.c'
says ci/a '"$source/haep/small.c"' haep/small.c
says cmake/a.cmake 'set(x heap/small.c ${CMAKE_BINARY_DIR}/made/none.c)'
says cmake/a.cmake 'list(FILTER x EXCLUDE REGEX "/(small|tiny)\\.c$")' '/tiny\.c$'
says cmake/a.cmake 'list(FILTER x INCLUDE REGEX "/heap/|smal$")' 'smal$'
says cmake/a.cmake 'list(FILTER x INCLUDE REGEX "/heap/|/(large|small)\\.c$")'
printf '# Some title\n\n## Where is…? `a.b`\n' >"$sample/heap/README.md"
says README.md '[a](heap/README.md), [b](heap/README.md#where-is-ab), [c](https://x.org/y.md), `[d](none.md)`, [e](heap)'
says README.md '[a](heap/NONE.md)' heap/NONE.md
says README.md '[a](heap/README.md#where)' 'heap/README.md#where'
says README.md '[a](#title)' '#title'
rm "$sample/heap/README.md"
says heap/other.c '// after heap/tiny.c' heap/tiny.c
says heap/other.c '#include "heap/tiny.h" // and heap/small.c'
says README.md 'See `heap/`, `heap/small.c`, and tests/<layer>/test_*.c.'
says README.md '`heap/sma`' heap/sma
says README.md '`small.c`, and what tiny.c was'
says README.md '`tiny.c` is gone' tiny.c
says FINDINGS.md '`tiny.c` of others'
says README.md 'any `X_tiny.c`'
says CHANGELOG.md 'heap/tiny.c is gone'

python3 "$source/tests/lint/trees.py" "$source/ci/paths" "$trees" || failed=1
"$source/ci/paths" "$source" || {
    echo "FAIL: the tree names what it has not"
    failed=1
}
[ $failed = 0 ] && echo "ok: what is named is there, and what is not is told"
exit $failed
