# keep: what fuzzing alone found becomes a small program of the kept corpus, so that replay finds it from then on.

import re

import subject
from place import ROOT, WORK

SECONDS = 60.0  # of the processor, to minimise one


def name_of(row, taken):
    """A file's name that is free: what is changed, and where."""
    stem = re.sub(r"[^a-z0-9]+", "-", f"{row['file'].split('/')[-1].split('.')[0]}-{row['function']}".lower())
    number = 1
    while (name := f"changed-{stem}-{number}.ops") in taken:
        number += 1
    return name


def keep(row):
    """Minimises the program that fuzzing left for this mutant; the file that it became, or None."""
    found, small = WORK / "found" / f"{row['number']}.ops", WORK / "found" / f"{row['number']}.small"
    if not found.is_file():
        return None
    switches = str(row["number"])
    subject.run(["countercheck", "minimize", "--raw", "--loose", str(found), "-o", str(small)], switches, SECONDS)
    if not small.is_file() or not is_told_apart(small, switches):
        return None
    folder = ROOT / "corpus" / "heap" / "seed"
    path = folder / name_of(row, {one.name for one in folder.iterdir()})
    if any(one.read_text().split("\n", 1)[-1] == small.read_text() for one in folder.glob("changed-*")):
        return None  # another mutant was found by the same program
    change = f"{row['before']} -> {row['after'] or 'nothing'}"
    path.write_text(f"# notices in {row['file']}, {row['function']}: {row['operator']}: {change}\n{small.read_text()}")
    return path


def is_told_apart(path, switches):
    """With the change on there is a finding, without it there is none."""
    words = ["countercheck", "replay", "--json", str(path)]
    return subject.verdict_of(subject.run(words, switches)) is not None and \
        subject.verdict_of(subject.run(words)) is None
