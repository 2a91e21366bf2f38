#!/bin/bash -eu
# build.sh: the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them: the project's own build, by their variables.
#
# usage: with CC CFLAGS CXX CXXFLAGS LIB_FUZZING_ENGINE OUT WORK set; SANITIZER names what CFLAGS turn on
# leaves: $OUT/fuzz_TARGET, fuzz_TARGET_seed_corpus.zip, fuzz_TARGET.options, fuzz_decode.dict
cd "$(dirname "$0")/../.."
build=$WORK/countercheck
mkdir -p "$build" "$OUT"

# CFLAGS say it already; to CMake it says which part of the harness is not watched
case ${SANITIZER:-address} in
address | undefined) settings=(-DCOUNTERCHECK_SANITIZE="${SANITIZER:-address}") ;;
coverage) settings=(-DCOUNTERCHECK_COVERAGE=ON) ;;
*) settings=() ;;
esac
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=None -DCOUNTERCHECK_ENGINE=environment -DCOUNTERCHECK_CHECK_LEVEL=1 \
    -DCOUNTERCHECK_COMMAND=OFF -DBUILD_TESTING=OFF "${settings[@]}"
cmake --build "$build" -j "$(nproc)" --target fuzz_targets mkseed

seeds_of() { # TARGET: kept programs in the form that the mutator reads
    local file
    rm -rf "$build/seeds-$1" "$OUT/fuzz_$1_seed_corpus.zip"
    mkdir -p "$build/seeds-$1"
    for file in corpus/"$1"/{seed,regression,found}/*; do
        [ -f "$file" ] && [ "${file##*.}" != md ] || continue
        case $1 in
        heap | dump) "$build/mkseed" <"$file" >"$build/seeds-$1/${file##*/}" ;;
        *) cp "$file" "$build/seeds-$1/" ;;
        esac
    done
    (cd "$build/seeds-$1" && python3 -m zipfile -c "$OUT/fuzz_$1_seed_corpus.zip" *)
}

for source in fuzz/targets/target_*.c; do
    name=$(basename "$source" .c)
    name=${name#target_}
    [ -x "$build/fuzz_$name" ] || continue
    cp "$build/fuzz_$name" "$OUT/"
    seeds_of "$name"
    length=4096
    [ "$name" != decode ] || length=65536
    printf '[libfuzzer]\nmax_len = %s\ntimeout = 20\n' $length >"$OUT/fuzz_$name.options"
    if [ -f "fuzz/targets/$name.dict" ]; then
        cp "fuzz/targets/$name.dict" "$OUT/fuzz_$name.dict"
        printf 'dict = fuzz_%s.dict\n' "$name" >>"$OUT/fuzz_$name.options"
    fi
done
