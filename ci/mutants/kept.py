# kept: the sample that stays: a list of changes, each without the file that it is in, so that sources may move, and what an
# edit takes away drops out and nothing unseen comes in.
#
# A line of the list: FUNCTION: OPERATOR: BEFORE -> AFTER, as a mutant's key has it behind its file.

import collections
import pathlib
import re

LIST = pathlib.Path(__file__).resolve().parent / "kept"
HEAD = "# The kept sample: changes that were judged, one a line. Written by `ci/mutants/run --save` and `ci/mutants/stale --drop`.\n"
NESTED = r"\((?:[^;{}()]|\([^;{}()]*\))*\)"
DEFINED = re.compile(rf"^[A-Za-z_](?:[^;{{}}()]|{NESTED})*?\b(\w+){NESTED}\s*\{{", re.M)


def change_of(key):
    """A key without its file."""
    return key.split(" ", 1)[1]


def changes():
    return {line for line in LIST.read_text().splitlines() if line and not line.startswith("#")}


def write(kept):
    LIST.write_text(HEAD + "".join(f"{change}\n" for change in sorted(kept)))


def judged(keys):
    """What the list is to hold after these were judged: a change that two files have would stand for both."""
    count = collections.Counter(map(change_of, keys))
    return {change for change in count if count[change] == 1}


# ---- by their text alone: quick, where the generator needs a minute

def bodies(text):
    """(function, its text in one line) of each that a source defines."""
    for match in DEFINED.finditer(text):
        first = text[match.start():].split("\n", 1)[0]
        end = match.start() + len(first) if first.endswith("}") else text.find("\n}", match.end())
        yield match.group(1), re.sub(r"\s+", " ", text[match.end():end])


def places(files):
    """function -> {file: its text}"""
    found = collections.defaultdict(dict)
    for name, content in files.items():
        for function, body in bodies(content):
            found[function][name] = found[function].get(name, "") + " " + body
    return found


def is_there(change, file, found):
    """Whether a function of this name still has what the change is made of; file: it has to be that one, "": any."""
    function, _, rest = change.partition(": ")
    before = rest.partition(": ")[2].partition(" -> ")[0]
    before = before[:-3] if before.endswith("...") else before
    return any(before in body for name, body in found.get(function, {}).items() if file in ("", name))
