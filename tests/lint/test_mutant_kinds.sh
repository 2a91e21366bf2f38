#!/bin/bash
# test_mutant_kinds: what each kind of mutant that the kept sample is not drawn of makes of a small program.
# night: a tool of ours, which no change of the product moves
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v clang >/dev/null && command -v python3 >/dev/null || exit 77
export PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/kinds.c" <<'END'
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
struct lock { uint64_t times; };
struct span { uint64_t used_bytes, free_bytes; };
enum fate { KEPT, FREED, LOST };
static struct lock lock;
static uint64_t order;
static void lock_acquire(struct lock *one) { one->times = one->times * 10 + 1; }
static void lock_release(struct lock *one) { one->times = one->times * 10 + 2; }
static void put(uint64_t digit) { order = order * 10 + digit; }
static uint64_t in_order(uint64_t digit) {
    put(digit);
    put(7);
    uint64_t result = order;
    return result;
}
static uint64_t cut(uint64_t wide) {
    uint64_t copy = wide;
    return copy;
}
static uint64_t half(uint64_t size_bytes) {
    uint64_t sum = 1;
    sum += size_bytes;
    return sum;
}
static uint64_t branch(uint64_t sum) {
    if (sum == 1) {
        sum += 10;
    } else {
        sum += 20;
    }
    for (int i = 0; i < 3; i++) {
        sum += 100;
    }
    do {
        sum += 1000;
    } while (sum < 3000);
    return sum;
}
static void locked(void) {
    lock_acquire(&lock);
    lock.times *= 10;
    lock_release(&lock);
}
static bool is_odd(uint64_t number) { return number & 1; }
static enum fate fate_of(bool odd) {
    enum fate fate = odd ? FREED : LOST;
    return fate;
}
static int status(bool odd) {
    if (odd) {
        return 5;
    }
    return 0;
}
static struct span made(uint64_t used, uint64_t left) { return (struct span){.used_bytes = used, .free_bytes = left}; }
static void fill(struct span *span, uint64_t used, uint64_t left) {
    span->used_bytes = used;
    span->free_bytes = left;
}
static void add(uint64_t *number, uint64_t more) { *number += more - 1; }
static const uint64_t table[2] = {3, 4};
int main(void) {
    uint64_t ordered = in_order(table[0]), ordered_twice = 0, wholesale = 0;
    uint64_t whole = cut(0x300020001);
    uint64_t halved = half(64);
    uint64_t branched = branch(1);
    locked();
    bool odd = is_odd(whole);
    enum fate fate = fate_of(odd);
    struct span one = made(1, 2), two = {0, 0};
    fill(&two, 3, 4);
    add(&two.used_bytes, 1);
    add(&two.free_bytes, 1);
    whole += 0;
    wholesale += odd ? 4 : 3;
    ordered += 0;
    ordered_twice += ordered * 2;
    return printf("%lu %lu %lu %lu %lu %d %d %d %lu%lu %lu%lu\n", ordered, whole, halved, branched, lock.times, odd, fate,
                  status(true) * 10 + status(false), one.used_bytes, one.free_bytes, two.used_bytes, two.free_bytes) < 0;
}
END
python3 "$source/ci/mutants/generate.py" "$folder/kinds.c" >"$folder/list"
python3 "$source/ci/mutants/generate.py" --text "$folder/kinds.c" >"$folder/mutated.c"
clang -std=c11 -w "-DMUTANT_COUNT=$(($(wc -l <"$folder/list") + 1))" -include "$source/ci/mutants/mutant.h" \
    "$folder/mutated.c" "$source/ci/mutants/mutant.c" -o "$folder/mutated"

clean=$("$folder/mutated")
[ "$clean" = "37 12885032961 65 3311 102 1 1 50 12 34" ] || {
    echo "FAIL: without a change the program says $clean"
    exit 1
}
turns() { # LINE COLUMN TEXT CHANGE: with it on, that column says the text, and no other column anything new
    local number said
    number=$(grep -F -- " $1 $4" "$folder/list" | cut -d' ' -f1)
    [[ $number =~ ^[0-9]+$ ]] || {
        echo "FAIL: not one mutant '$1 $4' but '$number'"
        exit 1
    }
    said=$(COUNTERCHECK_MUTANTS=$number "$folder/mutated")
    [ "$said" = "$(awk -v column="$2" -v text="$3" '{ $column = text; print }' <<<"$clean")" ] || {
        echo "FAIL: '$4' makes '$clean' into '$said'"
        exit 1
    }
}
turns 13 1 73 'statements exchanged: put(digit); put(7) -> put(7); put(digit)'
turns 13 1 0 'early return: put(digit) -> return 0'
turns 14 1 0 'early return: put(7) -> return 0'
turns 13 1 47 'off by one: digit -> (digit) + 1'
turns 13 1 27 'off by one: digit -> (digit) - 1'
turns 19 2 131073 'truncated: wide -> (unsigned int)(wide)'
turns 19 2 1 'truncated: wide -> (unsigned short)(wide)'
turns 24 3 33 'halved: size_bytes -> (size_bytes) / 2'
turns 28 4 3301 'block deleted: { sum += 10; } -> nothing'
turns 33 4 3111 'loop once: for (int i = 0; i < 3; i++) -> once'
turns 38 4 1311 'loop once: do while sum < 3000 -> once'
turns 42 5 0 'lock removed: lock_acquire(&lock) -> nothing'
turns 42 5 12 'statements exchanged: lock_acquire(&lock); lock.times *= 10'
turns 49 7 0 'result turned: fate -> (fate) == KEPT ? FREED : KEPT'
turns 53 8 -50 'result turned: 5 -> -(5)'
turns 55 8 49 'result turned: 0 -> -1'
turns 57 9 21 'fields exchanged: used, left -> left, used'
turns 59 10 43 'fields exchanged: used, left -> left, used'
if grep -E 'statements exchanged: (add\(|whole|ordered_twice)' "$folder/list"; then
    echo "FAIL: what comes to the same in any order is not exchanged"
    exit 1
fi
if grep -E ' truncated: odd \?' "$folder/list"; then
    echo "FAIL: what is constant either way is not cut"
    exit 1
fi
grep -q 'statements exchanged: ordered += 0; ordered_twice += ordered \* 2 ->' "$folder/list" || {
    echo "FAIL: what one statement writes and the next one reads is exchanged"
    exit 1
}
echo "ok: each kind makes what it says"
