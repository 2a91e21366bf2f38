#!/bin/bash
# test_subject: foreign allocators by the command: a clean verdict, a rule that is wrong and its smallest program, what
# is refused.
#
# holds: cli/run/machine.c cli/subject/check.c cli/subject/cmd_subject.c cli/subject/strength.c
# holds: cli/subject/suggest.c cli/subject/trials.c cli/subject/moments.c fuzz/subject/built_in.c
# holds: fuzz/subject/lane.c fuzz/subject/machine.c fuzz/subject/operations.c
# holds: subject/examples/boundary.c subject/examples/boundary_subject.c subject/examples/slab.c
# holds: subject/examples/slab_subject.c
# holds: fuzz/go/heap_subject.c
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
countercheck=$command work=$folder

# status WANTED COMMAND...: runs it, output into $work/out and $work/err
status() {
    local wanted=$1 got
    shift
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ $got = "$wanted" ] || fail "$*: status $got, not $wanted: $(head -n 2 "$work/err")"
}

says() { grep -q -- "$1" "$work/out" "$work/err" || fail "nothing says '$1': $(head -n 3 "$work/out" "$work/err")"; }

# the worked examples and our own heap, where this build has it, hold what they say
names=(boundary slab)
if "$countercheck" soak --operations 1 >/dev/null 2>&1; then names+=(go-heap); fi
for name in "${names[@]}"; do
    status 0 "$countercheck" subject check "$name" --operations 10000
    says 'no finding'
    status 0 "$countercheck" soak --subject "$name" --operations 5000
done
# each is a word for the fuzz target too
target=$(dirname "$countercheck")/fuzz_subject
printf 'h0 = alloc c0 size=64\n' >"$work/one.ops"
for name in "${names[@]}"; do
    [ ! -x "$target" ] || status 0 env COUNTERCHECK_SUBJECT="$name" "$target" "$work/one.ops"
done
# where each input has a process, it counts its own operations: one less than before is no process that was ended
if [ -x "$target" ]; then
    sed p "$work/one.ops" >"$work/more.ops"
    status 0 env COUNTERCHECK_SUBJECT=boundary COUNTERCHECK_STATS="$work/stats" "$target" "$work/more.ops" "$work/one.ops"
    grep -q '"executions":2,"operations":3,' "$work/stats" || fail "operations of two inputs: $(cat "$work/stats")"
fi
status 0 "$countercheck" subject list
says '^boundary .*built in'
status 0 "$countercheck" subject describe boundary
says 'in_use == live.footprint'

# a wrong rule is found, named, and made small; other rules go on
printf 'off_by_one: in_use == live.footprint + live.count / 3\nright: free == capacity - in_use\n' >"$work/wrong"
status 1 "$countercheck" subject check boundary --relations "$work/wrong" --operations 5000 --json
python3 - "$work/out" <<'P' || fail 'the report of a wrong rule'
import json, sys
report = json.load(open(sys.argv[1]))
findings = report["findings"]
assert [f["rule"] for f in findings] == ["subject-relation"], findings
assert findings[0]["field"] == "off_by_one" and findings[0]["operations"] <= 3, findings
assert {r["text"]: r["failed"] > 0 for r in report["rules"]} == {
    "in_use == live.footprint + live.count / 3": True, "free == capacity - in_use": False}
P

# the same by the other commands
printf 'h0 = alloc c0 size=64\nh1 = alloc c0 size=64\nh2 = alloc c0 size=64\ncheck full\nfree c0 h1\n' >"$work/a.ops"
status 0 "$countercheck" replay --subject boundary "$work/a.ops"
status 1 "$countercheck" replay --subject boundary --relations "$work/wrong" "$work/a.ops"
says 'subject-relation failed: off_by_one'
status 0 "$countercheck" replay --trace --subject boundary "$work/a.ops"
says 'in_use +80'
status 1 "$countercheck" bisect --subject boundary --relations "$work/wrong" "$work/a.ops"
says 'operation  2'
status 0 "$countercheck" minimize --subject boundary --relations "$work/wrong" "$work/a.ops" -o "$work/small.ops"
[ "$(grep -c . "$work/small.ops")" -le 4 ] || fail "not small: $(cat "$work/small.ops")"

