#!/bin/bash -eu
# build.sh: the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them: one build, by their variables alone.
#
# usage: with CC CFLAGS CXX CXXFLAGS LIB_FUZZING_ENGINE OUT WORK set; SANITIZER names what CFLAGS turn on
# leaves: $OUT/fuzz_TARGET, fuzz_TARGET_seed_corpus.zip, fuzz_TARGET.options, fuzz_decode.dict
# What is watched and what guides is decided here as in cmake/layers.cmake.
cd "$(dirname "$0")/../.."
objects=$WORK/countercheck
mkdir -p "$objects" "$OUT"

codec="fuzz/program/operation.c fuzz/program/program.c fuzz/program/text_parse.c fuzz/program/text_print.c oracle/go/model/contents.c"

flags_of() { # FILE: beside CFLAGS
    case $1 in
    allocator/whole/inspect_*) ;;
    oracle/* | fuzz/*) [[ " $codec " != *" $1 "* ]] || return 0 ;;
    *) return 0 ;;
    esac
    # the harness is watched by `make test`; here it would take most of the time
    [ "${SANITIZER:-address}" = coverage ] || printf -- '-fno-sanitize=all -O3 '
    [ "$1" != oracle/go/verify/poison.c ] || [ "${SANITIZER:-address}" != address ] || printf -- '-DORACLE_HAS_POISON=1'
}

compile() { # FILE
    # shellcheck disable=SC2046,SC2086 # lists of flags
    $CC $CFLAGS $(flags_of "$1") -std=c11 -DCHECK_LEVEL=1 -I. -c "$1" -o "$objects/$(tr / - <<<"$1").o"
}
export -f compile flags_of
export objects codec

# yield.c is for a command that wraps the locks
find allocator runtime dump oracle fuzz tools/mkseed.c -name '*.c' ! -name 'afl_*' ! -name 'engine_*' ! -path fuzz/stress/yield.c -print0 |
    sort -z | xargs -0 -P "$(nproc)" -I{} bash -euc 'compile {}'
shared=()
for object in "$objects"/*.o; do
    case ${object##*/} in
    fuzz-targets-target_stats.c.o) shared+=("$object") ;;
    fuzz-targets-target_* | tools-*) ;;
    *) shared+=("$object") ;;
    esac
done

# shellcheck disable=SC2086 # lists of flags
$CC $CFLAGS "$objects/tools-mkseed.c.o" "${shared[@]}" -pthread -lm -o "$objects/mkseed"

seeds_of() { # TARGET: kept programs in the form that the mutator reads
    local file
    mkdir -p "$objects/seeds-$1"
    for file in corpus/"$1"/{seed,regression,found}/*; do
        [ -f "$file" ] && [ "${file##*.}" != md ] || continue
        case $1 in
        heap | dump) "$objects/mkseed" <"$file" >"$objects/seeds-$1/${file##*/}" ;;
        *) cp "$file" "$objects/seeds-$1/" ;;
        esac
    done
    rm -f "$OUT/fuzz_$1_seed_corpus.zip"
    (cd "$objects/seeds-$1" && python3 -m zipfile -c "$OUT/fuzz_$1_seed_corpus.zip" *)
}

for source in fuzz/targets/target_*.c; do
    name=$(basename "$source" .c)
    name=${name#target_}
    [ "$name" != stats ] || continue
    # shellcheck disable=SC2086 # lists of flags
    $CXX $CXXFLAGS "$objects/fuzz-targets-target_$name.c.o" "${shared[@]}" $LIB_FUZZING_ENGINE -pthread -lm -o "$OUT/fuzz_$name"
    seeds_of "$name"
    length=4096
    [ "$name" != decode ] || length=65536
    printf '[libfuzzer]\nmax_len = %s\ntimeout = 20\n' $length >"$OUT/fuzz_$name.options"
    if [ -f "fuzz/targets/$name.dict" ]; then
        cp "fuzz/targets/$name.dict" "$OUT/fuzz_$name.dict"
        printf 'dict = fuzz_%s.dict\n' "$name" >>"$OUT/fuzz_$name.options"
    fi
done
