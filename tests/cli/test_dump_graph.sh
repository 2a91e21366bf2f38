#!/bin/bash
# test_dump_graph: who keeps what, and how roots lead there: each answer for each object is what a reader in Python finds by
# taking the object away, for dumps of our heap and, where Go is installed, of Go's.
# once: what it answers: the same sources do it in each build
#
# holds: cli/dump/graph/holding.c cli/dump/graph/path.c cli/dump/graph/rank.c cli/dump/graph/retained.c cli/io/largest.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

agrees() { python3 "$source/tests/cli/graph_reference.py" "$command" "$1" >said || fail "$1: $(head -n 5 said)"; }

count=0
for program in heap/found/871cd1849b93f0ee heap/slow/0b1d0b7f8ad7260e heap/found/307d96a6e9242e2d; do
    "$command" replay --dump ours "$source/corpus/$program.ops" >/dev/null || fail "$program: no dump"
    agrees ours
    count=$((count + 1))
done
"$command" dump retained ours >screen || fail "status $?"
grep -q 'objects that roots lead to' screen || fail "$(cat screen)"
if command -v go >/dev/null; then
    export GOFLAGS=-mod=mod GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 GOCACHE=$folder/cache
    (cd "$source/ci/interop/program" && go build -o "$folder/program" .) 2>err || fail "go: $(cat err)"
    for scenario in empty finalizers panics; do
        ./program $scenario go-$scenario >/dev/null 2>&1 || fail "$scenario: no dump"
        agrees go-$scenario
        count=$((count + 1))
    done
fi

# ---- forms: a pipe, a packed dump, an address inside, more than one way
cat ours | "$command" dump retained - --json >by-pipe && "$command" dump retained ours --json >by-file
cmp by-pipe by-file || fail 'a pipe gives another answer'
gzip -nc ours >ours.gz && "$command" dump retained ours.gz --json | cmp - by-file || fail 'a packed dump gives another answer'
address=$(sed -n 's/.*"address":"\(0x[0-9a-f]*\)".*/\1/p' by-file | head -n 1)
"$command" dump path ours "$address" 0x1 >screen || fail "path: status $?"
grep -q "^$address = $address + 0 (" screen && grep -q '^  -> 0x' screen && grep -q '^0x1: in no object$' screen ||
    fail "path: $(cat screen)"
"$command" dump path ours "$address" --all 5 --json >ways || fail "path --all: status $?"
python3 - ways <<'P' || fail 'path --all'
import json, sys
answer = json.load(open(sys.argv[1]))
lengths = [len(way["steps"]) for way in answer["paths"]]
assert 1 <= len(lengths) <= 5 and lengths == sorted(lengths) and lengths[0] == answer["distance"], lengths
P

# ---- what is refused
refused() { # STATUS WORDS ARGUMENT...
    local wanted=$1 words=$2 got
    shift 2
    "$command" dump "$@" >out 2>err
    got=$?
    [ $got = "$wanted" ] && grep -qF -- "$words" err && [ ! -s out ] && [ "$(grep -c . err)" = 1 ] ||
        fail "dump $*: status $got: $(cat err)"
}
refused 3 'its graph needs up to' retained ours --memory-limit 1K
refused 2 '--memory-limit takes bytes' retained ours --memory-limit 1KB
refused 2 '--memory-limit takes bytes' retained ours --memory-limit 99999999999999999999
need=$(sed -n 's/.*needs up to \([0-9]*\) bytes.*/\1/p' <("$command" dump retained ours --memory-limit 0 2>&1))
for call in retained "path 0x1" top roots "object 0x1" duplicates "pprof -o new --by holder" dot "html new" "redact new" "diff ours --by holder"; do
    read -r name rest <<<"$call"
    for limit in 0 $((need - 1)); do
        # shellcheck disable=SC2086 # words
        refused 3 "its graph needs up to $need bytes" $name ours $rest --memory-limit "$limit"
    done
    for limit in '' -1 garbage 0x10 "$need " 18014398509481984K; do
        # shellcheck disable=SC2086 # words
        refused 2 "--memory-limit takes bytes, or a number with K, M or G, not '$limit'" $name ours $rest --memory-limit "$limit"
    done
    [ ! -e new ] || fail "dump $call: a file is left of what was refused"
    for limit in "$need" 18446744073709551615; do
        # shellcheck disable=SC2086 # words
        "$command" dump $name ours $rest --memory-limit "$limit" >out 2>err || fail "dump $call --memory-limit $limit: $(cat err)"
    done
    rm -f new
done
refused 2 '--memory-limit goes with --by holder' pprof ours --memory-limit garbage -o new
refused 2 '--memory-limit go with --by' diff ours ours --memory-limit 1G
refused 2 "--by takes object, root, goroutine or class, not 'size'" retained ours --by size
refused 2 '--top takes a whole number' retained ours --top many
refused 2 "'goroutine' is no address" retained ours --without goroutine
refused 2 'no object holds 0x1' retained ours --without 0x1
refused 2 "'here' is no address" path ours here
refused 2 "'0x1ffffffffffffffff' is no address" path ours 0x1ffffffffffffffff
refused 2 '--all takes at least 1' path ours 0x1 --all 0
refused 2 'an operand is missing' path ours
head -c 900 ours >cut
refused 2 'good up to byte' retained cut
TMPDIR=$folder/nowhere refused 3 'cannot be kept' retained - < <(cat ours)
[ $failed = 0 ] && echo "ok: $count dumps, each object"
exit $failed
