#!/bin/bash
# test_trace_stacks: a recorded call stack is the one that was there, in each of its forms; recording it neither stops nor
# changes a program that loads libraries, gets signals and forks meanwhile.
#
# holds: cli/trace/pprof.c cli/trace/shares.c cli/trace/stacks.c cli/trace/symbols/module.c cli/trace/symbols/names.c record/stacks.c unwind/loaded.c unwind/none.c unwind/unwind.c
set -euo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

"$command" record --with-stacks -o t -- true 2>err || [ $? != 125 ] || ! grep 'this build has no call stacks' err || exit 77

# ---- each stack is the one that was there: a path of calls is told by the size that it asks for

cat >paths.c <<'C'
#include <stdlib.h>
void *kept[4096];
static int used;
typedef void step(int depth, int path);
static step f0, f1, f2, f3;
static step *const steps[4] = {f0, f1, f2, f3};
static void next(int depth, int path) {
    if (depth == 5)
        kept[used++] = malloc(10000 + path);
    else
        for (int i = 0; i < 4; i++)
            steps[i](depth + 1, path * 4 + i);
}
#define F(n) __attribute__((noinline)) static void f##n(int d, int p) { char room[n * 512 + 1]; volatile char *v = room; *v = 0; next(d, p); *v = 1; }
F(0) F(1) F(2) F(3)
int main(void) {
    next(0, 0);
    void *last = realloc(kept[0], 30000);
    free(kept[1]);
    for (int i = 0; i < 7; i++)
        free(malloc(77));
    return last == NULL;
}
C
cat >paths.py <<'P'
"""Each row of `trace info --by stack --json` with one object of a path's size has that path's calls."""
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
seen = set()
for row in rows:
    calls = [call["function"] for call in row["calls"]]
    assert calls[-1] == "_start" and "main" in calls, calls
    path = [call for call in calls[:calls.index("main")] if call != "next"]
    size, count = row["all"]["bytes"], row["all"]["count"]
    if path == []: # main itself
        assert (size, count) in ((30000, 1), (7 * 77, 7)), row
        assert row["temporary"] == ({"count": 7, "bytes": 7 * 77} if count == 7 else {"count": 0, "bytes": 0}), row
        continue
    assert count == 1 and len(path) == 5, row
    code = 0
    for call in reversed(path):
        code = code * 4 + int(call[1])
    assert size == 10000 + code, (size, path)
    alive = code not in (0, 1) # one was resized by another stack, one is freed
    assert row["end"]["count"] == alive, row
    lines = [call["line"] for call in row["calls"] if call["file"].endswith("paths.c")]
    assert len(lines) >= 7 and all(lines), row
    seen.add(code)
assert seen == set(range(1024)), len(seen)
P
for flags in "-O0 -fno-omit-frame-pointer" "-O2 -fomit-frame-pointer" "-O2 -fno-omit-frame-pointer"; do
    # shellcheck disable=SC2086 # words
    "${CC:-cc}" -g $flags -fno-optimize-sibling-calls -fno-builtin -Wl,--build-id paths.c -o paths
    ends 0 "$command" record --with-stacks -o t -- ./paths
    ends 0 "$command" trace info t --by stack --top 0 --json
    cp out rows
    if grep -q '"file":"[^"]*paths.c"' rows; then
        python3 paths.py rows || fail "$flags: another stack"
    else
        grep -q '"function":"paths+0x' rows || fail "no name and no place: $(head -c 300 rows)"
        echo "skipped: functions and lines: this build has no libdw"
    fi
done
[ "$("$command" trace info t --json | grep -c '"violations":0')" = 1 ] || fail "violations"

# Each stack is written once: what is obtained by it again costs a few bytes.
cat >again.c <<'C'
#include <stdlib.h>
int main(void) {
    for (int i = 0; i < 100000; i++)
        free(malloc(100));
}
C
"${CC:-cc}" -O0 -fno-builtin again.c -o again
ends 0 "$command" record --with-stacks -o again.trace -- ./again
[ "$(stat -c %s again.trace)" -lt $((200000 * 8 + 3 * 65536)) ] || fail "200,000 events: $(stat -c %s again.trace) bytes"

# ---- the forms agree with the numbers

