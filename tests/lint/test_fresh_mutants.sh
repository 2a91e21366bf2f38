#!/bin/bash
# test_fresh_mutants: a fresh sample is drawn by its seed alone, what each stage noticed adds up, and a seed counts once.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v python3 >/dev/null || exit 77
export PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 - "$source/ci/mutants" "$folder" <<'END'
import argparse, json, pathlib, sys, threading, time
sys.path.insert(0, sys.argv[1])
import fresh, place, score

def holds(what, condition):
    if not condition:
        sys.exit(f"FAIL: {what}")

# ---- the draw
keys = [f"heap/a.c f: constant: {i} -> 0" for i in range(1000)]
drawn = fresh.draw(keys, 7, 50)
holds("the same draw, whatever order the keys come in", fresh.draw(keys[::-1], 7, 50) == drawn)
holds("a longer draw begins with the shorter one", fresh.draw(keys, 7, 80)[:50] == drawn)
holds("another seed draws others", len(set(drawn) & set(fresh.draw(keys, 8, 50))) < 15)
holds("the product alone", fresh.is_drawn_from("allocator/heap.c") and not fresh.is_drawn_from("oracle/go/oracle.c"))

# ---- the scores
stages = ["corpus"] * 16 + ["soak"] * 2 + ["tests"] + [None]
results = {key: {"stage": stage, "by": "x", "what": "unreached"} for key, stage in zip(drawn, stages)}
rows = {key: {"file": "heap/a.c", "line": 3, "operator": "constant", "before": "7", "after": "0"} for key in drawn}
judged, known = drawn[:21], {drawn[20]: "the same"}
holds("noticed by then", fresh.noticed_by(judged, results, known) == {"corpus": 16, "soak": 18, "tests": 19})
holds("of those that are no equivalents", fresh.shares(judged, results, known) == {"corpus": 80.0, "soak": 90.0, "tests": 95.0})
holds("a row for each kind", fresh.by_kind(judged, rows, results, known)[1:] == [("constant", "21", "1", "16", "2", "1", "1")])
told = fresh.text(judged, rows, results, known, 10)
for line in ("21 mutants, 1 equivalent", "the kept corpus alone: 16 of 20 noticed, 80.0 % (goal 85 %)",
             "with 10 s of the built-in engine on one core: 18 of 20 noticed, 90.0 % (goal 95 %)",
             "with the unit tests: 19 of 20 noticed, 95.0 % (goal 99.5 %)",
             "heap/a.c:3: constant: 7 -> 0 (the kept corpus does not reach it)"):
    holds(line, line in told)

# ---- the page, and a seed counts once
fresh.SEEDS, fresh.PAGE = pathlib.Path(sys.argv[2]) / "fresh.json", pathlib.Path(sys.argv[2]) / "FRESH.md"
call = argparse.Namespace(fresh=20, soak_seconds=10, limit=5, seed=7, save=True, jobs=1)
holds("the first seed", fresh.next_seed() == 1 and fresh.refusal(call) == "")
fresh.save(7, judged, rows, results, known, 10)
fresh.save(9, judged[:5], rows, results, {}, 60)
holds("the next seed is a new one", fresh.next_seed() == 10)
holds("a used seed is refused", "seed 7 was used" in fresh.refusal(call))
call.save, call.limit = False, 0
holds("a limit of nothing is refused", "1 or more" in fresh.refusal(call))
page = fresh.PAGE.read_text()
holds("every seed stays on the page", "| 7 |" in page and "| 9 |" in page and "seed 9." in page)

# ---- the limit, and going on
place.WORK = pathlib.Path(sys.argv[2])
call.limit, call.seed = 100, 11
run = fresh.Fresh(call, lambda *words: None)
run.drawn, run.rows, run.results = drawn, rows, {}
run.state = {"results": run.results}
fresh.judge_one = lambda row, inputs, seconds: {"stage": "corpus", "by": "rule", "what": ""}
run.one(drawn[0], None)
run.end = time.monotonic()
run.one(drawn[1], None)
holds("none is begun after the limit", list(run.results) == drawn[:1])
holds("what was judged is kept", list(json.loads(run.path.read_text())["results"]) == drawn[:1])
END
echo "ok: fresh samples are drawn, scored and used once"
