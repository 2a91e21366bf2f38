# judge: whether a change is noticed, and by whom; what is judged, and what judges.

import re
import threading

import subject
from place import CANARIES, JUDGES, ROOT, WORK

SLACK_MIN = 1.0  # seconds of the processor that a run may take at least, and
SLACK = 3        # so many times what the clean ones took
OPERATIONS_PER_SECOND = 10000  # that fuzzing does at least
THREADS_SECONDS = 2
PANEL_EACH = 1  # faults of the panel for each rule and field


class Inputs:
    """The kept inputs, how long each takes, and which changes each reaches."""

    def __init__(self):
        self.files = subject.kept_files("heap", "dump")
        self.seconds, self.reached = {}, {}
        self.test_seconds, self.test_reached = {}, {}
        self.kills = {}  # (source file, function) -> input -> how many changes it caught
        self.lock = threading.Lock()

    def measure(self, pool):
        """Runs everything clean. What a clean run finds is a false alarm: nothing can be judged then."""
        list(pool.map(self.measure_input, self.files))
        self.measure_together()

    def measure_input(self, path):
        into = WORK / f"reached.{threading.get_ident()}"
        answer = subject.run(["countercheck", "replay", "--json", path], reached=into)
        verdict = subject.verdict_of(answer)
        if verdict:
            raise subject.Failed(f"{path}: {verdict['by']} {verdict['what']} without any change")
        self.seconds[path], self.reached[path] = answer.seconds, into.read_bytes()

    def measure_together(self):
        """What is reached where one program follows another: the reset of the heap."""
        into = WORK / "reached.together"
        answer = subject.run(["countercheck", "replay", "--json", *self.files], reached=into, seconds=600.0)
        if subject.verdict_of(answer):
            raise subject.Failed(f"the kept corpus is not clean without any change: {answer.out}{answer.err}"[:2000])
        self.reached_together = into.read_bytes()

    def measure_tests(self, pool, names):
        list(pool.map(self.measure_test, names))

    def measure_test(self, name):
        into = WORK / f"reached.{threading.get_ident()}"
        answer = subject.run([f"tests/{name}"], reached=into, seconds=600.0)
        if answer.status != 0:
            raise subject.Failed(f"{name} fails without any change:\n{answer.err[-2000:]}")
        self.test_seconds[name], self.test_reached[name] = answer.seconds, into.read_bytes()

    def for_change(self, row):
        """The inputs that reach it, those that caught its neighbours first, then the fast ones."""
        kills = self.kills.get((row["file"], row["function"]), {})
        files = [path for path in self.files if self.reached[path][row["number"]]]
        if not files and self.reached_together[row["number"]]:
            return self.files
        return sorted(files, key=lambda path: (-kills.get(path, 0), self.seconds[path]))

    def limit(self, files):
        return SLACK_MIN + SLACK * sum(self.seconds[path] for path in files)

    def caught(self, row, path):
        with self.lock:
            kills = self.kills.setdefault((row["file"], row["function"]), {})
            kills[path] = kills.get(path, 0) + 1


def short(path):
    return re.sub(r".*/corpus/", "corpus/", path)


# ---- what is judged

def replay(row, inputs):
    """By the kept corpus: {"by", "what", "file"}, {"by": "unreached"}, or None."""
    files = inputs.for_change(row)
    if not files:
        return {"by": "unreached"}
    # the likeliest alone: most changes end there
    for part in (files[:1], files) if len(files) > 1 else (files,):
        answer = subject.run(["countercheck", "replay", "--first", "--json", *part], str(row["number"]),
                             inputs.limit(part))
        verdict = subject.verdict_of(answer)
        if verdict:
            if verdict["file"]:
                inputs.caught(row, verdict["file"])
            return dict(verdict, file=short(verdict["file"]))
    return None


def fuzz(row, operations):
    """By the built-in engine, so many operations; its program stays in build/mutants/found."""
    folder = WORK / "found"
    folder.mkdir(exist_ok=True)
    found = folder / f"{row['number']}.ops"
    answer = subject.run(["countercheck", "soak", "--seconds", "100000", "--seed", "1", "--operations", str(operations)],
                         str(row["number"]), SLACK_MIN + operations / OPERATIONS_PER_SECOND, keep=found)
    verdict = subject.verdict_of_soak(answer)
    return dict(verdict, file=str(found.relative_to(WORK.parent.parent))) if verdict else None