look() { "$command" trace info --json t | grep -oE "\"$1\":[0-9]+" | head -n 1 | sed 's/.*://'; }
added() { # OPTION...
    ends 0 "$command" trace fold t "$@"
    grep -vE '^process [0-9]+(;[^;]+)+ [1-9][0-9]*$' out && fail "a line of trace fold $*"
    awk '{ sum += $NF } END { print sum + 0 }' out
}
[ "$(added)" = "$(look peak_bytes)" ] || fail "trace fold: the peak's bytes"
[ "$(added --count)" = "$(look peak_objects)" ] || fail "trace fold: the peak's objects"
[ "$(added --of end)" = "$(look live_bytes)" ] || fail "trace fold: bytes at the end"
[ "$(added --of all --count)" = $(($(look allocs) + $(look reallocs))) ] || fail "trace fold: all objects"
[ "$(added --of temporary)" = $((7 * 77)) ] || fail "trace fold: temporary"
[ "$(added --by thread)" = "$(look peak_bytes)" ] && grep -q ';up to 16384 B ' out || fail "trace fold --by thread"
ends 0 "$command" trace info t --by stack --top 2
says out "peak: $(look peak_bytes) bytes in $(look peak_objects) objects" "trace info --by stack"
says out "end: $(look live_bytes) bytes in $(look live_objects) objects" "trace info --by stack"
says out "temporary: 539 bytes in 7 objects" "trace info --by stack"
says out "stacks more (--top 0 has all)" "trace info --by stack --top"

"$command" trace pprof t >profile 2>err || [ $? = 3 ] || fail "trace pprof: $(cat err)"
if grep -q 'it needs protobuf-c' err; then
    echo 'skipped: pprof: this build has no protobuf-c'
elif command -v go >/dev/null; then
    export HOME=$folder
    for pair in "peak_objects $(look peak_objects)" "inuse_objects $(look live_objects)" "temporary_objects 7"; do
        read -r kind total <<<"$pair"
        go tool pprof -top -sample_index="$kind" profile >said 2>&1 && grep -qE "of $total total" said || fail "pprof: $kind: $(head -n 5 said)"
    done
    go tool pprof -peek '^main$' -sample_index=alloc_objects profile >said 2>&1 && grep -qE '\bnext\b' said || fail "pprof: $(cat said)"
    ends 0 "$command" trace pprof t -o other
    cmp -s other profile || fail "trace pprof -o writes another"
elif command -v protoc >/dev/null; then
    gzip -dc profile | protoc --decode_raw >said 2>&1 && grep -q '"alloc_objects"' said || fail "protoc: $(head -n 5 said)"
else
    echo 'skipped: go tool pprof: Go is not installed (apt-get install golang-go)'
fi
if [ -s profile ]; then
    expect 3 "/dev/full: cannot write: No space left on device" "$command" trace pprof t -o /dev/full
    status=0
    "$command" trace pprof t >/dev/full 2>err || status=$?
    [ $status = 3 ] && grep -q 'No space left on device' err || fail "trace pprof to a full disk: status $status, $(cat err)"
fi
for form in "info t --by stack" "info t --by stack --json" "fold t"; do
    status=0
    # shellcheck disable=SC2086 # words
    "$command" trace $form >/dev/full 2>err || status=$?
    [ $status = 3 ] && grep -q 'No space left on device' err || fail "trace $form to a full disk: status $status, $(cat err)"
done

# ---- inlined functions, and a library in the place of another

cat >inlined.c <<'C'
#include <dlfcn.h>
#include <stdlib.h>
static inline __attribute__((always_inline)) void *inner(void) { return malloc(4321); }
static inline __attribute__((always_inline)) void *outer(void) { return inner(); }
int main(void) {
    void *object = outer();
    for (int i = 0; i < 6; i++) {
        void *library = dlopen(i % 2 == 0 ? "./libone.so" : "./libother.so", RTLD_NOW);
        void *(*function)(void) = (void *(*)(void))dlsym(library, i % 2 == 0 ? "one" : "other");
        if (function() == NULL)
            return 1;
        dlclose(library);
    }
    return object == NULL;
}
C
echo '#include <stdlib.h>
void *one(void) { void *object = malloc(1111); __asm__(""); return object; }' >one.c
echo '#include <stdlib.h>
static char room[70000];
void *other(void) { room[7]++; void *object = malloc(2222); __asm__(""); return object; }' >other.c
for name in one other; do
    "${CC:-cc}" -g -O1 -fno-builtin -shared -fPIC -Wl,--build-id $name.c -o lib$name.so
done
"${CC:-cc}" -g -O1 -fno-builtin -Wl,--build-id inlined.c -o inlined -ldl
ends 0 "$command" record --with-stacks -o u -- ./inlined
ends 0 "$command" trace fold u --of all
if grep -q ';main' out; then
    says out ";main;outer;inner 4321" "inlined calls"
    says out ";main;one 3333" "a library"
    says out ";main;other 6666" "a library in its place"
