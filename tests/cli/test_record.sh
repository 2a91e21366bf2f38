#!/bin/bash
# test_record: a command is recorded as it would run anyway: its output, its status; what it must not tell is in no
# trace; no room, no permission and other bad luck end the trace and never the program.
#
# holds: cli/cmd_record.c cli/cmd_trace.c record/operators.c cli/trace/family.c cli/trace/fold.c cli/trace/info.c cli/trace/ops.c cli/trace/summary.c cli/trace/timeline.c cli/trace/walk.c
set -euo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
library=$(dirname "$command")/libcountercheck-record.so

look() { # FILE [STATUS]: what trace info says is asked of by number
    ends "${2:-0}" "$command" trace info --json "$1"
    mv out json
}

number() { # KEY
    grep -oE "\"$1\":[0-9a-z]+" json | head -n 1 | sed 's/.*://'
}

# ---- it runs as ever, and its status is its own

ends 0 "$command" record -- sh -c 'echo out; echo err >&2'
[ "$(cat out err)" = $'out\nerr' ] || fail "its output is another: $(cat out err)"
[ "$(stat -c %a countercheck.trace)" = 600 ] || fail "others may read the trace"
ends 7 "$command" record -o t -- sh -c 'exit 7'
# shellcheck disable=SC2016 # the shell's own
ends 137 "$command" record -o t -- sh -c 'kill -9 $$'
expect 127 "no-such-program: No such file or directory" "$command" record -o t -- no-such-program
expect 126 "/etc/passwd: Permission denied" "$command" record -o t -- /etc/passwd
expect 125 "no/such/t: No such file or directory" "$command" record -o no/such/t -- true
echo text >text
expect 125 "text: is there, and is no trace" "$command" record -o text -- true
[ "$(cat text)" = text ] || fail "record has touched another's file"
expect 2 "no command behind --" "$command" record -o t --
expect 2 "one operand too many" "$command" record ls
expect 2 "unknown option" "$command" record --no -- ls
ends 0 "$command" record --help
"$command" record -o t -- sleep 30 &
recorder=$!
while [ ! -s t ]; do sleep 0.02; done
kill -TERM $recorder
status=0
wait $recorder || status=$?
[ $status = 143 ] || fail "a signal that is passed on: status $status"

# ---- what is in it

cat >many.pl <<'P'
my @kept;
for my $i (1..15000) { $kept[$i % 997] = ["x" x ($i % 300)]; }
print "over\n";
P
ends 0 "$command" record -o t -- perl many.pl
[ "$(cat out)" = over ] || fail "perl's output"
ends 0 "$command" trace info t
says out " 0 violations" "trace info"
says out "to its exit" "trace info"
look t
[ "$(number violations)" = 0 ] || fail "violations"
[ "$(number unknown)" = 0 ] || fail "unknown frees of a program that was recorded from its start"
[ "$(number cut)" = false ] || fail "a whole trace is cut"
events=$(number events)
[ "$events" -gt 30000 ] || fail "only $events events"
[ "$(number events)" = $(($(number allocs) + $(number frees) + $(number reallocs) + $(number failed))) ] ||
    fail "events do not add up"
[ "$(number live_objects)" = $(($(number allocs) - $(number frees))) ] || fail "objects do not add up"
[ $(($(stat -c %s t) - 65536 - 4096)) -le $((8 * events)) ] || fail "more than 8 bytes an event: $(stat -c %s t)"
for key in threads processes live_bytes peak_bytes peak_event sizes lifetimes; do
    grep -q "\"$key\":" json || fail "no $key"
done
ends 0 "$command" trace info t --svg picture.svg
says picture.svg "<polyline points=" "the picture"
says picture.svg "</svg>" "the picture"

# ---- who holds it

