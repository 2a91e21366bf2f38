# score: what the results come to, as text and as SCORE.md, which also tells the next run what nobody notices.

import collections
import datetime
import hashlib
import pathlib
import re
import subprocess

import kept
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


def sample(rows, known, count):
    """So many of those that must be noticed: all but the equivalent ones and those that the kept score lists."""
    page = HERE / "SCORE.md"
    listed = {kept.change_of(key) for key in re.findall(r"^- `([^`]+)`", page.read_text(), re.M)} if page.is_file() else set()
    due = [row for row in rows if row["key"] not in known and kept.change_of(row["key"]) not in listed]
    return sorted(due, key=lambda row: hashlib.sha256(b"quick " + row["key"].encode()).digest())[:count]


def half_page(name, rows, results, known):
    """The half of SCORE.md that is about the product, or the judges."""
    lines = [f"## The {name}", "", f"Measured on the tree at {commit()}, {datetime.date.today()}.", ""]
    lines += ["- " + line for line in half_summary(name, rows, results, known)]
    if name == "judges":
        lines += ["", marked_down(table(rows, results, known, GROUPS))]
    lines += ["", marked_down(table(rows, results, known, by_file(rows))), "", "Unnoticed:", ""]
    return lines + [f"- `{row['key']}`" for row in survivors(rows, results, known)]


def kept_halves():
    """name -> lines, of the page as it is kept"""
    path, halves, name = HERE / "SCORE.md", {}, None
    for line in path.read_text().splitlines() if path.is_file() else ():
        name = line.removeprefix("## The ") if line.startswith("## ") else name
        halves.setdefault(name, []).append(line)
    return halves


def save(rows, results, known, names):
    """Writes the halves that are named; the other one stays as it is kept, with the tree it was measured on."""
    page = ["# Mutation score", "",
            "Written by `ci/mutants/run --save`, a half at a time. How it is measured: [README.md](README.md).", ""]
    kept = kept_halves()
    for name, mine in zip(GOALS, split(rows)):
        page += [*half_page(name, mine, results, known), ""] if name in names else kept.get(name, [])
    (HERE / "SCORE.md").write_text("\n".join(page).rstrip("\n") + "\n")