fi
mkdir elsewhere
mv libone.so elsewhere
ends 0 "$command" trace fold u --of all
says out ";libone.so+0x" "a library that is not here"
says err "1 module is not found here, libone.so for one: --path FOLDERS" "a library that is not here"
"${CC:-cc}" -g -O2 -fno-builtin -shared -fPIC -Wl,--build-id other.c -o libone.so # another file of that name
ends 0 "$command" trace fold u --of all --path "none:elsewhere"
grep -q ';libone.so+0x' out && grep -q ';main' out && fail "--path: $(cat out)"
ends 0 "$command" trace fold u --of all
says out ";libone.so+0x" "a file with another build-id"

# ---- no deadlock: libraries come and go, signals break in anywhere, children are forked; by a malloc that any of these may call

cat >bump.c <<'C'
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
static _Alignas(16) char room[1 << 29];
static atomic_size_t used;
void *malloc(size_t bytes) {
    size_t *at = (size_t *)(room + atomic_fetch_add(&used, (bytes + 47) / 16 * 16));
    *at = bytes;
    return at + 2;
}
void free(void *object) { (void)object; }
void *calloc(size_t count, size_t bytes) { return malloc(count * bytes); }
void *realloc(void *old, size_t bytes) {
    void *object = malloc(bytes);
    return old == NULL ? object : memcpy(object, old, ((size_t *)old)[-2] < bytes ? ((size_t *)old)[-2] : bytes);
}
C
cat >storm.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static atomic_int is_over;
static atomic_ulong handled;
static void handle(int number) {
    free(malloc((size_t)number));
    handled++;
}
static int look(struct dl_phdr_info *info, size_t bytes, void *context) {
    (void)info, (void)context;
    free(malloc(bytes));
    return 0;
}
static void *recurse(unsigned depth) {
    void *object = malloc(depth);
    if (depth > 0)
        free(recurse(depth - 1));
    return object;
}
static void *load(void *context) {
    while (!is_over) {
        void *library = dlopen(context, RTLD_NOW);
        void *(*function)(void) = (void *(*)(void))dlsym(library, "other");
        free(function());
        dl_iterate_phdr(look, NULL);
        dlclose(library);
    }
    return NULL;
}
static void *deep(void *context) {
    while (!is_over)
        free(recurse(40));
    return context;
}
int main(void) {
    pthread_t threads[4];
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    struct itimerval each = {{0, 300}, {0, 300}};
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &each, NULL);
    pthread_create(&threads[0], NULL, load, "./libother.so");
    pthread_create(&threads[1], NULL, load, "./libone.so");
    pthread_create(&threads[2], NULL, deep, NULL);
    pthread_create(&threads[3], NULL, deep, NULL);
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();
        if (child == 0) {
            free(recurse(100));
            _exit(7);
        }
        int status = 0;
        if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
            return 3;
    }
    is_over = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("%s\n", handled > 5 ? "over" : "no signals");
    return 0;
}
C
"${CC:-cc}" -g -O1 -fno-builtin -shared -fPIC bump.c -o bump.so
"${CC:-cc}" -g -O1 -fno-builtin storm.c -o storm -ldl -lpthread
for try in 1 2 3; do
    ends 0 env LD_PRELOAD="$PWD/bump.so" timeout 120 "$command" record --with-stacks -o storm.trace -- ./storm
    says out over "a storm, try $try"
done
ends 0 "$command" trace info storm.trace --json
says out '"processes":41' "a storm's files"
for file in storm.trace storm.trace.*[05].1; do # of some children
    ends 0 "$command" trace info "$file" --by stack --top 1
done
grep -qE '(recurse|storm\+0x)' out || fail "a child's stacks: $(cat out)"

# ---- killed at any moment, and cut: what is there is read

for delay in 0.05 0.11 0.17; do
    ends 137 env LD_PRELOAD="$PWD/bump.so" "$command" record --with-stacks -o k -- timeout -s KILL $delay ./storm
    for file in k k.*; do
        [ ! -e "$file" ] || ends 0 "$command" trace info "$file" --by stack
    done
done
for bytes in 4104 4150 5000 69000 70000; do
    head -c $bytes t >part
    ends 0 "$command" trace info part --by stack
done

# ---- more calls than are kept

