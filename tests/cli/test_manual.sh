#!/bin/bash
# test_manual: the manual page has what each subcommand's --help says; the completions offer each subcommand and each option
# that it names: those of bash, and of fish and zsh where they are there.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:?}
command=$(realpath "${COUNTERCHECK:?}")
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
ln -s "$command" "$sample/countercheck"
export PATH=$sample:$PATH
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

cmake -DCOMMAND="$command" -DFROM="$source/cli/countercheck.1" -DOUT="$sample/page" -P "$source/cmake/manual.cmake"
sed 's/\\-/-/g; s/^\\&//; s/\\e/\\/g' "$sample/page" >"$sample/plain"

# shellcheck source=/dev/null # the completion is the one of the tree
. "$source/cli/completions/countercheck.bash"
bash_offers() { # WORD...: the last one is begun
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _countercheck "$1"
    printf '%s\n' "${COMPREPLY[@]}"
}

offered() { # WORD SUBCOMMAND...: by each shell behind these
    local word=$1 line
    shift
    line="countercheck $*${1:+ }${word:0:2}"
    grep -qxF -e "$word" <(bash_offers countercheck "$@" "${word:0:2}") || fail "bash does not complete $* $word"
    ! command -v fish >/dev/null ||
        grep -q "^$word"$'\(\t\|$\)' <(fish -N -c "source $source/cli/completions/countercheck.fish; complete -C '$line'") ||
        fail "fish does not complete $* $word"
}

subcommands=$("$command" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$subcommands")" -ge 9 ] || fail "the subcommands: $subcommands"
for subcommand in $subcommands; do
    "$command" "$subcommand" --help >"$sample/help" || fail "$subcommand --help ends with $?"
    [ -s "$sample/help" ] || fail "$subcommand --help prints nothing on stdout"
    sed -n "/^\.SS $subcommand\$/,/^\.fi\$/p" "$sample/plain" | sed '1,2d; $d' | cmp -s - "$sample/help" ||
        fail "the manual has another help of $subcommand"
    offered "$subcommand"
    for option in $(grep -oE -- '(^|[^a-z-])--[a-z][a-z-]*' "$sample/help" | sed 's/^[^-]//' | sort -u); do
        grep -q -- "$option=[a-z]*|" "$sample/help" || offered "$option" "$subcommand"
    done
done
offered info dump
[[ $(bash_offers countercheck soak --check=) == *--check=paranoid* ]] || fail "bash does not complete what --check takes"
[[ $(bash_offers countercheck replay "$source/REA") == *README.md ]] || fail "bash does not complete a file"
! command -v zsh >/dev/null || zsh -n "$source/cli/completions/_countercheck" || fail "zsh does not read its completion"

[ $failed = 0 ] && echo "ok: manual and completions know what --help knows"
exit $failed
