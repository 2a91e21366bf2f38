#!/bin/bash
# test_manual: the manual page has what each subcommand's --help says, and each of theirs; the completions offer each
# subcommand and each option that it names: those of bash, and of fish and zsh where they are there; no help is wider than a
# terminal of 80 columns.
# once: words: the same sources do it in each build
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

offered() { # WORD SUBCOMMAND...: by each shell behind these; a shell is asked once for all that begins so
    local word=$1 line offers
    shift
    line="countercheck $*${1:+ }${word:0:2}"
    offers="$sample/${line// /_}"
    if [ ! -e "$offers.bash" ]; then
        bash_offers countercheck "$@" "${word:0:2}" >"$offers.bash"
        ! command -v fish >/dev/null ||
            fish -N -c "source $source/cli/completions/countercheck.fish; complete -C '$line'" >"$offers.fish"
    fi
    grep -qxF -e "$word" "$offers.bash" || fail "bash does not complete $* $word"
    ! command -v fish >/dev/null || grep -q "^$word"$'\(\t\|$\)' "$offers.fish" || fail "fish does not complete $* $word"
}

fits() { # WHAT: ./help
    awk -v what="$1" 'length > 80 { print "FAIL: wider than 80 columns: " what ": " $0; wide = 1 } END { exit wide }' "$sample/help" ||
        failed=1
}

check_help() { # SUBCOMMAND...
    local option
    "$command" "$@" --help >"$sample/help" || fail "$* --help ends with $?"
    [ -s "$sample/help" ] || fail "$* --help prints nothing on stdout"
    offered "${@: -1}" "${@:1:$#-1}"
    [ $# = 2 ] && cmp -s "$sample/help" "$sample/$1.help" && return
    cp "$sample/help" "$sample/$*.help"
    fits "$*"
    for option in $(grep -oE -- '(^|[^a-z-])--[a-z][a-z-]*' "$sample/help" | sed 's/^[^-]//' | sort -u); do
        grep -q -- "$option=[a-z]*|" "$sample/help" || offered "$option" "$@"
    done
    sed -n "/^\.SS $*\$/,/^\.fi\$/p" "$sample/plain" | sed '1,2d; $d' | cmp -s - "$sample/help" ||
        fail "the manual has another help of $*"
}

"$command" --help >"$sample/help"
fits countercheck
subcommands=$(sed -n 's/^  \([a-z]*\) .*/\1/p' "$sample/help")
[ "$(wc -w <<<"$subcommands")" -ge 9 ] || fail "the subcommands: $subcommands"
inner=0
for subcommand in $subcommands; do
    check_help "$subcommand"
    for name in $(grep -oE "countercheck $subcommand [a-z]+" "$sample/$subcommand.help" | sed 's/.* //'); do
        check_help "$subcommand" "$name"
        inner=$((inner + 1))
    done
done
[ $inner -ge 13 ] || fail "subcommands of subcommands: $inner"
[[ $(bash_offers countercheck soak --check=) == *--check=paranoid* ]] || fail "bash does not complete what --check takes"
[[ $(bash_offers countercheck replay "$source/REA") == *README.md ]] || fail "bash does not complete a file"
! command -v zsh >/dev/null || zsh -n "$source/cli/completions/_countercheck" || fail "zsh does not read its completion"

[ $failed = 0 ] && echo "ok: manual and completions know what --help knows"
exit $failed
