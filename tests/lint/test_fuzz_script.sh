#!/bin/bash
# test_fuzz_script: what ci/fuzz makes of engines that end, hang, find or go on: its box, its statuses and its words, by
# targets that are small scripts; and ci/corpus, interrupted, loses nothing.
#
# Time is what ci/fuzz waits, and the limits of what hangs, by a clock in a file; it stands still while a script works, so
# that a loaded machine has the same times as an idle one. The last runs are by the machine's clock.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
unset SUBJECT RELATIONS CI GITHUB_ACTIONS GITHUB_STEP_SUMMARY FUZZ_LIVE FUZZ_EMPTY TARGETS KEEP_GOING
export JOBS=2

fail() {
    echo "FAIL: $1"
    tail -n 20 "$sample/out" "$sample/err"
    exit 1
}

mkdir -p "$sample"/{ci,build/release,build/fuzz,corpus/heap/seed,subject/adapters,settled}
cp "$source/subject/adapters/compile" "$sample/subject/adapters"
cp "$source/ci/fuzz" "$source/ci/corpus" "$source/ci/engine" "$sample/ci"
printf '#!/bin/sh\n' >"$sample/ci/setup"
printf '#!/bin/sh\necho "$*" >>%s\n' "$sample/builds" >"$sample/ci/build"
# What each bash here reads first. A process that goes on for ever calls settle: nobody waits for it any longer.
export SAMPLE=$sample BASH_ENV=$sample/clock.sh
mkfifo "$sample/nothing"
cat >"$BASH_ENV" <<'END'
settle() { : >"$SAMPLE/settled/$$" && exec sleep 1000; }
rest() { read -rt 0.02 <>"$SAMPLE/nothing" || :; } # no process, as sleep is
ended() { [ -e "$SAMPLE/settled/$1" ] || ! kill -0 "$1" 2>/dev/null; }
[ ! -e "$SAMPLE/clock" ] || {
    unset EPOCHREALTIME # by which it is a variable like any other
    read -r EPOCHREALTIME <"$SAMPLE/clock"
    pass() { # MICROSECONDS
        local now=$((${EPOCHREALTIME/./} + $1))
        EPOCHREALTIME=${now:0:-6}.${now: -6}
        echo "$EPOCHREALTIME" >"$SAMPLE/clock"
    }
    sleep() { # 0.1: as long as that, and until each of pids has ended or settled
        local pid tenths=${1#0.}000000
        for pid in "${pids[@]}"; do until ended "$pid" && [ ! -e "$SAMPLE/held" ]; do rest; done; done
        pass "$((10#${tenths:0:6}))"
    }
    timeout() { # [-k S] SECONDS COMMAND...: what settles has not ended in time
        [ "$1" != -k ] || shift 2
        local limit=$1 pid
        shift
        "$@" &
        pid=$!
        until ended $pid; do rest; done
        if [ -e "$SAMPLE/settled/$pid" ]; then
            kill $pid
            wait $pid
            pass $((limit * 1000000))
            return 124
        fi
        wait $pid
    }
    export -f timeout sleep pass ended rest
}
END
cat >"$sample/build/release/countercheck" <<'END'
#!/bin/bash
case $1 in
ops) [ "$2" = --encode ] && cp "$3" "$5" || cat "$2" ;;
minimize)
    while [ "$2" != -o ]; do shift; done && echo small >"$3"
    ! grep -q hang "$1" || echo "$1: hang: 1 operation of 2"
    ;;
