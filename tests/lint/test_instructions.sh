#!/bin/bash
# test_instructions: a count that is 3 % above the kept one passes, one more does not, and another compiler has none.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
mkdir -p "$sample"/{ci,bench,bin}
cp "$source/ci/instructions" "$sample/ci"
cat >"$sample/bin/valgrind" <<'END'
#!/bin/sh
for word; do case $word in --callgrind-out-file=*) out=${word#*=} ;; esac; done
[ "$(cat total)" != dies ] || exit 9
echo "totals: $(cat total)" >"$out"
END
printf '#!/bin/sh\necho "$(cat compiler)"\n' >"$sample/bin/cc-of-the-sample"
chmod +x "$sample"/bin/*
cd "$sample"
export PATH=$sample/bin:$PATH BENCH_FUZZ=none CC=cc-of-the-sample
echo 12.2.0 >compiler

counts() { # TOTAL STATUS WORDS [OPTION]...
    local status=0 wanted=$2 words=$3
    echo "$1" >total
    shift 3
    ci/instructions "$@" >out 2>&1 || status=$?
    [ $status = "$wanted" ] && grep -qF -- "$words" out || {
        echo "FAIL: $words: status $status: $(cat out)"
        exit 1
    }
}
counts 128000 0 '1000 instructions a program; none kept of 12.2.0-'
counts 128000 0 '1000 instructions a program, 1000 kept (+0.00 %)' --keep
grep -qE '^12\.2\.0-[0-9.]+ 1000$' bench/instructions || { echo "FAIL: $(cat bench/instructions)" && exit 1; }
counts 131840 0 '1030 instructions a program, 1000 kept (+3.00 %)'
counts 131968 1 'more than 3 % above what was kept'
counts 64000 0 '(-50.00 %)'
counts 192000 0 '1500 kept (+0.00 %)' --keep
echo 14.1.0 >compiler
counts 128000 0 'none kept of 14.1.0-'
counts 128000 0 '1000 kept' --keep
[ "$(wc -l <bench/instructions)" = 2 ] || { echo "FAIL: another compiler's is lost: $(cat bench/instructions)" && exit 1; }
counts dies 3 'callgrind failed'
counts '' 3 'nothing was counted'
counts 128000 2 'usage: ' --other
echo "ok: instructions are held to what was kept"
