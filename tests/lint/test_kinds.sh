#!/bin/bash
# test_kinds: each kind of fault that slipped through has a command that proves it noticed, and the command is there.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
failed=0

# is_there COMMAND: a script with these options, a target of the Makefile, a test, or the command with these options
is_there() {
    local words option
    read -ra words <<<"$1"
    case ${words[0]} in
    ci/*)
        [ -x "$source/${words[0]}" ] || return 1
        for option in "${words[@]:1}"; do
            [[ $option != --* ]] || grep -qF -- "\"$option\"" "$source/${words[0]}" || return 1
        done
        ;;
    make) grep -q "^${words[1]}:" "$source/Makefile" ;;
    ctest) [[ ${words[3]} = -R ]] && { compgen -G "$source/tests/${words[4]/./\/}.*" || grep -q "/generated/${words[4]#*.}\.c" "$source/cmake/tests.cmake"; } >/dev/null ;;
    countercheck)
        for option in "${words[@]:2}"; do
            if [[ $option = --* ]]; then
                grep -qF -- "\"$option\"" "$source/cli/cmd_${words[1]}.c" || return 1
            else
                grep -q "^OPERATION([^,]*, [^,]*, $option," "$source/fuzz/program/ops.def" || return 1
            fi
        done
        ;;
    *) return 1 ;;
    esac
}

rows=0
while IFS='|' read -r _ kind _ _ proof _; do
    rows=$((rows + 1))
    mapfile -t commands < <(awk -F '`' '{ for (i = 2; i < NF; i += 2) print $i }' <<<"$proof")
    [ ${#commands[@]} -gt 0 ] || { echo "FAIL: $kind: no command" && failed=1; }
    for command in "${commands[@]}"; do
        is_there "$command" || { echo "FAIL: $kind: there is no $command" && failed=1; }
    done
done < <(sed -n '/^|---/,$p' "$source/ci/faults/KINDS.md" | tail -n +2)
[ $rows = 10 ] || { echo "FAIL: $rows kinds, not ten" && failed=1; }
for none in 'ci/faults/none' 'ci/faults/gaps --none' 'make none' 'ctest --preset asan -R fuzz.test_none' \
    'countercheck soak --none' 'countercheck ops --list none'; do
    ! is_there "$none" || { echo "FAIL: $none is said to be there" && failed=1; }
done
[ $failed = 0 ] && echo "ok: each kind has a command that proves it"
exit $failed
