#!/bin/bash
# test_language: the language of programs as the tool itself tells it: ops --list, what errors allow, replay --strict,
# replay --pin --force.
# once: what it says of programs: the same sources do it in each build
#
# holds: cli/ops_list.c cli/run/idle.c cli/run/origin.c fuzz/go/collect.c fuzz/go/goroutines.c
# holds: fuzz/go/objects.c fuzz/go/specials.c fuzz/go/system.c fuzz/go/threads.c
# holds: fuzz/program/language.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

# ---- every operation that is listed has an example in which it does something

examples() { # OPTION...
    local name last count=0
    "$command" ops --list "$@" | sed -nE 's/^([a-z0-9.]+ = )?([a-z_]+)( .*)?$/\2/p' >names
    while read -r name; do
        expect 0 "" "$command" ops --list "$@" "$name"
        sed -n '/^example:$/,$s/^    //p' out >example.ops
        # one that is about those behind it stands before them
        last=$(tail -n 1 example.ops | sed -E 's/^[a-z0-9]+ = //; s/ .*//')
        [ "$last" = "$name" ] || [ "$name" = program ] || grep -q "^$name operations=" example.ops ||
            fail "ops --list $name: its example does not end with it: $(cat example.ops)"
        if [ $# -gt 0 ] && [ "$name" = expect ]; then
            "$command" replay --strict "$@" example.ops >out 2>err # an allocator's numbers begin where they do
            [ $? -le 1 ] || fail "ops --list $* expect: $(cat err)"
            continue
        fi
        expect 0 "" "$command" replay --strict "$@" example.ops
        count=$((count + 1))
    done <names
    [ $count -gt 5 ] || fail "ops --list $*: $count operations"
}

examples
says names program "ops --list"
says names alloc_fan "ops --list"
grep -qx drop names && fail "ops --list: an operation that a Go-like heap has not"
examples --subject slab
grep -qx go_start names && fail "ops --list --subject: an operation that only a Go-like heap has"
expect 0 "" "$command" ops --list alloc
says out "size=0..140737488355327                  must be there" "ops --list alloc"
says out "tiny                                     else no" "ops --list alloc"
says out "none|words|node" "ops --list alloc"
expect 0 "" "$command" ops --list expect
says out "HeapInuse" "ops --list expect"
expect 2 "no operation is called 'aloc' (nearest: alloc)" "$command" ops --list aloc
expect 2 "or --list [NAME]" "$command" ops --list --raw
expect 2 "one operand too many" "$command" ops --list alloc free

# ---- an error names what is allowed

wrong() { # LINE TEXT
    printf 'nop\n%s\n' "$1" >wrong.ops
    expect 2 "wrong.ops:2: $2" "$command" replay wrong.ops
}
wrong 'h0 = alloc c0 sz=48' "alloc takes no 'sz=48': it takes c0..c1023, size, type, zero, tiny, untouched (nearest: size)"
wrong 'h0 = aloc c0 size=48' "unknown operation 'aloc' (nearest: alloc): ops --list shows all"
wrong 'h0 = alloc c0 size=140737488355328' "'size=140737488355328' is no value for alloc: size=0..140737488355327"
wrong 'h0 = alloc c0 size=8 type=nod' "'type=nod' is no value for alloc: type=none|words|node|"
wrong 'h1024 = alloc c0 size=8' "'h1024' is no result of alloc: h0..h1023"
wrong 'free c0 h1024' "'h1024' is no value for free: h0..h1023"
wrong 'h0 = alloc c1024 size=8' "'c1024' is no value for alloc: c0..c1023"
wrong 'h0 = alloc c0' "alloc lacks its 'size': size=0..140737488355327"
wrong 'check ful' "check takes no 'ful': it takes cheap|full|paranoid (nearest: full)"
wrong 'write_data word=0 to=h1024' "'to=h1024' is no value for write_data: to=nil or to=h0..h1023, +0..1099511627775 behind it"
wrong 'dump sink=shrt:1' "'sink=shrt:1' is no value for dump: sink=memory|path|short:0..65535"
wrong 'expect HeapInUse=1' "unknown statistic 'HeapInUse' (nearest: HeapInuse)"
printf 'program caches=1025\n' >wrong.ops
expect 2 "caches=1..1024, check=1..255" "$command" replay wrong.ops

# ---- --strict: an operation that does nothing is an error, with its line and why

idle() { # PROGRAM LINE TEXT
    printf '%b' "$1" >idle.ops
    expect 0 "" "$command" replay idle.ops
    expect 2 "idle.ops:$2: $3" "$command" replay --strict idle.ops
}
idle 'h0 = alloc c0 size=48\n\n# twice\nfree c0 h0\nfree c0 h0\n' 5 'free c0 h0 does nothing: h0 is empty'
idle 'h0 = alloc c0 size=48\nexpect Mallocs=1 Frees=0\nfree c0 h3\n' 3 'free c0 h3 does nothing: h3 is empty'
idle 'g0 = go_start\nnop\ng0 = go_start\n' 3 'g0 = go_start does nothing: g0 is taken'
idle 'write_data word=0 to=h7\n' 1 'write_data word=0 to=h7 does nothing: h7 is empty'
idle 'gc_step objects=1\n' 1 'gc_step objects=1 does nothing: it does something when a cycle runs'
idle 'c1 = acquire\nrelease c2\n' 2 'release c2 does nothing: c2 is empty'
expect 2 "operation 1: release c2 does nothing: c2 is empty" bash -c "'$command' ops --encode idle.ops -o idle.bin && '$command' replay --strict idle.bin"
printf 'nop\nh0 = alloc c0 size=48\nfree c0 h0\nexpect Frees=7\n' >lie.ops
expect 1 "" "$command" replay --strict lie.ops
expect 2 "goes with no other option" "$command" replay --pin --strict lie.ops

# ---- --pin --force: numbers that have a finding

cp lie.ops pinned.ops
expect 1 "not pinned: it has a finding" "$command" replay --pin pinned.ops
cmp -s lie.ops pinned.ops || fail "--pin: it wrote a program with a finding"
expect 0 "" "$command" replay --pin --force pinned.ops
says out "26 statistics pinned, with a finding" "--pin --force"
says pinned.ops "# finding: rule expected failed: Frees: expected 7, fast account 1" "--pin --force"
says pinned.ops "expect Frees=1" "--pin --force"
cp pinned.ops once.ops
expect 0 "" "$command" replay --pin --force pinned.ops
cmp -s once.ops pinned.ops || fail "--pin --force: not the same file again: $(diff once.ops pinned.ops)"
sed -i '/^expect Frees=7$/d' pinned.ops
expect 0 "" "$command" replay --pin --force pinned.ops
grep -q '^# finding' pinned.ops && fail "--pin --force: a finding that is gone stays"
expect 0 "" "$command" replay pinned.ops
expect 2 "--force goes with --pin" "$command" replay --force lie.ops

# ---- a file's name that is no text is JSON all the same

cp lie.ops $'\xff.ops'
"$command" replay --json $'\xff.ops' >out 2>err
python3 -c 'import json; f = json.loads(open("out", "rb").read().decode()); assert f["file"] == "\ufffd.ops", f' ||
    fail "a name with the byte 0xff: $(cat out)"

[ $failed = 0 ] && echo "ok: the language can be learnt from the tool"
exit $failed
