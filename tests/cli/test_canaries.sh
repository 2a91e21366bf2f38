#!/bin/bash
# test_canaries: every rule has a canary that it reports first; a rule without one, or behind another, is noticed.
# once: which canary fires: the same sources do it in each build
set -uo pipefail
canaries=${COUNTERCHECK_SOURCE:?}/ci/canaries
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

[ -x tests/canary.canary_dump ] || exit 77
"$canaries" "$PWD/tests" >"$folder/out" || fail "$(grep -e 'NO CANARY' -e 'REPORTED FIRST' "$folder/out")"
grep -q ' 18 kinds of record, 0 wrong$' "$folder/out" || fail "$(tail -n 1 "$folder/out")"

# one program that knows three rules, and whose canaries are heard by one of them
cat >"$folder/canary.canary_sample" <<'SAMPLE'
#!/bin/sh
[ "$1" = --rules ] && printf 'one\ntwo\nthree\n'
[ "$1" = --matrix ] && printf 'one\ta\t-\t-\tone\t\ntwo\tb\t-\t-\tone\ttwo\n'
exit 0
SAMPLE
chmod +x "$folder/canary.canary_sample"
"$canaries" "$folder" >"$folder/out" && fail "nothing is wrong with the sample"
grep -q '^two .*REPORTED FIRST BY one' "$folder/out" || fail "a canary that another rule reports is not noticed"
grep -q '^three .*NO CANARY' "$folder/out" || fail "a rule without a canary is not noticed"
echo "ok: every rule has its canary"
