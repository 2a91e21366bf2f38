#!/bin/bash
# test_subject_alone: a program as C in the allocator's own calls: it compiles, agrees with the harness, and shows what fails.
# holds: cli/subject/trim.c cli/subject/alone.c cli/subject/alone_operations.c cli/subject/calls.c oracle/relations/c.c
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
countercheck=$command work=$folder
cd "$source" || exit 3

# refused MESSAGE ARGUMENT...: status 2, and one line that says so
refused() {
    local message=$1
    shift
    "$countercheck" ops "$@" >"$work/out" 2>"$work/err"
    [ $? = 2 ] || fail "ops $*: not refused"
    [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -qF -- "$message" "$work/err" ||
        fail "ops $*: $(cat "$work/err") instead of '$message'"
}

# alone PROGRAM OPTION...: writes it as C, compiles and runs it; its output in $work/told, its status
alone() {
    local program=$1 command variables
    shift
    "$countercheck" ops --c "$program" "$@" >"$work/alone.c" || return 4
    ! grep -qE '#include.*(countercheck|subject/subject)' "$work/alone.c" || return 4
    command=$(sed -n 's,^// compile: ,,p' "$work/alone.c")
    command=${command/ -w / -Wall -Wextra -Werror } # what a program has no use for is not in it
    command=${command/PROGRAM/$work/alone.c}
    eval "${command/OUTPUT/$work/alone}" || return 4
    mapfile -t variables < <(sed -n 's,^// run with: ,,p' "$work/alone.c")
    env "${variables[@]}" "$work/alone" >"$work/told"
}

# agree NAME OPTION...: the harness finds the rules kept, and so does the C program; a rule that is wrong fails in both with
# the same numbers. The program is $program.
program=whole
agree() {
    local name=$1 found
    shift
    "$countercheck" replay "$work/$program.ops" "$@" >"$work/out" 2>&1 || fail "$name: $(tail -n 1 "$work/out")"
    alone "$work/$program.ops" "$@" "${calls[@]}" || fail "$name: $(grep -m 1 FAILED "$work/told" || head -n 1 "$work/alone.c")"
    ! grep -q FAILED "$work/told" || fail "$name: a rule failed, and its status was 0"
    "$countercheck" replay --check=full "$work/$program.ops" --subject "$2" --relations "$work/wrong" >"$work/out" 2>&1
    found=$(grep -oE 'live.requested [^:;]*ops.free: [0-9]+ and [0-9]+' "$work/out" | head -n 1)
    [ -n "$found" ] || fail "$name: a wrong rule holds"
    alone "$work/$program.ops" --subject "$2" --relations "$work/wrong" "${calls[@]}"
    [ $? = 1 ] || fail "$name: a wrong rule holds in C"
    grep -m 1 FAILED "$work/told" | grep -qF "FAILED $found" || fail "$name: not the numbers of $found: $(grep -m 1 FAILED "$work/told")"
    "$countercheck" ops --list --subject "$2" >/dev/null || fail "$name: ops --list"
}

cat >"$work/whole.ops" <<'P'
h0 = alloc c0 size=100
h1 = alloc c0 size=5000 zero
h2 = alloc_aligned c0 size=700 align=64
h3 = alloc_run c0 size=24 count=20
h0 = alloc c0 size=0
h4 = alloc c0 size=15000
realloc c0 h0 size=3000
expand c0 h1 size=5100
realloc c0 h4 size=9000
free c0 h1
free_sized c0 h2
free_sized c0 h3
drop c0 h5
free_run c0 h6 count=4 stride=2
reset_peaks
collect c0
flush c0
scavenge pages=4
settle
check full
h9 = alloc c0 size=33
P
cat >"$work/lanes.ops" <<'P'
program caches=3 check=1
h0 = alloc c0 size=100
h1 = alloc c1 size=5000 zero
h2 = alloc_aligned c2 size=700 align=64
c5 = acquire
h3 = alloc_run c5 size=24 count=20
realloc c2 h0 size=18000
h7 = alloc c0 size=15000
expand c1 h1 size=5100
free c5 h0
free_sized c2 h1
settle
free c0 h1
fork operations=4
flush c5
release c5
h2 = alloc c5 size=9000
c6 = acquire
free_run c2 h4 count=4 stride=2
h9 = alloc c6 size=300
P
echo 'wrong: live.requested + peak(live.requested) <= 30000 + 100 * ops.free' >"$work/wrong"

calls=()
program=lanes agree slab --subject slab
for name in boundary slab; do
    agree $name --subject $name
    # each number that is pinned is the one that C prints after the last operation
    cp "$work/whole.ops" "$work/pinned.ops"
    "$countercheck" replay --pin --subject $name "$work/pinned.ops" >/dev/null || fail "$name: --pin"
    alone "$work/whole.ops" --subject $name || fail "$name: alone"
    sed -n 's/^expect \([a-z_]*\)=\([0-9]*\)$/ \1 \2 /p' "$work/pinned.ops" >"$work/pins"
    [ -s "$work/pins" ] || fail "$name: nothing is pinned"
    grep -A 1 '^h9' "$work/told" | sed 's/$/ /' >"$work/last"
    while IFS= read -r pin; do grep -qF "$pin" "$work/last" || fail "$name: not$pin: $(tail -n 1 "$work/last")"; done <"$work/pins"
done

# each operator and term fails in C where the harness has it fail, with the same numbers
while IFS= read -r rule; do
    echo "$rule" >"$work/one"
    "$countercheck" replay --check=full "$work/whole.ops" --subject slab --relations "$work/one" >"$work/out" 2>&1
    said=$(sed -n 's/^says .*: \(-\{0,1\}[0-9]* and -\{0,1\}[0-9]*\).*/\1/p' "$work/out")
    where=$(sed -n 's/^operation *[0-9]*: //p' "$work/out")
    [ -n "$said" ] || fail "the harness finds nothing: $rule"
    alone "$work/whole.ops" --subject slab --relations "$work/one"
    [ $? = 1 ] || fail "C finds nothing: $rule"
    told=$(grep -m 1 -B 2 FAILED "$work/told")
    [[ $told == "at rest"* || $told == "all are gone"* ]] && where= # the harness names the last operation
    [[ $told == "$where"*": $said" ]] || fail "$rule: $where $said, and in C $told"
done <<'P'
sum(class.live * class.size) <= 9000
max(class.live) <= 17
min(class.size) == sum(class.live) when on free
each class: class.live <= 15
each class: live.count[row] == 0 when settled
each class: delta(class.allocs) <= 8
each class: peak(class.live) + trough(class.live) <= 18
each class: total.requested[row] - freed.requested[row] <= 3000 when settled
round_up(live.requested, 4096) + live.requested / 7 - live.requested % 11 <= 20000
max(live.count, ops.alloc) * min(ops.free, 3) <= 40
live_bytes <= mapped <= 300 * ops.alloc + 65536 when settled and lanes 1
base.mapped - mapped == -live_bytes
class.live[1] < 19
class.live[2] != 1
live.count > 0 when empty
ops.alloc >= 4 when on alloc
delta(ops.alloc) < 2 when on alloc
P

# the fault of the head refuses the first call behind it, those of an operation as many as it says, and what the backing gave
# is what the harness says
cat >"$work/fault.ops" <<'P'
program caches=2 check=1 fault=mmap:1
h0 = alloc c1 size=64
h0 = alloc c1 size=64
fault call=mmap at=1 more=1
h1 = alloc c0 size=64
h2 = alloc c0 size=64
h3 = alloc c0 size=16000
fault call=mmap at=2 and_on
h4 = alloc_run c1 size=16000 count=9
P
while IFS= read -r rule; do
    echo "$rule" >"$work/one"
    "$countercheck" replay --check=full "$work/fault.ops" --subject slab --relations "$work/one" >"$work/out" 2>&1
    said=$(sed -n 's/^says .*: \([0-9]* and [0-9]*\).*/\1/p' "$work/out")
    [ -n "$said" ] || fail "the harness finds nothing: $rule"
    alone "$work/fault.ops" --subject slab --relations "$work/one"
    [ $? = 1 ] && [[ $(grep -m 1 FAILED "$work/told") == *": $said" ]] || fail "$rule: $said, and in C $(grep -m 1 FAILED "$work/told")"
done <<'P'
backing.calls < 4
backing.bytes == 0 when on failed
backing.peak < 100000
ops.failed < 3
ops.failed < 6
P

# a failure in a child of fork is one, with the harness's numbers, and so is its death; lanes(X) is the sum over lanes
cat >"$work/one.c" <<'C'
#include "subject/subject.h"
#include <stdlib.h>
#include <unistd.h>
static pid_t maker;
static int64_t gone;
static _Thread_local int64_t own;
static void *create(const struct countercheck_host *host) { gone = own = 0; maker = getpid(); return &maker; }
static void begin(void *self) { own = 0; }
static void flush(void *self) { gone += own; own = 0; }
static void *allocate(void *self, size_t size) {
    if (size == 7 && getpid() != maker) abort();
    own += size == 8 && getpid() != maker ? 0 : 1;
    return malloc(size + 1);
}
static void release(void *self, void *object) { free(object); }
static const struct countercheck_statistic statistics[] = {
    {"own", COUNTERCHECK_PLAIN, COUNTERCHECK_PER_LANE}, {"gone", COUNTERCHECK_PLAIN}, {NULL}};
static bool read_all(void *self, int64_t *values) { values[0] = own; values[1] = gone; return true; }
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_RANDOM | COUNTERCHECK_FORK | COUNTERCHECK_THREADS, .name = "one", .alignment = 16,
    .create = create, .lane_begin = begin, .lane_end = flush, .allocate = allocate, .release = release, .flush = flush,
    .statistics = statistics, .read = read_all};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
