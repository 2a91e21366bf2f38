#!/bin/bash
# test_subject_option: a finding names the option that it was found under, on the page, as JSON and in the head of its file; a
# file says for which subject it is, and never loads one by a path.
# once: what it tells: the same sources do it in each build
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

cat >one.c <<'C'
#include "subject/subject.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int64_t count;
static bool is_lost;
static void *create(const struct countercheck_host *host) {
    is_lost = host->option != NULL && strcmp(host->option, "lost") == 0;
    count = 0;
    usleep(PAUSE_US);
    return &count;
}
static void *allocate(void *self, size_t size) { count += !is_lost; return malloc(size + 1); }
static void release(void *self, void *object) { free(object); count -= !is_lost; }
static const struct countercheck_statistic statistics[] = {{"count", COUNTERCHECK_GAUGE}, {NULL}};
static bool read_all(void *self, int64_t *values) { values[0] = count; return true; }
static const char *const options[] = {"kept", "lost", NULL};
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_RANDOM | COUNTERCHECK_THREADS,
    .name = "one", .alignment = 16, .options = options, .create = create, .allocate = allocate, .release = release,
    .statistics = statistics, .read = read_all, .relations = "count == live.count when lanes 1\n"};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
mkdir listed
${CC:-cc} -w -shared -fPIC -I"$source" -DPAUSE_US=0 one.c -o listed/one.so || exit 3
ends 1 "$command" subject check ./listed/one.so --seconds 1 --lanes 1
says out 'operation, under the option lost:' "the page"
ends 1 "$command" subject check ./listed/one.so --seconds 1 --lanes 1 --json
grep -q '"option":"lost"' out || fail "the JSON of check: $(cat out)"
grep -q '"again":100,"of":100' out || fail "it was not run 100 times: $(cat out)"

printf 'program caches=1 check=1 seed=2\nh0 = alloc c0 size=1\nh1 = alloc c0 size=1\n' >lost.ops
ends 1 "$command" replay --subject ./listed/one.so lost.ops
says out 'option     lost' "replay"
ends 1 "$command" replay --json --subject ./listed/one.so lost.ops
says out '"option":"lost"' "replay --json"
printf 'program caches=1 check=1 seed=1\nh0 = alloc c0 size=1\n' >kept.ops
ends 0 "$command" replay --subject ./listed/one.so kept.ops

# the head of a file chooses a listed subject; the command line stands above it
ends 0 "$command" minimize lost.ops -o small.ops --subject ./listed/one.so
[ "$(head -n 2 small.ops)" = "$(printf '# subject: one\n# option: lost')" ] || fail "the head of a file: $(cat small.ops)"
expect 2 "no subject is called 'one'" "$command" replay small.ops
export COUNTERCHECK_SUBJECTS=$folder/listed
ends 1 "$command" replay small.ops
says out 'option     lost' "a file that names its subject"
ends 1 "$command" bisect small.ops
ends 0 "$command" replay --subject boundary small.ops
printf '# subject: slab\nh0 = alloc c0 size=1\n' >other.ops
expect 2 "it is for the subject 'slab', and another file for 'one'" "$command" replay small.ops other.ops
printf '# why it is here\n# subject: ./listed/one.so\nh0 = alloc c0 size=1\n' >path.ops
expect 2 "no subject is called '.?listed?one.so'" "$command" replay path.ops
printf 'h0 = alloc c0 size=1\n# subject: none\n' >late.ops
ends 0 "$command" replay --subject one kept.ops late.ops

# ten runs that agree and take a second are enough
${CC:-cc} -w -shared -fPIC -I"$source" -DPAUSE_US=110000 one.c -o slow.so || exit 3
ends 0 "$command" minimize --total 60 small.ops -o smaller.ops --subject ./slow.so
grep -q 'the same in 10 of 10 runs' out || fail "a slow one is run again as often: $(cat out err)"
[ $failed = 0 ] && echo "ok: options in findings"
exit $failed
