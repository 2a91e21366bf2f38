#!/bin/bash
# test_dump_binary: --binary: variables, lines and types of a Go program that wrote a dump are those that Go's own tools name,
# whether it lies where it was linked or is moved. Without Go, only what is refused is looked at.
# once: what it reads of a program: the same sources do it in each build
#
# holds: cli/dump/binary/program.c cli/dump/binary/symbols.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
sample=$source/corpus/decode/seed/all-records-8-little

"$command" dump roots "$sample" --binary "$command" >out 2>err
if grep -q 'needs libdw' err; then
    expect 3 'needs libdw' "$command" dump top "$sample" --binary "$command"
    echo 'skipped: --binary: this build has no libdw'
    exit $failed
fi
mkfifo pipe
expect 2 'it has no symbol runtime.data: no Go program, or stripped' "$command" dump roots "$sample" --binary "$command"
expect 2 'it is no ELF program' "$command" dump roots "$sample" --binary "$sample"
expect 2 'it is no ELF program' "$command" dump roots "$sample" --binary /dev/null
expect 2 'it is no ELF program' "$command" dump roots "$sample" --binary pipe
expect 2 'nowhere: cannot open' "$command" dump roots "$sample" --binary nowhere
head -c 3000 "$command" >cut && expect 2 '' "$command" dump roots "$sample" --binary cut
expect 2 '--without symbol: takes --binary' "$command" dump retained "$sample" --without symbol:main.x
if ! command -v go >/dev/null; then
    echo 'skipped: --binary with a Go program: Go is not installed (apt-get install golang-go)'
    exit $failed
fi

export GOFLAGS=-mod=mod GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0
[ -n "${GOCACHE:-}${HOME:-}" ] || export GOCACHE=$folder/cache
agrees() { # PROGRAM DUMP: each root, type and row
    python3 - "$command" "$1" "$2" <<'P' || fail "$1: $2"
import bisect, json, subprocess, sys
command, program, dump = sys.argv[1:]
run = lambda *words, **how: subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, **how).stdout
ask = lambda *words: run(command, "dump", *words)
symbols = sorted((int(row[0], 16), int(row[1]), row[3]) for row in (line.split(None, 3) for line in run("go", "tool", "nm", "-size", program).splitlines())
                 if len(row) == 4 and row[2] in "dDbB" and int(row[1]) > 0)
at = {name: address for address, size, name in symbols}
at |= {line.split()[-1]: int(line.split()[0], 16) for line in run("go", "tool", "nm", program).splitlines() if line.split()[-1] in ("runtime.data", "runtime.types")}
records = list(map(json.loads, ask("json", dump, "--no-contents").splitlines()))
data = {record["record"]: int(record["address"], 16) for record in records if record["record"] in ("Data", "BSS")}
bias = data["Data"] - at["runtime.data"]
frames = {record["sp"]: record for record in records if record["record"] == "StackFrame"}
roots = json.loads(ask("roots", dump, "--binary", program, "--json"))["roots"]
starts = [address for address, _, _ in symbols]
variables = 0
for root in (row["root"] for row in roots if row["root"]["kind"] in ("data", "bss")):
    address = data["Data" if root["kind"] == "data" else "BSS"] + root["offset"] - bias
    start, size, name = symbols[bisect.bisect(starts, address) - 1]
    if root["symbol"] is not None:  # DWARF leaves out what the compiler made
        assert start <= address < start + size and root["symbol"] == name, (root, name)
        variables += 1
assert variables >= 40, variables
lines = {root["record"]: (root["function"], root["file"], root["line"]) for root in (row["root"] for row in roots) if root["kind"] == "frame"}
pcs = {sp: int(frames[sp]["pc"], 16) - (frames[sp]["depth"] > 0) - bias for sp in lines}
told = run("go", "tool", "addr2line", program, input="".join(f"0x{pc:x}\n" for pc in pcs.values())).splitlines()
for sp, place in zip(pcs, told[1::2]):
    # of a program that can be moved, Go's tool knows none
    assert place in (f"{lines[sp][1]}:{lines[sp][2]}", "?:0"), (lines[sp], place)
with open(program + ".lines", "w") as file:
    file.writelines(sorted({f"{function} {path} {line}\n" for function, path, line in lines.values() if function.startswith("main.")}))
assert told[1] != "?:0" or program != "exe"
top = json.loads(ask("top", dump, "--binary", program, "--top", "0", "--json"))
assert {"*errors.errorString"} <= {row["type"] for row in top["by_type"]}, top["by_type"]
assert all(row["file"] and row["line"] for row in top["by_frame"]) and top["by_frame"]
most = top["by_global"][0]
lost = json.loads(ask("retained", dump, "--binary", program, "--without", f'symbol:{most["variable"]}', "--json"))
assert lost["retained"] >= most["bytes"] > 0, (lost, most)
P
}
for mode in exe pie; do
    (cd "$source/ci/interop/program" && go build -buildmode=$mode -o "$folder/$mode" .) 2>err || fail "go: $(cat err)"
    ./$mode panics dump-of-$mode >/dev/null 2>&1 || fail "$mode: no dump"
    agrees $mode dump-of-$mode
done
grep -q 'main.dump .*/main.go [0-9]' exe.lines && cmp exe.lines pie.lines || fail "lines: $(cat exe.lines pie.lines)"
expect 2 'it did not write this dump' "$command" dump roots dump-of-exe --binary pie
expect 2 'no root is of the variable main.none' "$command" dump retained dump-of-exe --binary exe --without symbol:main.none
"$command" dump retained dump-of-exe --binary exe --top 0 >out && says out ' < bss+0x' words && says out ' runtime.allp' words && says out 'main.go:' words
"$command" dump path dump-of-exe --binary exe "$(sed -n 's/.* \(0xc[0-9a-f]*\) .* runtime\.allp.*/\1/p' out | head -n 1)" >out && says out 'runtime.allp' path
"$command" dump html dump-of-exe page --binary exe && says page 'runtime.allp' page
"$command" dump dot dump-of-exe --binary exe >out && says out 'runtime.allp' dot
if command -v strip >/dev/null; then
    strip -o stripped exe && expect 2 'no symbol runtime.data' "$command" dump roots dump-of-exe --binary stripped
    strip -g -o bare exe && expect 2 'it has no DWARF' "$command" dump roots dump-of-exe --binary bare
fi
[ $failed = 0 ] && echo 'ok: programs beside their dumps'
exit $failed
