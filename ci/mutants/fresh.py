# fresh: mutants of the product drawn with a seed that was never used: the score that nobody has worked on.
#
# The kept sample stays the same, and what it shows is mended; after that it shows nothing. So each seed here is used
# once. Every mutant there is, of every kind, has the same chance.

import collections
import concurrent.futures
import datetime
import hashlib
import json
import pathlib
import threading
import time

import equivalent
import generate
import judge
import place
import score

HERE = pathlib.Path(__file__).resolve().parent
PAGE, SEEDS = HERE / "FRESH.md", HERE / "fresh.json"
# the stages, in the order in which a mutant is shown to them, each with the share that is to be noticed by then
STAGES = {"corpus": 85.0, "soak": 95.0, "tests": 99.5}
NAMES = {"corpus": "the kept corpus alone", "soak": "with {soak} s of the built-in engine on one core",
         "tests": "with the unit tests"}


# ---- the draw

def keys_of(name):
    """(key of every change of a file)"""
    found = []
    generate.of_file(place.ROOT, name, place.FLAGS, 1, lambda mutant: found.append(mutant.key))
    return found


def is_drawn_from(name):
    return place.is_mutated(name) and not place.JUDGES.match(name)


def draw(keys, seed, count):
    """So many of the keys, in the order in which they are drawn: what is left when time ends is a sample as well."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed} {key}".encode()).hexdigest())[:count]


def possible(jobs):
    names = sorted(filter(is_drawn_from, place.tracked()))
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        return [key for keys in pool.map(keys_of, names) for key in keys]


def used_seeds():
    return json.loads(SEEDS.read_text()) if SEEDS.is_file() else []


def next_seed():
    return max((run["seed"] for run in used_seeds()), default=0) + 1


def tree_hash():
    """Of all that a build is made of: results of another tree count for nothing."""
    whole = hashlib.sha256()
    for name, content in sorted((name, content) for name, content in place.tracked().items() if not name.endswith(".md")):
        whole.update(name.encode() + b"\0" + content)
    return whole.hexdigest()[:16]


# ---- one mutant

def judge_one(row, inputs, soak_seconds):
    """{"stage", "by", "what"}: the first stage that notices it; stage None: nobody does."""
    verdict = judge.replay(row, inputs)
    if verdict and verdict["by"] != "unreached":
        return dict(verdict, stage="corpus")
    reach = "unreached" if verdict else "reached"
    verdict = judge.soak(row, soak_seconds)
    if not verdict and judge.THREADS.search(row["key"]):
        verdict = judge.threads(row)
    if verdict:
        return dict(verdict, stage="soak")
    verdict = judge.unit_test(row, inputs, place.PRODUCT_TESTS)
    return dict(verdict, stage="tests") if verdict else {"stage": None, "by": "nobody", "what": reach}


# ---- all of them

class Fresh:
    def __init__(self, options, say):
        self.options, self.say = options, say
        self.seed = options.seed if options.seed is not None else next_seed()
        self.path = place.WORK / f"fresh-{self.seed}.json"  # what is judged so far: a run goes on where one ended
        self.end = time.monotonic() + options.limit
        self.lock = threading.Lock()

    def prepare(self):
        keys = possible(self.options.jobs)
        self.drawn = draw(keys, self.seed, self.options.fresh)
        self.say(f"seed {self.seed}: {len(self.drawn)} of {len(keys)} possible mutants")
        drawn = set(self.drawn)
        rows = place.make(lambda mutant: mutant.key in drawn, self.options.jobs, self.say)
        self.rows = {row["key"]: row for row in rows}
        kept = json.loads(self.path.read_text()) if self.path.is_file() else {}
        mine = {"tree": tree_hash(), "soak": self.options.soak_seconds}
        if kept and any(kept[key] != mine[key] for key in mine):
            self.say("the tree or the engine's seconds are others than last time: all is judged anew")
            kept = {}
        self.state = kept or dict(mine, seed=self.seed, results={})
        self.results = self.state["results"]

    def store(self):
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(self.state, indent=1))
        temporary.replace(self.path)

    def judge(self):
        known = equivalent.known()
        due = [key for key in self.drawn if key not in known and key not in self.results]
        if not due:
            return
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            inputs = judge.Inputs()
            self.say("the kept corpus and the unit tests, without any change")
            inputs.measure(pool)
            inputs.measure_tests(pool, place.PRODUCT_TESTS)
            list(pool.map(lambda key: self.one(key, inputs), due))

    def one(self, key, inputs):
        if time.monotonic() >= self.end:
            return
        result = judge_one(self.rows[key], inputs, self.options.soak_seconds)
        with self.lock:
            self.results[key] = result
            self.store()
            if len(self.results) % 10 == 0 or result["stage"] is None:
                self.say(progress(self.results, len(self.drawn), key))

    def run(self):
        self.prepare()
        if self.options.list:
            print("\n".join(place_of(self.rows[key]) for key in self.drawn))
            return 0
        self.judge()
        known = equivalent.known()
        judged = [key for key in self.drawn if key in self.results or key in known]
        print(text(judged, self.rows, self.results, known, self.options.soak_seconds))
        if len(judged) < len(self.drawn):
            self.say(f"the limit of {self.options.limit} s is over: {len(judged)} of {len(self.drawn)} are judged; "
                     f"the same command with --seed {self.seed} goes on")
            return 1
        if self.options.save:
            save(self.seed, judged, self.rows, self.results, known, self.options.soak_seconds)
        return 0 if all(share >= STAGES[stage] for stage, share in shares(judged, self.results, known).items()) else 1


def progress(results, count, last):
    by = collections.Counter(result["stage"] or "nobody" for result in results.values())
    told = ", ".join(f"{stage} {by[stage]}" for stage in [*STAGES, "nobody"])
    return f"{len(results)} of {count}: {told}" + (f"; nobody: {last}" if results[last]["stage"] is None else "")


# ---- what came of it

def noticed_by(judged, results, known):
    """stage -> how many of those that are no equivalents were noticed in it or before"""
    by = collections.Counter(results[key]["stage"] for key in judged if key not in known)
    total, noticed = 0, {}
    for stage in STAGES:
        total += by[stage]
        noticed[stage] = total
    return noticed


def shares(judged, results, known):
    real = sum(1 for key in judged if key not in known)
    return {stage: 100.0 * count / max(1, real) for stage, count in noticed_by(judged, results, known).items()}


def by_kind(judged, rows, results, known):
    """Lines: a row for each operator."""
    lines = [("kind", "mutants", "equivalent", *STAGES, "nobody")]
    for operator in sorted({rows[key]["operator"] for key in judged}):
        mine = [key for key in judged if rows[key]["operator"] == operator]
        by = collections.Counter(results[key]["stage"] for key in mine if key not in known)
        lines.append((operator, str(len(mine)), str(sum(1 for key in mine if key in known)),
                      *(str(by[stage]) for stage in STAGES), str(by[None])))
    return lines


def summary(judged, results, known, soak_seconds):
    real = [key for key in judged if key not in known]
    noticed, share = noticed_by(judged, results, known), shares(judged, results, known)
    return [f"{len(judged)} mutants, {len(judged) - len(real)} equivalent"] + [
        f"{NAMES[stage].format(soak=soak_seconds)}: {noticed[stage]} of {len(real)} noticed, {share[stage]:.1f} % "
        f"(goal {goal:g} %)"
        for stage, goal in STAGES.items()]


def survivors(judged, rows, results, known):
    return [f"{place_of(rows[key])}{' (the kept corpus does not reach it)' if results[key]['what'] == 'unreached' else ''}"
            for key in judged if key not in known and results[key]["stage"] is None]


def place_of(row):
    return f"{row['file']}:{row['line']}: {row['operator']}: {row['before']} -> {row['after'] or 'nothing'}"


def text(judged, rows, results, known, soak_seconds):
    return "\n\n".join([score.aligned(by_kind(judged, rows, results, known)),
                        "\n".join(["unnoticed:", *("  " + line for line in survivors(judged, rows, results, known))]),
                        "\n".join(summary(judged, results, known, soak_seconds))])


def save(seed, judged, rows, results, known, soak_seconds):
    runs = used_seeds() + [{"seed": seed, "date": str(datetime.date.today()), "tree": score.commit(), "mutants": len(judged),
                            "equivalent": sum(1 for key in judged if key in known), "soak": soak_seconds,
                            "noticed": noticed_by(judged, results, known)}]
    SEEDS.write_text(json.dumps(runs, indent=1) + "\n")
    PAGE.write_text(page(runs, judged, rows, results, known))


def page(runs, judged, rows, results, known):
    last = runs[-1]
    lines = ["# Mutants drawn afresh", "",
             "Written by `ci/mutants/run --fresh N --save`: mutants of the product, of every kind, drawn with a seed that was",
             "never used before. How it is measured: [README.md](README.md). Beside it the kept sample, which was worked on:",
             "[SCORE.md](SCORE.md).", "",
             f"Measured on the tree at {last['tree']}, {last['date']}, seed {last['seed']}.", ""]
    lines += ["- " + line for line in summary(judged, results, known, last["soak"])]
    lines += ["", score.marked_down(by_kind(judged, rows, results, known)), "", "Unnoticed:", ""]
    lines += [f"- `{line}`" for line in survivors(judged, rows, results, known)]
    lines += ["", "Every seed that was used:", "",
              score.marked_down([("seed", "date", "tree", "mutants", "equivalent", "s of soak", *STAGES)] +
                                [(str(run["seed"]), run["date"], run["tree"], str(run["mutants"]), str(run["equivalent"]),
                                  str(run["soak"]), *(str(run["noticed"][stage]) for stage in STAGES)) for run in runs])]
    return "\n".join(lines) + "\n"


def refusal(options):
    """What is wrong with a call; "": nothing."""
    if options.fresh < 1 or options.soak_seconds < 1 or options.limit < 1:
        return "numbers are 1 or more"
    if options.save and any(run["seed"] == options.seed for run in used_seeds()):
        return f"seed {options.seed} was used before: nothing is saved of it"
    return ""