def soak(row, seconds):
    """By the built-in engine, so long, on one core."""
    answer = subject.run(["countercheck", "soak", "--seconds", str(seconds), "--seed", "1"], str(row["number"]),
                         SLACK_MIN + SLACK * seconds)
    verdict = subject.verdict_of_soak(answer)
    return dict(verdict, file="soak") if verdict else None


THREADS = re.compile(r"lock|world|atomic|\bcas\b|fence|thread|cache")


def threads(row):
    """What only real threads can show."""
    answer = subject.run(["countercheck", "soak", "--threads", "4", "--seconds", str(THREADS_SECONDS)],
                         str(row["number"]), 30.0)
    verdict = subject.verdict_of_soak(answer)
    return dict(verdict, file="soak --threads") if verdict else None


# ---- what judges

def panel_of(rows, results):
    """Faults that the kept corpus catches by a rule: a few for each rule and field, each with its input."""
    panel = {}
    for row in rows:
        result = results.get(row["key"], {})
        if result.get("by") == "rule" and result.get("phase") == "replay" and result.get("file") and \
                not JUDGES.match(row["file"]):
            several = panel.setdefault(result["what"], [])
            if len(several) < PANEL_EACH:
                several.append((row["number"], result["what"], result["file"]))
    return [one for several in panel.values() for one in several]


def told_of(fault, inputs, judge_number=0):
    """What is said of a fault of the panel while a judge is changed (0: none is); None: nothing."""
    number, _, file = fault
    path = str(ROOT / file)
    answer = subject.run(["countercheck", "replay", "--first", "--json", path], f"{judge_number},{number}",
                         inputs.limit([path]))
    verdict = subject.verdict_of(answer)
    return verdict and verdict["what"]


def sound(panel, inputs, pool):
    """Those of the panel that are caught, and under their name, while no judge is changed."""
    said = pool.map(lambda fault: told_of(fault, inputs), panel)
    return [fault for fault, what in zip(panel, said) if what == fault[1]]


def false_alarm(row, inputs):
    verdict = replay(row, inputs)
    if verdict is None or verdict["by"] == "unreached":
        return None
    return {"by": "false alarm", "what": f"{verdict['by']}: {verdict['what']}", "file": verdict["file"]}


def fuzzed_alarm(row, operations):
    verdict = fuzz(row, operations)
    return dict(verdict, by="false alarm", what=f"{verdict['by']}: {verdict['what']}") if verdict else None


def failing_test(row, inputs, names):
    """(the program, the test in it) that fails with the change on; None: none does."""
    for name in sorted(names, key=lambda name: inputs.test_seconds[name]):
        if not inputs.test_reached[name][row["number"]]:
            continue
        answer = subject.run([f"tests/{name}"], str(row["number"]), SLACK_MIN + SLACK * inputs.test_seconds[name])
        if answer.status != 0:
            failed = re.search(r"\[  FAILED  \] (?!\d)(\S+)", answer.out + answer.err)
            return name, failed.group(1) if failed else name
    return None


def lost_canary(row, inputs):
    failing = failing_test(row, inputs, CANARIES)
    return failing and {"by": "lost canary", "what": failing[1], "file": failing[0]}


def unit_test(row, inputs, names):
    failing = failing_test(row, inputs, names)
    return failing and {"by": "unit test", "what": failing[1], "file": failing[0]}


def lost_fault(row, inputs, panel):
    """A fault of the panel that is no longer caught, or under another name."""
    for fault in panel:
        what = told_of(fault, inputs, row["number"])
        if what is None:
            return {"by": "lost fault", "what": fault[1], "file": fault[2]}
        if what != fault[1]:
            return {"by": "fault by another name", "what": f"{fault[1]}: {what}", "file": fault[2]}
    return None


def dumps(row, expected):
    """A kept dump, whole or broken, of which the decoder says something else than is kept."""
    for path, (status, said) in expected.items():
        answer = subject.run(["countercheck", "dump", "verify", path], str(row["number"]), 20.0)
        if (answer.status, answer.err or answer.out) != (status, said):
            return {"by": "lost dump", "what": (answer.err or answer.out or "no answer").splitlines()[0][:150],
                    "file": short(path)}
    answer = subject.run(["fuzz_decode", *expected], str(row["number"]), 30.0)
    verdict = subject.verdict_of(answer)
    return {"by": "false alarm", "what": verdict["what"], "file": "corpus/decode"} if verdict else None


def expected_of_dumps():
    answers = {path: subject.run(["countercheck", "dump", "verify", path]) for path in subject.kept_files("decode")}
    return {path: (answer.status, answer.err or answer.out) for path, answer in answers.items()}
