#!/bin/bash
# test_dump_go: dumps of real Go programs verify, recode to the same bytes, and carry the statistics the program saw.
#
# Without Go it is skipped, and says so.
set -uo pipefail
"${COUNTERCHECK_SOURCE:?}/ci/interop/run" --quick "${COUNTERCHECK:?}"
