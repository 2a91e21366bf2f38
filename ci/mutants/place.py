# place: the copy of the tree that holds every mutant, its build, and the list of what is in it.

import json
import os
import pathlib
import re
import subprocess

import generate
import kept

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build" / "mutants"
TREE = WORK / "tree"
BUILD = WORK / "out"

LAYERS = ("allocator", "runtime", "dump", "oracle")
LEFT_OUT = ("allocator/check.h", "allocator/check.c",  # the abort itself
            "oracle/core/finding.c")  # prints what was found; nothing is found by it
JUDGES = re.compile(r"oracle/|dump/(read/|reader|recode)")  # what judges, as against what is judged

NUMBERS = 64  # a file's mutants begin at a multiple of it
OF_THE_BUILD = ("ci/liars",)  # of ci/, what cmake/tests.cmake starts
FLAGS = ["-std=c11", "-I.", "-DCHECK_LEVEL=2", "-fsanitize=address,undefined"]


def tests_of(*layers):
    """layer.stem of each test program, but of those that take minutes"""
    return tuple(f"{layer}.{path.stem}" for layer in layers for path in sorted((ROOT / "tests" / layer).glob("*.c"))
                 if not path.stem.startswith("support_") and path.stem != "test_huge_object")


CANARIES = tests_of("canary")
UNIT_TESTS = tests_of("oracle", "dump") + ("fuzz.test_refused",)  # what a judge does that gets no memory
PRODUCT_TESTS = tests_of("allocator", "runtime", "dump")
PROGRAMS = ["countercheck", "fuzz_decode", *sorted({f"tests/{name}" for name in CANARIES + UNIT_TESTS + PRODUCT_TESTS})]


class Failed(Exception):
    """Something of ours that did not work, and what it said."""


def tracked():
    """path -> bytes of what a build needs, as it stands in the working tree."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    names = [name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_bytes() for name in names
            if name in OF_THE_BUILD or not name.startswith(("corpus/", "ci/", "."))}


def is_mutated(name):
    return name.startswith(tuple(layer + "/" for layer in LAYERS)) and name.endswith((".c", ".h")) and \
        name not in LEFT_OUT


def permille_of(name, permilles):
    return permilles[1 if name.startswith("oracle/") else 0]


def sample(permilles):
    """Which mutants are in it: those of the list, or a share; of 1000 per mille all there are, of every kind."""
    if permilles is None:
        listed = kept.changes()
        return lambda mutant: kept.change_of(mutant.key) in listed

    def is_drawn(mutant):
        permille = permille_of(mutant.file, permilles)
        return permille == 1000 or generate.is_of_sample(mutant, permille)
    return is_drawn


def make(is_drawn, jobs, say):
    """Writes and builds the copy; the mutants that are drawn, as rows of the manifest."""
    files, mutants, first = tracked(), [], 1
    for name in sorted(filter(is_mutated, files)):
        text, more = generate.of_file(ROOT, name, FLAGS, first, is_drawn)
        files[name] = text.encode("latin-1")
        mutants += more
        # one more or less in this file is not to change, and build anew, all behind it
        first += (len(more) // NUMBERS + 1) * NUMBERS
    here = pathlib.Path(__file__).resolve().parent
    files["mutant.c"] = (here / "mutant.c").read_bytes()
    files["mutant.h"] = (here / "mutant.h").read_bytes()
    sync(files)
    rows = [mutant.as_row() for mutant in mutants]
    (WORK / "manifest.json").write_text(json.dumps(rows, indent=1))
    say(f"{len(rows)} mutants in {len({row['file'] for row in rows})} files; building them")
    build(first, jobs)
    return rows


def sync(files):
    """Files are rewritten only where they differ, so that a build knows what it has to do again."""
    for name, content in files.items():
        path = TREE / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in TREE.rglob("*"):
        if path.is_file() and str(path.relative_to(TREE)) not in files:
            path.unlink()


def build(count, jobs):
    flags = f"-O1 -g1 -w -include {TREE}/mutant.h"
    room = (count // 4096 + 1) * 4096
    switches = WORK / "mutant.o"  # of every program, whatever layers it has
    steps = [["clang", "-std=c11", "-O1", f"-DMUTANT_COUNT={room}", "-include", f"{TREE}/mutant.h", "-c", f"{TREE}/mutant.c",
              "-o", str(switches)],
             ["cmake", "-S", str(TREE), "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_C_COMPILER=clang",
              f"-DCMAKE_C_FLAGS={flags} -DMUTANT_COUNT={room}", "-DCMAKE_BUILD_TYPE=None",
              f"-DCMAKE_EXE_LINKER_FLAGS={switches}",
              "-DCOUNTERCHECK_SANITIZE=address,undefined", "-DCOUNTERCHECK_CHECK_LEVEL=2"],
             ["cmake", "--build", str(BUILD), "-j", str(jobs), "--target",
              *(name.split("/")[-1] for name in PROGRAMS)]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, env=dict(os.environ, COUNTERCHECK_WERROR=""))
        if done.returncode != 0:
            raise Failed("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
