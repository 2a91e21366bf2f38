# fault: one seeded fault: the head of its patch, and the patch.
#
# A patch begins with "# key: value" lines, which git does not read; a line "#   more" continues the value above it.

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent

REQUIRED = ("fault", "retells", "way", "layer", "field", "trigger")
OPTIONAL = ("group", "by", "targets", "alone")
WAYS = ("drop", "qty", "double", "stale", "sign", "order", "index", "unit", "no-undo", "width", "book", "asym",
        "scope", "death", "race", "record")
BY = ("fuzz", "test", "tsan", "threads")
LAYERS = ("allocator", "runtime", "dump", "oracle")


class BadPatch(Exception):
    """A patch file that cannot be used, and why."""


class Fault:
    def __init__(self, path):
        self.name = path.stem
        self.path = path
        self.head, self.diff = split(path.read_text())
        self.check()
        self.files = re.findall(r"^\+\+\+ b/(\S+)", self.diff, re.M)

    def check(self):
        for key in REQUIRED:
            if not self.head.get(key):
                raise BadPatch(f"{self.name}.patch: its head has no '{key}'")
        for key in self.head:
            if key not in REQUIRED + OPTIONAL:
                raise BadPatch(f"{self.name}.patch: its head has an unknown key '{key}'")
        if self.head["way"] not in WAYS:
            raise BadPatch(f"{self.name}.patch: '{self.head['way']}' is none of the ways: {' '.join(WAYS)}")
        if self.head["layer"] not in LAYERS:
            raise BadPatch(f"{self.name}.patch: '{self.head['layer']}' is none of the layers: {' '.join(LAYERS)}")
        if self.by[0] not in BY or (self.by[0] in ("test", "tsan")) != (len(self.by) > 1):
            raise BadPatch(f"{self.name}.patch: '{' '.join(self.by)}' says not by what it is caught")
        if "\n+++ b/" not in self.diff:
            raise BadPatch(f"{self.name}.patch: no unified diff follows the head")

    @property
    def fields(self):
        """What may be named as wrong: statistics, or rules."""
        return [field.strip() for field in self.head["field"].split(",")]

    @property
    def groups(self):
        return self.head.get("group", "").split()

    @property
    def targets(self):
        """The fuzz targets that are to find it."""
        return self.head.get("targets", "heap dump").split()

    @property
    def by(self):
        """What is to catch it: ("fuzz",), ("test", NAME...), ("tsan", NAME...) or ("threads",)."""
        return tuple(self.head.get("by", "fuzz").split())

    @property
    def preset(self):
        """Of the build in which its tests run."""
        return "tsan" if self.by[0] in ("tsan", "threads") else "asan"

    def names(self, finding):
        """Whether a finding points at what the fault makes wrong."""
        said = {finding.get("rule", ""), without_index(finding.get("field", ""))}
        if "data race" in finding.get("message", ""):
            said.add("data-race")
        if finding.get("by") == "assertion":
            said.add("assertion")
        return not said.isdisjoint(self.fields)


def without_index(field):
    return re.sub(r"\[[^]]*\]", "", field)


def split(text):
    head, key, at = {}, None, 0
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            break
        at += len(line)
        match = re.match(r"# ([a-z]+): (.*)", line)
        if match:
            key = match.group(1)
            head[key] = match.group(2).strip()
        elif key and line.startswith("#   "):
            head[key] += " " + line[1:].strip()
    return head, text[at:]


def load(patterns):
    """The faults whose name holds one of the patterns (all, when there are none), by name."""
    faults = [Fault(path) for path in sorted(HERE.glob("*.patch"))]
    return [fault for fault in faults if not patterns or any(re.search(p, fault.name) for p in patterns)]
