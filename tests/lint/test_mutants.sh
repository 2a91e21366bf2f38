#!/bin/bash
# test_mutants: the generator of mutants changes what it must and nothing else, and each switch turns on its own change.
# night: a tool of ours, which no change of the product moves
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v clang >/dev/null && command -v python3 >/dev/null || exit 77
export PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/sample.c" <<'END'
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#define PAGE_BYTES 8192
#define TWICE(x) ((x) * 2)
enum kind { SMALL, LARGE, KIND_COUNT };
struct span {
    uint64_t page_count, free_count;
    uint8_t first : 1, second : 1;
    enum kind kind;
};
static const uint64_t limits[KIND_COUNT] = {1 + 1, 3};
static void count_add(struct span *span, uint64_t count) { span->page_count += count; }
static void count_sub(struct span *span, uint64_t count) { span->page_count -= count; }
static uint64_t work(struct span *span, uint64_t in_bytes) {
    static uint64_t calls = 7;
    assert(in_bytes > 0);
    count_add(span, in_bytes / PAGE_BYTES);
    for (uint64_t i = 0; i < limits[span->kind]; i++) {
        TWICE(span->free_count++);
    }
    switch (span->kind) {
    case SMALL:
        break;
    case LARGE:
    case KIND_COUNT:
        return sizeof(calls + 1);
    }
    span->first = 1;
    return span->page_count;
}
int main(void) {
    struct span span = {.kind = SMALL};
    uint64_t result = work(&span, 24576);
    return printf("%d\n", (int)result) < 0;
}
END
cat >"$folder/expected" <<'END'
1 13 statement deleted: span->page_count += count -> nothing
2 13 assignment: span->page_count += count -> (span->page_count) -= (count)
3 13 assignment: span->page_count += count -> (span->page_count) = (count)
4 13 wrong field: span->page_count -> span->free_count
5 14 statement deleted: span->page_count -= count -> nothing
6 14 assignment: span->page_count -= count -> (span->page_count) += (count)
7 14 assignment: span->page_count -= count -> (span->page_count) = (count)
8 14 wrong field: span->page_count -> span->free_count
9 18 statement deleted: count_add(span, in_bytes / PAGE_BYTES) -> nothing
10 18 call swapped: count_add(span, in_bytes / PAGE_BYTES) -> count_sub(span, in_bytes / PAGE_BYTES)
11 18 arithmetic: in_bytes / PAGE_BYTES -> (in_bytes) * (PAGE_BYTES)
12 18 unit changed: in_bytes / PAGE_BYTES -> in_bytes
END
python3 "$source/ci/mutants/generate.py" --kept "$folder/sample.c" >"$folder/list"
diff "$folder/expected" <(head -12 "$folder/list") || {
    echo "FAIL: the list begins otherwise"
    exit 1
}
for line in '0 -> 1' 'i < limits\[span->kind\] -> (i) <= (limits\[span->kind\])' 'span->kind -> (span->kind) ^ 1' \
    'loop skipped' 'TWICE(span->free_count++) -> nothing' 'break -> nothing' 'SMALL -> LARGE' \
    'result dropped: span->page_count -> 0' 'i++ -> (i)--'; do
    grep -q -- "$line" "$folder/list" || {
        echo "FAIL: no mutant '$line'"
        exit 1
    }
done
# what is constant, is not evaluated, or is an assertion, is left alone; a bit field has no address
if grep -E '^[0-9]+ (12|16|17) |^[0-9]+ 27 (constant|arithmetic)|second' "$folder/list"; then
    echo "FAIL: these must not be changed"
    exit 1
fi

count=$(wc -l <"$folder/list")
python3 "$source/ci/mutants/generate.py" --kept --text "$folder/sample.c" >"$folder/mutated.c"
clang -std=c11 -w "-DMUTANT_COUNT=$((count + 1))" -include "$source/ci/mutants/mutant.h" "$folder/mutated.c" \
    "$source/ci/mutants/mutant.c" -o "$folder/mutated"
says() { # SWITCHES TEXT
    [ "$(COUNTERCHECK_MUTANTS=$1 COUNTERCHECK_REACHED=$folder/reached "$folder/mutated")" = "$2" ] || {
        echo "FAIL: with $1 on, the program does not say $2"
        exit 1
    }
}
says 0 3
says 1 0
says 3 3
says 10 -3
says 12 24576
says 9,12 0
[ "$(od -An -tu1 -j1 -N9 "$folder/reached" | tr -s ' ')" = " 0 0 0 0 0 0 0 0 1" ] || {
    echo "FAIL: what was reached is noted wrongly: $(od -An -tu1 "$folder/reached")"
    exit 1
}
echo "ok: $count mutants of the sample"
