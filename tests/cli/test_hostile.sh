#!/bin/bash
# test_hostile: every command with inputs and outputs that nobody meant: statuses and messages are those of hostile.table, and no
# byte of an input reaches the terminal as a control character.
#
# usage: test_hostile.sh [--update]     --update writes what is there now into the table, to be reviewed
#
# holds: cli/io/array.c cli/io/input.c cli/io/open.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
table=$source/tests/cli/hostile.table

# ---- the inputs

inputs=(nul c1 bidi gzip elf utf-16 empty fifo circle closed-pipe deaf-pipe full-disk)
printf 'h0 = alloc size=64\nfree h0\n' >clean
cp "$source/tests/cli/inputs/wrong.ops" wrong
"$command" replay --dump dump clean >/dev/null || exit 3
"$command" record -o traced -- sh -c : || exit 3
"$command" record --with-stacks -o stacked -- sh -c : || exit 77 # as where no stack can be followed
echo 'in_use <= capacity' >relations
echo 'expected Frees 2999-12-31 it waits' >known
cp "$source/tests/cli/inputs/nul.ops" nul
cp "$source/tests/cli/inputs/c1.ops" c1
printf 'h0 = alloc size=64 \xe2\x80\xae46=ezis\n' >bidi
gzip -nc <clean >packed && mv packed gzip
{ printf '\177ELF\2\1\1\0' && head -c 4096 /dev/zero; } >elf
{ printf '\xff\xfe' && printf 'nop\n' | sed 's/./&\x00/g'; } >utf-16
: >empty
mkdir -p circle/a kept/heap/regression many
for i in {1..400}; do echo 'h0 = alloc size=64' && echo "free h0 # $i"; done >long # more text than a buffer of stdout holds
cp long many/a && cp long many/b && cp long many/c
ln -s ../a circle/a/again
mkfifo fifo pipe unwritten

# ---- the calls: IN is the input, or one that is of use where the outputs are at stake; ./IN an adapter, or one that is built
# in; OUT a file. Those without IN have outputs alone.

calls=("replay IN" "replay --subject boundary --relations IN clean" "replay --trace IN" "replay --trace --json IN" "replay --stats --json IN" "replay --known IN clean" "replay --against IN clean" "replay --dump OUT IN"
    "replay --pin IN" "replay --subject ./IN clean" "replay --subject boundary IN" "minimize IN -o OUT"
    "adopt --corpus kept --name new IN" "bisect IN" "bisect --subject boundary --relations IN clean" "ops IN" "ops --encode IN -o OUT"
    "minimize --subject boundary --relations IN clean -o OUT"
    "ops --c --subject boundary IN" "ops --c --calls IN --subject boundary clean" "ops --c --subject boundary --relations IN clean" "ops --list"
    "soak --operations 300 --seed 1" "soak --operations 300 --subject ./IN" "soak --operations 300 --subject boundary --relations IN" "accounts SELF SELF IN" "accounts IN SELF clean" "subject list" "subject new OUT"
    "subject suggest ./IN --seconds 1" "subject describe ./IN" "subject describe boundary --relations IN"
    "subject compare ./IN boundary --seconds 1" "subject check ./IN --operations 300" "subject check boundary --relations IN --operations 300"
    "dump info IN"
    "dump info --json --lenient IN" "dump json IN" "dump verify IN" "dump recode IN OUT" "dump diff IN dump"
    "dump retained IN" "dump path IN 0x1" "dump top IN" "dump top dump --binary IN" "dump roots IN" "dump goroutines IN" "dump object IN 0x1" "dump find IN"
    "dump spans IN" "dump duplicates IN" "dump pprof IN -o OUT" "dump dot IN" "dump html IN OUT" "dump redact IN OUT"
    "record -o OUT -- sh -c :" "trace info IN" "trace info --json IN --svg OUT" "trace info --by stack IN" "trace fold IN" "trace pprof IN -o OUT"
    "trace ops IN"
    "trace replay IN" "trace replay traced --subject boundary --relations IN" "trace replay traced --subject ./IN" "trace compare go-heap IN")

# Each command that --help names, and each of theirs.
names_of_commands() {
    local name
    "$command" --help | sed -nE 's/^  ([a-z]+)  .*/\1/p' | while read -r name; do
        echo "$name"
        "$command" "$name" --help | sed -nE "s/^(usage:|      ) countercheck ($name [a-z]+).*/\\2/p"
    done
}
named=0
while read -r name; do
    named=$((named + 1))
    grep -qE "^$name( |\$)" <<<"$(printf '%s\n' "${calls[@]}")" || fail "no call of countercheck $name"
done < <(names_of_commands)
[ $named -ge 27 ] || fail "--help names $named commands"

useful_for() { # CALL: an input that the call has something to say of
    case $1 in
    *./IN*) echo boundary ;;
    *--relations*) echo relations ;;
    *--known*) echo known ;;
    *--binary*) echo "$command" ;;
    *--trace\ --json*) echo long ;;
    *--stats\ --json*) echo many ;;
    accounts\ IN*) echo "$command" ;;
    dump* | *--against*) echo dump ;;
    trace\ pprof* | *--by\ stack*) echo stacked ;;
    trace*) echo traced ;;
    minimize* | adopt*) echo wrong ;;
    *) echo clean ;;
    esac
}

