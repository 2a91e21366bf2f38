#!/bin/bash
# test_tidy: ci/tidy tells what clang-tidy tells, asks nothing twice that is clean, and asks again when the source, a header
# behind it, a command or the configuration is another.
# night: a tool of ours, which no change of the product moves
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v clang-tidy >/dev/null || {
    echo "clang-tidy is not installed"
    exit 77
}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
export TIDY_CACHE=$sample/cache PATH=$sample/bin:$PATH

mkdir -p "$sample"/{bin,tree/ci,tree/build,tree/part}
cp "$source/ci/tidy" "$sample/tree/ci"
cd "$sample/tree"
cat >"$sample/bin/clang-tidy" <<END
#!/bin/sh
[ "\$1" = --version ] || echo "\$*" >>"$sample/asked"
exec $(command -v clang-tidy) "\$@"
END
chmod +x "$sample/bin/clang-tidy"
printf 'Checks: "-*,readability-braces-around-statements"\nWarningsAsErrors: "*"\nHeaderFilterRegex: "part/"\n' >.clang-tidy
echo 'int lower(int value);' >part/whole.h
printf '#include "part/whole.h"\nint lower(int value) {\n    return value - 1;\n}\n' | tee part/one.c >part/two.c

commands() { # FLAGS...: of part/one.c, one entry for each word; part/two.c is in no build
    local flags separator=''
    for flags; do
        printf '%s{"directory": "%s", "file": "%s", "command": "clang -I%s %s -o x.o -c %s"}' "${separator:-[}" "$PWD" "$PWD/part/one.c" "$PWD" "$flags" "$PWD/part/one.c"
        separator=,
    done >build/compile_commands.json
    echo ']' >>build/compile_commands.json
}
commands -DA=1

asks() { # COUNT STATUS WHAT
    local status=0
    touch -d '1 minute ago' part/* # nobody edits while they are read
    : >"$sample/asked"
    ci/tidy build part/one.c part/two.c >"$sample/out" 2>&1 || status=$?
    [ $status = "$2" ] && [ "$(grep -c . "$sample/asked")" = "$1" ] || {
        echo "FAIL: $3: status $status, asked: $(cat "$sample/asked" "$sample/out")"
        exit 1
    }
}
asks 2 0 "what is new is asked"
asks 0 0 "what is clean is asked once"
commands '-DA=1 -fPIC -g' '-DA=1 -fPIE -fno-builtin-malloc'
asks 0 0 "commands that differ in generated code are one"
commands -DA=2
asks 2 0 "another macro"
echo '// a comment' >>part/whole.h
asks 2 0 "another header"
mv part/whole.h part/gone.h
asks 2 1 "a header that is gone"
mv part/gone.h part/whole.h
sed -i 's/"-\*,/&misc-misleading-identifier,/' .clang-tidy
asks 2 0 "another configuration"
printf '\n#if A == 2\nint upper(int value);\nint upper(int value) {\n    if (value > 1) return 2;\n    return value;\n}\n#endif\n' >>part/one.c
asks 1 1 "what is wrong is told"
grep -q 'part/one.c:9:.*readability-braces' "$sample/out" || { echo "FAIL: where it is: $(cat "$sample/out")" && exit 1; }
asks 1 1 "what is wrong is told again"
commands -DA=1 -DA=2
asks 2 1 "each command is asked for, not the first alone"
cp -r "$sample/tree" "$sample/clone"
sed -i '5,$d' part/one.c "$sample/clone/part/one.c"
asks 1 0 "what was mended"
cd "$sample/clone"
commands -DA=1 -DA=2
asks 0 0 "a clone elsewhere"
TIDY_CACHE=/proc/none asks 2 0 "a cache that cannot be written is none"
status=0
ci/tidy nowhere part/one.c 2>/dev/null || status=$?
[ $status = 2 ] || { echo "FAIL: no build: status $status" && exit 1; }
echo "ok: what clang-tidy said is remembered as long as it is true"
