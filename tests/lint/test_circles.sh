#!/bin/bash
# test_circles: sources that need each other are refused, and folders; what the list of exceptions names is not.
set -euo pipefail
circles=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}/ci/circles
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
export COUNTERCHECK_SOURCE=$sample
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

begin() {
    rm -rf "${sample:?}"/*
    mkdir -p "$sample/ci"
}

# put FILE DEFINES [NEEDS]...: a source that defines one function and calls others, and its object, where CMake would have it. The
# object comes of the assembler, of which a start costs a fifth of the compiler's: what is looked at is which names it has.
put() {
    local file=$sample/$1 object=$sample/build/CMakeFiles/lib.dir/$1.o name=$2
    shift 2
    mkdir -p "${file%/*}" "${object%/*}"
    printf 'void %s(void);\n' "$name" "$@" >>"$file"
    printf 'void %s(void) {%s }\n' "$name" "$([ $# = 0 ] || printf ' %s();' "$@")" >>"$file"
    { printf '.text\n.globl %s\n%s:\n' "$name" "$name" && printf '.quad 0%s\n' "${@/#/+}"; } | as -o "$object" -
}

# compiled FILE: what only the compiler makes of it
compiled() { ${CC:-cc} -fno-builtin -I"$sample" -c "$sample/$1" -o "$sample/build/CMakeFiles/lib.dir/$1.o"; }

# What is asked of the tree as it stands; all is asked at the end, in one process.
trees=$(mktemp -d)
trap 'rm -rf "$sample" "$trees"' EXIT
count=0
asks() { # STATUS LINE [FOLDER]...
    cp -r "$sample" "$trees/$count"
    printf '%s\n' "$@" >"$trees/$count.asked"
    count=$((count + 1))
}
allows() { asks 0 '' "$@"; }           # FOLDER...
refuses() { asks 1 "$@"; }             # LINE [FOLDER]...: with that line in what it prints
ends_with() { asks "$1" '' "${@:2}"; } # STATUS [FOLDER]...

# one way: a needs b, b needs c; and what is defined nowhere is nobody's
begin
put low/c.c c abort
put low/b.c b c
put high/a.c a b c
allows

# two sources of one folder
begin
put low/a.c a b
put low/b.c b a
put low/c.c c a
refuses "ring of sources: low/a.c low/b.c"
refuses "    low/b.c needs low/a.c (a)"
ends_with 2 high # nothing is below

# a ring of three
begin
put low/a.c a b
put low/b.c b c
put low/c.c c a
refuses "ring of sources: low/a.c low/b.c low/c.c"

# folders that need each other, though no two sources do
begin
put low/a.c a
put low/b.c b d
put high/c.c c a
put high/d.c d
refuses "ring of folders: high low"
refuses "    low needs high (low/b.c: d of high/d.c)"
allows low
allows high

# the ledger needs its own functions and the core's, and no other's
begin
put oracle/core/rule.c rule
put oracle/go/state/map.c map rule
put oracle/go/model/model.c model map rule abort
allows
put allocator/heap.c heap
put oracle/go/model/object.c object map heap
refuses "oracle/go/model/object.c asks allocator/heap.c (heap), and is to be told"
begin
put oracle/go/model/object.c object
put oracle/go/state/walk.c walk object
refuses "oracle/go/state/walk.c asks oracle/go/model/object.c (object), and is to be told"

# the oracle looks at the heap by inspect.h
begin
put allocator/whole/inspect.c inspect_span
put allocator/whole/heap.c heap_base
put oracle/go/verify/scan.c scan inspect_span heap_base
allows
put allocator/whole/live.c heap_live_bytes
put oracle/go/verify/live.c live heap_live_bytes
refuses "oracle/go/verify/live.c calls heap_live_bytes of allocator/whole/live.c, which may be what it checks"

# the heap reaches the system in two sources, and has no data but its instances
begin
put allocator/system/sysmem.c map mmap
put allocator/system/world.c world map pthread_mutex_lock
put dump/read/reader.c reader rand
allows
put runtime/clock.c now clock_gettime
refuses "runtime/clock.c takes clock_gettime of the system, which is allocator/system/sysmem.c and dump/write/descriptor.c"
begin
mkdir -p "$sample/allocator"
printf 'static int count;\nint used(void) { return count++; }\n' >"$sample/allocator/a.c"
put allocator/a.c heap
compiled allocator/a.c
refuses "allocator/a.c keeps count for all instances"

# the harness has memory of its own
begin
put fuzz/targets/target.c target malloc
put fuzz/subject/subject.c subject free
allows
put oracle/core/text.c text strdup
refuses "oracle/core/text.c takes strdup of libc, whose heap may be the one that is tested"

# an exception holds where all of the ring include the private header, and no longer than there is a ring
begin
printf 'low low/parts.h :: no folder of that name has such a header\n' >"$sample/ci/circles-allowed"
put low/a.c a
ends_with 2
mkdir -p "$sample/low" && printf '// parts: of one noun.\n' >"$sample/low/parts.h"
refuses "ci/circles-allowed: low has no such ring any more"
begin
mkdir -p "$sample/low" && printf '// parts: of one noun.\n' >"$sample/low/parts.h"
printf '# a comment\n\nlow low/parts.h :: a dispatcher and its parts\n' >"$sample/ci/circles-allowed"
printf '#include "low/parts.h"\n' >"$sample/low/a.c"
printf '#include "low/parts.h"\n' >"$sample/low/b.c"
put low/a.c a b
put low/b.c b a
allows
printf 'low low/parts.h\n' >"$sample/ci/circles-allowed"
ends_with 2
printf 'low low/parts.h :: a dispatcher and its parts\n' >"$sample/ci/circles-allowed"
sed -i /include/d "$sample/low/b.c"
refuses "ring of sources: low/a.c low/b.c"

# outside of the folder above nobody includes the private header
begin
mkdir -p "$sample"/half/{low,high} "$sample/other" && printf '// parts: of one noun.\n' >"$sample/half/low/parts.h"
printf 'half/low half/low/parts.h :: a dispatcher and its parts\n' >"$sample/ci/circles-allowed"
for file in half/low/a.c half/low/b.c half/high/c.c; do printf '#include "half/low/parts.h"\n' >"$sample/$file"; done
put half/low/a.c a b
put half/low/b.c b a
put half/high/c.c c
put other/d.c d
allows
printf '#include "half/low/parts.h"\n' >>"$sample/other/d.c"
refuses "other/d.c includes half/low/parts.h, which is private to half"

cat >"$trees/ask.py" <<'END'
import contextlib, importlib.machinery, importlib.util, io, os, pathlib, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("circles", sys.argv[1])
circles = importlib.util.module_from_spec(importlib.util.spec_from_loader("circles", loader))
loader.exec_module(circles)
folder, failed = pathlib.Path(sys.argv[2]), 0
for number in range(int(sys.argv[3])):
    wanted, line, *folders = (folder / f"{number}.asked").read_text().split("\n")[:-1]
    os.environ["COUNTERCHECK_SOURCE"] = str(folder / str(number))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            status = circles.main([str(folder / str(number) / "build"), *folders])
        except circles.Unusable as error:
            status = error.status
    told = out.getvalue().splitlines()
    if status != int(wanted) or line and line not in told or wanted == "0" and told:
        print(f"FAIL: tree {number}, {line or folders}: status {status}, not {wanted}, with {told}")
        failed = 1
sys.exit(failed)
END

# unusable
begin
ends_with 3
[ $count -gt 20 ] || fail "only $count trees"
python3 "$trees/ask.py" "$circles" "$trees" $count || failed=1
status=0
"$circles" >/dev/null 2>&1 || status=$?
[ $status = 2 ] || fail "status $status of a call without a build"

[ $failed = 0 ] && echo "ok: rings are refused, of sources and of folders, and a ledger that asks"
exit $failed
