# test_report: what a JUnit file of ctest says, for a reader: the output of what failed, the reasons of what was skipped,
# a total. In GitHub Actions each failure is an annotation, and the report is a block of the step's summary as well.
#
# usage: test_report.py FILE. Exit status: 0 nothing failed, 1 something did.
import os
import sys
import xml.etree.ElementTree

OUTPUT_LINES = 40


def read(path):
    """(name, "run" | "fail" | "skip", output) of each test, and the seconds of all."""
    suite = xml.etree.ElementTree.parse(path).getroot()
    tests = []
    for case in suite.iter("testcase"):
        kind = {"run": "run", "fail": "fail", "disabled": "skip", "notrun": "skip"}[case.get("status")]
        tests.append((case.get("name"), kind, (case.findtext("system-out") or "").strip()))
    return tests, sum(float(case.get("time") or 0) for case in suite.iter("testcase"))


def reason(output):
    lines = [line for line in output.splitlines() if line.strip()]
    spoken = [line for line in lines if "skip" in line.lower()]
    return (spoken or lines or ["no reason given"])[-1].strip()


def text_of(tests, seconds):
    lines = []
    for name, kind, output in tests:
        if kind == "fail":
            tail = output.splitlines()[-OUTPUT_LINES:]
            lines += [f"FAILED {name}", *("    " + line for line in tail)]
    reasons = {}
    for name, kind, output in tests:
        if kind == "skip":
            reasons.setdefault(reason(output), []).append(name)
    for why, names in sorted(reasons.items()):
        lines.append(f"skipped {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "") + f": {why}")
    count = {kind: sum(1 for test in tests if test[1] == kind) for kind in ("run", "fail", "skip")}
    lines.append(f"{len(tests)} tests: {count['run']} passed, {count['fail']} failed, {count['skip']} skipped; "
                 f"{seconds:.0f} s of work")
    return lines


def tell_actions(tests, lines):
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for name, kind, output in tests:
            if kind == "fail":
                last = (output.splitlines() or ["no output"])[-1]
                print(f"::error title=test {name}::{last}")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write("### Tests\n\n```\n" + "\n".join(lines) + "\n```\n")


def main():
    tests, seconds = read(sys.argv[1])
    lines = text_of(tests, seconds)
    print("\n".join(lines))
    tell_actions(tests, lines)
    return any(kind == "fail" for _, kind, _ in tests)


sys.exit(main())
