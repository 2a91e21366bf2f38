#!/bin/bash
# test_detect: what a run of the seeded faults makes of an engine that does not seek a fault: soak draws programs, so that
# what only a target of bytes shows is not sought, and is not told as not found.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
python3 - "$source/ci/faults" <<'END'
import importlib.machinery
import importlib.util
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
loader = importlib.machinery.SourceFileLoader("run", sys.argv[1] + "/run")
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
loader.exec_module(run)


class Place:
    def build(self, preset, *targets):
        return "nowhere"


def result_of(engine, release, *targets):
    """Of a fault of these targets that the kept corpus shows, and that an engine which seeks it finds."""
    one = types.SimpleNamespace(name="fault", targets=list(targets), names=lambda finding: True)
    options = types.SimpleNamespace(replay_only=False, truths=False, release=release, engine=engine, commit=None, check=False)
    shown = run.Run(options, [])
    run.detect.kept = lambda *rest: {sys.argv[1] + "/run": {"by": "rule", "rule": "decode"}}
    shown.fuzz = lambda one, place, build, result: result.update(found={"by": "rule", "rule": "decode"}, seconds=1.0)
    result = {"name": "fault", "by": "fuzz"}
    shown.find(one, Place(), result)
    assert result["caught"], result
    return result


run.tree.tracked = lambda revision: {}
for engine, release, targets, is_sought in (("soak", False, ["decode"], False), ("libfuzzer", True, ["ops"], False),
                                            ("soak", False, ["relations"], False), ("soak", False, ["decode", "dump"], True),
                                            ("libfuzzer", True, ["heap"], True), ("libfuzzer", False, ["decode"], True),
                                            ("afl", False, ["ops"], True)):
    result = result_of(engine, release, *targets)
    told = "\n".join(run.table.summary([result]))
    assert result.get("fuzzed", False) == is_sought, (engine, release, targets, result)
    assert ("from an empty corpus: 1 of 1" in told) == is_sought, told
    assert is_sought or "from an empty corpus" not in told, told
print("ok: what an engine does not seek is not told as not found")
END