added() { # OPTION...: what the lines of trace fold add up to
    ends 0 "$command" trace fold t "$@"
    grep -vE '^process [0-9]+;thread [0-9]+;up to [0-9]+ B [1-9][0-9]*$' out && fail "a line of trace fold $*"
    awk '{ sum += $NF } END { print sum + 0 }' out
}
look t
[ "$(added)" = "$(number peak_bytes)" ] || fail "trace fold: the peak's bytes"
[ "$(added --count)" = "$(number peak_objects)" ] || fail "trace fold: the peak's objects"
[ "$(added --of end)" = "$(number live_bytes)" ] || fail "trace fold: bytes at the end"
[ "$(added --of all --count)" = $(($(number allocs) + $(number reallocs))) ] || fail "trace fold: all objects"
cat >brief.c <<'C'
#include <stdlib.h>
int main(void) {
    for (int i = 0; i < 100; i++) {
        free(malloc(48));
        void *kept = malloc(3000), *other = malloc(3000);
        free(kept);
        free(other);
    }
}
C
"${CC:-cc}" -O0 -fno-builtin brief.c -o brief
ends 0 "$command" record -o t -- ./brief
ends 0 "$command" trace fold --of temporary t
says out ";up to 64 B 4800" "what lives for one event"
grep -q 4096 out && fail "what was freed later is temporary"
expect 2 "fold: --of takes peak, end, all or temporary, not 'none'" "$command" trace fold --of none t
expect 2 "byte 0: is no trace" "$command" trace fold many.pl

# ---- C++'s new and delete, of the C++ library and of an allocator that has its own

cat >news.cc <<'C'
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <new>
struct alignas(64) wide { char bytes[50048]; };
int main() {
    for (int i = 0; i < 30; i++) {
        delete[] new char[50001];
        ::operator delete(::operator new(50001));
        ::operator delete(::operator new(50001, std::nothrow), std::nothrow);
        ::operator delete(::operator new(50001), std::size_t(50001));
        delete new wide;
        delete[] new wide[1];
    }
    try {
        volatile std::size_t much = PTRDIFF_MAX;
        delete[] new char[much];
    } catch (const std::bad_alloc &) {
        std::puts("caught");
    }
    delete[] new char[50001];
}
C
count() { # --of WHAT: objects of 32 to 64 KiB
    "$command" trace fold t --of "$1" --count | sed -n 's/.*;up to 65536 B //p'
}
if command -v "${CXX:-c++}" >/dev/null; then
    "${CXX:-c++}" -std=c++17 -O0 news.cc -o news
    for name in "" libjemalloc.so.2 libmimalloc.so.2 libtcmalloc.so.4; do
        # not installed, or its new cannot throw
        [ "$(LD_PRELOAD=$name ./news 2>&1)" = caught ] || continue
        ends 0 env LD_PRELOAD=$name "$command" record -o t -- ./news
        [ "$(cat out)" = caught ] || fail "new that throws, $name: $(cat out)"
        look t
        [ "$(count all)/$(count end)" = 181/ ] || fail "$(count all) of 181 news, $(count end) left, $name"
        [ "$(number violations)$(number unknown)$(number failed)" = 001 ] || fail "$name: $(cat json)"
    done
fi

nm -D --defined-only "$library" | sed 's/.* //' >exported
for name in _Znwm _Znam _ZnwmRKSt9nothrow_t _ZnamRKSt9nothrow_t _ZnwmSt11align_val_t _ZnamSt11align_val_t \
    _ZnwmSt11align_val_tRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t _ZdlPv _ZdaPv _ZdlPvm _ZdaPvm \
    _ZdlPvRKSt9nothrow_t _ZdaPvRKSt9nothrow_t _ZdlPvSt11align_val_t _ZdaPvSt11align_val_t _ZdlPvmSt11align_val_t \
    _ZdaPvmSt11align_val_t _ZdlPvSt11align_val_tRKSt9nothrow_t _ZdaPvSt11align_val_tRKSt9nothrow_t; do
    grep -qx "$name" exported || fail "the recorder lacks $name"
done

# ---- as a program