cat >deeper.c <<'C'
#include <stdlib.h>
__attribute__((noinline)) static void *recurse(int depth) { void *object = depth == 0 ? malloc(555) : recurse(depth - 1); __asm__(""); return object; }
int main(void) { return recurse(1000) == NULL; }
C
"${CC:-cc}" -g -O1 -fno-builtin deeper.c -o deeper
ends 0 "$command" record --with-stacks -o d -- ./deeper
ends 0 "$command" trace fold d
says out ";(deeper);" "a stack of 1,000 calls"
[ "$(tr ';' '\n' <out | wc -l)" = 258 ] || fail "a stack of 1,000 calls: $(tr ';' '\n' <out | wc -l)"

# ---- nothing of what the program works with, but base names

mkdir SECRETPATH
cp paths SECRETPATH/shown-name
ends 0 env SECRETENV=SECRETVALUE "$command" record --with-stacks -o s -- SECRETPATH/shown-name SECRETARG
grep -l SECRET s && fail "a trace with stacks tells secrets"
grep -q shown-name s || fail "a trace with stacks lacks the program's base name"
grep -aq "$(echo -e '\x1b')" out && fail "steers"
cp paths "$(printf 'a\033[31m;b')"
ends 0 "$command" record --with-stacks -o s -- "./$(printf 'a\033[31m;b')"
rm "$(printf 'a\033[31m;b')"
ends 0 "$command" trace fold s
LC_ALL=C grep -q "$(printf '\033')" out && fail "a name steers"
says out 'a\x1b[31m:b+0x' "a name that would steer"
ends 0 "$command" trace info s --by stack
LC_ALL=C grep -q "$(printf '\033')" out && fail "a name steers"

# A function's name and a source's, as a linker and a compiler take them.
cat >evil.c <<'C'
# 1 "pl\033[31mace\302\233.c"
#include <stdlib.h>
__attribute__((noinline)) void *evil(void) { void *object = malloc(3333); __asm__(""); return object; }
int main(void) { return evil() == NULL; }
C
evil=$(printf 'ev\033[31m;\302\233il')
"${CC:-cc}" -g -O1 -fno-builtin evil.c -o evil-place
"${CC:-cc}" -O1 -fno-builtin -c evil.c -o evil.o
objcopy --redefine-sym "evil=$evil" evil.o
"${CC:-cc}" evil.o -o evil-name
for program in evil-place evil-name; do
    ends 0 "$command" record --with-stacks -o e -- ./$program
    for form in "info e --by stack" "info e --by stack --json" "fold e"; do
        # shellcheck disable=SC2086 # words
        ends 0 "$command" trace $form
        LC_ALL=C grep -qP '\x1b|\xc2\x9b' out && fail "trace $form of $program: a name steers"
        case "$program $form" in
        *" fold e") says out 3333 "trace $form of $program" ;;
        evil-place*) grep -qF '"file":"' out || says out 'pl\x1b[31mace\u{9b}.c:2' "trace $form" ;;
        *) grep -qE 'evil-name\+0x|ev.*31m;.*il' out || fail "trace $form of $program: $(cat out)" ;;
        esac
    done
done

# ---- traces that no recorder writes

cat >hostile.py <<'P'
"""each of them, in a file hostile-KIND"""
import struct
THREAD, MALLOC, AT, FRAME, MODULE = 1, 2, 11, 12, 13
def number(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "little")
def record(kind, elapsed=0, steps=0, size=0, behind=b""):
    time, address, asked = number(elapsed), number(2 * steps), number(size)
    return bytes([kind | len(time) << 4, len(address) | len(asked) << 4]) + time + address + asked + behind
def chunk(time, *records):
    text = struct.pack("<Q", time) + b"".join(records)
    return text + bytes(65536 - len(text))
def module(name):
    return record(MODULE, size=1 + len(name), behind=b"\0" + name)
def frame(module, caller): # the address is 16 times the steps from the frame before it, which was at 0
    return record(FRAME, steps=module << 44, size=caller)
def events(stack):
    return chunk(5000, record(THREAD, steps=10), record(AT, size=stack), record(MALLOC, 1, 2, 8))
