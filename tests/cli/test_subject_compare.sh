#!/bin/bash
# test_subject_compare: one program on several allocators: those that agree, and each way to differ, told and made small.
# once: what it compares and tells: the same sources do it in each build
# holds: cli/subject/compare.c cli/subject/contest.c fuzz/subject/results.c
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
countercheck=$command work=$folder

refused() {
    local message=$1
    shift
    "$countercheck" subject compare "$@" >"$work/out" 2>"$work/err"
    [ $? = 2 ] && [ ! -s "$work/out" ] && grep -qF -- "$message" "$work/err" || fail "compare $*: not '$message': $(cat "$work/err")"
}

# a heap on an array, with one way to be wrong
cat >"$work/one.c" <<'C'
#include "subject/subject.h"
#include <stdlib.h>
#include <string.h>
struct heap {
    size_t used;
    _Alignas(4096) char bytes[1 << 22];
};
static struct heap heap;
static void *create(const struct countercheck_host *host) {
    (void)host;
    memset(heap.bytes, 0, heap.used);
    heap.used = 0;
    return &heap;
}
static void *give(size_t size, size_t alignment) {
    size_t at = (heap.used + 16 + alignment - 1) / alignment * alignment;
    if (at + size > sizeof heap.bytes) {
        return 0;
    }
    *(size_t *)(heap.bytes + at - 8) = size;
    heap.used = at + size;
    return heap.bytes + at;
}
static void *allocate(void *self, size_t size) {
    (void)self;
#ifdef NOTHING
    if (size == 129) {
        return 0;
    }
#endif
#ifdef DEATH
    if (size > 4000) {
        __builtin_trap();
    }
#endif
#ifdef LEAVE
    if (size > 4000) {
        exit(0);
    }
#endif
#ifdef HANG
    while (size > 4000) {
        heap.used |= 0;
    }
#endif
    return give(size, 16);
}
static void *allocate_aligned(void *self, size_t alignment, size_t size) {
    (void)self;
#ifdef MISALIGNED
    return (char *)give(size, alignment) + (alignment >= 64 ? 16 : 0);
#endif
    return give(size, alignment);
}
static void *allocate_zeroed(void *self, size_t size) {
    char *object = allocate(self, size);
#if defined(DIRTY) || defined(BLOT)
#ifdef DIRTY
    size_t at = 0;
#else
    size_t at = size / 2; // where no end reaches
#endif
    if (object != 0 && size > 200) {
        object[at] = 1;
    }
#endif
    return object;
}
static void *reallocate(void *self, void *object, size_t size) {
    size_t old = ((size_t *)object)[-1];
    char *moved = allocate(self, size);
    if (moved != 0) {
        memcpy(moved, object, old < size ? old : size);
#ifdef LOST
        moved[(old < size ? old : size) - 1] ^= 1;
#endif
    }
    return moved;
}
static void release(void *self, void *object) {
    (void)self;
    (void)object;
}
static size_t usable(void *self, void *object) {
    (void)self;
#ifdef SHORT
    return ((size_t *)object)[-1] - (((size_t *)object)[-1] == 48);
#endif
    return ((size_t *)object)[-1];
}
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL,
    .name = NAME,
    .alignment = 16,
    .alignment_max = 4096,
    .size_max = 5000,
    #ifdef HANG
    .hang_ms = 500,
#else
    .hang_ms = 20000,
#endif
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
C
make_one() { # NAME FLAG...
    local name=$1
    shift
    ${CC:-cc} -w -O1 -shared -fPIC -I"$source" "-DNAME=\"$name\"" "$@" "$work/one.c" -o "$work/$name.so" || exit 3
}
make_one right
make_one again -DAGAIN

"$countercheck" subject compare "$work/right.so" "$work/again.so" boundary --seconds 1 >"$work/out" 2>&1 ||
    fail "those that agree: $(cat "$work/out")"
grep -q '^no difference$' "$work/out" || fail "no verdict: $(cat "$work/out")"
grep -q 'an arena was full' "$work/out" || fail "no arena is ever full"

# each way: which result differs, in what, in few operations
while read -r flag kind most values; do
    make_one wrong "-D$flag"
    "$countercheck" subject compare "$work/right.so" "$work/wrong.so" "$work/again.so" --seconds 1 --json >"$work/out" 2>"$work/err"
    [ $? = 1 ] || fail "$flag: nothing is found: $(cat "$work/err" "$work/out")"
    python3 - "$work/out" "$kind" "$most" "$values" <<'P' || fail "$flag: $(cat "$work/out")"
import json, sys
report = json.load(open(sys.argv[1]))
assert report["subjects"] == ["right", "wrong", "again"] and report["programs"] > 0 and report["calls"] > 0
found = [d for d in report["differences"] if d["kind"] == sys.argv[2]]
assert len(found) == 1, found
right, wrong, again = found[0]["values"]
assert right == again != wrong
assert sys.argv[4] == "-" or [right, wrong] == sys.argv[4].split("/"), found
assert found[0]["operations"] <= int(sys.argv[3]) and report["lone"] == 0, report
assert len(found[0]["program"].splitlines()) == found[0]["operations"] + 1, found
P
done <<'T'
NOTHING given 1 an object/nothing
MISALIGNED aligned 1 aligned/misaligned
SHORT usable 2 enough bytes/too few bytes
LOST contents 2 -
DIRTY contents 1 -
BLOT end 1 clean/a finding
DEATH end 2 clean/death
LEAVE end 2 clean/death
HANG end 999 clean/hang
T
# what is wrong in all of them is no difference
make_one alike -DDEATH
"$countercheck" subject compare "$work/alike.so" "$work/alike.so" --seconds 1 >"$work/out" 2>&1 || fail "two that die alike differ"
grep -q 'ended alike in all of them, and badly' "$work/out" || fail "nobody says that they died: $(cat "$work/out")"

# the same as text, which names all of it
"$countercheck" subject compare "$work/right.so" "$work/wrong.so" --seconds 1 >"$work/out" 2>&1
for line in '1. end at operation ' '   right            clean' '   wrong            hang' '   a program did not end' ' operations:'; do
    grep -qF -- "$line" "$work/out" || fail "the report lacks '$line': $(cat "$work/out")"
done

refused 'compare NAME NAME' boundary
refused "no subject is called 'nobody'" boundary nobody
refused 'one operand too many' a b c d e f g h i
refused '--seconds takes a whole number' boundary slab --seconds x
[ $failed = 0 ] && echo "ok: allocators are compared"
exit $failed