cat >grows.c <<'C'
#include <malloc.h>
#include <stdlib.h>
int main(void) {
    void *first = malloc(1000), *zeroed = calloc(3, 7), *aligned = memalign(4096, 70000);
    free(malloc(5000000));
    first = realloc(first, 3000);
    free(aligned);
    free(first);
    free(zeroed);
    void *kept[2000];
    for (int i = 0; i < 2000; i++)
        kept[i] = malloc(i);
    for (int i = 0; i < 2000; i++)
        free(kept[i]);
}
C
"${CC:-cc}" -O0 -fno-builtin grows.c -o grows
ends 0 "$command" record -o t -- ./grows
ends 0 "$command" trace ops t --window 0..9
cat >wanted <<'O'
# events 0..9 of a trace; 0 objects lived before them
h0 = alloc c0 size=1000
h1 = alloc c0 size=21 zero
h2 = alloc_aligned c0 size=70000 align=4096
h3 = alloc c0 size=5000000
free c0 h3
realloc c0 h0 size=3000
free c0 h2
free c0 h0
free c0 h1
O
cmp -s out wanted || fail "trace ops: $(diff wanted out)"
ends 0 "$command" trace ops t --window 3..8
cat >wanted <<'O'
# events 3..8 of a trace; 3 objects lived before them
h0 = alloc c0 size=1000
h1 = alloc c0 size=21
h2 = alloc c0 size=70000
h3 = alloc c0 size=5000000
free c0 h3
realloc c0 h0 size=3000
free c0 h2
free c0 h0
O
cmp -s out wanted || fail "trace ops, a window: $(diff wanted out)"
mv out window.ops
ends 0 "$command" replay --strict window.ops
says out "(8 did something)" "a replayed window"
expect 2 "t: event 1033: more objects at a time than a program names, which are 1024 (--window)" "$command" trace ops t
expect 2 "ops: --window takes A..B, not '7'" "$command" trace ops t --window 7
expect 2 "ops: --window 7..7 has no events" "$command" trace ops t --window 7..7
expect 2 "a whole number" "$command" trace ops t --window 1..x
expect 2 "t: ends before event 9999" "$command" trace ops t --window 9999..
cat >turns.c <<'C'
#include <stdlib.h>
int main(void) {
    void *kept[50] = {0};
    for (int i = 0; i < 2000; i++)
        kept[i % 50] = realloc(i % 3 == 0 ? kept[i % 50] : (free(kept[i % 50]), (void *)0), i % 400 + 1);
}
C
"${CC:-cc}" -O0 -fno-builtin turns.c -o turns
ends 0 "$command" record -o t -- ./turns
ends 0 "$command" trace ops t --window 2000..2900
says out "events 2000..2900 of a trace; 50 objects lived before them" "a window in the midst"
mv out window.ops
ends 0 "$command" replay --strict window.ops

# ---- children and programs that are started write files of their own

ends 0 "$command" record -o t -- sh -c 'perl -e "exit(fork() ? (wait() && 0) : 0)"; exec ls /'
look t
processes=$(number processes)
[ "$processes" -ge 4 ] || fail "$processes files, not those of sh, perl, its child and ls"
"$command" trace info t | grep -cE '^ +[0-9]+ +[0-9]+ +[0-9]+  t\.[0-9]+\.[0-9]+$' >count
[ "$(cat count)" = $((processes - 1)) ] || fail "trace info lists $(cat count) files of $processes"
ends 0 "$command" record -o t -- ls /
look t
[ "$(number processes)" = 1 ] || fail "files of an earlier recording are left"

# ---- nothing of what the program works with

mkdir SECRETPATH
cp many.pl SECRETPATH/many.pl
ends 0 env SECRETENV=SECRETVALUE "$command" record -o t -- \
    perl -e 'my $s = "SECRETCONTENT" x 100; do "./SECRETPATH/many.pl"; exec "ls", "SECRETPATH"' SECRETARG
grep -l SECRET t t.* >found && fail "a trace tells secrets: $(cat found)"

# ---- what gives no events

printf 'int main(void) { return 5; }\n' >static.c
if "${CC:-cc}" -static static.c -o static 2>/dev/null; then
    expect 2 "./static: 0 events" "$command" record -o t -- ./static
fi

# ---- killed as it begins

