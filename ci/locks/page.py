# page: what came of each thing that was taken away, as lines and as LOCKS.md.

import datetime
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Row:
    """One that was taken away."""

    def __init__(self, mutant, result, reason):
        self.mutant, self.reason = mutant, reason
        self.seconds, self.what, self.is_asked = result["seconds"], result["what"], result["asked"]
        self.is_noticed = result["status"] == 1

    def fate(self):
        if self.is_noticed:
            return "noticed"
        return "listed" if self.reason else "missed" if self.is_asked else "never asked"

    def by(self):
        if self.what.startswith("race"):
            return "race"
        return "deadlock" if self.what.startswith("deadlock") else re.sub(r"^countercheck: (\.\./)*", "", self.what)[:60]

    def line(self):
        told = f"{self.seconds:5.1f} s  {self.by()}" if self.is_noticed else self.reason or f"{self.seconds:5.1f} s"
        return f"{self.fate():11}  {self.mutant.key()}  {told}"


def summary(rows):
    counts = {fate: sum(row.fate() == fate for row in rows) for fate in ("noticed", "listed", "missed", "never asked")}
    return f"{len(rows)} taken away: " + ", ".join(f"{count} {fate}" for fate, count in counts.items())


def of(rows, call):
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                              check=True).stdout.strip()
    times = sorted(row.seconds for row in rows if row.is_noticed)
    out = [
        "# Locks, fences and atomics, each taken away", "",
        f"`ci/locks/run --save`, {datetime.date.today()}, commit {revision}, {platform.machine()}, seed {call.seed}. Seconds are "
        "the processor's; beside a missed one, for how long all runs have looked.", "",
        summary(rows) + ".", "",
    ]
    if times:
        out += [f"Noticed within {times[len(times) // 2]:.1f} s (median), {times[len(times) * 95 // 100]:.1f} s (95 %), "
                f"{times[-1]:.1f} s (all).", ""]
    folders = sorted({row.mutant.file.split("/")[0] for row in rows})
    kinds = ("lock", "fence", "atomic", "order")
    out += ["| folder | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
    for folder in folders:
        cells = []
        for kind in kinds:
            here = [row for row in rows if row.mutant.kind == kind and row.mutant.file.startswith(folder + "/")]
            cells.append(f"{sum(row.is_noticed for row in here)} of {len(here)}" if here else "")
        out.append(f"| {folder}/ | " + " | ".join(cells) + " |")
    for fate, head in (("listed", "No run can tell"), ("missed", "Asked, and missed"), ("never asked", "Never asked")):
        here = [row for row in rows if row.fate() == fate]
        if here:
            out += ["", f"## {head}", ""]
            out += [f"- `{row.mutant.key()}`: {row.reason or f'{row.seconds:.0f} s'}" for row in here]
    out += ["", "## Noticed", "", "| what is taken away | s | by |", "|---|---|---|"]
    out += [f"| `{row.mutant.key().replace('|', chr(92) + '|')}` | {row.seconds:.1f} | {row.by()} |"
            for row in rows if row.is_noticed]
    return "\n".join(out) + "\n"
