# findings: what finds each seeded fault of a tree, without fuzzing, so that two trees can be held together (ci/same).
#
# usage: findings.py TREE PROGRAMS JOBS [NAME...]     all faults when none is named
# TREE is the checkout whose faults are seeded into it; the kept programs are those of the checkout PROGRAMS. A JSON line
# each: {"name": ..., "lines": [...]}. What several threads find is chance and is left out.

import concurrent.futures
import json
import pathlib
import queue
import sys

sys.dont_write_bytecode = True
ROOT, PROGRAMS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sys.path.insert(0, str(ROOT / "ci" / "faults"))

import detect
import fault
import tree

detect.ROOT = PROGRAMS
CORPUS = ("heap", "dump")


def short(path):
    return str(pathlib.Path(path).relative_to(PROGRAMS))


def told(finding):
    return f"{finding.get('rule') or finding['by']} {finding.get('field', '')}".strip()


def programs(one, place, excluded):
    build = place.build("fuzz", "countercheck", *(f"fuzz_{target}" for target in one.targets if target not in CORPUS))
    found = detect.kept(build, one.targets, excluded)
    lines = [f"{short(path)}: {told(finding)}" for path, finding in sorted(found.items())]
    small = [path for path in found if path.startswith(tuple(str(PROGRAMS / "corpus" / target) for target in CORPUS))]
    if small:
        first = min(small, key=lambda path: (pathlib.Path(path).stat().st_size, path))
        lines.append(f"{short(first)} minimised: {minimised(str(build / 'countercheck'), first, place, one)}")
    return lines or ["no kept program finds it"]


def minimised(command, path, place, one):
    out = place.path / "build" / f"{one.name}.ops"
    if not detect.minimize(command, path, out):
        return "not possible"
    finding = detect.replay_one(command, str(out))
    return f"{told(finding) if finding else 'no finding'}, {detect.operation_count(command, str(out))} operations"


def tests(one, place):
    build = place.build(one.preset, *one.by[1:])
    found = [(name, detect.test(build, name)) for name in one.by[1:]]
    return [f"{name}: {told(finding) if finding else 'passes'}" for name, finding in found]


def findings(one, place, excluded):
    try:
        place.apply(one)
        return programs(one, place, excluded) if one.by[0] == "fuzz" else tests(one, place)
    except (fault.BadPatch, tree.BuildFailed) as why:
        return [f"broken: {why}"]
    finally:
        place.reverse()


def main():
    jobs, names = int(sys.argv[3]), sys.argv[4:]
    faults = [one for one in fault.load(None) if (not names or one.name in names) and one.by[0] != "threads"]
    lock = tree.only_one()
    files = tree.tracked(None)
    clean = tree.Tree("clean", jobs)
    clean.sync(files)
    by_programs = {target for one in faults if one.by[0] == "fuzz" for target in one.targets}
    excluded = set()
    if by_programs:
        build = clean.build("fuzz", "countercheck", *(f"fuzz_{target}" for target in sorted(by_programs - set(CORPUS))))
        excluded = set(detect.kept(build, sorted(by_programs), set(), all_of_them=True))
    places = queue.SimpleQueue()
    for i in range(min(jobs, len(faults))):
        places.put(tree.Tree(f"tree-{i}", 1))

    def work(one):
        place = places.get()
        try:
            place.sync(files)
            print(json.dumps({"name": one.name, "lines": findings(one, place, excluded)}), flush=True)
        finally:
            places.put(place)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, faults))
    lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
