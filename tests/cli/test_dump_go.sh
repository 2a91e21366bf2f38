#!/bin/bash
# test_dump_go: dumps of real Go programs verify, recode to the same bytes, and carry the statistics the program saw.
#
# The dumps of our own heap, which a reader in Go is to agree on, are the same bytes in each build: they are looked at where there is
# no sanitizer. Without Go it is skipped, and says so.
set -uo pipefail
whose=()
! grep -qE "__(asan_report|tsan_read)" "${COUNTERCHECK:?}" || whose=(--theirs)
"${COUNTERCHECK_SOURCE:?}/ci/interop/run" --quick "${whose[@]}" "$COUNTERCHECK"