# a rule that was never evaluated, and a slack that was never needed, are as loud as a failure
printf 'in_use == live.footprint when after purge\n' >"$work/never"
status 1 "$countercheck" subject check boundary --relations "$work/never" --operations 5000
says 'NEVER EVALUATED'
printf 'in_use == live.footprint\nin_use == live.footprint when version > 9\n' >"$work/elsewhere"
status 0 "$countercheck" subject check boundary --relations "$work/elsewhere" --operations 5000
says 'of another version'
printf 'in_use == live.footprint slack header: there is none\n' >"$work/slack"
status 1 "$countercheck" subject check boundary --relations "$work/slack" --operations 5000
says 'slack never needed'
printf 'in_use <= live.footprint slack header: it fails where it is wrong\n0 <= in_use slack room: it is more\n' >"$work/slack"
status 1 "$countercheck" subject check boundary --relations "$work/slack" --operations 5000
says '^0 <= in_use .*  slack room: [1-9][0-9]* times$'
says '^in_use <= live.footprint .*  slack never needed$'
printf '1 == 1\n' >"$work/still"
status 1 "$countercheck" subject check boundary --relations "$work/still" --operations 2000
says 'NEVER MOVED'
printf 'bad: in_use == live.footprint + 1 when on free\nknown bad: reported upstream\n' >"$work/known"
status 0 "$countercheck" subject check boundary --relations "$work/known" --operations 5000
says 'known'

# so is a rule that needs no line: it is counted, and hides no other
cat >"$work/one.c" <<'C'
#include "subject/subject.h"
#include <stdlib.h>
static void *create(const struct countercheck_host *host) {
    static int one;
    (void)host;
    return &one;
}
static void *allocate(void *self, size_t size) {
    (void)self;
    return malloc(size + 1);
}
static void *zeroed(void *self, size_t size) {
    char *object = calloc(1, size + 1);
    object[0] = size > 100;
    (void)self;
    return object;
}
static void release(void *self, void *object) {
    (void)self;
    free(object);
}
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_RANDOM, .name = "one",
    .alignment = 16, .create = create, .allocate = allocate, .allocate_zeroed = zeroed, .release = release};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
${CC:-cc} -w -shared -fPIC -I"${COUNTERCHECK_SOURCE:-.}" "$work/one.c" -o "$work/one.so"
status 1 "$countercheck" subject check "$work/one.so" --operations 5000
says 'subject-zero .* FAILED'
printf 'known subject-zero: it never is\n' >"$work/known"
status 0 "$countercheck" subject check "$work/one.so" --relations "$work/known" --operations 5000
says 'subject-zero .* [1-9][0-9]*  known'
status 0 "$countercheck" subject check "$work/one.so" --relations "$work/known" --operations 5000 --json
says '"rule":"subject-zero","evaluated":[1-9][0-9]*,"failed":[1-9][0-9]*,"known":true'
printf 'known subject-zeros: it never is\n' >"$work/known"
status 2 "$countercheck" subject check "$work/one.so" --relations "$work/known"
says "no rule is called 'subject-zeros'"

# lies are noticed by the examples' own rules, and by none that says nothing; which are noticed is the same in every build,
# so that the build of a sanitizer leaves the long one to the others
! grep -q __asan_init "$countercheck" || names=(boundary slab)
for name in "${names[@]:1}"; do # boundary's table is read below
    status 0 "$countercheck" subject check "$name" --strength
    says 'lies are noticed'
