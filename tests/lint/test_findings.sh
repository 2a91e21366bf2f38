#!/bin/bash
# test_findings: each program of subject/findings compiles by the line in its head, and shows what it says on the
# version that it names. What is not installed is said and left out.
set -u
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
shown=0

fail() {
    echo "FAIL: $*"
    failed=1
}

# the numbers in words, of this file and of README.md, are those of the table; SQLite's row is counted apart
words=(no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen)
tens=("" "" twenty thirty forty fifty sixty seventy eighty ninety)
in_words() { # NUMBER, below 100
    if [ "$1" -lt 20 ]; then
        echo "${words[$1]}"
    else
        echo "${tens[$1 / 10]}$([ $(($1 % 10)) = 0 ] || echo "-${words[$1 % 10]}")"
    fi
}
rows=$(grep '^| `' "$source/FINDINGS.md" | grep -v 'SQLite')
defects=$(grep -c . <<<"$rows")
projects=$(cut -d '|' -f 3 <<<"$rows" | grep -v '^ the same' | awk '{ print $1, $1 == "Apache" ? $2 : "" }' | sort -u | grep -c .)
grep -qi "^$(in_words "$defects") in $(in_words "$projects") projects, and one more (SQLite)" "$source/FINDINGS.md" ||
    fail "FINDINGS.md: its table has $(in_words "$defects") rows of $(in_words "$projects") projects beside SQLite's"
named=$(sed -n '/FINDINGS.md) has over/,/ others,/p' "$source/README.md" | tr '\n' ' ' |
    sed -n 's,.* defects in \(.*\) and \([a-z-]*\) others.*,\1|\2,p')
others=$((projects - $(tr ',' '\n' <<<"${named%|*}" | grep -c .)))
[ "${named#*|}" = "$(in_words $others)" ] || fail "README.md: ${named#*|} others, not $(in_words $others)"

cp "$source"/subject/findings/*.{c,php,go} "$source"/subject/findings/sources/*.c "$work"
cd "$work" || exit 1
unset LSAN_OPTIONS ASAN_OPTIONS
for program in *.c *.php *.go; do
    name=${program%.*}
    grep -q "$name" "$source/FINDINGS.md" || fail "$program: FINDINGS.md does not name it"
    if grep -q '^// Source: ' "$program"; then
        echo "left out: $program needs the sources of $(sed -n 's,^// Source: ,,p' "$program")"
        continue
    fi
    # shellcheck disable=SC2046 # two words
    set -- $(sed -n 's,^// Debian: ,,p' "$program")
    [ $# = 2 ] || fail "$program: its head names no package and version"
    installed=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null)
    if [ -z "$installed" ]; then
        echo "left out: $program needs $1"
        continue
    fi
    compile=$(sed -n 's,^// \(cc\|clang\) ,\1 ,p' "$program")
    if [[ $compile == clang* ]] && ! command -v clang >/dev/null; then
        echo "left out: $program needs clang"
        continue
    fi
    if [[ $program == *.php ]]; then
        php -n "$program" >out 2>&1
    elif [[ $program == *.go ]]; then # go itself would answer with 1 whatever the program does
        GOCACHE=$work/cache GOFLAGS='' /usr/lib/go-1.24/bin/go build -o "$name" "$program" || continue
        "./$name" >out 2>&1
    else
        bash -c "$compile -o $name" || {
            fail "$program: $compile"
            continue
        }
        "./$name" >out 2>&1
    fi
    status=$?
    case $status in
    0 | 1) ;;
    *) fail "$program: status $status: $(head -n 2 out)" ;;
    esac
    [ -s out ] || fail "$program says nothing"
    if [[ $installed == "$2"* ]]; then
        [ $status = 1 ] || fail "$program shows nothing on $1 $installed: $(head -n 2 out)"
        shown=$((shown + 1))
    fi
done
[ $failed = 0 ] && echo "ok: $shown defects show"
exit $failed
