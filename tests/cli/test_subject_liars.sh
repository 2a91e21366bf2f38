#!/bin/bash
# test_subject_liars: an allocator that breaks a promise of its own is found, each promise in a few operations; a table
# that promises nonsense is refused in one line.
# holds: cli/run/apart.c fuzz/subject/probe.c
set -u
countercheck=${COUNTERCHECK:?}
source_dir=${COUNTERCHECK_SOURCE:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}
command -v "$cc" >/dev/null || exit 77
failed=0

fail() {
    echo "FAIL: $*: $(head -n 4 "$work/out" "$work/err")"
    failed=1
}

cat >"$work/liar.c" <<'C'
#include "subject/subject.h"
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifndef TABLE
#define TABLE
#endif
#ifndef STATISTICS
#define STATISTICS {"n", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
#endif
#ifndef CREATE
#define CREATE return &count;
#endif
#ifndef ALLOCATE
#define ALLOCATE
#endif
#ifndef RELEASE
#define RELEASE
#endif
#ifndef READ
#define READ
#endif
static int64_t count;
static char *last;
static void *create(const struct countercheck_host *host) { (void)host; count = 0; last = NULL; CREATE }
static void *allocate(void *self, size_t size) { (void)self; ALLOCATE count++; return last = malloc(size + 1); }
static void release(void *self, void *object) { (void)self; RELEASE count--; free(object); }
#ifdef BEGIN
__attribute__((constructor)) static void begin(void) { BEGIN }
#endif
#ifndef DESCRIBE
#define DESCRIBE
#endif
#ifndef DESTROY
#define DESTROY
#endif
#ifndef HANG_MS
#define HANG_MS 20000 // a busy machine hangs nothing
#endif
#ifndef GIVE
#define GIVE
#endif
static bool describe(void *self, struct countercheck_description *description) { (void)self; (void)description; DESCRIBE return true; }
static void destroy(void *self) { (void)self; DESTROY }
static const char *verify(void *self) { (void)self; return count < 2 ? NULL : "a \033[31mring\nof two"; }
static size_t three(void *self, void *object) { (void)self; (void)object; return 3; }
static const struct countercheck_statistic statistics[] = {STATISTICS {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_all(void *self, int64_t *values) {
    (void)self; READ values[0] = count;
    if (statistics[1].name != NULL) values[1] = -count;
    return true;
}
static const struct countercheck_subject table = {.struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .name = "liar",
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_RANDOM, .alignment = 16, .hang_ms = HANG_MS, .create = create,
    .allocate = allocate, .release = release, .statistics = statistics, .read = read_all, TABLE};
const struct countercheck_subject *countercheck_subject_table(void) { (void)three; (void)verify; (void)describe; (void)destroy; GIVE return &table; }
C

run() { # STATUS DEFINITION...: checks the liar so made
    local wanted=$1 got
    shift
    "$cc" -w -shared -fPIC -I "$source_dir" "$@" "$work/liar.c" -o "$work/liar.so" || { echo "FAIL: $*"; exit 1; }
    "$countercheck" subject check "$work/liar.so" --operations 20000 --seconds 1 >"$work/out" 2>"$work/err"
    got=$?
    [ $got = "$wanted" ] || fail "$*: status $got, not $wanted"
}
finds() { # RULE WORDS DEFINITION...
    local rule=$1 words=$2
    shift 2
    run 1 "$@"
    grep -q "^1\. $rule" "$work/out" || fail "$*: not $rule"
    grep -q -- "$words" "$work/out" || fail "$*: nothing says '$words'"
    [ "$(sed -n 's/^   \([0-9]*\) operation.*/\1/p' "$work/out" | head -n 1)" -le 4 ] || fail "$*: not small"
}
refuses() { # WORDS DEFINITION...
    local words=$1
    shift
    run 2 "$@"
    grep -q -- "$words" "$work/err" || fail "$*: nothing says '$words'"
    [ "$(grep -c . "$work/err")" = 1 ] || fail "$*: not one line"
}

run 0
finds crash 'ended by itself' '-DALLOCATE=if (size > 99) exit(0);'
finds crash 'ended by itself' '-DRELEASE=_exit(0);'
finds crash 'ended by itself' '-DREAD=if (count > 1) _exit(0);'
finds crash Killed '-DRELEASE=raise(SIGKILL);' # a sanitizer has a handler for most others
finds crash Killed '-DRELEASE=raise(SIGSTOP);' # no hang: nobody waits for it
finds hang 'did not end' '-DALLOCATE=while (size > 99) pause();' -DHANG_MS=100
finds subject-failed 'no COUNTERCHECK_MAY_FAIL' '-DALLOCATE=if (size > 99) return NULL;' \
    '-DTABLE=.capabilities = COUNTERCHECK_RANDOM'
finds subject-contents 'its first 1 bytes' '-DALLOCATE=if (last != NULL) *last ^= 1;' '-DRELEASE=last = NULL;'
finds subject-usable '3 bytes are usable, 4 were asked for' '-DTABLE=.usable = three'
finds subject-verify 'a ?\[31mring?of two' '-DTABLE=.verify = verify'
finds subject-read 'read() writes past the last of its values (1)' '-DREAD=values[1] = 0;'
# one statistic's failure hides no other one's, and what needs no operation says so
finds subject-kind 'm: a gauge is below 0' '-DREAD=values[0] = -5; values[1] = -count; return true;' \
    '-DSTATISTICS={"n", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""}, {"m", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},'
grep -q '^     nop$' "$work/out" || fail 'what needs no operation'
# a failure where all was freed says that it came there
printf 'n == 7 when empty and settled and lanes 1\n' >"$work/relations"
run 0
"$countercheck" subject check "$work/liar.so" --operations 20000 --relations "$work/relations" >"$work/out" 2>"$work/err"
grep -q ', and the end: ' "$work/out" || fail 'the end is not named'

refuses 'create() gives NULL' '-DCREATE=return NULL;'
refuses 'create() dies: Aborted' '-DCREATE=abort();'
refuses 'create() ends the process, with status 0' '-DCREATE=exit(0);'
refuses 'create() does not return within 0.1 s' '-DCREATE=for (;;) pause();' -DHANG_MS=100
refuses 'loading it dies: Aborted' '-DBEGIN=abort();'
refuses 'loading it ends the process, with status 7' '-DBEGIN=_exit(7);'
refuses 'countercheck_subject_table() dies: Aborted' '-DGIVE=abort();'
refuses 'describe() dies: Segmentation fault' '-DDESCRIBE=raise(SIGSEGV);' '-DTABLE=.describe = describe'
refuses 'describe() ends the process, with status 0' '-DDESCRIBE=exit(0);' '-DTABLE=.describe = describe'
refuses 'describe() does not return within 0.1 s' '-DDESCRIBE=for (;;) pause();' -DHANG_MS=100 '-DTABLE=.describe = describe'
refuses 'describe() dies: Segmentation fault' '-DDESCRIBE=description->relations = (const char *)8;' '-DTABLE=.describe = describe'
refuses 'destroy() dies: Aborted' '-DDESTROY=abort();' '-DTABLE=.destroy = destroy'
refuses 'a look at its statistics dies: Segmentation fault' '-DTABLE=.statistics = (const void *)8'
refuses 'its table dies: Segmentation fault' '-DTABLE=.name = (const char *)8'
for verb in describe suggest; do # what was refused last
    "$countercheck" subject $verb "$work/liar.so" >"$work/out" 2>"$work/err"
    got=$?
    [ $got = 2 ] && [ "$(grep -c . "$work/err")" = 1 ] || fail "$verb: status $got"
done
refuses 'of ABI 2' '-DTABLE=.abi = 2'
refuses 'its table has 0 bytes' '-DTABLE=.struct_size_bytes = 0'
refuses 'alignment 0 is no power of two' '-DTABLE=.alignment = 0'
refuses 'alignment 24 is no power of two' '-DTABLE=.alignment = 24'
refuses 'is more than 1073741824' '-DTABLE=.alignment = (size_t)1 << 40'
refuses 'alignment_max 8 is less than alignment 16' '-DTABLE=.alignment_max = 8'
refuses 'no bit of 0x80000000 means anything' '-DTABLE=.capabilities = 0x80000000u'
refuses 'its version is no line of ASCII' '-DTABLE=.version = "1\033[31m"'
refuses 'option 0 has a blank in it, or what is no ASCII' '-DTABLE=.options = (const char *const[]){"a\033[31m", NULL}'
refuses 'option 0 has a blank' '-DTABLE=.options = (const char *const[]){"a b", NULL}'
refuses 'relations, line 1, column 6' '-DTABLE=.relations = "n == zz"'
refuses 'n is there twice' '-DSTATISTICS={"n", COUNTERCHECK_GAUGE}, {"n", COUNTERCHECK_GAUGE},'
refuses 'its name is not a letter' '-DSTATISTICS={"9n", COUNTERCHECK_GAUGE},'
refuses 'live.count: relations call something else so' '-DSTATISTICS={"live.count", COUNTERCHECK_GAUGE},'
refuses 'it has 0 places, and r, which `of` names, 3' '-DSTATISTICS={"r", COUNTERCHECK_GAUGE, 0, 0, 3}, {"p", COUNTERCHECK_PEAK, 0, 0, 0, "r"},'
refuses 'm: more than 4096 numbers in all' '-DSTATISTICS={"n", COUNTERCHECK_GAUGE, 0, 0, 4096}, {"m", COUNTERCHECK_GAUGE},'
refuses '`of` names itself' '-DSTATISTICS={"n", COUNTERCHECK_PEAK, 0, 0, 0, "n", ""},'

# programs that die while relations are sought are no clean end
"$cc" -w -shared -fPIC -I "$source_dir" '-DREAD=if (count > 1) raise(SIGKILL);' "$work/liar.c" -o "$work/liar.so"
"$countercheck" subject suggest "$work/liar.so" --seconds 1 >"$work/out" 2>"$work/err"
got=$?
[ $got = 1 ] && grep -q 'processes died or ended' "$work/err" || fail "suggest: status $got"

# what ends the process has not passed, however it does so
printf 'h0 = alloc c0 size=100\n' >"$work/a.ops"
printf 'h0 = alloc c0 size=50\n' >"$work/b.ops"
target=$(dirname "$countercheck")/fuzz_subject
ends() { # WORDS COMMAND...: with the liar, in its folder: no success, and WORDS on stderr
    local words=$1 got
    shift
    { (cd "$work" && exec "$@") >"$work/out" 2>"$work/err"; } 2>/dev/null
    got=$?
    [ $got != 0 ] && [ $got != 2 ] && { [ -z "$words" ] || grep -qF -- "$words" "$work/err"; } || fail "$ending, $*: status $got"
}
for ending in 'exit(0)' '_exit(0)' '_exit(2)' '_Exit(0)' 'quick_exit(0)'; do
    "$cc" -w -shared -fPIC -I "$source_dir" "-DALLOCATE=if (size > 99) $ending;" "$work/liar.c" -o "$work/liar.so"
    by='ended the process'
    ends "$by" "$countercheck" replay --subject ./liar.so a.ops
    ends "$by" "$countercheck" replay --trace --subject ./liar.so a.ops
    ends "" "$countercheck" replay --subject ./liar.so a.ops b.ops
    grep -q '^a.ops: crash: ' "$work/out" && grep -q '^2 programs, .*, 1 finding$' "$work/out" ||
        fail "$ending: what comes behind it is not run"
    ends "$by" "$countercheck" bisect --subject ./liar.so a.ops
    ends "$by" "$countercheck" soak --subject ./liar.so --operations 10000
    if [ -x "$target" ]; then
        ends "the allocator $by" env COUNTERCHECK_SUBJECT=./liar.so "$target" a.ops
        COUNTERCHECK_SUBJECT=$work/liar.so "$target" "$work/b.ops" >"$work/out" 2>"$work/err" || fail "$ending, $target: a clean input"
    fi
done

(cd "$work" && "$countercheck" minimize --subject ./liar.so a.ops -o small) >"$work/out" 2>"$work/err" &&
    [ "$(head -n 1 "$work/small")" = '# subject: liar' ] && tail -n +2 "$work/small" | cmp -s "$work/a.ops" && grep -q ': crash ' "$work/out" || fail "$ending: minimize"

# nor as it is loaded
echo 'void _exit(int); __attribute__((constructor)) static void leave(void) { _exit(0); }' >"$work/left.c"
"$cc" -w -shared -fPIC "$work/left.c" -o "$work/left.so"
for command in 'replay --subject ./left.so a.ops' 'subject check ./left.so'; do
    # shellcheck disable=SC2086 # words
    (cd "$work" && "$countercheck" $command) >"$work/out" 2>"$work/err"
    got=$?
    [ $got = 2 ] && grep -q 'left.so: loading it ends the process, with status 0$' "$work/err" || fail "$command: status $got"
done

# nor in a fuzz target that gives each input of such an allocator a process
if [ -x "$target" ]; then
    "$cc" -w -shared -fPIC -I "$source_dir" '-DALLOCATE=if (size > 99) _exit(0);' \
        '-DTABLE=.capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_GLOBAL' "$work/liar.c" -o "$work/liar.so"
    COUNTERCHECK_SUBJECT=$work/liar.so "$target" "$work/b.ops" >"$work/out" 2>"$work/err" || fail 'fuzz_subject: a clean input'
    ending="one to a process"
    ends 'the allocator ended the process' env COUNTERCHECK_SUBJECT=./liar.so "$target" a.ops
fi

[ $failed = 0 ] && echo 'ok: liars are found, and nonsense is refused'
exit $failed
