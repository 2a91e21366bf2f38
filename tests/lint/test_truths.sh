#!/bin/bash
# test_truths: a statistic that the table says is recounted (S) or kept in the ledger (M) is compared there, and none else;
# and of the seeded faults two truths see each, or its head says why one alone can.
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

# each fault that a program shows has a row; two truths see it, or its head says why not, and never both
seen() { # PAGE
    python3 - "$source/ci/faults" "$1" <<'END'
import pathlib, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import fault, table
page = pathlib.Path(sys.argv[2]).read_text()
kept = table.truths_kept(page)
wrong = 0
for one in fault.load(None):
    why = one.head.get("alone")
    if one.by[0] != "fuzz" or not {"heap", "dump"} & set(one.targets):
        continue
    if one.name not in kept:
        print(f"{one.name}: no row")
    elif len(kept[one.name]) < 2 and not why:
        print(f"{one.name}: fewer than two truths see it, and nobody says why")
    elif len(kept[one.name]) >= 2 and why:
        print(f"{one.name}: two truths see it, and its head says why one alone can")
    elif why and f"- {one.name}: {why}\n" not in page:
        print(f"{one.name}: the page gives another reason than its head")
    else:
        continue
    wrong += 1
sys.exit(wrong > 0)
END
}
seen "$source/ci/faults/TRUTHS.md" || { echo "FAIL: ci/faults/TRUTHS.md"; exit 1; }

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
for change in '/^| one-key-twice /d' 's/^| alloc-before-frees | [^|]* | [^|]* | [^|]* /| alloc-before-frees | | | /' \
    's/^| forced-or-not |\( [^|]* \)| /| forced-or-not |\1| scan-field Sys/' 's/^- forced-or-not: nothing/- forced-or-not: something/'; do
    sed "$change" "$source/ci/faults/TRUTHS.md" >"$sample"
    if cmp -s "$sample" "$source/ci/faults/TRUTHS.md" || seen "$sample" >/dev/null; then
        echo "FAIL: TRUTHS.md with $change is not noticed"
        exit 1
    fi
done
echo "ok: scan and model compare what the table says"
