#!/bin/bash
# test_commits: a subject of 73 characters is refused, one of 72 is not, and what is older than the check is left alone.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v git >/dev/null || exit 77
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0
export LC_ALL=C.UTF-8 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org

commit() { git -C "$sample" commit -q --allow-empty -m "$1"; }

expect() { # STATUS WORDS [RANGE]
    local status=0 out
    out=$("$sample/ci/commits" "${@:3}" 2>&1) || status=$?
    [ $status = "$1" ] && [[ $out == *"$2"* ]] || {
        echo "FAIL: status $status, not $1, or '$2' is not said: $out"
        failed=1
    }
}

mkdir "$sample/ci"
cp "$source/ci/commits" "$sample/ci"
expect 3 'not a git repository'
git -C "$sample" init -q -b main
commit "$(printf 'o%.0s' {1..90})" # older than the check
expect 3 ''
git -C "$sample" add -A
commit 'check'
expect 0 ''
commit "$(printf 'é%.0s' {1..72})"
expect 0 ''
commit "$(printf 'é%.0s' {1..73})"
expect 1 ': a subject of 73 characters, more than 72: é'
expect 0 '' HEAD~2..HEAD~1
expect 1 'a subject of 90 characters' HEAD~3
git -C "$sample" reset -q --hard HEAD~1
git -C "$sample" checkout -q -b other HEAD~1
commit 'other'
git -C "$sample" merge -q -m "$(printf 'm%.0s' {1..90})" main
expect 0 ''
expect 3 '' nonsense..HEAD
[ $failed = 0 ] && echo "ok: long subjects are refused from the check on"
exit $failed
