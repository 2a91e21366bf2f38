#!/bin/bash
# test_docs: the tables in the documents are what the .def files say, and a stale one is noticed, as is a long DESIGN.md.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT

"$source/ci/docs" --check

# a number with one truth alone says why
awk -F '|' '/^\| [A-Z][A-Za-z]+ \|/ && NF == 6 && $5 !~ /,/ && $4 !~ /one truth/ { print "one truth alone:" $2; bad = 1 }
    END { exit bad }' "$source/allocator/MEMSTATS.md"

# "Where is" has twenty questions or more, and each file that it names is there
[ "$(sed -n '/^## Where is/,/^## Add/p' "$source/HACKING.md" | grep -c '^| .*? | `')" -ge 20 ] || { echo "FAIL: HACKING.md: Where is: too few questions"; exit 1; }
sed -n '/^## Where is/,/^## Add/p' "$source/HACKING.md" | grep -o '`[^`]*/[^`]*`' | tr -d '`' | while read -r file; do
    [ -f "$source/$file" ] || { echo "FAIL: HACKING.md: Where is: no file $file"; exit 1; }
done

mkdir -p "$sample/ci" "$sample/allocator"
cp "$source/ci/docs" "$sample/ci/"
cp "$source/allocator/memstats_fields.def" "$sample/allocator/"
printf '%s\n' '<!-- table: memstats -->' '| stale |' '<!-- end of table -->' >"$sample/a.md"
if "$sample/ci/docs" --check >/dev/null; then
    echo "FAIL: a stale table is not noticed"
    exit 1
fi
"$sample/ci/docs" >/dev/null
"$sample/ci/docs" --check
grep -q '^| HeapAlloc |' "$sample/a.md"

# prose of 1,500 words is short enough, however much is beside it
{
    printf 'word %.0s' {1..1500}
    printf '\n| a | row |\n```\na picture\n```\n'
} >"$sample/DESIGN.md"
"$sample/ci/docs" --check
echo 'word' >>"$sample/DESIGN.md"
if "$sample/ci/docs" --check >"$sample/out" || ! grep -q '^DESIGN.md: 1501 words of prose' "$sample/out"; then
    echo "FAIL: a word too many in DESIGN.md is not noticed"
    exit 1
fi
rm "$sample/DESIGN.md"

# a figure that its measurement no longer has is neither kept nor left out
mkdir -p "$sample"/ci/{faults,locks,mutants}
cp "$source"/ci/faults/{RESULTS,TIMES,TIMES-AFL,WIDTHS}.md "$sample/ci/faults/"
cp "$source"/ci/mutants/{SCORE,FRESH}.md "$sample/ci/mutants/"
cp "$source/ci/locks/LOCKS.md" "$sample/ci/locks/"
printf '%s\n' '<!-- table: found -->' '<!-- end of table -->' >"$sample/b.md"
"$sample/ci/docs" >/dev/null
grep -q '^| seeded faults.* [0-9]* of [0-9]* ' "$sample/b.md"
sed -i 's/^- product: [0-9]* of/- product: all but one of/' "$sample/ci/mutants/SCORE.md"
if "$sample/ci/docs" --check >/dev/null 2>&1; then
    echo "FAIL: a figure that is gone is not noticed"
    exit 1
fi
cp "$source/ci/mutants/SCORE.md" "$sample/ci/mutants/"
sed -i 's/^\([0-9]* taken away: \)[0-9]* noticed/\11 noticed/' "$sample/ci/locks/LOCKS.md"
if "$sample/ci/docs" --check >"$sample/out" 2>&1 || ! grep -q '1 of [0-9]*; [0-9]* that no run on x86' "$sample/out"; then
    echo "FAIL: another count of locks is not noticed"
    exit 1
fi
echo "ok: the tables are current"
