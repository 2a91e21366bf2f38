#!/bin/bash
# test_dump_growth: what grew over several dumps is what a reader in Python finds, and adds up to all objects of each.
# once: what it answers: the same sources do it in each build
#
# holds: cli/dump/compare/diff.c cli/dump/compare/growth.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

dumps=()
for program in slow/ae063c8a6224d542 found/871cd1849b93f0ee slow/0b1d0b7f8ad7260e; do
    file=$source/corpus/heap/$program.ops
    program=${program#*/}
    "$command" replay --dump "$program" "$file" >/dev/null || fail "$program: no dump"
    dumps+=("$program")
done
python3 - "$command" "${dumps[@]}" <<'P' || fail 'what grew'
import collections, json, subprocess, sys
command, *dumps = sys.argv[1:]
run = lambda *arguments: subprocess.run([command, "dump", *arguments], stdout=subprocess.PIPE, text=True).stdout
objects = [[(record["address"], record["size"]) for line in run("json", dump, "--only", "objects", "--no-contents").splitlines()
            if (record := json.loads(line))["size"] > 0] for dump in dumps]
changed = 0
for key in ("class", "site", "type", "holder"):
    told = json.loads(run("diff", *dumps, "--by", key, "--top", "0", "--same-process", "--json"))
    assert told["by"] == key and told["left_out"] == 0
    assert [(of["count"], of["bytes"]) for of in told["files"]] == [(len(of), sum(size for _, size in of)) for of in objects]
    for before, now, file in zip(objects, objects[1:], told["files"][1:]):
        sums = [set(before) & set(now), set(before) - set(now), set(now) - set(before)]
        assert [file[name] for name in ("kept", "gone", "new")] == [{"count": len(of), "bytes": sum(size for _, size in of)} for of in sums]
    growths = [row["bytes"][-1] - row["bytes"][0] for row in told["rows"]]
    assert growths == sorted(growths, reverse=True), growths
    tops = [json.loads(run("top", dump, "--top", "0", "--json")) for dump in dumps]
    if key == "class":
        for at, of in enumerate(objects):
            sizes = collections.Counter(size for _, size in of)
            for row in told["rows"]:
                size = int(row["name"].split()[0])
                assert (row["counts"][at], row["bytes"][at]) == (sizes[size], size * sizes[size]), row
        all_sizes = {size for of in objects for _, size in of}
        assert len(told["rows"]) == sum(len({[one for _, one in of].count(size) for of in objects}) > 1 for size in all_sizes)
    for row in told["rows"]:
        if key == "holder" and row["name"] in ("(shared)", "(unreachable)"):
            changed += 1
            if row["name"] == "(unreachable)":
                states = [next(of for of in top["by_root"] if of["kind"] == "unreachable") for top in tops]
                assert row["counts"] == [of["count"] for of in states], row
        if key == "site" and row["name"] == "(no sample)":
            assert row["bytes"] == [top["objects"]["bytes"] - sum(of["bytes"] for of in top["by_site"]) for top in tops], row
assert changed > 0
told = json.loads(run("diff", *dumps, "--by", "goroutine-stack", "--top", "0", "--json"))
for row in told["rows"]:
    for at, dump in enumerate(dumps):
        groups = json.loads(run("goroutines", dump, "--json"))["groups"]
        assert row["counts"][at] == sum(of["count"] for of in groups if " < ".join(frame["function"] for frame in of["stack"]) == row["name"]), row
assert told["rows"]
P
ends 1 "$command" dump diff "${dumps[@]}" --by class --top 1
says out ' more' 'rows that are left out'
ends 0 "$command" dump diff "${dumps[0]}" "${dumps[0]}" --by holder
says out 'no difference' 'a dump and itself'
expect 2 "--by takes class, site, type, holder or goroutine-stack, not 'size'" "$command" dump diff "${dumps[@]}" --by size
expect 2 'more than two dumps' "$command" dump diff "${dumps[@]}"
expect 2 'more than two dumps, --top, --same-process and --memory-limit go with --by' "$command" dump diff "${dumps[@]:0:2}" --top 3
expect 2 'only one of the files can be stdin' "$command" dump diff - - --by class
expect 2 'good up to byte' "$command" dump diff "${dumps[0]}" <(head -c 200 "${dumps[1]}") --by class
[ $failed = 0 ] && echo "ok: what grew over ${#dumps[@]} dumps"
exit $failed