adopt) while [ "$1" != --corpus ]; do shift; done && echo small >"$2/heap/regression/kept.ops" ;;
bisect) echo "rule it-is-wrong by 5%" ;;
soak) # --operations N --seconds T [--wide --touched] --seed S, in findings/
    echo "3 programs, 40 operations (90% did something)"
    read -r how <../how
    case $how in
    differs) [[ $0 != */release/* ]] || { echo "results 2" && exit; } ;;
    differs-wide) [[ $0 != */release/* || $* != *" --wide --touched "* ]] || { echo "results 2" && exit; } ;;
    finds-in-release) [[ $0 != */release/* ]] || { echo x >"soak-${!#}-3.ops" && echo "soak-${!#}-3.ops: rule" && exit 1; } ;;
    dies) exit 3 ;;
    esac
    echo "results 1"
    ;;
replay) # --known: what a file shows is known where it says so; of a folder, the entry that is gone
    [[ " $* " == *" --known "* ]] || exit 1
    if [ -d "${!#}" ]; then
        ! grep -q nonsense ci/known || { echo "countercheck: ci/known:1: nonsense" >&2 && exit 2; }
        ! grep -q slow ci/known || settle
        ! grep -q gone ci/known || { echo "countercheck: ci/known:1: gone" >&2 && exit 1; }
    else
        grep -q known "${!#}" && echo "${!#}: known: it-is-wrong -: waited for"
    fi
    ;;
esac
END
# As a target of libFuzzer: files are run once each; with a time it goes on until its end. `fuzz` decides the rest.
cat >"$sample/build/fuzz/fuzz_heap" <<'END'
#!/bin/bash
[[ " $* " == *" -set_cover_merge="* ]] && settle
if [[ " $* " == *" -max_total_time="* ]]; then
    read -r how <how
    echo '{"executions":5000,"operations":60000,"effective":1}' >"$COUNTERCHECK_STATS"
    if [ "$how" = finds-known ] && [ ! -e twice ]; then
        echo known >findings/heap-crash-0
        [ ! -e once ] || touch twice
        touch once
        echo "artifact_prefix='findings/heap-'; Test unit written to findings/heap-crash-0"
        exit 77
    fi
    if [ "$how" = finds ]; then
        echo x >findings/heap-crash-1
        echo "artifact_prefix='findings/heap-'; Test unit written to findings/heap-crash-1"
        exit 77
    fi
    echo x >findings/heap-crash-of-others
    [ "$how" != ends ] || exit 1
    settle
fi
prefix=
for file in "$@"; do
    case $file in -artifact_prefix=*) prefix=${file#*=} && continue ;; esac
    read -r text <"$file"
    case $text in abort*) kill -ABRT $$ ;; hang*) settle ;; bad*) touch "${prefix}crash-1" && exit 77 ;; esac
done
END
chmod +x "$sample"/ci/* "$sample"/build/*/*
cp "$sample/build/release/countercheck" "$sample/build/fuzz/countercheck"

status=0
fuzz() { # HOW SECONDS: sets status and took
    echo "$1" >"$sample/how"
    rm -f "$sample"/settled/*
    echo 1000000000.000000 >"$sample/clock"
    status=0
    (cd "$sample" && KEPT_SECONDS=3 ci/fuzz "${ENGINE:-libfuzzer}" "$2") >"$sample/out" 2>"$sample/err" || status=$?
    took=$(<"$sample/clock")
    took=$((${took/./} / 1000 - 1000000000000))
}

# ---- the box

fuzz goes-on 2
[ $status = 0 ] || fail "status 0 when nothing was found, not $status"
[ $took = 2000 ] || fail "a box of 2 s is $took ms long"
grep -q 'there are no kept inputs' "$sample/err" || fail "an empty corpus is not called clean"
grep -qx 'time: build 0.0 s, kept 0.0 s, fuzzing 2.0 s, minimising 0.0 s' "$sample/out" || fail "where the time went"
[ "$(tail -n 1 "$sample/out")" = "status 0: clean" ] || fail "the last line says the status"
grep -q '^heap  *[0-9]' "$sample/out" || fail "a row for the target"
grep -qE '^target +executions/s +operations/s +ms/each +ops/each ' "$sample/out" || fail "the heads of the table"
grep -qE '^heap +[0-9]+ +[0-9]+ +[0-9]+\.[0-9]+ +12 ' "$sample/out" || fail "60000 operations of 5000 executions are 12 each: $(grep '^heap' "$sample/out")"
grep -q '^release  *[0-9]' "$sample/out" || fail "the release build has a share of the box"

export TARGETS=heap # the release build has its own part of this test
for i in $(seq 40); do echo fine >"$sample/corpus/heap/seed/$i"; done
fuzz goes-on 0
grep -q 'the kept corpus is clean: 40 inputs' "$sample/err" || fail "40 kept inputs"
mkdir "$sample/corpus/heap/slow"
echo fine >"$sample/corpus/heap/slow/9"
fuzz goes-on 1
grep -q 'the kept corpus is clean: 41 inputs' "$sample/err" || fail "what is slow is replayed"
[ -e "$sample/build/live/seeds/heap/seed-9" ] && [ ! -e "$sample/build/live/seeds/heap/slow-9" ] || fail "no engine begins with what is slow"
echo bad >"$sample/corpus/heap/slow/9"
fuzz goes-on 0
grep -q '^finding in heap: corpus/heap/slow/9$' "$sample/out" || fail "a finding in what is slow"
rm -r "$sample/corpus/heap/slow"
fuzz goes-on 0
grep -q 'the kept corpus is clean: 40 inputs' "$sample/err" || fail "what is no longer slow is not replayed"

# ---- what is found

fuzz finds 60
[ $status = 1 ] || fail "status 1 of a finding, not $status"
grep -q '^finding in heap: findings/heap-crash-1$' "$sample/out" || fail "its own finding"
! grep -q 'of-others' "$sample/out" || fail "what another run has found is not told"
grep -q '^reproduce: build/release/countercheck replay findings/heap-crash-1.min$' "$sample/out" || fail "how to run it again"
[ "$(tail -n 1 "$sample/out")" = "status 1: 1 found" ] || fail "the last line says status 1"
export CI=true GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$sample/summary
fuzz finds 60
grep -q '^::error title=finding in heap::rule it-is-wrong by 5%25 (reproduce: ' "$sample/out" || fail "an annotation"
grep -q '^rule it-is-wrong by 5%$' "$sample/summary" || fail "a block in the step's summary"
grep -q '^+++ b/corpus/heap/regression/kept.ops$' "$sample/findings/heap-crash-1.patch" || fail "the regression test as a patch"
unset CI GITHUB_ACTIONS GITHUB_STEP_SUMMARY

# ---- a share of the box is the release build's

export TARGETS=release
fuzz goes-on 1
grep -qE '^release +[1-9][0-9]* +[1-9][0-9]* ' "$sample/out" || fail "a row for the release build"
fuzz differs 60
[ $status = 1 ] || fail "results that differ by the build: status $status"
grep -qE '^reproduce: sh findings/differs-[0-9]+\.sh$' "$sample/out" || fail "how to see that results differ"
grep -q '^# the same programs have other results: results 2 by the release build, results 1 by fuzz$' "$sample/err" || fail "the results that differ"
grep -qE '^for build in release fuzz; do build/\$build/countercheck soak --operations [0-9]+ --seconds 3600 --seed [0-9]+ ' "$sample"/findings/differs-*.sh || fail "what shows the difference"
rm -f "$sample"/findings/differs-*
fuzz differs-wide 60
[ $status = 1 ] && grep -q ' --wide --touched --seed ' "$sample"/findings/differs-*.sh || fail "wide programs that differ by the build: status $status"
fuzz finds-in-release 60
[ $status = 1 ] || fail "a finding of the release build: status $status"
grep -qE '^finding in heap: findings/soak-[0-9]+-3\.ops$' "$sample/out" || fail "the program that the release build finds"
rm -f "$sample"/findings/soak-*
fuzz dies 60
[ $status = 3 ] || fail "soak that ends without results: status $status"
unset TARGETS
FUZZ_EMPTY=1 fuzz differs 1
[ $status = 0 ] || fail "what measures the engines measures them alone: status $status"
export TARGETS=heap

fuzz ends 8
[ $status = 3 ] || fail "an engine that ends by itself is status 3, not $status"
[ "$(tail -n 1 "$sample/out")" = "status 3: the environment failed" ] || fail "the last line says status 3"
fuzz goes-on nonsense
[ $status = 2 ] || fail "seconds that are no number are status 2, not $status"

# ---- the kept corpus

for what in bad hang abort; do
    echo $what >"$sample/corpus/heap/seed/8-$what"
    fuzz goes-on 90
    rm "$sample/corpus/heap/seed/8-$what"
    [ $status = 1 ] || fail "$what in the kept corpus: status $status"
    [ $took = "$([ $what = hang ] && echo 6000 || echo 0)" ] || fail "$what in the kept corpus: found after $took ms"
    grep -q "^finding in heap: corpus/heap/seed/8-$what$" "$sample/out" || fail "$what in the kept corpus is named"
    ! grep -q '^environment: ' "$sample/err" || fail "$what in the kept corpus: the shell tells of it, too"
    ends=1
    ! grep -q 'no end within 3 s' "$sample/build/logs/fuzz/libfuzzer-heap-kept.bad/log" || ends=0
    [ $ends = "$([ $what = hang ] && echo 0 || echo 1)" ] || fail "$what: what has no end is told as such, and nothing else"
    limit=$([ $what != hang ] || echo '--timeout 3 ')
    grep -q "^reproduce: build/release/countercheck replay ${limit}findings/heap-seed-8-$what.min$" "$sample/out" || fail "$what: a hang is shown within its limit"
    [ $ends = "$(grep -q it-is-wrong "$sample/err" && echo 1 || echo 0)" ] || fail "$what: no operation is looked for behind which a hang fails"
    grep -q "^countercheck: minimising corpus/heap/seed/8-$what, which takes at most 60 s$" "$sample/err" || fail "$what: minimising is told before it begins"
done

[ -z "$(find "$sample" -name '*crash-1' ! -path '*/findings/*')" ] || fail "a kept input leaves what an engine wrote of it"

# ---- a foreign allocator

cp "$sample/build/fuzz/fuzz_heap" "$sample/build/fuzz/fuzz_subject"
sed -i 's,^case $1 in$,&\nsubject) [ "$3" = lost ] \&\& echo "countercheck: no such" \&\& exit 2; printf "subject   mine 1\\nmemory    its own%s\\nset       MINE=a b\\nset       GLIBC_TUNABLES=x=1\\n" "$(cat global)" ;;,' \
    "$sample/build/release/countercheck"
sed -i '3i [ -z "${COUNTERCHECK_SUBJECT:-}" ] || echo "$COUNTERCHECK_SUBJECT ${COUNTERCHECK_RELATIONS:-} ${MINE:-} ${GLIBC_TUNABLES##*:}" >told' "$sample/build/fuzz/fuzz_subject"
: >"$sample/global"
echo 'a == b' >"$sample/mine.relations"
: >"$sample/mine.so"
unset TARGETS
fuzz goes-on 1
! grep -q '^subject' "$sample/out" || fail "a run without SUBJECT fuzzes none"
export SUBJECT=$sample/mine.so
: >"$sample/builds"
fuzz goes-on 1
[ "$(sed 1d "$sample/builds")" = "fuzz fuzz_subject" ] || fail "for SUBJECT one target is built: $(cat "$sample/builds")"
[ $status = 0 ] && [ "$(cat "$sample/told")" = "$sample/mine.so $sample/mine.relations a b x=1" ] || fail "the adapter, the relations beside it, and its environment"
grep -q '^subject-mine ' "$sample/out" && ! grep -q '^heap' "$sample/out" || fail "SUBJECT is fuzzed, and nothing else"
fuzz finds 60
[ $status = 1 ] || fail "a finding of a subject: status $status"
grep -q "^keep: .* adopt --subject $sample/mine.so --relations $sample/mine.relations --target mine findings/" "$sample/out" || fail "how to keep it"
echo ', one to a process' >"$sample/global"
fuzz goes-on 1
[ $status = 2 ] && grep -q 'mine.so is one to a process: ENGINE=afl' "$sample/err" || fail "a malloc goes with another engine"
mkdir "$sample/build/afl-plain" # a sanitizer's malloc would be the one that is judged
cp "$sample/build/fuzz/fuzz_subject" "$sample/build/afl-plain"
: >"$sample/builds"
ENGINE=afl fuzz goes-on 0
[ $status = 0 ] && [ "$(sed 1d "$sample/builds")" = "afl-plain fuzz_subject" ] || fail "AFL++ on a malloc: status $status, builds $(cat "$sample/builds")"
rm -r "$sample/build/afl-plain"
printf '// needs: libabsent-dev absent.h\n#include <absent.h>\n' >"$sample/absent.c"
for SUBJECT in "$sample/nowhere.c" "$sample/absent.c" lost; do
    fuzz goes-on 1
    [ $status = 2 ] && [ "$(tail -n 1 "$sample/out")" = "status 2: the call is unusable" ] || fail "SUBJECT=$SUBJECT: status $status"
done
SUBJECT=$sample/absent.c fuzz goes-on 1
grep -q 'absent.c does not compile; it needs libabsent-dev absent.h' "$sample/err" || fail "what an adapter needs is named"
: >"$sample/global"
mkdir "$sample/a b"
echo 'int part(void); int whole(void); int whole(void) { return part(); }' >"$sample/two_subject.c"
echo 'int part(void); int part(void) { return 1; }' | tee "$sample/two.c" >"$sample/a b/one.c"
echo 'a == b' >"$sample/two.relations"
SUBJECT="$sample/two_subject.c $sample/two.c -lm" fuzz goes-on 1
[ $status = 0 ] && [[ $(cat "$sample/told") = *"two_subject.so $sample/two.relations "* ]] || fail "sources: status $status: $(cat "$sample/told")"
nm "$sample/build/subjects/fuzz/two_subject.so" | grep ' T part$' >/dev/null || fail "the allocator is no part of the library"
SUBJECT="$sample/two_subject.c $sample/lost.c" fuzz goes-on 1
[ $status = 2 ] && grep -q "SUBJECT: there is no file $sample/lost.c" "$sample/err" || fail "a source that is not there"
SUBJECT="$sample/a b/one.c" fuzz goes-on 1
[ $status = 0 ] || fail "a name with a blank: status $status"
unset SUBJECT
rm "$sample/build/fuzz/fuzz_subject"

# ---- soak in the place of an engine

mkdir "$sample/build/soak"
cp "$sample/build/fuzz/fuzz_heap" "$sample/build/soak/fuzz_heap"
cp "$sample/build/fuzz/fuzz_heap" "$sample/build/soak/fuzz_decode"
cat >"$sample/build/soak/countercheck" <<'END'
#!/bin/bash
[ "$1" != replay ] || exec build/fuzz/countercheck "$@"
[ "$2" != --operations ] || exec ../build/fuzz/countercheck "$@"
[ "$1 $2 $4" = "soak --seconds --seed" ] || exit 2
echo '{"executions":70,"operations":800,"effective":1}' >"$COUNTERCHECK_STATS"
echo "$5" >>begun
[ "${6:-}" != --wide ] || echo wide >>wide
if [ "$(cat ../how)" = finds-known ] && [ "$(wc -l <begun)" -lt 3 ]; then
    echo known >"soak-$5-7.ops"
    exit 1
fi
[ "$(cat ../how)" = finds ] || settle
echo "program" >"soak-$5-7.ops"
echo "reproduce: countercheck replay soak-$5-7.ops"
exit 1
END
chmod +x "$sample/build/soak/countercheck"
export ENGINE=soak
fuzz goes-on 1
[ $status = 0 ] || fail "soak goes on: status $status"
[ -s "$sample/findings/wide" ] || fail "no sitting of soak draws wide programs"
grep -q '^heap ' "$sample/out" && ! grep -q '^decode' "$sample/out" || fail "soak draws programs, and no bytes"
export TARGETS=heap
ENGINE=builtin fuzz goes-on 1
[ $status = 0 ] && grep -q ' by soak on ' "$sample/err" || fail "ENGINE=builtin, soak's name of old: status $status"
fuzz finds 60
[ $status = 1 ] || fail "a finding of soak: status $status"
grep -q '^reproduce: build/release/countercheck replay findings/soak-[0-9]*-7.ops.min$' "$sample/out" || fail "soak's program is told"
unset ENGINE

# ---- what is known: told, no failure, and no end of the fuzzing

echo bad known >"$sample/corpus/heap/seed/17-known"
fuzz goes-on 1
[ $status = 1 ] || fail "what nobody lists is a finding: status $status"
echo 'it-is-wrong - 2999-12-31 waited for' >"$sample/ci/known"
fuzz goes-on 1
[ $status = 0 ] || fail "a known finding in the kept corpus: status $status"
grep -q 'seed/17-known: known: it-is-wrong' "$sample/err" || fail "a known finding in the kept corpus is told"
grep -q '41 inputs, 1 of them with a known finding' "$sample/err" || fail "known ones are counted"
[ ! -e "$sample/build/live/seeds/heap/seed-17-known" ] || fail "no engine begins with a known finding"
mkdir -p "$sample/corpus/dump" && echo bad >"$sample/corpus/heap/seed/17-bad"
fuzz goes-on 1
rm "$sample/corpus/heap/seed/17-bad"
[ $status = 1 ] && grep -q '^finding in heap: corpus/heap/seed/17-bad$' "$sample/out" || fail "another one beside a known: $status"
for engine in libfuzzer soak; do
    rm -f "$sample"/{once,twice} "$sample/findings/begun"
    ENGINE=$engine fuzz finds-known 3
    [ $status = 0 ] && [ $took = 3000 ] || fail "a known finding of $engine: status $status after $took ms"
    [ "$(grep -c '^findings/.*: known: ' "$sample/out")" = 1 ] || fail "a known finding of $engine is told once"
done
[ -z "$(sort "$sample/findings/begun" | uniq -d)" ] && [ "$(wc -l <"$sample/findings/begun")" -ge 3 ] || fail "a round repeats the one before"
echo 'gone - 2999-12-31 waited for' >"$sample/ci/known"
fuzz goes-on 1
[ $status = 1 ] && grep -q '^countercheck: ci/known:1: gone$' "$sample/err" || fail "an entry that is over: status $status"
[ "$(tail -n 1 "$sample/out")" = "status 1: a known finding is over" ] || fail "the last line of an entry that is over"
echo 'slow - 2999-12-31 waited for' >"$sample/ci/known"
fuzz goes-on 4
[ $status = 0 ] && [ $took = 4000 ] || fail "a list that takes long to judge: status $status after $took ms"
grep -q 'ci/known is not judged' "$sample/err" || fail "a list that was not judged is told"
echo nonsense >"$sample/ci/known"
fuzz goes-on 1
[ $status = 2 ] && grep -q '^countercheck: fuzz: ci/known:1: nonsense$' "$sample/err" || fail "a list that cannot be read: status $status"
rm "$sample/ci/known" "$sample/corpus/heap/seed/17-known"

# ---- two at a time: the first does not go on while the second is tried

await() { # WHAT COMMAND...: until it is true
    local what=$1 tries
    shift
    for ((tries = 0; tries < 6000; tries++)); do
        "$@" && return
        sleep 0.02
    done
    fail "$what"
}
settled() { [ -n "$(ls -A "$sample/settled")" ]; }

rm -f "$sample"/settled/*
echo goes-on >"$sample/how"
: >"$sample/held"
(cd "$sample" && exec ci/fuzz libfuzzer 1) >"$sample/first" 2>&1 &
await "the first run starts no engine" settled
(cd "$sample" && ci/fuzz libfuzzer 0) >"$sample/out" 2>"$sample/err" && status=0 || status=$?
[ $status = 3 ] && grep -q 'another run of libfuzzer is on in this tree' "$sample/err" || fail "a second run in a tree: status $status"
rm "$sample/held"
wait $! || fail "the first run"

# ---- the progress line

line=$(sed -n '/^status_line()/,/^}/p' "$sample/ci/fuzz"; cat <<'END'
executions_of() { echo 99999999; }; coverage_of() { echo 12345; }; corpus_count() { echo 12345; }
left=3540000 found=(1); status_line decode 10 300
END
)
[ "$(bash -c "$line" | wc -c)" -le 80 ] || fail "the progress line is wider than 80 columns: $(bash -c "$line")"

# ---- a merge that is interrupted keeps what was found before

mkdir -p "$sample/corpus/heap/found" "$sample/build/live/libfuzzer/heap"
echo fine >"$sample/corpus/heap/found/old.ops"
rm -f "$sample"/settled/*
(cd "$sample" && exec ci/corpus heap) >"$sample/out" 2>"$sample/err" &
await "no merge begins" settled
{ kill -KILL $! "$(ls "$sample/settled")" && wait $!; } 2>/dev/null || true
[ -f "$sample/corpus/heap/found/old.ops" ] || fail "an interrupted merge lost what was kept"

# ---- by the machine's clock: the engines are stopped, and what hangs is ended

rm -r "$sample"/{clock,corpus,findings} "$sample/build/live"
mkdir -p "$sample/corpus/heap/seed"
for input in '' hang; do
    [ -z "$input" ] || echo hang >"$sample/corpus/heap/seed/hang"
    begin=${EPOCHREALTIME/[.,]/}
    (cd "$sample" && KEPT_SECONDS=1 ci/fuzz libfuzzer 1) >"$sample/out" 2>"$sample/err" && status=0 || status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    [ $status = "${input:+1}" ] || [ "$status${input:+1}" = 0 ] || fail "by the machine's clock, ${input:-nothing}: status $status"
    [ $took -ge 1000 ] || fail "a box of 1 s, ${input:-nothing} in it: $took ms"
    [ -z "$(for process in "$sample"/settled/*; do ! kill -0 "${process##*/}" 2>/dev/null || echo "$process"; done)" ] || fail "processes are left"
done
echo "ok: the box, the statuses, the words and the locks of ci/fuzz"
