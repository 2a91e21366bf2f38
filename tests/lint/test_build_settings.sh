#!/bin/bash
# test_build_settings: the build as people expect it: optimised by default, with the flags of the environment, without
# -Werror, by presets that ctest knows too; what is missing is named; a build says how far it is and what failed.
# night: it configures and builds the tree a dozen times
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
unset CFLAGS LDFLAGS COUNTERCHECK_WERROR DESTDIR

fail() {
    echo "FAIL: $1"
    tail -n 20 "$sample"/*.log
    exit 1
}

configure() { # FOLDER [NAME=VALUE]... -- CMAKE_ARGUMENT...: commands has what compiles cli/main.c then
    local folder=$sample/$1 settings=()
    shift
    while [ "$1" != -- ]; do settings+=("$1") && shift; done
    shift
    (cd "$source" && env "${settings[@]}" cmake "$@" -B "$folder" >"$sample/configure.log" 2>&1) || fail "cmake $*"
    commands=$(grep '"command".*cli/main\.c' "$folder/compile_commands.json")
}
has() { [[ " $commands " == *" $1 "* ]]; }

# ---- the settings

configure plain CI=true CFLAGS=-DSEEN=1 LDFLAGS=-Wl,-O1 -- -S . -G Ninja
has -O3 || fail "a build without a type is not optimised: $commands"
has -DSEEN=1 || fail "CFLAGS do not count: $commands"
! has -Werror || fail "CI alone makes warnings errors"
grep -q '^CMAKE_EXE_LINKER_FLAGS:STRING=-Wl,-O1$' "$sample/plain/CMakeCache.txt" || fail "LDFLAGS do not count"
configure none CFLAGS=-O1 -- -S . -G Ninja -DCMAKE_BUILD_TYPE=None
! has -O3 && has -O1 || fail "a packager's type None has flags of ours: $commands"
configure preset CI=true CFLAGS="-O1 -DSEEN=1" -- --preset release
has -O3 && [[ $commands == *-O3*-O1* ]] && has -DSEEN=1 || fail "the environment's flags do not stand last: $commands"
! has -Werror || fail "CI alone makes warnings errors in a preset"
configure ours COUNTERCHECK_WERROR=ON -- --preset release
has -Werror || fail "COUNTERCHECK_WERROR=ON does not make warnings errors"
configure own CFLAGS=-D_FORTIFY_SOURCE=3 -- --preset release
! has -D_FORTIFY_SOURCE=2 || fail "who chose a level of checks does not keep it"
configure debug -- --preset debug
! has -D_FORTIFY_SOURCE=2 || fail "checks that need optimisation, without"
if command -v afl-clang-fast >/dev/null; then
    configure afl -- --preset afl
    (cd "$sample/afl" && ninja -t targets all >"$sample/targets.log" && grep -q '^fuzz_heap:' "$sample/targets.log") ||
        fail "the afl preset alone has no targets"
fi
(cd "$source" && ctest --list-presets) >"$sample/presets.log"
for preset in asan asan-gcc release-gcc debug tsan; do
    grep -q "\"$preset\"" "$sample/presets.log" || fail "ctest --preset $preset is not known"
done

# ---- what is missing is named, and nothing is installed

mkdir "$sample/bin"
printf '#!/bin/sh\nexit 1\n' >"$sample/bin/dpkg-query"
printf '#!/bin/sh\ntouch %s/installed\n' "$sample" | tee "$sample/bin/apt-get" >"$sample/bin/sudo"
chmod +x "$sample"/bin/*
status=0
PATH=$sample/bin:$PATH "$source/ci/setup" --tell build 2>"$sample/tell.log" || status=$?
[ $status = 3 ] || fail "ci/setup --tell: status $status"
grep -q 'missing:.* zlib1g-dev' "$sample/tell.log" || fail "what is missing is not named"
! grep -q 'missing:.*cmake' "$sample/tell.log" || fail "cmake is there and is called missing"
grep -q 'make setup' "$sample/tell.log" || fail "who installs it is not named"
[ ! -e "$sample/installed" ] || fail "--tell has installed something"

# ---- a prefix is one word, also where files are removed

for goal in install uninstall; do
    make -s -n -C "$source" -o release $goal PREFIX="$sample/a b" >"$sample/words" 2>&1 || fail "make -n $goal: $(cat "$sample/words")"
    grep -q "\"$sample/a b\"" "$sample/words" || fail "make $goal with a blank in PREFIX: $(cat "$sample/words")"
done

# ---- a build says how far it is, and what failed

mkdir -p "$sample/tree/ci"
cp "$source/ci/build" "$sample/tree/ci"
cat >"$sample/tree/CMakePresets.json" <<'END'
{ "version": 3, "configurePresets": [ { "name": "small", "generator": "Ninja", "binaryDir": "${sourceDir}/build/small" } ] }
END
for i in $(seq 20); do echo "int number_$i;" >"$sample/tree/$i.c"; done
cat >"$sample/tree/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.21)
project(small C)
file(GLOB sources *.c)
add_library(small STATIC ${sources})
END
build() { (cd "$sample/tree" && ci/build small) >"$sample/build.log" 2>&1; }
build || fail "the small tree does not build"
grep -q '^countercheck: build: small: 21 steps$' "$sample/build.log" || fail "how much there is to do"
grep -q '^countercheck: build: small: built in [0-9]* s$' "$sample/build.log" || fail "that it is done"
build && [ ! -s "$sample/build.log" ] || fail "nothing to do is not silent"
echo "int number_1 = wrong;" >"$sample/tree/1.c"
status=0
build || status=$?
[ $status = 3 ] && grep -q "error: .*wrong" "$sample/build.log" || fail "a failure's message: status $status"
[ "$(wc -l <"$sample/build.log")" -le 45 ] || fail "a failure prints all of the log"
echo "ok: flags, types, presets, what is missing, how far a build is"
