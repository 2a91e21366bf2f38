#!/bin/bash
# test_contracts: a declaration without a comment of its own, a source without a test, and an invariant that no test breaks are
# refused, each alone.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v git >/dev/null && command -v python3 >/dev/null || exit 77
git -C "$source" rev-parse --git-dir >/dev/null 2>&1 || exit 77 # an archive has no tracked files
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0

# dump/a.h, which a source of another folder includes; dump/a.c, which has a test of its name
mkdir -p "$sample"/{dump,cli,fuzz,cmake,tests/{dump,cli}}

# says EXPECTED: of the tree as it stands, just this is refused; all of them are asked at the end
trees=$(mktemp -d)
trap 'rm -rf "$sample" "$trees"' EXIT
count=0
says() {
    cp -r "$sample" "$trees/$count"
    printf '%s' "$1" >"$trees/$count.says"
    printf 'asked in line %s' "${BASH_LINENO[-2]}" >"$trees/$count.about"
    count=$((count + 1))
}

# header EXPECTED TEXT: dump/a.h with this text
header() {
    printf '%b' "$2" >"$sample/dump/a.h"
    says "$1"
}

silent='says nowhere what it does (contract)'
printf '#include "dump/a.h"\n' >"$sample/cli/main.c"
printf '// test_main: idea.\n// holds: cli/main.c\n' >"$sample/tests/cli/test_all.c"
header '' 'int a(void); // the first\n'
header '' '// The first.\nint a(void);\n\n// A table.\nextern const int b[2];\n'
header '' '// The first.\n#if X\n__attribute__((format(printf, 1, 2)))\n#endif\nint a(const char *format,\n      ...);\n'
header '' '#if X\n// The first.\nint a(void);\n#else\nint a(void);\n#endif\n'
header '' 'struct a;\n#ifndef A_H\n#define A_H\n#endif\n_Static_assert(1, "a");\n'
header '' 'enum a { A }; // states\nstruct b { // a pair\n    int one, two;\n};\n// Is called.\ntypedef int c(int d);\n'
header '' '// Bounds.\n#define A 1\n#define B 2\n\n#define C \\\n    3 // of all\n#define D 4\n'
header '' '// Rows.\nenum a {\n#define ROW(x) x,\n#include "a.def"\n};\n#define ROW(x) y(x)\n#undef ROW\n'
header "dump/a.h:1: b $silent" 'enum b { B };\n'
header "dump/a.h:2: e $silent" '\nstruct e {\n    int (*call)(int); // asks\n};\n'
header "dump/a.h:1: c $silent" 'typedef int c(int d);\n'
header "dump/a.h:1: c $silent" 'typedef int (*c)(int d);\n'
header "dump/a.h:3: B $silent" '#define A 1 // a bound\n\n#define B 2\n'
header "dump/a.h:2: B $silent" 'enum a { A }; // states\n#define B(x) (x)\n'
header "dump/a.h:3: b $silent" '// The first.\nint a(void);\nint b(void);\n'
header "dump/a.h:3: a $silent" '// A heading.\n\nint a(void);\n'
header "dump/a.h:2: a $silent" '// ---- a heading\nint a(void);\n'
header "dump/a.h:2: a $silent" '// a.c\nint a(void);\n'
header "dump/a.h:1: a $silent" 'extern const int a[2];\n'
header "dump/a.h:1: a $silent" 'static inline int a(void) {\n    return 0; // nothing\n}\n'
header "dump/a.h:2: b $silent" 'extern "C" {\nenum c b(int d);\n}\n'
header "dump/a.h:5: B $silent" '// A bound.\n#define A 1\n// ---- other\n\n#define B 1\n'
header "dump/a.h:4: a $silent" '// A bound.\n#define A \\\n    1\nint a(void);\n'
printf '#include <a.h>\n' >"$sample/cli/main.c"
header '' 'int a(void);\n' # nobody outside includes it
printf 'install(FILES LICENSE\n    ${PROJECT_SOURCE_DIR}/dump/a.h DESTINATION x)\n' >"$sample/cmake/a.cmake"
says "dump/a.h:1: a $silent"
rm "$sample"/{dump/a.h,cmake/a.cmake}

numbered='// Invariants, checked by a():\n//   A1  it is one.\n//   A2  it is two: \n//       or three.\n'
header 'dump/a.h:2: no test breaks A1 (invariant)
dump/a.h:3: no test breaks A2 (invariant)' "$numbered"
printf '// test_c: idea.\nint A1; // A2, and A3\n' >"$sample/tests/dump/test_c.c"
header 'dump/a.h:2: no test breaks A1 (invariant)' "$numbered"
header 'dump/a.h:2: no test breaks A1 (invariant)' '// Invariant, at the end of a():\n//   A1  it is one.\n'
header '' '//   A1  of no list of invariants.\n'
rm "$sample"/{dump/a.h,tests/dump/test_c.c}

none='no test is called as it, and none says that it holds it (test)'
touch "$sample/dump/a.c"
says "dump/a.c:1: $none"
touch "$sample/tests/cli/test_a.c" "$sample/tests/dump/test_ab.c"
says "dump/a.c:1: $none" # the one is of another folder, the other of another name
touch "$sample/tests/dump/test_a_b.sh"
says ''
mkdir "$sample/dump/other"
touch "$sample/dump/other/a.c"
says "dump/a.c:1: $none
dump/other/a.c:1: $none" # whose test is it?
printf '# holds: dump/a.c dump/other/a.c\n' >"$sample/tests/cli/test_both.sh"
says ''
printf '# holds: dump/a.c dump/other/b.c dump/other/a.c\n' >"$sample/tests/cli/test_both.sh"
says 'tests/cli/test_both.sh:1: dump/other/b.c is no source (holds)'
printf '# holds:\n# holds: dump/a.c dump/other/a.c\n' >"$sample/tests/cli/test_both.sh"
says 'tests/cli/test_both.sh:1: nothing is no source (holds)'
rm "$sample/tests/cli/test_both.sh"
printf '# holds: dump/a.c dump/other/a.c\n' >"$sample/cmake/a.cmake"
says ''
mkdir "$sample/ci"
mv "$sample"/{cmake/a.cmake,ci/check}
says ''
mv "$sample"/{ci,dump}/check
says "dump/a.c:1: $none
dump/other/a.c:1: $none" # what is no test holds nothing

python3 "$source/tests/lint/trees.py" "$source/ci/contracts" "$trees" || failed=1
"$source/ci/contracts" "$source" || {
    echo "FAIL: the tree has silent declarations, or sources that no test holds"
    failed=1
}
[ $failed = 0 ] && echo "ok: each declaration has its contract, each source and invariant its test, and what has not is told"
exit $failed