# Killed before there is a header it leaves nothing, where a file may be without a name until then.
cat >killed.c <<'C'
#include <signal.h>
#include <sys/types.h>
int posix_fallocate(int descriptor, off_t offset, off_t size) {
    (void)descriptor, (void)offset, (void)size;
    return raise(SIGKILL);
}
C
"${CC:-cc}" -shared -fPIC killed.c -o killed.so
ends 2 env LD_PRELOAD="$PWD/killed.so" "$command" record -o early -- sh -c :
if python3 -c 'import os; os.close(os.open(".", os.O_TMPFILE | os.O_RDWR))' 2>/dev/null; then
    [ ! -e early ] || fail "killed before its header, a trace is there: $(stat -c %s early) bytes"
else
    echo "skipped: a kill before the header: this file system has no file without a name"
fi

# ---- no room

ends 0 bash -c "ulimit -f 100; exec '$command' record -o t -- perl many.pl"
[ "$(cat out)" = over ] || fail "a limit on files: the program's output"
says err "t: ends before its program: File too large" "a limit on files"
look t
[ "$(number cut)" = true ] || fail "a trace that ended early is not cut"
"$command" trace info t >text || fail "a trace that ended early"
says text "ends before its program: File too large" "trace info"
mkdir full
if mount -t tmpfs -o size=160k none full 2>/dev/null; then
    ends 0 "$command" record -o full/t -- perl many.pl
    [ "$(cat out)" = over ] || fail "a full disk: the program's output"
    says err "full/t: ends before its program: No space left on device" "a full disk"
    look full/t
    [ "$(number violations)" = 0 ] || fail "a full disk: violations"
    umount full
else
    echo "skipped: no right to mount a small disk"
fi

# ---- by hand

COUNTERCHECK_RECORD=$PWD/hand LD_PRELOAD=$library perl many.pl >out 2>err || fail "by hand: a status"
[ "$(cat out)" = over ] && [ ! -s err ] || fail "by hand: its output"
look hand
[ "$(number violations)" = 0 ] || fail "by hand: violations"
COUNTERCHECK_RECORD=$PWD/no/such LD_PRELOAD=$library perl many.pl >out 2>err || fail "no such folder: a status"
[ "$(cat out)" = over ] || fail "no such folder: the program's output"
says err "countercheck: record: $PWD/no/such: No such file or directory" "no such folder"
LD_PRELOAD=$library perl many.pl >out 2>err || fail "nothing is asked for: a status"
[ ! -s err ] || fail "nothing is asked for: $(cat err)"

# A program that closes what it has not opened, and has files of its own under those numbers.
cat >closes.pl <<'P'
use POSIX;
POSIX::close($_) for 3..1023;
open(my $own, ">", "own") or die;
POSIX::dup2(fileno($own), $_) for 960..980;
do "./many.pl";
P
ends 0 "$command" record -o t -- perl closes.pl
[ "$(stat -c %s own)" = 0 ] || fail "the recorder wrote to the program's file"
look t
[ "$(number cut)" = false ] && [ "$(number events)" -gt 30000 ] || fail "a program that closes all: $(number events) events"

# ---- files that are none, or not whole

expect 2 "byte 0: is no trace" "$command" trace info many.pl
expect 2 "No such file or directory" "$command" trace info nothing
expect 2 "a subcommand is missing" "$command" trace
expect 2 "unknown subcommand" "$command" trace none
expect 2 "an operand is missing" "$command" trace info
ends 0 "$command" trace --help
cp hand other
printf '\3' | dd of=other bs=1 seek=8 conv=notrunc status=none
expect 2 "byte 8: is a trace of another version than 1 or 2" "$command" trace info other
head -c 100000 hand >part
look part
[ "$(number cut)" = true ] || fail "a cut trace"
ends 0 "$command" trace info part
says out "ends before its program: the file is cut" "a cut trace"
# the second record once more: the same object, given out twice
{
    head -c 4096 hand
    printf '\1\0\0\0\0\0\0\0' # the time
    printf '\1\1\2'           # thread 0, its id 16
    printf '\2\20\5\2\20\5'   # malloc of 5 bytes there, twice
    head -c $((65536 - 8 - 3 - 6)) /dev/zero
} >twice
ends 1 "$command" trace info twice
says out "           1 violations" "an address that was given out twice"
[ $failed = 0 ] && echo "ok: what is recorded runs as ever"
exit $failed
