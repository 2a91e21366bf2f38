#!/bin/bash
# test_corpus: a whole corpus is replayed by one call, whatever is in it; directories that go round or have no end are told.
# once: what it walks, refuses and tells: the same sources do it in each build
#
# holds: cli/io/walk.c cli/run/kind.c cli/run/targets.c cli/soak_threads.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

expect() { # STATUS COMMAND...
    local wanted=$1
    shift
    ends "$wanted" timeout 120 "$@" </dev/null
}

says() { grep -qE -- "$2" "$1" || fail "$1 lacks '$2' but has: $(tail -n 5 "$1")"; }

# ---- the kept corpus, all of it
expect 0 "$command" replay "$source/corpus"
says out '^[0-9]+ programs, .* 0 findings$'
says out '^[0-9]+ decode inputs, 0 findings$'
says out '^[0-9]+ ops inputs, 0 findings$'
inputs=$(find "$source/corpus" -type f ! -name '*.md' ! -name '.*' | wc -l)
[ "$(tail -n 1 out)" = "$inputs inputs in all, 0 findings" ] || fail "not all are counted: $(tail -n 1 out)"

# ---- each kind by its place, elsewhere by its content
mkdir -p mixed/{decode,ops,heap}/seed
head -c 3000 /dev/urandom >mixed/decode/seed/any
printf 'h0 = alloc c0\n' >mixed/ops/seed/refused
printf '\0\1\2' >mixed/ops/seed/any
printf 'nop\n' >mixed/heap/seed/nop.ops
"$command" replay --dump mixed/final.dump mixed/heap/seed/nop.ops >/dev/null || fail "no dump"
gzip -c mixed/final.dump >mixed/final.dump.gz
expect 0 "$command" replay mixed
says out '^1 program, 1 operation '
says out '^1 decode input, 0 findings$'
says out '^2 ops inputs, 0 findings$'
says out '^2 dump inputs, 0 findings$'
says out '^6 inputs in all, 0 findings$'
{ printf '\x5a\x2a\x4d\x18\4\0\0\0skip' && zstd -qc mixed/final.dump; } >mixed/final.dump.zst
expect 0 "$command" replay mixed
says out '^3 dump inputs, 0 findings$'
(cd mixed/decode && exec "$command" replay seed) >out 2>err || fail "called below the corpus: $(cat err)"
says out '^1 decode input, 0 findings$'
(cd mixed/ops/seed && exec "$command" replay .) >out 2>err || fail "called in the folder itself: $(cat err)"
says out '^2 ops inputs, 0 findings$'
mkdir mixed/ops/slow && printf 'any' >mixed/ops/slow/any
expect 0 "$command" replay mixed/ops/slow
says out '^1 ops input, 0 findings$'
rm -r mixed/ops/slow
head -c 100 mixed/final.dump >mixed/cut.dump
expect 2 "$command" replay mixed
says err 'mixed/cut.dump: .* at byte'
printf '\0' >mixed/heap/seed/raw
expect 2 "$command" replay mixed
says err 'mixed/heap/seed/raw: byte 0 is 0x00'
expect 2 "$command" replay mixed/final.dump # by name it is a mistake

# ---- directories
mkdir -p round/a
printf 'nop\n' >round/a/nop.ops
ln -s .. round/a/up
ln -s ../a round/a/self
mkfifo round/a/fifo
expect 0 "$command" replay round
says out '^1 program, '
says err '^countercheck: round/a/up: a link to a directory above it: left out$'
says err '^countercheck: round/a/self: a link to a directory above it: left out$'
says err '^countercheck: round/a/fifo: no regular file: left out$'
[ "$(wc -l <err)" = 3 ] || fail "more is told than is there: $(cat err)"
mkdir wide
for level in 1 2 3 4 5; do # each folder holds the next one ten times
    mkdir "wide/$level"
    for link in 0 1 2 3 4 5 6 7 8 9; do ln -s "../$((level + 1))" "wide/$level/$link"; done
done
mkdir wide/6 && printf 'nop\n' | tee wide/6/a.ops >wide/6/b.ops
expect 2 "$command" replay wide/1
says err '^countercheck: wide/1: more than 100000 files: name a folder of inputs$'
[ -s out ] && fail "something was run of too many files"

# ---- how often
printf 'expect Frees=1\n' >wrong.ops
expect 1 "$command" replay --times 5 wrong.ops
says out '^wrong.ops: found in 5 of 5$'
[ "$(grep -c '^rule ' out)" = 1 ] || fail "the finding is not printed once: $(cat out)"
expect 0 "$command" replay --times 3 round/a/nop.ops
[ "$(cat out)" = "round/a/nop.ops: found in 0 of 3" ] || fail "more than the count: $(cat out)"
expect 2 "$command" replay --times 2 wrong.ops wrong.ops
expect 2 "$command" replay --times 0 wrong.ops
expect 2 "$command" replay --times 3 missing
[ "$(wc -l <err)" = 1 ] || fail "what is missing is told more than once: $(cat err)"
if "$command" soak --threads 1 --seconds 1 >/dev/null 2>&1; then # this build has threads
    [ ! -e findings ] || fail "a clean soak leaves a folder"
    printf '# x\nrace threads=2 seed=3 seconds=1\n' >t.race
    expect 0 "$command" replay --times 2 t.race
    says out '^t.race: found in 0 of 2$'
    printf 'race threads=0 seed=3 seconds=1\n' >t.race
    expect 2 "$command" replay t.race
    says err "t.race: no race: a line 'race threads=1..64 seed=0..4294967295 seconds=0..86400' is missing"
fi

[ $failed = 0 ] && echo "ok: a whole corpus is replayed by one call"
exit $failed
