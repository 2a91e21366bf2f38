#!/bin/bash
# test_limits: the command under a limit on its address space: it runs clean, or says in one line that
# there is no memory.
set -euo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

# Sanitizers map more address space than any limit leaves.
if ! (ulimit -v 400000 && "$command" --version) >/dev/null 2>&1; then
    echo "skipped: the command itself does not start under a limit"
    exit 77
fi

# limited KIB ARGUMENT...: clean, or status 3 with one line on stderr and nothing else wrong
limited() {
    local kib=$1 status=0
    shift
    (ulimit -v "$kib" && exec "$command" "$@") >out 2>err || status=$?
    case $status in
    0) ;;
    3) [ "$(wc -l <err)" = 1 ] && grep -q '^countercheck: ' err || fail "$kib KiB, $*: status 3 with: $(cat err)" ;;
    *) fail "$kib KiB, $*: status $status: $(tail -n 1 out) $(tail -n 2 err)" ;;
    esac
    echo "$status" >>statuses
}

# corpus_limited KIB: each program clean, or status 3 and no finding; it may have met its work bound before
corpus_limited() {
    local status=0
    (ulimit -v "$1" && exec "$command" replay --without expected "$corpus/heap" "$corpus/dump") >out 2>err || status=$?
    [ $status = 0 ] || [ $status = 3 ] || fail "$1 KiB, the corpus: status $status: $(grep -m1 'failed' out) $(tail -n 1 err)"
    if grep -q '^rule' out; then fail "$1 KiB, the corpus: a finding: $(grep -m1 'failed' out)"; fi
}

for kib in 20000 60000 90000 110000 140000 180000 250000 400000 800000; do
    limited $kib soak --operations 3000 --seed 5
    limited $kib soak --threads 2 --seconds 1 --seed 5
done
grep -q '^0$' statuses || fail "no limit leaves room enough"
grep -q '^3$' statuses || fail "no limit is narrow enough"

# The kept corpus: the heap or the oracle's own ledger meets the limit first, now here, now there. What
# a program's text expects holds where there is memory.
corpus=${COUNTERCHECK_SOURCE:?}/corpus
for kib in 20000 73000 75500 77000 79000 81000 84000 87000 91000 95000 99000 150000; do
    corpus_limited $kib
done

# A program that asks for more than there is: allocations fail, the accounts agree all the same.
{
    for i in $(seq 0 99); do
        echo "h$i = alloc c0 size=4194303"
        [ $((i % 25)) != 0 ] || echo "check full"
    done
    printf '%s\n' "h100 = alloc c0 size=48 type=node" "collect c0" dump "check full"
} >program.ops
for kib in 150000 300000 400000 800000; do
    limited $kib replay program.ops
done
[ $failed = 0 ] && echo "ok: limits on the address space are no memory, and nothing worse"
exit $failed
