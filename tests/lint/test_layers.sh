#!/bin/bash
# test_layers: the tree keeps the rules of the layers, and each rule fires on a sample that breaks it.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
layers=$source/ci/layers
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

# refuses RULE FILE TEXT: a tree with one good file and this one is refused, for that reason alone
refuses() {
    local rule=$1 file=$2 text=$3 out
    rm -rf "${sample:?}"/*
    mkdir -p "$sample/allocator" "$sample/$(dirname "$file")"
    printf '// good: a header.\n' >"$sample/allocator/good.h"
    printf '%b' "$text" >"$sample/$file"
    if out=$("$layers" "$sample"); then
        fail "$rule does not fire on $file"
    elif [ "$(grep -c . <<<"$out")" != 1 ] || [[ $out != *"($rule)" ]]; then
        fail "$rule: expected one line with it, got: $out"
    fi
}

accepts() { # FILE TEXT
    rm -rf "${sample:?}"/*
    mkdir -p "$sample/$(dirname "$1")"
    printf '%b' "$2" >"$sample/$1"
    "$layers" "$sample" || fail "refused: $1"
}

refuses upward allocator/a.c '// a: idea.\n#include "runtime/gc.h"\n'
refuses upward tests/dump/test_a.c '// test_a: idea.\n#include "fuzz/program/operation.h"\n'
refuses upward runtime/a.c '// a: idea.\n#include "tests/helper.h"\n'
refuses upward malloc/a.c '// a: idea.\n#include "oracle/go/verify/scan.h"\n'
refuses room allocator/pages/a.c '// a: idea.\n#include "allocator/spans/mcache.h"\n'
refuses room allocator/system/a.h '// a: idea.\n#include "allocator/pages/mheap.h"\n'
refuses room allocator/system/world.c '// world: idea.\n#include "allocator/spans/mcentral.h"\n'
refuses room runtime/a.c '// a: idea.\n#include "allocator/structure.h"\n'
accepts allocator/system/world.c '// world: idea.\n#include "allocator/spans/mcache.h"\n'
accepts allocator/spans/a.c '// a: idea.\n#include "allocator/pages/mheap.h"\n#include "allocator/structure.h"\n'
accepts allocator/whole/a.c '// a: idea.\n#include "allocator/objects/a.h"\n'
refuses uses fuzz/program/a.c '// a: idea.\n#include "fuzz/execute/executor.h"\n'
refuses uses dump/read/a.c '// a: idea.\n#include "dump/graph/private.h"\n'
refuses uses oracle/go/verify/a.c '// a: idea.\n#include "oracle/go/oracle.h"\n'
refuses beside oracle/go/a.c '// a: idea.\n#include "malloc/process.h"\n'
refuses beside cli/a.c '// a: idea.\n#include "record/file.h"\n'
refuses upward trace/a.c '// a: idea.\n#include "oracle/core/bits.h"\n'
refuses upward record/a.c '// a: idea.\n#include "cli/io/cli.h"\n'
refuses oracle oracle/go/a.c '// a: idea.\n#include "allocator/pages/mstats.h"\n'
refuses oracle oracle/go/a.h '// a: idea.\n#  include "allocator/pages/mspan.h"\n'
refuses ledger oracle/go/model/a.c '// a: idea.\n#include "allocator/inspect.h"\n'
refuses ledger oracle/go/model/a.h '// a: idea.\n#include "oracle/go/view/view.h"\n'
refuses ledger oracle/go/model/a.c '// a: idea.\n#include "runtime/runtime.h"\n'
refuses ledger oracle/go/model/a.c '// a: idea.\n#include "oracle/go/observer/observer.h"\n'
refuses ledger oracle/go/state/a.c '// a: idea.\n#include "oracle/go/view/view.h"\n'
refuses uses oracle/go/state/a.c '// a: idea.\n#include "oracle/go/model/parts.h"\n'
refuses room fuzz/go/a.c '// a: idea.\n#include "oracle/go/state/state.h"\n'
refuses room fuzz/stress/a.c '// a: idea.\n#include "oracle/go/model/parts.h"\n'
refuses seam dump/read/a.c '// a: idea.\n#include "dump/writer.h"\n'
refuses two-truths dump/write/a.c '// a: idea.\n#include "dump/reader.h"\n'
refuses seam fuzz/program/a.c '// a: idea.\n#include "allocator/heap.h"\n'
refuses seam oracle/core/a.c '// a: idea.\n#include "oracle/go/rules.h"\n'
refuses seam fuzz/execute/a.c '// a: idea.\n#include "fuzz/go/machine.h"\n'
refuses seam dump/read/a.c '// a: idea.\n#include "allocator/memstats.h"\n'
refuses seam cli/a.c '// a: idea.\n#include "oracle/go/oracle.h"\n'
refuses seam dump/graph/a.h '// a: idea.\n#include <allocator/heap.h>\n'
refuses seam dump/reader.h '// reader: idea.\n#include "runtime/gc.h"\n'
refuses seam fuzz/execute/a.c '// a: idea.\n#include "fuzz/schedule/schedule.h"\n'
refuses seam fuzz/targets/target_decode.c '// target_decode: idea.\n#include "fuzz/go/machine.h"\n'
refuses seam fuzz/another/a.c '// a: idea.\n#include "allocator/heap.h"\n'
for line in '#include/**/"allocator/good.h"' '/**/ #include "allocator/good.h"' '%:include "allocator/good.h"' '#include GOOD' \
    '#include \\\n"allocator/good.h"' '#\\\ninclude "allocator/good.h"' '#include "cli/../allocator/good.h"' \
    '#include <./allocator/good.h>' '#import "allocator/good.h"'; do
    refuses include cli/a.c "// a: idea.\n$line\n"
done
refuses seam cli/a.inc '// a: idea.\n#include "allocator/heap.h"\n'
refuses seam subject/findings/sources/a.c '// a: idea.\n#include "allocator/heap.h"\n'
accepts subject/findings/sources/a.c '// a: idea.\n#include "FreeRTOS.h"\n'
refuses word allocator/a.c '// a: idea.\nstatic int heap_attempt;\n'
refuses word oracle/go/a.c '// a: idea.\nstruct profile_book;\n'
accepts oracle/go/a.c '// a: idea.\nvoid a(struct rule_book *book) { rule_book_begin(book); }\n'
refuses word allocator/a.h '// a: idea.\nenum sweep { SWEEP_FATE };\n'
rm -rf "${sample:?}"/*
mkdir -p "$sample/cli/run"
for name in {a..q}; do printf '// %s: idea.\n' $name >"$sample/cli/run/$name.c"; done
[ "$("$layers" "$sample")" = 'cli/run/q.c:1: cli/run has more sources than a room may: 17 (room)' ] || fail "a room of 17"
rm "$sample/cli/run/a.c"
"$layers" "$sample" || fail "a room of 16"
rm -rf "${sample:?}"/*
mkdir "$sample"/{allocator,dump}
printf '// a: idea.\nstruct of_one {\n    int a;\n};\nenum twice { A };\n' | tee "$sample/allocator/a.h" >"$sample/dump/a.h"
printf '// b: idea.\nstruct of_one {\n' >"$sample/dump/b.c" # of this file alone
[ "$("$layers" "$sample")" = 'dump/a.h:2: struct of_one is one of allocator/a.h as well (noun)
dump/a.h:5: enum twice is one of allocator/a.h as well (noun)' ] || fail "a noun with two meanings: $("$layers" "$sample")"
accepts allocator/a.c '// a: an attempt, as prose says.\nstatic const char *const hottest = "hot";\n'
refuses folder allocator/a.c '// a: idea.\n#include "good.h"\n'
refuses idea allocator/a.c '#include "allocator/good.h"\n'
refuses idea allocator/a.def '// b: of another file.\n'
refuses todo allocator/a.c "// a: idea.\n// TO""DO later\n"
refuses switch fuzz/go/a.c '// a: idea.\n    switch ((int)operation_code(operation)) {\n'
refuses switch oracle/a.c '// a: idea.\n    switch ((unsigned)kind) {\n'
refuses switch fuzz/generate/a.c '// a: idea.\n    int code = operation_code(operation);\n    switch (code) {\n    case OP_FREE:\n'
for line in 'case  OP_FREE:' 'case (OP_FREE):' 'enum { FREES = OP_FREE };' 'enum{X=OP_FREE};' '    FREES = (int)OP_FREE,' '#define FREES OP_FREE' \
    '#define IS(name) case OP_##name'; do
    refuses switch fuzz/go/a.c "// a: idea.\n$line\n"
done
refuses extension runtime/a.c '// a: idea.\nint b = __builtin_ctz(c);\n'
refuses extension oracle/go/model/a.c '// a: idea.\n__extension__ typedef __int128 wide;\n'
refuses cycle allocator/a.h '// a: idea.\n#include "allocator/a.h"\n'
refuses length allocator/a.c "// a: idea.\n$(printf '\\n%.0s' {1..500})"

accepts oracle/go/model/a.c '// a: idea.\n#include "allocator/heap.h"\n#include "oracle/core/bits.h"\n'
accepts oracle/go/observer/a.c '// a: idea.\n#include "allocator/inspect.h"\n#include "oracle/go/state/state.h"\n'
accepts oracle/relations/a.c '// a: idea.\n__attribute__((format(printf, 1, 2)))\nint b = __builtin_add_overflow(c, d, &e);\n'
accepts cli/run/machine.c '// machine: idea.\n#include "fuzz/go/machine.h"\n#include <stdio.h>\n'
accepts fuzz/targets/target_heap.c '// target_heap: idea.\n#include "fuzz/go/machine.h"\n#include <sys/mman.h>\n'
accepts malloc/a.c '// a: idea.\n#include "allocator/pages/mheap.h"\n#include "dump/writer.h"\n'
accepts oracle/go/a.c '// a: idea.\n#include "allocator/inspect.h"\n#include "dump/reader.h"\n'
accepts tests/malloc/a.c '// a: idea.\n#include "malloc/process.h"\n#include "oracle/go/verify/scan.h"\n'
accepts tests/dump/test_a.c '// test_a: idea.\n#include "dump/reader.h"\n#include "tests/dump/help.h"\n'

"$layers" "$source" || fail "the tree breaks the rules above"
[ $failed = 0 ] && echo "ok: the layers hold, and each refusal fires"
exit $failed