run() { # INPUT WORD...: the call with that input; leaves $said.out, $said.err and $status
    local input=$1 writer=
    shift
    case $input in
    fifo)
        { [ ! -f "$useful" ] || exec cat "$useful"; } >fifo &
        writer=$!
        ;;
    esac
    case $input in
    closed-pipe | deaf-pipe) # open for writing, and nobody reads it; deaf: SIGPIPE is ignored
        exec 5<>pipe
        exec 4>pipe 5<&-
        (
            [ "$input" = closed-pipe ] || trap '' PIPE
            exec timeout 30 "$@"
        ) >&4 2>"$said.err"
        status=$?
        exec 4>&-
        : >"$said.out"
        ;;
    full-disk) timeout 30 "$@" >/dev/full 2>"$said.err" && status=0 || status=$? && : >"$said.out" ;;
    *)
        timeout 30 "$@" >"$said.out" 2>"$said.err" </dev/null
        status=$?
        ;;
    esac
    # a writer that nobody has read yet is still this shell, and at SIGTERM would run its trap: the folder would be gone
    [ -z "$writer" ] || { kill -KILL "$writer" && wait "$writer"; } 2>/dev/null
}

words_of() { # CALL INPUT: sets words, those of the call
    local word in=$2 out=new-file
    case $2 in
    *-pipe) in=$useful ;;
    full-disk) in=$useful out=/dev/full ;;
    mute-fifo) in=unwritten ;;
    deaf-fifo) in=$useful out=unread.${#lonely[@]} ;; # its own: another call may look into it
    esac
    words=()
    for word in $1; do
        case $word in
        IN) words+=("$in") ;;
        ./IN) [ "$in" = boundary ] && words+=("$in") || words+=("./$in") ;;
        OUT) words+=("$out") ;;
        SELF) words+=("$command") ;;
        *) words+=("$word") ;;
        esac
    done
}

# The first line of $said.err that is no progress, as the table has it: sets message.
take_message() {
    local line
    message=
    while IFS= read -r line || [ -n "$line" ]; do
        [[ $line =~ ^countercheck:\ [0-9]+\ s:\  ]] && continue
        message=$line
        break
    done <"$said.err"
    [[ ! $message =~ unread\.[0-9]+ ]] || message=${message//"${BASH_REMATCH[0]}"/unread}
    message=${message//"$folder/"/} message=${message//"$command"/SELF}
    [[ $message != *"cannot be loaded: "* ]] || message="${message%%cannot be loaded: *}cannot be loaded"
}

print_row() { # CALL INPUT STATUS
    local line
    take_message
    printf -v line '%-54s | %-11s | %3d | %s' "$1" "$2" "$3" "$message"
    printf '%s\n' "${line%"${line##*[! ]}"}"
}

# Of the shell alone but for the call: a thousand of them are made.
mkdir said
names=()

# Pipes that nobody opens at their other end: all these calls wait at once in the background, in a folder of their own, and have
# their rows behind the others.
lonely=()
cp -a . "$folder-apart" && mv "$folder-apart" apart || exit 3
for call in "${calls[@]}"; do
    useful=$(useful_for "$call")
    for input in mute-fifo deaf-fifo; do
        case $input-$call in mute-fifo-*IN* | deaf-fifo-*OUT*) ;; *) continue ;; esac
        words_of "$call" "$input"
        mkfifo "apart/unread.${#lonely[@]}"
        said=said/lonely-${#lonely[@]}
        lonely+=("$call|$input|$said")
        (
            cd apart || exit 3
            timeout 60 "$command" "${words[@]}" >"../$said.out" 2>"../$said.err" </dev/null
            echo $? >"../$said.status"
        ) &
    done
done
{
    sed -n '/^#/p' "$table" 2>/dev/null
    for call in "${calls[@]}"; do
        useful=$(useful_for "$call")
        for input in "${inputs[@]}"; do
            [[ $call == *IN* || $input == *-pipe || $input == full-disk ]] || continue
            [ ! -e new-file ] || rm -rf new-file
            [ -z "$(compgen -G 'kept/heap/regression/*')" ] || rm -rf kept/heap/regression/*
            printf 'h0 = alloc size=64\nfree h0\n' >clean
            words_of "$call" "$input"
            said=said/${#names[@]}
            names+=("$call with $input")
            run "$input" "$command" "${words[@]}"
            print_row "$call" "$input" "$status"
        done
    done
    wait
    for entry in "${lonely[@]}"; do
        IFS='|' read -r call input waited <<<"$entry"
        said=said/${#names[@]}
        names+=("$call with $input")
        mv "$waited.out" $said.out && mv "$waited.err" $said.err
        print_row "$call" "$input" "$(<"$waited.status")"
    done
} >now

# What a terminal obeys: C0 but tab, newline and return, DEL, C1 and the characters that turn text around, in UTF-8.
steers='[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]'
while IFS= read -r file; do
    file=${file#said/}
    fail "${names[${file%.*}]}: a control character is printed"
done < <(LC_ALL=C grep -rlaP "$steers" said)
if [ "${1:-}" = --update ]; then
    cp now "$table"
elif ! diff "$table" now >difference; then
    fail "other than in hostile.table (< there, > now):"
    cat difference
fi
[ $failed = 0 ] && echo "ok: $(grep -vc '^#' now) calls end as the table says"
exit $failed
