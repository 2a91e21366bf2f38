#!/bin/bash
# test_kept_mutants: a kept change stays through a move of its file, and is told when its code is gone; and the copies in
# which changes and faults are built have what the build starts.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v python3 >/dev/null && command -v git >/dev/null || exit 77
git -C "$source" rev-parse --git-dir >/dev/null 2>&1 || exit 77 # an archive has no tracked files
export PYTHONDONTWRITEBYTECODE=1
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0
mkdir -p "$sample"/ci/mutants "$sample"/allocator/deep
cp "$source"/ci/mutants/*.py "$source/ci/mutants/stale" "$sample/ci/mutants/"
git -C "$sample" init -q

# says STATUS LINE...: the status, and these lines among what is printed
says() {
    local status=0 out line want=$1
    shift
    git -C "$sample" add -A
    out=$("$sample/ci/mutants/stale") || status=$?
    for line in "$@"; do
        grep -qxF "$line" <<<"$out" || { echo "FAIL: no line '$line' in: $out" && failed=1; }
    done
    [ "$status" = "$want" ] || { echo "FAIL: status $status, not $want: $out" && failed=1; }
}

cat >"$sample/allocator/a.c" <<'END'
// a: a sum.
static inline int half(int value) { return value / 2; }
__attribute__((noinline)) static int
sum(int from, int (*next)(int)) {
    return from +
           half(next(from)); // and no more
}
END
{
    printf 'half: constant: 2 -> 0\n'
    for i in {1..20}; do printf 'sum: arithmetic: from + half(next(from)) -> from #%s\n' "$i"; done
} >"$sample/ci/mutants/kept"
printf 'allocator/a.c half: constant: 2 -> 1\tno\n' >"$sample/ci/mutants/equivalent"
says 0 '0 of 21 kept changes and 0 equivalents are gone (--drop takes the former out)'
git -C "$sample" mv allocator/a.c allocator/deep/b.c
says 1 'ci/mutants/equivalent: gone: allocator/a.c half: constant: 2 -> 1'
printf 'allocator/deep/b.c half: constant: 2 -> 1\tno\n' >"$sample/ci/mutants/equivalent"
says 0 '0 of 21 kept changes and 0 equivalents are gone (--drop takes the former out)'
sed -i 's|value / 2|value / 4|' "$sample/allocator/deep/b.c"
: >"$sample/ci/mutants/equivalent"
says 0 'ci/mutants/kept: gone: half: constant: 2 -> 0'
sed -i 's|sum(|total(|' "$sample/allocator/deep/b.c"
says 1 'ci/mutants/kept: gone: sum: arithmetic: from + half(next(from)) -> from #20'
"$sample/ci/mutants/stale" --drop >/dev/null
says 0 '0 of 0 kept changes and 0 equivalents are gone (--drop takes the former out)'

# what two files have would stand for both, and is not kept
(cd "$sample/ci/mutants" && python3 -c '
import kept
assert kept.judged(["a/a.c f: constant: 1 -> 0", "a/b.c f: constant: 1 -> 0", "a/c.c g: constant: 1 -> 0"]) == \
    {"g: constant: 1 -> 0"}') || failed=1

started=$(grep -oP '(?<=COMMAND \$\{Python3_EXECUTABLE\} \$\{PROJECT_SOURCE_DIR\}/)\S+' "$source"/cmake/*.cmake -h)
for file in $started; do
    (cd "$source" && python3 -c '
import sys
sys.path[:0] = ["ci/mutants", "ci/faults"]
import place, tree
sys.exit(sys.argv[1] not in place.tracked() or not tree.needed(sys.argv[1]))' "$file") || {
        echo "FAIL: the build starts $file, which a copy of the tree has not"
        failed=1
    }
done
[ $failed = 0 ] && [ -n "$started" ] && echo "ok: kept changes move with their code, and go with it"
exit $failed
