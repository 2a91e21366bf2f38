# subject: runs a program of the mutated build with one change on, and tells what it said.

import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from place import BUILD, ROOT, WORK, Failed  # noqa: F401 (whoever runs a subject tells failures)

sys.path.insert(0, str(ROOT / "ci" / "faults"))
import detect  # noqa: E402 (found there)

ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=1:symbolize=0:hard_rss_limit_mb=2000",
                   UBSAN_OPTIONS="print_stacktrace=0", COUNTERCHECK_SOURCE=str(ROOT))
WAITS = 20
BOUNDED = re.compile(r"countercheck: (.*): stopped at operation \d+: more work than one program is allowed")


def kept_files(*targets):
    return [path for target in targets for path in detect.kept_files(target)]


class Answer:
    """How a run ended: status (None: not in time), what it wrote, seconds of the processor."""

    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds


def run(words, switches="", seconds=60.0, reached=None, keep=None):
    """Runs a program of the build in a folder of its own that is gone afterwards; an .ops file that it leaves is kept.

    `seconds` are of the processor: on a busy machine they last longer, so that a program which waits gets WAITS times
    as much.
    """
    environment = dict(ENVIRONMENT, COUNTERCHECK_MUTANTS=switches, COUNTERCHECK_CPU_SECONDS=str(math.ceil(seconds)))
    if reached:
        environment["COUNTERCHECK_REACHED"] = str(reached)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        with open(f"{folder}/out", "w+b") as out, open(f"{folder}/err", "w+b") as err:
            process = subprocess.Popen([str(BUILD / words[0]), *words[1:]], env=environment, cwd=folder, stdout=out,
                                       stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)
            status, spent = wait(process, WAITS * seconds)
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read(1 << 20).decode(errors="replace"))
        for left in pathlib.Path(folder).glob("*.ops") if keep else ():
            shutil.copy(left, keep)
    return Answer(None if status == -signal.SIGKILL else status, *texts, spent)


def wait(process, seconds):
    """(status, seconds of the processor that it took); killed when it does not end."""
    timer = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))  # of its own session
    timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def verdict_of(answer):
    """{"by", "what", "file"} of a run that was not clean; None: clean."""
    for line in answer.out.splitlines():
        if line.startswith('{"file"'):
            said = json.loads(line)
            if said["rule"] in ("crash", "hang"):
                found = detect.finding_of_text(said["message"])
                by = "work bound" if said["rule"] == "hang" else found["by"]
                what = " ".join(filter(None, (found.get("rule", ""), found.get("field", "")))) or found["message"]
                return {"by": by, "what": what[:200], "file": said["file"]}
            return {"by": "rule", "what": " ".join(filter(None, (said["rule"], said["field"]))), "file": said["file"]}
    bounded = BOUNDED.search(answer.err)
    if answer.status is None:
        return {"by": "work bound", "what": "no end in time", "file": ""}
    if bounded:
        return {"by": "work bound", "what": "more work than one program is allowed", "file": bounded.group(1)}
    if answer.status == 0:
        return None
    finding = detect.finding_of_text(answer.err)
    by = {"timeout": "work bound"}.get(finding["by"], finding["by"])
    died = re.search(r"countercheck: (\S*?): crashed", answer.err)
    what = " ".join(filter(None, (finding["rule"], finding.get("field", "")))) if by == "rule" else finding["message"]
    return {"by": by, "what": what[:200], "file": died.group(1) if died else ""}


def verdict_of_soak(answer):
    """As verdict_of. Soaking prints its finding for people, and a program at the work bound is no news to it."""
    said = re.search(r"^soak-\S+: rule (\S+) failed(?:: (\w[\w.]*(?:\[\d+\])?(?:\.\w+)?))?", answer.out, re.M)
    if said:
        return {"by": "rule", "what": " ".join(filter(None, said.groups())), "file": ""}
    return verdict_of(answer)
