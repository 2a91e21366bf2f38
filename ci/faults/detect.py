# detect: whether a build shows a fault: by the kept corpus, by fuzzing from nothing, by threads, by a
# test; and how small a program shows it.

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from tree import ROOT, BuildFailed

SANITIZERS = {
    "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=1",
    "UBSAN_OPTIONS": "print_stacktrace=0",
    "TSAN_OPTIONS": "halt_on_error=1",
    "COUNTERCHECK_SOURCE": str(ROOT),
}
ENVIRONMENT = dict(os.environ, **SANITIZERS)


def kept_files(target):
    """The kept inputs of a target: those that fuzzing found, too."""
    return sorted(str(path) for kind in ("seed", "found", "regression", "slow") for path in (ROOT / "corpus" / target / kind).glob("*")
                  if path.is_file() and path.suffix != ".md")


# ---- what a run said

RULE = r"rule (\S+) failed(?:: (\w[\w.]*(?:\[\d+\])?(?:\.\w+)?))?"


def finding_of_text(text):
    """What a run that died said of it."""
    rule = re.search(r"countercheck: .*?" + RULE, text) or re.search("^" + RULE, text, re.M)
    if rule:
        return {"by": "rule", "rule": rule.group(1), "field": rule.group(2) or "", "message": rule.group(0)}
    law = re.search(r"^(decode|ops): \S*?fuzz/\S+: (.*)$", text, re.M)
    if law:
        return {"by": "rule", "rule": law.group(1), "field": law.group(2), "message": law.group(0)}
    for pattern, by in ((r"countercheck: (misuse: .*)", "assertion"),
                        (r"countercheck: \S*?((?:allocator|runtime|dump|oracle|fuzz)/\S+\.[ch]:\d+: .*)", "assertion"),
                        (r"\S*?(\w+/\w+\.[ch]:\d+):\d+: runtime error: (.*)", "sanitizer"),
                        (r"SUMMARY: (ThreadSanitizer: [a-z -]+) \S*?(\w+/\w+\.[ch]:\d+)", "sanitizer"),
                        (r"SUMMARY: (\w+Sanitizer: [a-z -]*[a-z])", "sanitizer"),
                        (r"^(threads make no step any more)", "deadlock"),
                        (r"(ALARM: working on the last Unit.*)", "timeout"),
                        (r"(libFuzzer: \S+)", "crash"),
                        (r"(countercheck: .*crashed.*)", "crash")):
        match = re.search(pattern, text, re.M)
        if match:
            return {"by": by, "message": ": ".join(match.groups())}
    return {"by": "crash", "message": text.strip().splitlines()[-1] if text.strip() else "died in silence"}


def finding_of_json(line):
    said = json.loads(line)
    if said["rule"] in ("crash", "hang"):
        return dict(finding_of_text(said["message"]), file=said["file"])
    return {"by": "rule", "rule": said["rule"], "truth": said["truth"], "field": said["field"], "file": said["file"],
            "operation": said["operation"], "message": line}


def replay_one(command, path, timeout=60):
    """The finding of one program; None: clean."""
    try:
        done = subprocess.run([command, "replay", "--json", "--raw", path], env=ENVIRONMENT, capture_output=True,
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"by": "timeout", "message": f"longer than {timeout} s", "file": path}
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith('{"file"'):
            return finding_of_json(line)
    if done.returncode in (0, 2):
        return None
    return dict(finding_of_text(done.stderr.decode(errors="replace")), file=path)


def replay_many(command, paths, *options):
    """file -> finding. One that dies alone is begun again behind the file that it died of."""
    found = {}
    while paths:
        try:
            done = subprocess.run([command, "replay", "--json", *options, *paths], env=ENVIRONMENT, capture_output=True,
                                  timeout=600)
        except subprocess.TimeoutExpired:
            return found
        for line in done.stdout.decode(errors="replace").splitlines():
            if line.startswith('{"file"'):
                found.setdefault(json.loads(line)["file"], finding_of_json(line))
        errors = done.stderr.decode(errors="replace")
        died = re.search(r"countercheck: (.*?): crashed ", errors)
        if not died or died.group(1) not in paths:
            return found
        found[died.group(1)] = dict(finding_of_text(errors), file=died.group(1))
        paths = paths[paths.index(died.group(1)) + 1:]
    return found


