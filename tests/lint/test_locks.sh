#!/bin/bash
# test_locks: the generator takes away each lock, fence and atomic of a sample, whole, and nothing else; with no switch on the sample
# does as before, with one on it does without.
# night: a tool of ours, which no change of the product moves
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$PWD}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/sample.c" <<'C'
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
struct heap { char log[99]; _Atomic int count; };
static void lock_acquire(struct heap *heap) { strcat(heap->log, "<"); }
static void lock_release(struct heap *heap) { strcat(heap->log, ">"); }
static void sysmem_barrier(struct heap *heap) { strcat(heap->log, "|"); }

static int section(struct heap *heap, int early) {
    lock_acquire(heap);
    strcat(heap->log, "a");
    if (early) {
        lock_release(heap);
        return 1;
    }
    sysmem_barrier(heap);
    lock_release(heap);
    return 0;
}

static void begin(struct heap *heap) {
    lock_acquire(heap);
}

static void end(struct heap *heap) {
    lock_release(heap);
}

static int add(struct heap *heap, int amount) {
    return atomic_fetch_add_explicit(&heap->count, amount, memory_order_acq_rel);
}

static int sample_is_valid(struct heap *heap) {
    return atomic_load_explicit(&heap->count, memory_order_relaxed) == 5;
}

int main(void) {
    struct heap heap = {.count = 0};
    (void)section(&heap, 0);
    (void)section(&heap, 1);
    begin(&heap);
    end(&heap);
    int old = add(&heap, 2) + add(&heap, 3);
    printf("%s %d %d\n", heap.log, old, sample_is_valid(&heap));
    return 0;
}
C
python3 -B - "$source/ci/locks" "$folder" >"$folder/list" <<'P'
import sys, pathlib
sys.path.insert(0, sys.argv[1])
import generate
folder = pathlib.Path(sys.argv[2])
file = generate.File("sample.c", (folder / "sample.c").read_text())
file.find()
for number, mutant in enumerate(file.mutants, 1):
    mutant.number = number
    print(number, mutant.key())
(folder / "mutated.c").write_text(file.rewritten())
P
diff "$folder/list" - <<'L'
1 sample.c section: fence sysmem_barrier(heap)
2 sample.c section: lock lock_acquire(heap)
3 sample.c begin/end: lock lock_acquire(heap)
4 sample.c add: order atomic_fetch_add_explicit(&heap->count, amount, memory_order_acq_rel)
5 sample.c add: atomic atomic_fetch_add_explicit(&heap->count, amount, memory_order_acq_rel)
L
clang -std=c11 -w -DMUTANT_COUNT=6 -include "$source/ci/locks/mutant.h" "$folder/mutated.c" "$source/ci/locks/mutant.c" \
    -o "$folder/mutated"
while read -r number output; do
    told=$(COUNTERCHECK_MUTANTS=$number "$folder/mutated")
    [ "$told" = "$output" ] || { echo "without $number: $told, not $output" >&2; exit 1; }
done <<'O'
0 <a|><a><> 2 1
1 <a><a><> 2 1
2 a|a<> 2 1
3 <a|><a> 2 1
4 <a|><a><> 2 1
5 <a|><a><> 2 1
O
COUNTERCHECK_MUTANTS=0 COUNTERCHECK_REACHED=$folder/reached "$folder/mutated" >"$folder/out"
[ "$(od -An -v -tx1 "$folder/reached" | tr -d ' \n')" = 000101010101 ] || { echo "not all were asked" >&2; exit 1; }
echo "ok: 5 of the sample"

# the copy has all that its build names
mkdir "$folder/copy"
(cd "$source" && ci/locks/run --files | xargs cp --parents -t "$folder/copy")
if command -v clang >/dev/null; then
    (cd "$folder/copy" && cmake --preset schedule >"$folder/configured" 2>&1) || {
        grep -A 4 Error "$folder/configured" >&2
        exit 1
    }
fi
