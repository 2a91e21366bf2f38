#!/bin/bash
# test_ci_run: the last lines of .ci/run name each test and lint step that failed, and what it said, however much stood between;
# and what is asked of no change is asked every night.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT

fail() {
    echo "FAIL: $1"
    cat "$sample/end"
    exit 1
}

# a tree whose steps do nothing but say what theirs would
mkdir -p "$sample/.ci" "$sample/bin"
cp "$source/.ci/run" "$sample/.ci/run"
while read -r command; do
    mkdir -p "$sample/$(dirname "$command")"
    printf '#!/bin/bash\n' >"$sample/$command"
    chmod +x "$sample/$command"
done < <(sed -n 's,^step \(ci/[^ ]*\).*,\1,p' "$source/.ci/run")
cat >"$sample/bin/make" <<'END'
#!/bin/bash
echo "$*" >>"$WORDS"
[ -z "${LAUGHS:-}" ] || exit 0
case $* in
lint)
    echo "require.h:11: REQUIRE says nowhere what it does"
    echo "lint: contracts FAILED"
    seq -f "lint: line %.0f of others" 100
    exit 1
    ;;
test\ LEAVE=night)
    seq -f "progress %.0f" 1000
    echo "FAILED cli.test_moon"
    seq -f "    moon %.0f" 40
    echo "FAILED cli.test_sun"
    echo "    the sun did not rise" >&2
    exit 1
    ;;
esac
END
chmod +x "$sample/bin/make"
run() { env PATH="$sample/bin:$PATH" WORDS="$sample/words" "$@" bash "$sample/.ci/run" >"$sample/log" 2>&1; }

status=0
run || status=$?
sed -n '/^==== FAILED/,$p' "$sample/log" >"$sample/end"
[ $status = 1 ] || fail "status 1 of a failure, not $status"
[ "$(grep -c '^==== FAILED: ' "$sample/end")" = 2 ] || fail "two steps failed"
for words in '^==== FAILED: make test LEAVE=night$' '^FAILED cli.test_moon$' '^FAILED cli.test_sun$' '^    the sun did not rise$' \
    '^==== FAILED: make lint$' '^require.h:11: REQUIRE says nowhere what it does$' '^lint: contracts FAILED$' \
    '^FAILED  *[0-9]* s  make lint$' '^ok  *[0-9]* s  make$'; do
    grep -q "$words" "$sample/end" || fail "nothing says $words"
done
[ "$(wc -l <"$sample/end")" -lt 200 ] || fail "the end is no longer short"
grep -q '^test LEAVE=night$' "$sample/words" || fail "a step after a failure does not run"
grep -q '^progress 500$' "$sample"/build/logs/step-*.log || fail "no log has all of a step"

run LAUGHS=1 || fail "status 0 where nothing failed"
! grep -q FAILED "$sample/log" || fail "a failure where there is none"

# The Makefile's tests, the proof by deletion and OSS-Fuzz's build each stand in one of the two.
asked() { # RUN WORKFLOW
    local what
    while read -r what; do
        grep -qxF "step $what" "$1" || grep -qE "^ +(- )?run: (.* )?$what( |\$)" "$2" || { echo "nobody runs $what" && return 1; }
    done < <(sed -n 's/^\(test[a-z-]*\|tsan\):.*/\1/p' "$source/Makefile" | sed 's/^/make /;s/make \(tsan\|test-schedule\)/\1/'
        printf '%s\n' ci/seam ci/instructions ci/oss-fuzz/check)
}
workflow=$source/.github/workflows/ci.yml
asked "$source/.ci/run" "$workflow" >"$sample/end" || fail "what no one asks"
for gone in 'make test' 'make test-gcc' 'make test-release' test-schedule tsan ci/seam ci/oss-fuzz/check; do
    grep -vxF "step $gone" "$source/.ci/run" >"$sample/run" || true
    grep -vE "run: .*$gone( |\$)" "$workflow" >"$sample/ci.yml" || true
    ! asked "$sample/run" "$sample/ci.yml" >"$sample/end" || fail "nobody runs $gone, and nothing says so"
done
echo "ok: the end of .ci/run says what failed, and the night has what it leaves out"