def target_one(program, path, timeout=60):
    """The finding of one input in a fuzz target; None: clean."""
    try:
        done = subprocess.run([program, path], env=ENVIRONMENT, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"by": "timeout", "message": f"longer than {timeout} s"}
    return None if done.returncode == 0 else finding_of_text(done.stderr.decode(errors="replace"))


def kept(build, targets, excluded, all_of_them=False):
    """file -> finding, over the kept corpus of the targets; the first only, unless all are wanted."""
    found = {}
    for target in targets:
        paths = [path for path in kept_files(target) if path not in excluded]
        if target in ("decode", "ops"):
            for path in paths:
                finding = target_one(str(build / f"fuzz_{target}"), path)
                if finding:
                    found[path] = finding
                    if not all_of_them:
                        return found
        elif paths:
            found.update(replay_many(str(build / "countercheck"), paths))
    return found


# ---- truths

def truths():
    """Every truth that has a rule, in the order of the rules."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "oracle").glob("*/rules*.def")))
    return list(dict.fromkeys(re.findall(r'^RULE\(\w+, "[^"]*", "(\w+)"', rules, re.M)))


def seen_by(command, paths):
    """truth -> what it says of these programs when all others are set aside; only of those that say something."""
    said = {}
    for truth in truths():
        others = ",".join(other for other in truths() if other != truth)
        for finding in replay_many(command, paths, "--without", others).values():
            if finding.get("truth") == truth:
                said.setdefault(truth, finding)
    return said


# ---- fuzzing

def sought_by(engine, targets):
    """The targets of a fault by which the engine seeks it: soak draws programs, which one of theirs runs as well; what
    only a target of bytes shows it leaves to the kept corpus."""
    return targets if engine != "soak" else [one for one in ("heap", "dump") if one in targets][:1]


class Fuzzing:
    """The targets of a fault's build, each in a process of its own, until one finds something."""

    def __init__(self, build, folder, targets, engine, mutator=None, kind="fuzz"):
        self.build, self.folder, self.engine, self.mutator = build, folder, engine, mutator
        self.targets = sought_by(engine, targets)
        self.kind = kind  # "fuzz"; "bytes": the same targets without the mutator

    def command(self, target, seconds, seed):
        program = self.build / ("countercheck" if self.engine == "soak" else f"{self.kind}_{target}")
        words = [str(ROOT / "ci" / "engine"), self.engine, str(program), str(seconds)]
        if self.engine == "soak":
            return [*words, "--seed", str(seed)]
        live = self.folder / f"live-{target}"
        shutil.rmtree(live, ignore_errors=True)
        live.mkdir(parents=True)
        if self.engine == "afl":
            (live / "in").mkdir()
            (live / "in" / "empty").write_bytes(b"\0")
            return [*words, "-i", str(live / "in"), "-o", str(live / "out"), "-s", str(seed)]
        return [*words, f"-seed={seed}", f"-artifact_prefix={self.folder}/{target}-", str(live)]

    def start(self, target, seconds, seed):
        environment = dict(ENVIRONMENT)
        if self.engine == "afl":
            environment["ASAN_OPTIONS"] = "abort_on_error=1:symbolize=0:detect_leaks=0:allocator_may_return_null=1"
            environment["MUTATOR"] = str(self.mutator or "")
        with open(self.folder / f"{target}.log", "wb") as log:
            return subprocess.Popen(self.command(target, seconds, seed), stdout=log, stderr=log, env=environment,
                                    cwd=self.folder, start_new_session=True)

    def artifact(self, target, begin):
        if self.engine == "afl":
            live = self.folder / f"live-{target}"
            places = list(live.glob("out/default/crashes/id:*"))
            if not places and b"seed that does not crash" in (self.folder / f"{target}.log").read_bytes():
                places = [live / "in" / "empty"]  # run again and again, it crashed before the first mutation
        else:
            places = self.folder.glob("soak-*.ops" if self.engine == "soak" else f"{target}-*")
        fresh = [path for path in places if path.is_file() and path.stat().st_mtime >= begin - 1 and
                 "slow-unit" not in path.name]  # on a busy machine: no finding
        return max(fresh, key=lambda path: path.stat().st_mtime, default=None)

    def run(self, seconds, seed):
        """(target, artifact, seconds that it took), or None."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        begin, begin_clock = time.time(), time.monotonic()
        running = {target: self.start(target, seconds, seed) for target in self.targets}
        found = None
        try:
            while running and not found and time.monotonic() - begin_clock < seconds + 30:
                time.sleep(0.02)
                for target, process in list(running.items()):
                    if process.poll() is None:
                        continue
                    del running[target]
                    artifact = self.artifact(target, begin)
                    if artifact:
                        found = target, artifact, time.monotonic() - begin_clock
                        break
                    if process.returncode != 0:  # what did not run has missed nothing
                        tail = (self.folder / f"{target}.log").read_text(errors="replace")[-500:]
                        raise BuildFailed(f"{target} ended with {process.returncode}: {tail}")
        finally:
            for process in running.values():
                stop(process)
        return found

    def first(self, clean, seconds, seed):
        """The same, of what the clean build does not find as well."""
        spent = 0.0
        while seconds - spent >= 1:
            found = self.run(int(seconds - spent), seed)
            if not found:
                return None
            target, artifact, took = found
            spent += took
            if not target_one(str(clean / f"fuzz_{target}"), str(artifact)):
                return target, artifact, spent
            print(f"faults: {artifact}: a finding that is not the fault's; once more", file=sys.stderr)
            seed += 1000
        return None


def threads(build, seconds, seed, switches={}):
    """(finding, seconds that it took), or None: real threads on one heap, under their barriers' checks."""
    command = [str(build / "countercheck"), "soak", "--threads", "4", "--seconds", str(seconds), "--seed", str(seed)]
    begin = time.monotonic()
    try:
        done = subprocess.run(command, env=dict(ENVIRONMENT, **switches), capture_output=True, timeout=seconds + 120)
    except subprocess.TimeoutExpired:
        return {"by": "deadlock", "message": f"no end {seconds + 120} s after the start"}, seconds + 120
    if done.returncode == 0:
        return None
    return finding_of_text((done.stdout + done.stderr).decode(errors="replace")), time.monotonic() - begin


