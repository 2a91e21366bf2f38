#!/bin/bash
# test_seam: what an earlier run left in the copy of ci/seam is no part of the next one. cmake is one that ends at once: the build
# is CI's.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
git -C "$source" rev-parse --git-dir >/dev/null 2>&1 || exit 77 # an archive has no tracked files
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0

mkdir -p "$sample"/{bin,tree/{allocator/left/over,fuzz/schedule,oracle/go,b}}
touch "$sample"/tree/{oracle/go/old.c,b/built,'a file of old.c'}
ln -s nowhere "$sample/tree/fuzz/schedule/link"
printf '#!/bin/bash\nexit 1\n' >"$sample/bin/cmake"
chmod +x "$sample/bin/cmake"

status=0
PATH=$sample/bin:$PATH "$source/ci/seam" "$sample" >"$sample/out" 2>&1 || status=$?
if [ $status != 1 ] || ! grep -q 'builds without' "$sample/out" || grep -q 'is in the copy' "$sample/out"; then
    echo "FAIL: with what was left, status $status: $(cat "$sample/out")"
    failed=1
fi
for left in allocator fuzz/schedule oracle/go 'a file of old.c'; do
    [ ! -e "$sample/tree/$left" ] || {
        echo "FAIL: $left is still in the copy"
        failed=1
    }
done
[ -e "$sample/tree/b/built" ] && [ -e "$sample/tree/subject/subject.h" ] || {
    echo "FAIL: the build, or what is to be in the copy, is gone"
    failed=1
}
[ $failed = 0 ] && echo "ok: an earlier copy leaves nothing in the next"
exit $failed
