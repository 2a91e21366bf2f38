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

# the column "truth" of the seeded faults' results is what the tables of rules say, those of the dump's rules too
results() { # PAGE
    python3 - "$source" "$1" <<'END'
import pathlib, re, sys
rules = "".join(path.read_text() for path in pathlib.Path(sys.argv[1], "oracle").glob("*/rules*.def"))
truths = dict(re.findall(r'^RULE\(\w+, "([^"]+)", "([^"]+)"', rules, re.M))
wrong = 0
for line in pathlib.Path(sys.argv[2]).read_text().splitlines():
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    if len(cells) == 10 and cells[0] != "fault" and not cells[0].startswith("---"):
        said = cells[7] if cells[7] != "-" else cells[3]
        truth = truths.get(said.split(" ")[0], "-")
        if truth != cells[8]:
            print(f"{cells[0]}: {said.split(' ')[0]} is of the truth {truth}, not {cells[8]}")
            wrong += 1
sys.exit(wrong > 0)
END
}
results "$source/ci/faults/RESULTS.md" || { echo "FAIL: ci/faults/RESULTS.md has other truths than the rules"; exit 1; }

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
sed 's/^\(| bitmap-stops-early .*\)| dump | yes |$/\1| - | yes |/' "$source/ci/faults/RESULTS.md" >"$sample"
if results "$sample" >/dev/null; then
    echo "FAIL: a rule without its truth is not noticed"
    exit 1
fi
echo "ok: scan and model compare what the table says"
