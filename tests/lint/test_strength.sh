#!/bin/bash
# test_strength: the rules of each shipped subject notice nine lies of ten, by the table that is kept, and the text of the rules has
# the reason of each other one. A table that says otherwise is refused.
set -u
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

cp -r "$source/subject" "$sample/subject"
mkdir -p "$sample/fuzz/go"
cp "$source/fuzz/go/heap_subject.c" "$sample/fuzz/go/"
page=$sample/subject/STRENGTH.md
judge() { # the table as it is, with a row of boundary's anew
    read -r noticed same < <(awk -F'|' '/^\| boundary / { print $3, $6 }' "$source/subject/STRENGTH.md")
    printf '{"subject":"boundary","noticed":%s,"unnoticed":0,"same":%s,"statistics":[]}' "$noticed" "$same" >"$sample/report.json"
    "$sample/subject/adapters/strength" --report "$sample/report.json"
}
judge || fail "the table that is kept"
cmp -s "$page" "$source/subject/STRENGTH.md" || fail "the table is not as the command writes it: $(diff "$page" "$source/subject/STRENGTH.md")"
for rules in "$source"/subject/{adapters,drivers}/*.relations; do
    name=$(basename "$rules" .relations)
    grep -q "^| $name |" "$page" || fail "$name has no row"
done
for name in boundary slab go-heap; do grep -q "^| $name |" "$page" || fail "$name has no row"; done

sed -i 's/^| lua .*/| lua | 8 | 9 | 88.9 % | 2 |  |/' "$page"
judge | grep -q 'lua: 8 of 9 lies are noticed' || fail "a share below nine of ten passes"
sed -i 's/^| lua .*/| lua | 9 | 10 | 90.0 % | 1 | count late |/' "$page"
judge | grep -q 'lua: its rules give no reason for count' || fail "a cell without a reason passes"
echo '# Not noticed by --strength: count, for one reason.' >>"$sample/subject/adapters/lua.relations"
judge || fail "a cell with a reason is refused"
[ $failed = 0 ] && echo "ok: nine lies of ten"
exit $failed
