#!/bin/bash
# test_manual: every option that --help names stands in the manual page and in the three completions.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:?}
command=${COUNTERCHECK:?}
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

for subcommand in replay minimize adopt bisect ops soak accounts dump; do
    help=$("$command" "$subcommand" --help) || fail "$subcommand --help ends with $?"
    [ -n "$help" ] || fail "$subcommand --help prints nothing on stdout"
    grep -q "$subcommand" "$source/cli/countercheck.1" || fail "the manual does not know $subcommand"
    for option in $(grep -oE -- '--[a-z-]+' <<<"$help" | sort -u); do
        grep -q -- "$option" <(sed 's/\\-/-/g' "$source/cli/countercheck.1") ||
            fail "the manual does not know $subcommand $option"
        grep -q -- "$option" "$source/cli/completions/countercheck.bash" ||
            fail "bash does not complete $subcommand $option"
        grep -q -- "$option" "$source/cli/completions/_countercheck" ||
            fail "zsh does not complete $subcommand $option"
        grep -q -- "-l ${option#--}" "$source/cli/completions/countercheck.fish" ||
            fail "fish does not complete $subcommand $option"
    done
done
[ $failed = 0 ] && echo "ok: manual and completions know what --help knows"
exit $failed
