#!/bin/bash
# test_test_report: of many tests the report shows what failed, why a test was skipped, and a total, and no more.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT

fail() {
    echo "FAIL: $1"
    cat "$sample/report"
    exit 1
}

cat >"$sample/CTestTestfile.cmake" <<'END'
foreach(i RANGE 1 50)
    add_test(good${i} sh -c "echo some words")
endforeach()
add_test(bad sh -c "echo three is not four; exit 1")
add_test(slow sh -c "sleep 10")
set_tests_properties(slow PROPERTIES TIMEOUT 1)
foreach(i RANGE 1 3)
    add_test(left${i} sh -c "echo first; echo skipped: no moon; exit 77")
    set_tests_properties(left${i} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
END
report() { # CTEST_OPTION...
    ctest --test-dir "$sample" -j8 --output-junit "$sample/junit.xml" "$@" >/dev/null 2>&1 || true
    env -u GITHUB_ACTIONS -u GITHUB_STEP_SUMMARY "${settings[@]}" \
        python3 "$source/ci/test_report.py" "$sample/junit.xml" >"$sample/report"
}
settings=()

report -E 'bad|slow' || fail "nothing failed, and the status says so"
[ "$(wc -l <"$sample/report")" = 2 ] || fail "a line for each reason and the total"
grep -q '^skipped left1 and 2 more: skipped: no moon$' "$sample/report" || fail "the reason"
grep -q '^53 tests: 50 passed, 0 failed, 3 skipped; ' "$sample/report" || fail "the total"

settings=(GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$sample/summary")
status=0
report || status=$?
[ $status = 1 ] || fail "status 1 of a failure, not $status"
grep -q '^FAILED bad$' "$sample/report" && grep -q '^    three is not four$' "$sample/report" || fail "what failed"
grep -q '^FAILED slow$' "$sample/report" || fail "a test over its time is a failure"
grep -q '^55 tests: 50 passed, 2 failed, 3 skipped; ' "$sample/report" || fail "the total with failures"
grep -q '^::error title=test bad::three is not four$' "$sample/report" || fail "an annotation"
grep -q '^FAILED bad$' "$sample/summary" || fail "the step's summary"
echo "ok: the report shows what failed, what was skipped and a total"
