# tree: a copy of the project's files, in which a fault is put, built and taken out again.
#
# Files are rewritten only where they differ, so that a build knows what it has to do again.

import fcntl
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile

from fault import BadPatch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build" / "faults"


def only_one():
    """A lock: two runs would build in the same folders."""
    WORK.mkdir(parents=True, exist_ok=True)
    lock = open(WORK / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("faults: another run is under way in build/faults", file=sys.stderr)
        sys.exit(3)
    return lock


class BuildFailed(Exception):
    """A build that failed: its last lines."""


def revision(of="HEAD"):
    """A revision's short name."""
    done = subprocess.run(["git", "rev-parse", "--short", of], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def tracked(revision):
    """path -> bytes of the files that a build needs: of a revision, or of the working tree."""
    if revision:
        archive = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {m.name: tar.extractfile(m).read() for m in tar if m.isfile() and needed(m.name)}
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    paths = [name for name in names.split("\0") if needed(name) and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_bytes() for name in paths}


OF_THE_BUILD = ("ci/liars",)  # of ci/, what cmake/tests.cmake starts


def needed(name):
    return name in OF_THE_BUILD or name != "" and not name.startswith(("corpus/", "ci/", "."))


class Tree:
    def __init__(self, name, jobs, verbose=False):
        self.path = WORK / name
        self.jobs = jobs
        self.verbose = verbose
        self.kept = {}  # what stood in the files that a fault changes

    def sync(self, files):
        for name, content in files.items():
            path = self.path / name
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        for path in self.path.rglob("*"):
            name = str(path.relative_to(self.path))
            if path.is_file() and not name.startswith("build/") and name not in files:
                path.unlink()

    def git_apply(self, fault, *options):
        # outside of any repository, as the tree is to git; one line of context is enough beside the changed ones
        environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(self.path.parent))
        return subprocess.run(["git", "apply", "-C1", *options, "-"], cwd=self.path, env=environment, text=True,
                              input=fault.diff, capture_output=True)

    def check(self, fault):
        done = self.git_apply(fault, "--check")
        if done.returncode != 0:
            why = "; ".join(line for line in done.stderr.splitlines() if line.startswith("error:"))
            raise BadPatch(f"{fault.name}.patch no longer applies: {why or done.stderr.strip()}")

    def apply(self, fault):
        self.check(fault)
        self.kept = {name: (self.path / name).read_bytes() for name in fault.files}
        self.git_apply(fault)

    def reverse(self):
        for name, content in self.kept.items():
            (self.path / name).write_bytes(content)
        self.kept = {}

    def build(self, preset, *targets):
        """The folder of the build."""
        folder = self.path / "build" / preset
        log = []
        if not (folder / "build.ninja").is_file():
            self.run(["cmake", "--preset", preset], log)
        self.run(["cmake", "--build", str(folder), "-j", str(self.jobs), "--target", *targets], log)
        return folder

    def run(self, command, log):
        environment = dict(os.environ, COUNTERCHECK_WERROR="")  # a fault may leave a warning
        done = subprocess.run(command, cwd=self.path, env=environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        log.append(done.stdout)
        if done.returncode != 0:
            lines = [line for line in done.stdout.splitlines() if re.search(r"error|FAILED", line)]
            raise BuildFailed("\n".join(lines[:5] or done.stdout.splitlines()[-5:]))
