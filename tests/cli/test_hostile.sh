#!/bin/bash
# test_hostile: every command with inputs and outputs that nobody meant: statuses and messages are those of hostile.table, and no
# byte of an input reaches the terminal as a control character.
#
# usage: test_hostile.sh [--update]     --update writes what is there now into the table, to be reviewed
#
# holds: cli/io/array.c cli/io/input.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
table=$source/tests/cli/hostile.table

# ---- the inputs

inputs=(nul c1 bidi gzip elf utf-16 empty fifo circle closed-pipe full-disk)
printf 'h0 = alloc size=64\nfree h0\n' >clean
cp "$source/tests/cli/inputs/wrong.ops" wrong
"$command" replay --dump dump clean >/dev/null || exit 3
cp "$source/tests/cli/inputs/nul.ops" nul
cp "$source/tests/cli/inputs/c1.ops" c1
printf 'h0 = alloc size=64 \xe2\x80\xae46=ezis\n' >bidi
gzip -nc <clean >packed && mv packed gzip
{ printf '\177ELF\2\1\1\0' && head -c 4096 /dev/zero; } >elf
{ printf '\xff\xfe' && printf 'nop\n' | sed 's/./&\x00/g'; } >utf-16
: >empty
mkdir -p circle/a kept/heap/regression
ln -s ../a circle/a/again
mkfifo fifo pipe

# ---- the calls: IN is the input, or one that is of use where the outputs are at stake; OUT a file

calls=("replay IN" "replay --trace IN" "minimize IN -o OUT" "adopt --corpus kept --name new IN" "bisect IN" "ops IN"
    "ops --encode IN -o OUT" "accounts SELF SELF IN" "dump info IN" "dump json IN" "dump verify IN" "dump recode IN OUT"
    "dump diff IN dump")

useful_for() { # CALL: an input that the call has something to say of
    case $1 in
    dump*) echo dump ;;
    minimize* | adopt*) echo wrong ;;
    *) echo clean ;;
    esac
}

run() { # INPUT WORD...: the call with that input; leaves out, err and $status
    local input=$1 writer=
    shift
    case $input in
    fifo)
        cat "$(useful_for "${*:2}")" >fifo &
        writer=$!
        ;;
    esac
    case $input in
    closed-pipe) # open for writing, and nobody reads it
        exec 5<>pipe
        exec 4>pipe 5<&-
        timeout 100 "$@" >&4 2>err
        status=$?
        exec 4>&-
        : >out
        ;;
    full-disk) timeout 100 "$@" >/dev/full 2>err && status=0 || status=$? && : >out ;;
    *)
        timeout 100 "$@" >out 2>err </dev/null
        status=$?
        ;;
    esac
    # a writer that nobody has read yet is still this shell, and at SIGTERM would run its trap: the folder would be gone
    [ -z "$writer" ] || { kill -KILL "$writer" && wait "$writer"; } 2>/dev/null
}

words_of() { # CALL INPUT: the call's words, one a line
    local word in=$2 out=new-file
    case $2 in
    closed-pipe) in=$(useful_for "$1") ;;
    full-disk) in=$(useful_for "$1") out=/dev/full ;;
    esac
    for word in $1; do
        case $word in
        IN) echo "$in" ;;
        OUT) echo "$out" ;;
        SELF) echo "$command" ;;
        *) echo "$word" ;;
        esac
    done
}

# What a terminal obeys: C0 but tab, newline and return, DEL, C1 and the characters that turn text around, in UTF-8.
steers='[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]'

{
    sed -n '/^#/p' "$table" 2>/dev/null
    for call in "${calls[@]}"; do
        for input in "${inputs[@]}"; do
            rm -rf new-file kept/heap/regression/*
            mapfile -t words < <(words_of "$call" "$input")
            run "$input" "$command" "${words[@]}"
            LC_ALL=C grep -qaP "$steers" out err && echo "$call with $input: a control character is printed" >>steered
            message=$(grep -vE '^countercheck: [0-9]+ s: ' err | head -n 1 | sed "s|$folder/||g; s|$command|SELF|g")
            printf '%-35s | %-11s | %3d | %s\n' "$call" "$input" "$status" "$message" | sed 's/ *$//'
        done
    done
} >now
[ ! -e steered ] || fail "$(cat steered)"
if [ "${1:-}" = --update ]; then
    cp now "$table"
elif ! diff "$table" now >difference; then
    fail "other than in hostile.table (< there, > now):"
    cat difference
fi
[ $failed = 0 ] && echo "ok: $((${#calls[@]} * ${#inputs[@]})) calls end as the table says"
exit $failed
