#!/bin/bash
# test_subject_still: a rule that nothing ever moved is as loud as a failure in a run that had its time, unless the text says
# that it is to be still, and why.
# once: what it tells: the same sources do it in each build
# holds: cli/subject/cmd_subject.c oracle/relations/parse.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
cc=${CC:-cc}
command -v "$cc" >/dev/null || exit 77

cat >one.c <<'C'
#include "subject/subject.h"
#include <stdlib.h>
static int64_t count;
static void *create(const struct countercheck_host *host) { count = 0; return &count; }
static void *allocate(void *self, size_t size) { count++; return malloc(size + 1); }
static void release(void *self, void *object) { count--; free(object); }
static const struct countercheck_statistic statistics[] = {
    {"count", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {"idle", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {"room", COUNTERCHECK_CONSTANT, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_all(void *self, int64_t *values) { values[0] = count; values[1] = 0; values[2] = 7; return true; }
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_RANDOM, .name = "one",
    .alignment = 16, .create = create, .allocate = allocate, .release = release, .statistics = statistics, .read = read_all};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
"$cc" -w -shared -fPIC -I"$source" one.c -o one.so || exit 3
check() { # RULES ARGUMENT...
    printf '%b' "$1" >rules
    shift
    "$command" subject check ./one.so --relations rules "$@"
}

idle='made: count == live.count\nidle: idle == 0\nroom: room == 7\n'
ends 1 check "$idle" --operations 500
says out 'NEVER MOVED' "a rule that nothing moves"
says out 'no finding' "a rule that nothing moves is no finding"
ends 0 check "$idle" --seconds 1
says out 'NEVER MOVED' "a short run says so too"
ends 0 check "${idle}still idle: nothing waits in this one\n" --operations 500
grep -q 'idle == 0 .*  still$' out || fail "a rule that is still is not named so: $(cat out)"
ends 0 check "${idle}still idle: nothing waits in this one\nstill made: it is not\n" --operations 500 --json
python3 - out <<'P' || fail "the report of what is still: $(cat out)"
import json, sys
assert [rule["still"] for rule in json.load(open(sys.argv[1]))["rules"]] == [True, True, False]
P
expect 2 "no rule above is labelled 'none'" check "${idle}still none: why\n" --operations 500
expect 2 'what is known to fail, or still, has a reason' check "${idle}still idle: \n" --operations 500
expect 2 "here stand ':' and the reason" check "${idle}still idle\n" --operations 500

# the text beside the adapter holds where no other is named
printf 'count == live.count + 1\n' >one.relations
ends 1 "$command" subject check ./one.so --operations 500
says out '1. subject-relation: count == live.count + 1' 'the rule beside the adapter'
ends 0 check 'count == live.count\n' --operations 500
chmod 0 one.relations
[ "$(id -u)" = 0 ] || expect 2 'one.relations' "$command" subject check ./one.so --operations 500
[ $failed = 0 ] && echo "ok: what never moves is told"
exit $failed
