#!/bin/bash
# test_truths: a statistic that the table says is recounted (S) or kept in the ledger (M) is compared there, and none else.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}

# declared TABLE LETTER: the fields with this letter
declared() {
    sed -nE "s/^MEMSTATS_(FIELD|EXTRA)\(([A-Za-z]+), .*\"[A-Z]*$2[A-Z]*\"\)\$/\2/p" "$1" | sort
}

# compared FILE: the fields that it compares by name, and BySize where it has a row by class
compared() {
    {
        sed -nE 's/^ *COMPARE\(([A-Za-z]+)\);$/\1/p' "$1"
        grep -oE '(equal|compare_ring)\(model, "[A-Za-z]+"' "$1" | sed 's/.*"\(.*\)"/\1/' || true
        grep -q 'compare_classes(' "$1" && echo BySize
    } | sort -u
}

# agree TABLE LETTER FILE
agree() {
    diff <(declared "$1" "$2") <(compared "$3") >/dev/null
}

table=$source/allocator/memstats_fields.def
failed=0
for pair in S:oracle/go/verify/scan.c M:oracle/go/model/account.c; do
    if ! agree "$table" "${pair%%:*}" "$source/${pair#*:}"; then
        echo "FAIL: the letter ${pair%%:*} (<) and ${pair#*:} (>) do not agree:"
        diff <(declared "$table" "${pair%%:*}") <(compared "$source/${pair#*:}") || true
        failed=1
    fi
done
[ $failed = 0 ] || exit 1

sample=$(mktemp)
trap 'rm -f "$sample"' EXIT
sed 's/^\(MEMSTATS_FIELD(GCSys, .*\)"S/\1"/' "$table" >"$sample"
if agree "$sample" S "$source/oracle/go/verify/scan.c"; then
    echo "FAIL: a missing letter is not noticed"
    exit 1
fi
sed 's/^\(MEMSTATS_FIELD(GCSys, .*\)"S/\1"SM/' "$table" >"$sample"
if agree "$sample" M "$source/oracle/go/model/account.c"; then
    echo "FAIL: a letter too many is not noticed"
    exit 1
fi
echo "ok: scan and model compare what the table says"