def stop(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)  # of its own session: it and what it started
    except ProcessLookupError:
        pass
    process.wait()


# ---- minimising

def operation_count(command, path):
    done = subprocess.run([command, "ops", path], env=ENVIRONMENT, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")]
    return sum(1 for line in lines if not line.startswith("program"))


def minimize(command, artifact, out):
    """Whether `out` is the smallest program with the artifact's finding."""
    try:
        done = subprocess.run([command, "minimize", "--raw", "--loose", str(artifact), "-o", str(out)], env=ENVIRONMENT,
                              capture_output=True, timeout=300)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and out.is_file()


# ---- tests

def test(build, name):
    """The finding of one test program; None: it passes."""
    program = build / "tests" / name
    if not program.is_file():
        program = build / name
    try:
        done = subprocess.run([str(program)], env=ENVIRONMENT, cwd=ROOT, capture_output=True, timeout=300)
    except subprocess.TimeoutExpired:
        return {"by": "timeout", "rule": name, "message": "longer than 300 s"}
    if done.returncode == 0:
        return None
    text = (done.stdout + done.stderr).decode(errors="replace")
    failed = re.findall(r"^\[  FAILED  \] (?!\d)(.*)$", text, re.M)
    begun = re.findall(r"^\[ RUN      \] (.*)$", text, re.M)
    if failed or (done.returncode < 0 and begun):
        return {"by": "test", "rule": name, "field": (failed or begun)[0 if failed else -1], "message": name}
    return dict(finding_of_text(text), rule=name)
