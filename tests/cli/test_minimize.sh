#!/bin/bash
# test_minimize: what is left shows the finding that was there, and no other of its rule.
# once: what is left: the same sources do it in each build
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
inputs=$source/tests/cli/inputs

first_line() { "$command" replay "$1" | head -n 1 | sed "s/^[^:]*: //; s/ at operation.*//"; }

cp "$inputs/two-expects.ops" .
"$command" minimize two-expects.ops -o small >out 2>err || fail "minimize: $(cat err)"
[ "$(first_line small)" = "$(first_line two-expects.ops)" ] ||
    fail "another expectation failed: $(first_line small), not $(first_line two-expects.ops)"
[ "$(wc -l <small)" = 2 ] || fail "more than an object and the expectation are left: $(cat small)"
grep -Eq 'the same in ([0-9]+) of \1 runs$' out || fail "the reruns are not told: $(cat out)"
"$command" minimize --loose two-expects.ops -o loose >out 2>err || fail "minimize --loose: $(cat err)"
[ "$(wc -l <loose)" = 1 ] || fail "--loose keeps values: $(cat loose)"
"$command" minimize two-expects.ops -o - >out 2>err || fail "minimize -o -: $(cat err)"
cmp -s out small && grep -q "2 operations of " err || fail "-o - is not stdout: $(cat out err)"
"$command" ops --encode small -o - | "$command" ops - | cmp -s - small || fail "ops --encode -o - is not stdout"
[ ! -e - ] || fail "a file called -"
truncate -s 65M huge
"$command" replay --known huge small >out 2>err
if [ $? != 2 ] || ! grep -q 'huge: larger than 64 MiB' err; then fail "a huge list: $(cat err)"; fi
for call in "minimize -o small --total 0" "minimize -o small --timeout 0" "minimize -o small --timeout x" "adopt --corpus . --total x"; do
    # shellcheck disable=SC2086 # a call of words
    "$command" $call two-expects.ops >out 2>err
    if [ $? != 2 ] || [ "$(wc -l <err)" != 1 ]; then fail "$call: $(cat err)"; fi
done

[ $failed = 0 ] && echo "ok: minimize keeps the finding that was reported"
exit $failed
