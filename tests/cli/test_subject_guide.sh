#!/bin/bash
# test_subject_guide: the adapter in subject/README.md compiles as it stands, as C99 and as C++11, and its two
# commands give a verdict; so does what 'subject new' writes.
#
# holds: cli/subject/new.c
set -u
countercheck=${COUNTERCHECK:?}
source_dir=${COUNTERCHECK_SOURCE:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the first block of C is the adapter; mine.h is the allocator that it is for: a bump pointer with one size
awk '/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$source_dir/subject/README.md" >"$work/mine_subject.c"
cat >"$work/mine.h" <<'H'
#include <stddef.h>
#include <string.h>
struct mine { struct mine *free; size_t in_use, peak, used, bytes; };
static void *mine_init(void *arena, size_t bytes) {
    struct mine *mine = (struct mine *)arena;
    memset(mine, 0, sizeof *mine);
    mine->used = 64;
    mine->bytes = bytes;
    return mine;
}
static void *mine_alloc(void *self, size_t size) {
    struct mine *mine = (struct mine *)self;
    void *object = mine->free;
    if (size > 128) return NULL;
    if (object != NULL) {
        memcpy(&mine->free, object, sizeof mine->free);
    } else if (mine->bytes - mine->used >= 128) {
        object = (char *)self + mine->used;
        mine->used += 128;
    } else {
        return NULL;
    }
    mine->in_use += 128;
    mine->peak = mine->in_use > mine->peak ? mine->in_use : mine->peak;
    return object;
}
static void mine_free(void *self, void *object) {
    struct mine *mine = (struct mine *)self;
    memcpy(object, &mine->free, sizeof mine->free);
    mine->free = (struct mine *)object;
    mine->in_use -= 128;
}
static size_t mine_block_bytes(void *self, void *object) { (void)self; (void)object; return 128; }
static size_t mine_in_use(void *self) { return ((struct mine *)self)->in_use; }
static size_t mine_peak(void *self) { return ((struct mine *)self)->peak; }
H
printf 'in_use == live.footprint\npeak == peak(live.footprint)\n' >"$work/right"
printf 'in_use == live.requested\n' >"$work/wrong"
fail() {
    echo "FAIL: $*"
    cat "$work/out" 2>/dev/null
    exit 1
}

[ -s "$work/mine_subject.c" ] || fail 'there is no adapter in the guide'
cc=${CC:-cc}
command -v "$cc" >/dev/null || exit 77
"$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror -shared -fPIC -I "$source_dir" -I "$work" "$work/mine_subject.c" -o "$work/mine.so" ||
    fail 'the adapter does not compile'
sed '1q' "$work/mine_subject.c" >"$work/header.cc"
for standard in c++11 c++20; do
    c++ -std=$standard -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$source_dir" "$work/header.cc" ||
        fail "subject.h is no $standard"
done
"$countercheck" subject check "$work/mine.so" --relations "$work/right" --seconds 1 >"$work/out" 2>&1 || fail 'it holds, and the status says not'
"$countercheck" subject check "$work/mine.so" --relations "$work/wrong" --seconds 1 >"$work/out" 2>&1
[ $? = 1 ] || fail 'a wrong rule is a finding'
grep -q '^   1 operation:' "$work/out" || fail 'the smallest program has one operation'

# each line of the guide that shows a relation is one of the language
awk '/^## Relations$/ { inside = 1 } inside && /^```$/ { if (block++) exit; next } inside && block' \
    "$source_dir/subject/README.md" >"$work/shown"
[ "$(wc -l <"$work/shown")" -ge 9 ] || fail 'the guide shows no relations'
cat >"$work/names.c" <<'C'
#include "subject/subject.h"
static void *create(const struct countercheck_host *host) { return host->arena; }
static void *allocate(void *self, size_t size) { (void)self; (void)size; return 0; }
static void release(void *self, void *object) { (void)self; (void)object; }
static bool read_all(void *self, int64_t *values) { (void)self; (void)values; return false; }
#define ONE(name, count) {name, COUNTERCHECK_PLAIN, 0, 0, count, 0, 0}
static const struct countercheck_statistic statistics[] = {
    ONE("in_use", 0), ONE("peak", 0), ONE("allocated", 0), ONE("active", 0), ONE("mapped", 0), ONE("small", 0), ONE("frees", 0),
    ONE("used", 0), ONE("bin.curregs", 4), ONE("bin.nmalloc", 4), ONE("bin.ndalloc", 4), ONE("bin.size", 4), ONE(0, 0)};
static const struct countercheck_subject table = {.struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .name = "names",
    .alignment = 8, .arena_bytes = 4096, .create = create, .allocate = allocate, .release = release,
    .statistics = statistics, .read = read_all};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
"$cc" -shared -fPIC -I "$source_dir" "$work/names.c" -o "$work/names.so" || fail 'names.c'
"$countercheck" subject describe "$work/names.so" --relations "$work/shown" >"$work/out" 2>&1 || fail 'a shown relation is none'

# what `subject new` writes compiles and is clean, by the two commands that it prints; nothing is written over
cd "$work" || exit 3
"$countercheck" subject new my-heap >"$work/out" 2>&1 || fail 'subject new'
PATH=${countercheck%/*}:$PATH
while read -r line; do
    [ "${line%% *}" = cc ] && line="$cc -std=c11 -Wall -Wextra -Wpedantic -Werror ${line#cc }"
    [ "${line%% *}" = countercheck ] && line="$line --seconds 1"
    sh -c "$line" >"$work/made" 2>&1 || { cat "$work/made"; fail "$line"; }
done < <(sed '1,/^$/d' "$work/out")
grep -q 'no finding' "$work/made" || fail 'the template is clean'
grep -q '^my-heap: ' "$work/made" || fail "a name without a version stands alone: $(head -n 1 "$work/made")"
# the allocator's own sources, put into the folder, are compiled by the same command
echo 'int my_heap_blocks = 7;' >my-heap/blocks.c
printf 'extern int my_heap_blocks;\nint my_heap_twice(void);\nint my_heap_twice(void) { return 2 * my_heap_blocks; }\n' >>my-heap/my-heap_subject.c
sh -c "$(grep '^cc ' out | sed "s,^cc,$cc,") -Wl,--no-undefined" >made 2>&1 || fail "a source of the allocator is left out: $(cat made)"
# where names have blanks, the line that says how to run it again can be pasted
mkdir 'a b' && cp my-heap.so "a b/it's.so" && cp my-heap/my-heap.relations 'a b/r s' && echo 'in_use == live.requested + 8 * live.count' >>'a b/r s'
"$countercheck" soak --subject "./a b/it's.so" --relations 'a b/r s' --seconds 10 >soaked 2>&1
[ $? = 1 ] || fail "a wrong rule is found by soak: $(cat soaked)"
again=$(sed -n 's/^reproduce: //p' soaked)
sh -c "$again" >made 2>&1
[ $? = 1 ] && grep -q 'subject-relation' made || fail "$again: $(cat made)"
! grep -rq template my-heap/my-heap_subject.c my-heap/my-heap.relations my-heap/CMakeLists.txt my-heap/workflow.yml || fail 'it has a name of its own'
cmp -s "$source_dir/subject/subject.h" my-heap/subject/subject.h || fail 'subject.h is another'
for name in my-heap ../x 'a b' '' -x; do
    "$countercheck" subject new "$name" >/dev/null 2>"$work/out"
    [ $? = 2 ] || fail "new '$name' is refused"
done
# a disk that fills up: nothing is left of it, so that the next call is not refused
(trap '' XFSZ && ulimit -f 1 && "$countercheck" subject new large) >/dev/null 2>"$work/out"
[ $? = 2 ] && grep -q 'large/.*: File too large$' "$work/out" || fail "new where there is no room: $(cat "$work/out")"
[ ! -e large ] || fail 'new where there is no room leaves a folder'

echo 'ok: the guide is true'
