# score: what the results come to, for people (text, SCORE.md) and for the next run (score.json).

import collections
import datetime
import hashlib
import json
import pathlib
import re
import subprocess

import place

HERE = pathlib.Path(__file__).resolve().parent
GOALS = {"product": 92.0, "judges": 95.0}  # per cent of those that are not equivalent
UNNOTICED = ("nobody", "unreached")
GROUPS = (("scan", r"oracle/go/(verify/scan|view/view)"), ("verifier", r"oracle/go/verify/(verifier|metadata|pages|places)"),
          ("model", r"oracle/go/(model/|program/|verify/poison|view/(raw|record))"),
          ("comparison", r"oracle/(go/(roundtrip/|verify/(identities|delta|kernel)|oracle|rules)|core/rule)"),
          ("decoder", r"dump/"))


class Part:
    """The figures of one file or group."""

    def __init__(self, rows, results, known):
        self.count = len(rows)
        self.equivalent = sum(1 for row in rows if row["key"] in known)
        judged = [results.get(row["key"], {"by": "nobody"}) for row in rows if row["key"] not in known]
        self.noticed = sum(1 for result in judged if result["by"] not in UNNOTICED)
        self.reached = sum(1 for result in judged if result["by"] != "unreached")
        self.by = collections.Counter(result["by"] for result in judged)

    @property
    def real(self):
        return self.count - self.equivalent

    @property
    def score(self):
        return 100.0 * self.noticed / self.real if self.real else 100.0

    @property
    def reach(self):
        return 100.0 * self.reached / self.real if self.real else 100.0

    @property
    def gap(self):
        return self.reach - self.score


def split(rows):
    """(product's, judges')"""
    return ([row for row in rows if not place.JUDGES.match(row["file"])],
            [row for row in rows if place.JUDGES.match(row["file"])])


def table(rows, results, known, names):
    """Lines: a row for each name -> pattern."""
    lines = [("part", "mutants", "equivalent", "noticed", "score %", "reached %", "gap")]
    for name, pattern in names:
        mine = [row for row in rows if re.match(pattern, row["file"])]
        if mine:
            part = Part(mine, results, known)
            lines.append((name, str(part.count), str(part.equivalent), str(part.noticed), f"{part.score:.1f}",
                          f"{part.reach:.1f}", f"{part.gap:.1f}"))
    return lines


def by_file(rows):
    return [(name, re.escape(name) + "$") for name in sorted({row["file"] for row in rows})]


def aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def marked_down(lines):
    return "\n".join(["| " + " | ".join(lines[0]) + " |", "|" + " --- |" * len(lines[0])] +
                     ["| " + " | ".join(line) + " |" for line in lines[1:]])


def silent_rules(rows, results):
    """Rules of the oracle that no mutant of the product made speak."""
    text = "".join(path.read_text() for path in sorted((place.ROOT / "oracle").glob("*/rules*.def")))
    names = re.findall(r'^RULE\(\w+, "([^"]+)"', text, re.M)
    spoke = {results[row["key"]]["what"].split()[0] for row in rows if results.get(row["key"], {}).get("by") == "rule"}
    return [name for name in names if name not in spoke]


def survivors(rows, results, known):
    return [row for row in rows if row["key"] not in known and
            results.get(row["key"], {"by": "nobody"})["by"] in UNNOTICED]


def place_of(row, results):
    reach = " (out of reach)" if results.get(row["key"], {}).get("by") == "unreached" else ""
    return f"{row['file']}:{row['line']}: {row['operator']}: {row['before']} -> {row['after'] or 'nothing'}{reach}"


def counts(part):
    return ", ".join(f"{name} {count}" for name, count in part.by.most_common())


def half_summary(name, rows, results, known):
    part = Part(rows, results, known)
    lines = [f"{name}: {part.noticed} of {part.real} noticed, {part.score:.1f} % (goal {GOALS[name]:.0f} %); "
             f"{part.count} mutants, {part.equivalent} equivalent; {counts(part)}"]
    own = part.noticed - part.by["unit test"]
    lines.append(f"{name} without the unit tests: {own} of {part.real} noticed, {100.0 * own / part.real:.1f} %")
    if name == "product":
        silent = silent_rules(rows, results)
        lines.append(f"rules that no mutant of the product made speak: {len(silent)}: {' '.join(silent)}")
    return lines


def summary(rows, results, known):
    return [line for name, mine in zip(GOALS, split(rows)) if mine for line in half_summary(name, mine, results, known)]


def text(rows, results, known):
    product, judges = split(rows)
    parts = [aligned(table(product, results, known, by_file(product) + [("product", "")])) if product else "",
             aligned(table(judges, results, known, [*GROUPS, ("judges", "")])) if judges else "",
             "survivors:\n" + "\n".join("  " + place_of(row, results) for row in survivors(rows, results, known)),
             "\n".join(summary(rows, results, known))]
    return "\n\n".join(part for part in parts if part)


def is_met(rows, results, known, names):
    return all(Part(mine, results, known).score >= GOALS[name] for name, mine in zip(GOALS, split(rows)) if name in names)


def commit():
    done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=place.ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def kept_keys(*phases):
    """Of the mutants that the kept score says were noticed in one of these phases."""
    path = HERE / "score.json"
    kept = json.loads(path.read_text())["noticed"] if path.is_file() else {}
    return {key for phase in phases for key in kept.get(phase, [])}


def draw(key):
    """A number that has nothing to do with what the key says: sorts a sample."""
    return hashlib.sha256(b"quick " + key.encode()).hexdigest()


def half_page(name, rows, results, known):
    """The half of SCORE.md that is about the product, or the judges."""
    lines = [f"## The {name}", "", f"Measured on the tree at {commit()}, {datetime.date.today()}.", ""]
    lines += ["- " + line for line in half_summary(name, rows, results, known)]
    if name == "judges":
        lines += ["", marked_down(table(rows, results, known, GROUPS))]
    lines += ["", marked_down(table(rows, results, known, by_file(rows))), "", "Unnoticed:", ""]
    return lines + [f"- `{place_of(row, results)}`" for row in survivors(rows, results, known)]


def kept_halves():
    """name -> lines, of the page as it is kept"""
    path, halves, name = HERE / "SCORE.md", {}, None
    for line in path.read_text().splitlines() if path.is_file() else ():
        name = line.removeprefix("## The ") if line.startswith("## ") else name
        halves.setdefault(name, []).append(line)
    return halves


def save(rows, results, known, names):
    """Writes the halves that are named; the other one stays as it is kept, with the tree it was measured on."""
    path = HERE / "score.json"
    kept = json.loads(path.read_text())["noticed"] if path.is_file() else {}
    page = ["# Mutation score", "",
            "Written by `ci/mutants/run --save`, a half at a time. How it is measured: [README.md](README.md).", ""]
    noticed = {}
    for name, mine in zip(GOALS, split(rows)):
        if name in names:
            page += [*half_page(name, mine, results, known), ""]
            pairs = [(results.get(row["key"], {"by": "nobody"}), row["key"]) for row in mine]
            pairs = [(result["phase"], key) for result, key in pairs if result["by"] not in UNNOTICED]
        else:
            page += kept_halves().get(name, [])
            is_mine = name == "judges"
            pairs = [(phase, key) for phase, keys in kept.items() for key in keys
                     if bool(place.JUDGES.match(key)) == is_mine]
        for phase, key in pairs:
            noticed.setdefault(phase, []).append(key)
    (HERE / "SCORE.md").write_text("\n".join(page).rstrip("\n") + "\n")
    path.write_text(json.dumps({"noticed": noticed}, indent=0, sort_keys=True) + "\n")
