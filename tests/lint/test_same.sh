#!/bin/bash
# test_same: two revisions of a small tree are held together: a move is no difference, and each kind of difference shows.
# night: a tool of ours, which no change of the product moves
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
for tool in clang cmake ninja git python3 readelf; do
    command -v "$tool" >/dev/null || exit 77
done
export PYTHONDONTWRITEBYTECODE=1
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
cd "$sample"

fail() {
    echo "FAIL: $*"
    exit 1
}

# finds STATUS TEXT [OPTION...]: ci/same against the first revision
finds() {
    local expected=$1 text=$2 out status=0
    shift 2
    out=$(ci/same first "$@" 2>&1) || status=$?
    [ $status = "$expected" ] || fail "status $status instead of $expected: $out"
    grep -q -- "$text" <<<"$out" || fail "no '$text' in: $out"
}

mkdir -p ci corpus/heap/seed lib
cp "$source"/ci/{same,watched} ci/
echo build/ >.gitignore
printf 'abc' >corpus/heap/seed/letters.ops
cat >CMakePresets.json <<'END_OF_FILE'
{
  "version": 3,
  "configurePresets": [
    {"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release",
     "cacheVariables": {"CMAKE_C_COMPILER": "clang", "CMAKE_EXPORT_COMPILE_COMMANDS": "ON"}},
    {"name": "fuzz", "inherits": "release", "binaryDir": "${sourceDir}/build/fuzz",
     "cacheVariables": {"CMAKE_C_FLAGS": "-g", "WATCH": "address"}},
    {"name": "tsan", "inherits": "release", "binaryDir": "${sourceDir}/build/tsan"}
  ],
  "buildPresets": [{"name": "release", "configurePreset": "release"}, {"name": "fuzz", "configurePreset": "fuzz"},
    {"name": "tsan", "configurePreset": "tsan"}]
}
END_OF_FILE
cat >CMakeLists.txt <<'END_OF_FILE'
cmake_minimum_required(VERSION 3.20)
project(sample C)
add_executable(countercheck main.c lib/count.c)
add_custom_target(fuzz_targets)
if(WATCH)
    set_source_files_properties(lib/count.c PROPERTIES COMPILE_OPTIONS "-fsanitize=address")
    target_link_options(countercheck PRIVATE -fsanitize=address)
endif()
END_OF_FILE
cat >lib/count.c <<'END_OF_FILE'
int count(const char *text);
int count(const char *text) {
    int sum = 0;
    while (*text) {
        sum += *text++;
    }
    return sum;
}
END_OF_FILE
cat >main.c <<'END_OF_FILE'
#include <stdio.h>
#include <string.h>
int count(const char *text);
int main(int argc, char **argv) {
    FILE *out = argc == 5 ? fopen(argv[3], "wb") : NULL;
    if (out) {
        fprintf(out, "dump %d\n", count(argv[4]));
        fclose(out);
    }
    if (argc == 4 && strcmp(argv[2], "--trace") == 0) {
        printf("first\nfrom lib/count.c:7: %d\n", count(argv[3]));
    } else {
        printf("9 operations/s\nresults %d\n", count(argv[argc - 1]));
    }
    return 0;
}
END_OF_FILE
commit() { git -c user.name=a -c user.email=a@b.c commit -qam "$1"; }
git init -q .
git add .
commit "the first"
git tag first

ci/same none >/dev/null 2>&1 && fail "an unknown revision is taken"
[ "$(ci/same none 2>&1)" = "same: no revision 'none'" ] || fail "it is not said what is unknown"
finds 0 'are the same: 1 programs, 3 seeds'

# a move is none
mkdir other
git mv lib/count.c other/count.c
sed -i 's,lib/count,other/count,' CMakeLists.txt main.c
finds 0 'are the same: 1 programs, 3 seeds, '

# each kind of difference
sed -i 's/first.nfrom/first\\nfron/' main.c
finds 1 'letters.ops, line 2:' --programs
git checkout -q main.c
sed -i 's/"dump /"dumb /' main.c
finds 1 'bytes, the first other one at 3' --programs
git checkout -q main.c
sed -i 's/"9 op/"7 op/; s/results %d/results x%d/' main.c
finds 1 'seed 3, line 2:' --soak
git checkout -q main.c
sed -i 's,^.*COMPILE_OPTIONS.*$,,' CMakeLists.txt
finds 1 'what watches a function: 1 differ' --watched
finds 1 '    present      nothing' --watched
echo 'count the sample wants it' >exceptions
finds 0 'are the same' --watched --except exceptions
sed -i 's/count(/tally(/' main.c other/count.c
finds 1 'functions of present alone: 1 differ' --watched
echo 'count -> tally a better word' >exceptions
finds 1 'what watches a function: 1 differ' --watched --except exceptions
finds 2 "no file 'none'" --except none

# what cannot be built
echo 'int main(void) { return' >main.c
finds 3 'error: '

echo "ok: a move is no difference, and each kind of difference shows"