echo 'made: lanes(own) + gone == total.count' >"$work/one.relations"
cat >"$work/one.calls" <<'P'
include: <unistd.h>
declare: static pid_t maker;
declare: static number gone_all;
declare: static _Thread_local number own;
declare: static void flush(void) { gone_all += own; own = 0; }
declare: static void *make(size_t size) {
declare:     if (size == 7 && getpid() != maker) abort();
declare:     own += size == 8 && getpid() != maker ? 0 : 1;
declare:     return malloc(size + 1);
declare: }
begin: maker = getpid();
allocate: make(SIZE)
release: free(OBJECT)
flush: flush()
lane_begin: own = 0
lane_end: flush()
value own: own
value gone: gone_all
P
${CC:-cc} -w -shared -fPIC -I"$source" "$work/one.c" -o "$work/one.so" || exit 3
one=(--subject "$work/one.so" --relations "$work/one.relations")
calls=(--calls "$work/one.calls")
printf 'program caches=2 check=1\nh0 = alloc c1 size=6\nh1 = alloc c0 size=6\nfork operations=2\nc1 = acquire\nh2 = alloc c1 size=%s\ncheck full\n' 6 >"$work/child.ops"
alone "$work/child.ops" "${one[@]}" "${calls[@]}"
[ $? = 1 ] && grep -q 'FAILED .*: 2 and 3' "$work/told" || fail "what an orphan had is in the child"
echo 'made: lanes(own) + gone == total.count when settled' >"$work/one.relations"
alone "$work/child.ops" "${one[@]}" "${calls[@]}" || fail "a child with an orphan is settled: $(cat "$work/told")"
sed -i 's/size=6$/size=8/; s/caches=2/caches=1/' "$work/child.ops"
"$countercheck" replay "$work/child.ops" "${one[@]}" >"$work/out" 2>&1
grep -q '^says .*: 2 and 3;' "$work/out" || fail "the harness finds nothing in the child: $(cat "$work/out")"
alone "$work/child.ops" "${one[@]}" "${calls[@]}"
[ $? = 1 ] && grep -q 'FAILED .*: 2 and 3' "$work/told" || fail "what fails in the child alone does not show"
sed -i 's/size=8$/size=7/' "$work/child.ops"
alone "$work/child.ops" "${one[@]}" "${calls[@]}"
[ $? = 1 ] && grep -q 'FAILED in the child: it ended by signal 6' "$work/told" || fail "the death of a child does not show"
calls=()

