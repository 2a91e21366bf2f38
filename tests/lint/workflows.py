# workflows: what is wrong with the workflows in a folder, by the actions' own inputs and by what a job may do.
#
# usage: workflows.py FOLDER ACTIONS_FILE. Prints a line for each fault. Exit status: 0 none, 1 some, 77 PyYAML is missing.
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not installed")
    sys.exit(77)

MODES = {"code-change", "batch", "prune", "coverage"}


def known_actions(path):
    known = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, *inputs = line.split()
            known[name] = ({word.rstrip("*") for word in inputs}, {word[:-1] for word in inputs if word.endswith("*")})
    return known


def faults_of_step(step, known):
    action, given = step.get("uses"), step.get("with") or {}
    if (action is None) == (step.get("run") is None):
        yield "a step has either uses or run"
    if action is None:
        return
    if action not in known:
        yield f"{action} is not in the list of actions"
        return
    names, required = known[action]
    for name in given:
        if name not in names:
            yield f"{action} has no input {name}"
    for name in sorted(required - set(given)):
        yield f"{action} needs {name}"
    for mode in re.findall(r"'?([a-z-]+)'?", str(given.get("mode", ""))) if "mode" in names else ():
        if mode not in MODES | {"github", "event", "name", "pull", "request"}:
            yield f"{action} has no mode {mode}"
    if "cache/save" in action and "always()" not in str(step.get("if")):
        yield "a cache is saved on success alone"


def faults_of_job(name, job, known):
    uses = [step.get("uses", "") for step in job.get("steps", ())]
    may_write = [right for right, level in (job.get("permissions") or {}).items() if level == "write"]
    uploads = any("upload-sarif" in action for action in uses)
    if may_write and not (uploads and may_write == ["security-events"] and not any("fuzzers" in action for action in uses)):
        yield f"{name}: may write {may_write}"
    if uploads and "security-events" not in may_write:
        yield f"{name}: uploads SARIF and may not"
    if ".ci/run" in str(job) and "'fetch-depth': 0" not in str(job):
        yield f"{name}: runs ci/commits without the commits"
    if "timeout-minutes" not in job and not uploads:
        yield f"{name}: has no time limit"
    for needed in [job.get("needs")] if isinstance(job.get("needs"), str) else job.get("needs") or ():
        yield from () if needed in known["jobs"] else (f"{name}: needs {needed}, which is no job",)
    for step in job.get("steps", ()):
        for fault in faults_of_step(step, known["actions"]):
            yield f"{name}: {fault}"


def faults_of(workflow, actions):
    triggers = workflow.get(True) or workflow.get("on") or {}  # YAML 1.1 reads "on" as true
    if "push" in triggers and "pull_request" in triggers and not (triggers["push"] or {}).get("branches"):
        yield "a pull request runs twice: push names no branch"
    if not workflow.get("concurrency"):
        yield "no concurrency"
    rights = workflow.get("permissions")
    if not isinstance(rights, dict) or any(level != "read" for level in rights.values()) or "contents" not in rights:
        yield "the workflow's own permissions are more than to read"
    for name, job in workflow["jobs"].items():
        yield from faults_of_job(name, job, {"actions": actions, "jobs": workflow["jobs"]})
    text = str(workflow)
    if "run_fuzzers" in text:
        for word in ("prune", "coverage", "upload-build", "output-sarif"):
            if word not in text:
                yield f"ClusterFuzzLite without {word}"


def main(folder, actions_file):
    count = 0
    actions = known_actions(pathlib.Path(actions_file))
    for path in sorted(pathlib.Path(folder).glob("*.yml")):
        for fault in faults_of(yaml.safe_load(path.read_text()), actions):
            print(f"{path.name}: {fault}")
            count += 1
    return count > 0


sys.exit(main(*sys.argv[1:]))
