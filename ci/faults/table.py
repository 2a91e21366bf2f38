# table: the results, for people: one line for each fault, then what they come to.

import re
import statistics

from tree import ROOT


def truths():
    """rule -> truth, of the oracle's table."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "oracle").glob("*/rules*.def")))
    return dict(re.findall(r'^RULE\(\w+, "([^"]+)", "([^"]+)"', rules, re.M))


TRUTHS = truths()


def revisions(results):
    """The trees that the results are of."""
    return ", ".join(sorted({result.get("revision", "unknown") for result in results}))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def what(finding):
    """How a finding is told in one word: the rule and its field, or how the subject died."""
    if not finding:
        return "-"
    if finding["by"] in ("rule", "test"):
        return " ".join(filter(None, (finding["rule"], finding.get("field", ""))))
    return f"{finding['by']}: {finding['message']}"


def truth(result):
    """Of the rule that fuzzing met, else of the kept corpus's; the subject's own assertions are none."""
    finding = result.get("found") or result.get("kept") or {}
    return TRUTHS.get(finding.get("rule"), "-")


def time_of(result):
    return f"{result['seconds']:.1f}" if result.get("seconds") is not None else "-"


def verdict(result):
    return "caught" if result["caught"] else "BROKEN" if result.get("broken") else "NOT CAUGHT"


def row(result):
    return [result["name"], result["way"], verdict(result), what(result.get("kept")), time_of(result),
            str(result.get("target") or "-"), str(result.get("operations") or "-"), what(result.get("found")), truth(result),
            {True: "yes", False: "no", None: "-"}[result.get("names")]]


HEADINGS = ["fault", "way", "", "kept corpus says", "s", "target", "ops", "fuzzing, threads or test say", "truth",
            "names it"]


def text(results):
    rows = [HEADINGS] + [row(result) for result in results]
    rows = [[cell[:44] for cell in cells] for cells in rows]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in rows)


def markdown(results):
    head = "| " + " | ".join(HEADINGS) + " |\n|" + " --- |" * len(HEADINGS) + "\n"
    return head + "".join("| " + " | ".join(cell.replace("|", "\\|")[:70] for cell in row(result)) + " |\n"
                          for result in results)


# ---- the truths, each alone

def truths_row(result):
    reason = f"by one alone: {result['alone']}" if result["alone"] else ""
    return [result["name"], reason if result["caught"] else "FEWER THAN TWO",
            ", ".join(f"{truth} ({said['rule']}{' ' + said['field'] if said['field'] else ''})"
                      for truth, said in result["truths"].items())]


def truths_text(results):
    width = max(len(result["name"]) for result in results)
    lines = [f"{name:{width}}  {said}{'  ' + few if few else ''}" for name, few, said in map(truths_row, results)]
    enough = sum(1 for result in results if result["caught"])
    return "\n".join(lines + [f"{len(results)} faults: {enough} seen by two truths or more, each alone, or by the one "
                              "that can"])


def truths_markdown(results):
    names = list(dict.fromkeys(truth for result in results for truth in result["truths"]))
    lines = ["| fault | " + " | ".join(names) + " |", "|" + " --- |" * (len(names) + 1)]
    for result in results:
        cells = [" ".join(filter(None, (said["rule"], said["field"]))) if said else ""
                 for said in (result["truths"].get(name) for name in names)]
        lines.append(f"| {result['name']} | " + " | ".join(cells) + " |")
    reasons = [f"- {result['name']}: {result['alone']}" for result in results if result["alone"]]
    few = [f"- {result['name']}" for result in results if len(result["truths"]) < 2 and not result["alone"]]
    lines += ["", "Seen by one truth alone, and why:", "", *reasons]
    lines += ["", "Seen by fewer than two, and nobody says why: a rule is missing, or a reason.", "", *few] if few else []
    return "\n".join(lines) + "\n"


def truths_kept(page):
    """name -> truths, of the page as it is kept"""
    kept, names = {}, []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == "fault":
            names = cells[1:]
        elif line.startswith("| ") and names and not cells[0].startswith("---"):
            said = [(truth, cell.partition(" ")) for truth, cell in zip(names, cells[1:]) if cell]
            kept[cells[0]] = {truth: {"rule": rule, "field": field} for truth, (rule, _, field) in said}
    return kept


def matrix(faults):
    """How many faults of each way stand in each layer."""
    layers = sorted({one.head["layer"] for one in faults})
    ways = list(dict.fromkeys(one.head["way"] for one in sorted(faults, key=lambda one: one.head["way"])))
    lines = ["| way | " + " | ".join(layers) + " |", "|" + " --- |" * (len(layers) + 1)]
    for way in ways:
        counts = [sum(1 for one in faults if one.head["way"] == way and one.head["layer"] == layer) for layer in layers]
        lines.append(f"| {way} | " + " | ".join(str(count or "") for count in counts) + " |")
    return "\n".join(lines) + "\n"


def summary(results):
    """Lines."""
    caught = [result for result in results if result["caught"]]
    lines = [f"{len(results)} faults: {len(caught)} caught, {len(results) - len(caught)} not"]
    replayed = [result for result in results if "kept" in result]
    if replayed:
        lines.append(f"by the kept corpus: {sum(1 for r in replayed if r['kept'])} of {len(replayed)}")
    fuzzed = [result for result in results if result.get("fuzzed")]
    if fuzzed:
        found = [result for result in fuzzed if result.get("found")]
        lines.append(f"by fuzzing from an empty corpus: {len(found)} of {len(fuzzed)}")
        lines += figures("time to detect", [result["seconds"] for result in found], "s", ".1f")
        lines += figures("reproducer", [r["operations"] for r in found if r.get("operations")], "operations", ".0f")
        lines += figures("minimised in", [r["minimize_seconds"] for r in found if "minimize_seconds" in r], "s", ".1f")
        kills = [result for result in found if result["found"]["by"] != "rule"]
        lines.append(f"by a rule: {len(found) - len(kills)}; by the subject's own assertion, a sanitizer or a "
                     f"crash: {len(kills)}")
        named = [result for result in found if result["found"]["by"] == "rule"]
        lines.append(f"naming what the fault makes wrong: {sum(1 for r in named if r['names'])} of {len(named)}")
    threaded = [result for result in results if result["by"] == "threads" and result.get("found")]
    if threaded:
        lines.append(f"by threads: {len(threaded)} of {sum(1 for r in results if r['by'] == 'threads')}")
        lines += figures("time to detect", [result["seconds"] for result in threaded], "s", ".1f")
    tested = [result for result in results if result["by"] in ("test", "tsan")]
    if tested:
        lines.append(f"by a test alone: {sum(1 for r in tested if r['caught'])} of {len(tested)}")
    return lines


def figures(name, values, unit, form):
    if not values:
        return []
    return [f"{name}: median {statistics.median(values):{form}}, p95 {percentile(values, 0.95):{form}}, "
            f"max {max(values):{form}} {unit}"]