# what cannot be said in C is told, and no C is printed
printf 'fault call=mmap at=1\nh0 = alloc c0 size=64\n' >"$work/fault.ops"
refused 'take no memory of backing_map' --c "$work/fault.ops" "${one[@]}" --calls "$work/one.calls"
refused '--c goes with --subject' --c "$work/whole.ops"
refused "no rule is called 'none'" --c "$work/whole.ops" --subject slab --rule none
refused "cannot be said in C: walk.*" --c "$work/whole.ops" --subject boundary --rule walked
refused 'either FILE' --c --list --subject slab
refused 'either FILE' --calls "$work/wrong" "$work/whole.ops" --subject slab
printf '# none\nrelease: slab_free(OBJECT)\nreleased: x\n' >"$work/calls"
refused "line 3: there is no such key: 'released'" --c "$work/whole.ops" --subject slab --calls "$work/calls"
printf 'release: a\nrelease: b\n' >"$work/calls"
refused "line 2: it is there twice: 'release'" --c "$work/whole.ops" --subject slab --calls "$work/calls"
printf 'value: a\n' >"$work/calls"
refused "line 1: a name is missing: 'value'" --c "$work/whole.ops" --subject slab --calls "$work/calls"
printf 'allocate x: a\n' >"$work/calls"
refused "line 1: a name too much: 'allocate'" --c "$work/whole.ops" --subject slab --calls "$work/calls"
printf 'allocate\n' >"$work/calls"
refused "line 1: no KEY: TEXT: 'allocate'" --c "$work/whole.ops" --subject slab --calls "$work/calls"
printf 'release: slab_free(OBJECT)\n' >"$work/calls"
refused "': the calls have no 'allocate'" --c "$work/whole.ops" --subject slab --calls "$work/calls"