traces = {
    "none": [events(0)],
    "unknown": [events(1)],
    "module": [chunk(1, module(b"a"), frame(2, 0)), events(1)],
    "caller": [chunk(1, module(b"a"), frame(1, 1)), events(1)],
    "deepest": [chunk(1, *(record(FRAME, size=i) for i in range(257))), events(257)],
    "deeper": [chunk(1, *(record(FRAME, size=i) for i in range(258))), events(258)],
    "late": [events(0), chunk(6000, *([record(FRAME)] * 3000), record(THREAD), record(AT, size=3000), record(MALLOC, 1, 2, 8))],
    "behind": [chunk(1, record(MODULE, size=70000)), events(0)],
    "steers": [chunk(1, module(b"a\x1b[31m\nb\xc2\x9b"), frame(1, 0)), events(1)],
    "up": [chunk(1, module(b".."), frame(1, 0)), events(1)],
}
header = b"CCtrace\n" + struct.pack("<IIQIIII", 2, 65536, 1000, 7, 6, 1, 0)
for kind, chunks in traces.items():
    with open("hostile-" + kind, "wb") as file:
        file.write(header.ljust(4096, b"\0") + b"".join(chunks))
P
python3 hostile.py
hostile() { # KIND STATUS TEXT: in each form
    cp "hostile-$1" h
    for form in "info h --by stack" "info h --by stack --json" "fold h" "pprof h -o h.gz"; do
        [ -s profile ] || [[ $form != pprof* ]] || continue
        # shellcheck disable=SC2086 # words
        if [ "$2" = 0 ]; then
            ends 0 "$command" trace $form
            LC_ALL=C grep -qP '\x1b|\xc2\x9b' out err && fail "a hostile trace, $1: trace $form: a name steers"
            [[ $form == *json || $form == pprof* ]] || says out "$3" "a hostile trace, $1: trace $form"
        else
            expect "$2" "$3" "$command" trace $form
        fi
    done
}
hostile none 0 "no stack"
hostile unknown 2 "byte 4107: a stack is none"
hostile module 2 "byte 4109: a frame's caller or module is none, or it is too deep"
hostile caller 2 "byte 4109: a frame's caller or module is none, or it is too deep"
hostile deepest 0 "0x0"
hostile deeper 2 "a frame's caller or module is none, or it is too deep"
hostile late 2 "byte 69640: a module or a frame stands among events"
hostile behind 2 "byte 4104: a record ends behind its chunk"
hostile steers 0 'a\x1b[31m\x0ab\u{9b}+0x0'
hostile up 0 "..+0x0"
head -c 4109 hostile-module >h # cut in a record of its stacks
ends 0 "$command" trace info h --by stack
head -c 4105 hostile-module >h
ends 0 "$command" trace info h --by stack

# ---- a C library that lets no stack be followed: it is said, and the trace has all else

"${CC:-cc}" -std=c11 -O1 -shared -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-builtin -fexceptions -I"$source" \
    "$source"/record/*.c "$source/unwind/none.c" -o none.so -lpthread
COUNTERCHECK_RECORD=$PWD/none COUNTERCHECK_RECORD_STACKS=1 LD_PRELOAD=$PWD/none.so ./again 2>err || fail "a recorder without stacks"
says err "countercheck: record: COUNTERCHECK_RECORD_STACKS: this build has no call stacks: they need glibc 2.35" "a recorder without stacks"
[ "$(wc -l <err)" = 1 ] || fail "a recorder without stacks: $(cat err)"
ends 0 "$command" trace info none
says out "200000 events" "a recorder without stacks"
expect 2 "none: has no call stacks: record --with-stacks" "$command" trace info none --by stack

# ---- calls that are wrong

ends 0 "$command" record -o plain -- ./again
cmp -s <(head -c 12 plain | tail -c 4) <(printf '\1\0\0\0') || fail "a trace without stacks is of another version"
expect 2 "plain: has no call stacks: record --with-stacks" "$command" trace info plain --by stack
expect 2 "plain: has no call stacks: record --with-stacks" "$command" trace fold plain --by stack
expect 2 "info: --by takes stack, not 'size'" "$command" trace info t --by size
expect 2 "info: --svg goes without --by" "$command" trace info t --by stack --svg x
expect 2 "a whole number" "$command" trace info t --by stack --top many
expect 2 "fold: --by takes stack or thread, not 'size'" "$command" trace fold t --by size
expect 2 "byte 0: is no trace" "$command" trace pprof storm.c
expect 2 "No such file" "$command" trace fold nothing
if ! grep -q 'it needs protobuf-c' err && [ -s profile ]; then
    expect 2 "plain: has no call stacks: record --with-stacks" "$command" trace pprof plain
    expect 2 "nowhere/profile: cannot create" "$command" trace pprof t -o nowhere/profile
fi
[ $failed = 0 ] && echo "ok: stacks are those that were there"
exit $failed
