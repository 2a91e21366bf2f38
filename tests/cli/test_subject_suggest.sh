#!/bin/bash
# test_subject_suggest: what `subject suggest` looks at: other programs in each process that it begins, and what a statistic
# has moved by since its program began.
# holds: cli/subject/moments.c cli/subject/suggest.c
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

# Its counts go on from program to program, where it is not one to a process; two that a program begins at 0 do not.
cat >on.c <<'C'
#include "subject/subject.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static int64_t made = 7, live = 1000, gone = 300, here, bin[2] = {5, 9};
static void *create(const struct countercheck_host *host) { here = 0; return &made; }
static void note(size_t size) { // the first size that a process asks for
    static int has_noted;
    char line[32];
    const char *path = getenv("FIRST_SIZES");
    if (path != NULL && !has_noted++) {
        int file = open(path, O_WRONLY | O_APPEND);
        (void)!write(file, line, (size_t)snprintf(line, sizeof line, "%zu\n", size));
        close(file);
    }
}
static void *allocate(void *self, size_t size) {
    note(size);
    made++, live++, here++, bin[size > 64]++;
    size_t *head = malloc(size + 16);
    *head = size > 64;
    return head + 2;
}
static void release(void *self, void *object) {
    size_t *head = (size_t *)object - 2;
    live--, gone++, here--, bin[*head]--;
    free(head);
}
static uint32_t class_of(void *self, void *object) { return (uint32_t)((size_t *)object)[-2]; }
static const struct countercheck_statistic statistics[] = {
    {"made", COUNTERCHECK_CUMULATIVE}, {"live", COUNTERCHECK_GAUGE}, {"gone", COUNTERCHECK_CUMULATIVE},
    {"here", COUNTERCHECK_GAUGE}, {"bin", COUNTERCHECK_GAUGE, 0, 0, 2}, {NULL}};
static bool read_all(void *self, int64_t *values) {
    values[0] = made, values[1] = live, values[2] = gone, values[3] = here, values[4] = bin[0], values[5] = bin[1];
    return true;
}
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_RANDOM | GLOBAL, .name = "on",
    .alignment = 16, .create = create, .allocate = allocate, .release = release, .statistics = statistics, .read = read_all,
    .class_of = class_of};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
for kind in 0 COUNTERCHECK_GLOBAL; do
    ${CC:-cc} -w -shared -fPIC -I"$source" "-DGLOBAL=$kind" on.c -o "on-$kind.so" || exit 3
done

# one to a process: each process sees another program
: >sizes
FIRST_SIZES=$PWD/sizes ends 0 "$command" subject suggest ./on-COUNTERCHECK_GLOBAL.so --seconds 2
processes=$(wc -l <sizes) different=$(sort -u sizes | wc -l)
[ "$processes" -ge 6 ] && [ "$different" -ge 4 ] || fail "$processes processes began with $different sizes"

# what goes on from program to program is held against the ledger by how far it has moved
ends 0 "$command" subject suggest ./on-0.so --seconds 2
for rule in 'made - base.made == total.count' 'live - base.live == live.count' 'gone - base.gone == freed.count' \
    'here == live.count' 'sum(bin) - sum(base.bin) == live.count'; do
    grep -qF "$rule  " out || fail "not suggested: $rule: $(cat out)"
done
! grep -q 'here - base\.here' out || fail "base.here is 0: $(cat out)"
cp out suggested
ends 0 "$command" subject check ./on-0.so --relations suggested --operations 5000 --seed 9

[ $failed = 0 ] && echo "ok: subject suggest"
exit $failed