# a sanitizer replaces malloc itself, and an adapter of a malloc would be given that
if grep -qE "__(asan_report|tsan_read)" "$countercheck"; then
    echo "left out: a command with a sanitizer loads no malloc"
    exit $failed
fi
adapters=subject/adapters
"$adapters/check" --build-only --output "$work" | grep 'left out'
for library in "$work"/*.so; do
    name=$(basename "$library" .so)
    [ -f "$adapters/$name.c" ] || continue # a driver's calls are of another language
    calls=(--calls "$adapters/$name.calls")
    agree "$name" --subject "$library" --relations "$adapters/$name.relations"
    [ "$name" != glibc ] && [ "$name" != jemalloc ] ||
        program=lanes agree "$name" --subject "$library" --relations "$adapters/$name.relations"
done

# defects of others, as subject/findings has them, show without us
if [ -f "$work/bdwgc.so" ]; then
    of=(--subject "$work/bdwgc.so" --relations "$adapters/bdwgc.relations" --calls "$adapters/bdwgc.calls")
    printf 'h0 = alloc c0 size=100000\nfree c0 h0\n' >"$work/uncollectable.ops"
    printf 'h0 = alloc c0 size=4096\nrealloc c0 h0 size=6000\nfree c0 h0\n' >"$work/large.ops"
    alone "$work/uncollectable.ops" "${of[@]}" || fail "bdwgc: a rule that is known to fail is looked at"
    alone "$work/uncollectable.ops" "${of[@]}" --rule non_gc
    [ $? = 1 ] || fail "bdwgc: what was taken off and never added does not show"
    alone "$work/large.ops" "${of[@]}" --rule made
    [ $? = 1 ] || fail "bdwgc: what grows to its last block does not show"
fi
[ $failed = 0 ] && echo "ok: programs stand alone"
exit $failed
