#!/bin/bash
# test_manual: every option that a subcommand's --help names stands in the subcommand's own part of the manual page, and in
# the three completions.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:?}
command=${COUNTERCHECK:?}
manual=$source/cli/countercheck.1
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

# part MANUAL SUBCOMMAND: from its entry under SUBCOMMANDS to the next subcommand's
part() {
    sed 's/\\-/-/g; s/\\f[A-Z]//g' "$1" | awk -v mine="$2" '
        /^\.SH/ { inside = 0; listed = /SUBCOMMANDS/ }
        listed && match($0, /^\.BI "?(replay|minimize|adopt|bisect|ops|soak|accounts|dump) /) {
            split($0, words, /[ "]+/); inside = words[2] == mine }
        listed && /^\.PP/ { inside = mine == "dump" }
        inside'
}

# in_part MANUAL SUBCOMMAND OPTION
in_part() {
    part "$1" "$2" | grep -qE -- "(^|[^a-z-])$3($|[^a-z-])"
}

for subcommand in replay minimize adopt bisect ops soak accounts dump; do
    help=$("$command" "$subcommand" --help) || fail "$subcommand --help ends with $?"
    [ -n "$help" ] || fail "$subcommand --help prints nothing on stdout"
    [ -n "$(part "$manual" $subcommand)" ] || fail "the manual does not know $subcommand"
    for option in $(grep -oE -- '--[a-z-]+' <<<"$help" | sort -u); do
        in_part "$manual" $subcommand "$option" || fail "the manual does not know $subcommand $option"
        grep -q -- "$option" "$source/cli/completions/countercheck.bash" ||
            fail "bash does not complete $subcommand $option"
        grep -q -- "$option" "$source/cli/completions/_countercheck" ||
            fail "zsh does not complete $subcommand $option"
        grep -q -- "-l ${option#--}" "$source/cli/completions/countercheck.fish" ||
            fail "fish does not complete $subcommand $option"
    done
done

# a page that lacks an option in its own place, though another subcommand has one of that name, is not enough
sample=$(mktemp)
trap 'rm -f "$sample"' EXIT
sed '/^\.BI accounts/,/^\.BI "dump/s/\\-\\-json//' "$manual" >"$sample"
in_part "$sample" accounts --json && fail "an option of another subcommand is taken for one's own"

[ $failed = 0 ] && echo "ok: manual and completions know what --help knows"
exit $failed
