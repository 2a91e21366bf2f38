#!/bin/bash
# test_subject_peaks: reset_peaks as an operation: peaks and troughs, the rules' own and base.X begin anew with it, and one that
# is not its gauge behind it is a finding.
# once: what it answers: the same sources do it in each build
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

cat >one.c <<'C'
#include "subject/subject.h"
#include <stdlib.h>
static int64_t count, most, least;
static void *create(const struct countercheck_host *host) { count = 3; most = 7; least = 1; return &count; }
static void note(int64_t more) {
    count += more;
    most = count > most ? count : most;
    least = count < least ? count : least;
}
static void *allocate(void *self, size_t size) { note(1); return malloc(size + 1); }
static void release(void *self, void *object) { free(object); note(-1); }
static void reset_peaks(void *self) {
    most = PEAK;
    least = TROUGH;
}
static const struct countercheck_statistic statistics[] = {
    {"count", COUNTERCHECK_GAUGE}, {"most", COUNTERCHECK_PEAK, 0, 0, 0, "count"},
    {"least", COUNTERCHECK_TROUGH, 0, 0, 0, "count"}, {NULL}};
static bool read_all(void *self, int64_t *values) { values[0] = count; values[1] = most; values[2] = least; return true; }
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_RANDOM, .name = "one",
    .alignment = 16, .create = create, .allocate = allocate, .release = release, .statistics = statistics, .read = read_all,
    .reset_peaks = reset_peaks,
    .relations = "most == max(base.most, peak(count))\nleast == min(base.least, trough(count))\ncount == live.count + 3\n"};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
make_one() { # PEAK TROUGH, as they are behind reset_peaks
    ${CC:-cc} -w -shared -fPIC -I"$source" "-DPEAK=$1" "-DTROUGH=$2" one.c -o one.so || exit 3
}
make_one count count
ends 0 "$command" subject check ./one.so --operations 3000
cat >all.ops <<'P'
h0 = alloc c0 size=1
h1 = alloc c0 size=1
reset_peaks
free c0 h0
free c0 h1
reset_peaks
h0 = alloc c0 size=1
P
ends 0 "$command" replay --check=full --subject ./one.so all.ops
ends 0 "$command" subject describe ./one.so
grep -q '^has .* reset_peaks' out || fail "describe: $(cat out)"
for wrong in 'most count' 'count least' 'count-1 count' 'count count+1' 'count+1 count' 'count count-1'; do
    # shellcheck disable=SC2086 # two words
    make_one $wrong
    ends 1 "$command" subject check ./one.so --operations 3000
    says out 'behind reset_peaks it is not its gauge' "reset to $wrong"
    grep -qx '     reset_peaks' out || fail "reset to $wrong: not made small: $(cat out)"
done
[ $failed = 0 ] && echo "ok: peaks begin anew"
exit $failed