done
# a lane's own share lies too: it is noticed by who adds up all lanes, and by nobody else
cat >"$work/share.c" <<'C'
#include "subject/subject.h"
#include <stdlib.h>
static _Thread_local int64_t own;
static int64_t gone; // with their lanes
static void *create(const struct countercheck_host *host) {
    (void)host;
    own = gone = 0;
    return &gone;
}
static void lane_begin(void *self) {
    (void)self;
    own = 0;
}
static void lane_end(void *self) {
    (void)self;
    gone += own;
}
static void *allocate(void *self, size_t size) {
    (void)self;
    own++;
    return malloc(size + 1);
}
static void release(void *self, void *object) {
    (void)self;
    free(object);
}
static const struct countercheck_statistic statistics[] = {
    {"own", COUNTERCHECK_PLAIN, COUNTERCHECK_PER_LANE, 0, 0, NULL, ""},
    {"gone", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_all(void *self, int64_t *values) {
    (void)self;
    values[0] = own;
    values[1] = gone;
    return true;
}
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_RANDOM | COUNTERCHECK_THREADS,
    .name = "share", .alignment = 16, .create = create, .lane_begin = lane_begin, .lane_end = lane_end, .allocate = allocate,
    .release = release, .statistics = statistics, .read = read_all};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
${CC:-cc} -w -shared -fPIC -I"${COUNTERCHECK_SOURCE:-.}" "$work/share.c" -o "$work/share.so"
printf 'made: lanes(own) + gone == ops.alloc\n' >"$work/made"
status 0 "$countercheck" subject check "$work/share.so" --relations "$work/made" --operations 5000
status 0 "$countercheck" subject check "$work/share.so" --relations "$work/made" --strength
says '^own  *yes  *yes  *yes  *yes  *same  *yes$'
printf 'made: gone <= ops.alloc\n' >"$work/made"
status 1 "$countercheck" subject check "$work/share.so" --relations "$work/made" --strength
says '^own  *NO  *NO  *NO '
status 0 "$countercheck" subject check boundary --strength --json
python3 - "$work/out" <<'P' || fail 'the table of lies'
import json, sys
table = json.load(open(sys.argv[1]))
assert table["unnoticed"] == 0 and table["noticed"] > 40, table
rows = {row["name"]: row for row in table["statistics"]}
assert all(rows["in_use"][lie] == "noticed" for lie in ("+1", "late", "stuck", "wrapped", "undone")), rows
assert rows["in_use"]["share"] == "none" and rows["capacity"]["late"] == "same", rows
P
status 0 "$countercheck" subject check boundary --strength --only free
says '^free_count '
! grep -q '^in_use' "$work/out" || fail '--only names others as well'
status 2 "$countercheck" subject check boundary --strength --only fre_e
status 2 "$countercheck" subject check boundary --only free
for name in seconds lanes threads; do # none is no number of them
    status 2 "$countercheck" subject check boundary "--$name" 0
    says "^countercheck: subject: --$name takes at least 1$"
done
status 1 "$countercheck" subject check boundary --relations "$work/wrong" --strength
says 'a rule fails without a lie'

# what always held is suggested as relations that are taken back, and holds
status 0 "$countercheck" subject suggest boundary --seconds 2
for rule in 'in_use == live.footprint' 'peak == peak(live.footprint)' 'in_use == capacity - free' 'failures == ops.failed'; do
    grep -q "^$rule " "$work/out" || fail "not suggested: $rule"
done
cp "$work/out" "$work/suggested"
status 0 "$countercheck" subject check boundary --relations "$work/suggested" --operations 5000 --seed 9
status 0 "$countercheck" subject suggest slab --seconds 2
says '^each class.live: class.live == live.count.row. when settled'
! grep -q '^live_bytes == live.footprint  ' "$work/out" || fail 'suggested what does not hold'

# what is refused, in one line with its place
refuses() { # TEXT WORDS
    printf '%b' "$1" >"$work/r"
    status 2 "$countercheck" subject check boundary --relations "$work/r" --operations 5000
    says "$2"
    [ "$(grep -c . "$work/err")" = 1 ] || fail "not one line: $(cat "$work/err")"
}
refuses 'in_use == live.footprnt' 'line 1, column'
refuses '\nin_usee == 1' "line 2, column 1: 'in_usee' names nothing; the nearest is in_use"
refuses 'in_use ==' 'here stands a number'
refuses 'in_use' 'here stands =='
refuses 'in_use == 99999999999999999999' 'more than 2^63'
refuses 'each bin: in_use == 1' "no row of statistics is 'bin' or begins with 'bin.'"
refuses 'in_use == 1 when sometimes' 'here stands a condition'
refuses 'in_use == lanes(in_use)' "no lane's own share"
refuses 'sum(in_use) == 1' 'sum adds up a row'
refuses 'known nobody: x' "no rule above is labelled 'nobody'"
refuses "$(printf '(%.0s' {1..200})1 == 1" 'nested more than'
status 2 "$countercheck" subject check nobody
says "no subject is called 'nobody'"
status 2 "$countercheck" subject check ./nobody.so
status 2 "$countercheck" subject
status 2 "$countercheck" subject describe
status 2 "$countercheck" replay --relations "$work/wrong" "$work/a.ops"
says '--relations goes with --subject'
status 2 "$countercheck" subject check boundary --relations "$work/none"

[ $failed = 0 ] && echo 'ok: subjects are checked, found wrong, and refused'
exit $failed
