#!/bin/bash
# test_fault_times: which share of the runs has found its fault by when, on results that are known; and the kept corpus that
# faults are shown to is all of it.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v python3 >/dev/null || exit 77
export PYTHONDONTWRITEBYTECODE=1
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
python3 - "$source/ci/faults" "$sample" <<'END'
import importlib.machinery, importlib.util, pathlib, sys
folder, sample = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sys.path.insert(0, str(folder))
import detect
loader = importlib.machinery.SourceFileLoader("times", str(folder / "times"))
times = importlib.util.module_from_spec(importlib.util.spec_from_loader("times", loader))
loader.exec_module(times)

def holds(what, condition):
    if not condition:
        sys.exit(f"FAIL: {what}")

def result(name, cap, *seconds):
    return {"name": name, "cap": cap, "seconds": {"fuzz": list(seconds)}, "revision": "abc"}

both = [result("a", 600, 0.1, 10.0, 10.1, None), result("b", 600, 61, 2, 3, 599)]
said = times.summary(both, "fuzz")
for line in ("2 faults, 8 runs of at most 600 s: 7 found it", "found within 10 s: 4 of 8 runs, 50.0 %",
             "found within 60 s: 5 of 8 runs, 62.5 %", "found within 600 s: 7 of 8 runs, 87.5 %"):
    holds(line, line in said)
holds("no medians", not any("median" in line for line in said))
holds("a row of the table", times.cells(both[0], "fuzz") == ["2 of 4", "3 of 4", "3 of 4", "10.1"])
holds("what was never found", times.cells(result("c", 600, None, None), "fuzz") == ["0 of 2", "0 of 2", "0 of 2", "-"])
holds("what was not waited for is not known", times.cells(result("d", 60, 1.0), "fuzz")[2] == "-")
holds("nor of all, where one was not", not any("600 s:" in line and "within" in line
                                                for line in times.summary(both + [result("d", 60, 1.0)], "fuzz")))
holds("never found is told", "never found: c" in times.summary([result("c", 60, None)], "fuzz"))
page = times.page("libfuzzer", both, [dict(both[0], seconds={"fuzz": [1.0], "bytes": [None]})], [])
for line in ("- found within 60 s: 5 of 8 runs, 62.5 %", "| fault | in 10 s | in 60 s | in 600 s | longest s |",
             "| b | 2 of 4 | 2 of 4 | 4 of 4 | 599.0 |",
             "| a | 1 of 1 | 1 of 1 | 1 of 1 | 1.0 | 0 of 1 | 0 of 1 | 0 of 1 | - |"):
    holds(line, line in page.splitlines())
(sample / "TIMES.md").write_text(page)

# ---- the kept corpus
detect.ROOT = sample
for kind in ("seed", "found", "regression"):
    (sample / "corpus" / "heap" / kind).mkdir(parents=True)
    (sample / "corpus" / "heap" / kind / "one.ops").write_text("nop\n")
holds("seeds, what fuzzing found, and regressions", len(detect.kept_files("heap")) == 3)
END
# what the README makes of such a page
mkdir -p "$sample"/ci/{faults,mutants}
cp "$source/ci/docs" "$sample/ci"
cp "$source"/ci/faults/RESULTS.md "$sample/ci/faults/"
cp "$source"/ci/mutants/*.md "$sample/ci/mutants/"
cp "$sample/TIMES.md" "$sample/ci/faults/TIMES.md"
cp "$source/ci/faults/TIMES-AFL.md" "$sample/ci/faults/"
printf '%s\n' '<!-- table: found -->' '<!-- end of table -->' >"$sample/README.md"
(cd "$sample" && git init -q . && ci/docs >/dev/null)
grep -qF 'of 8 runs, each a fault and a seed, 50.0 % within 10 s, 62.5 % within 60 s, 87.5 % within 600 s |' "$sample/README.md" || {
    echo "FAIL: the README's row"
    cat "$sample/README.md"
    exit 1
}
echo "ok: shares by when"
