#!/bin/bash
# test_commands: replay, bisect, minimize, ops and soak as a user calls them: results, messages, exit statuses.
#
# holds: cli/main.c cli/cmd_adopt.c cli/cmd_bisect.c cli/cmd_minimize.c cli/cmd_ops.c
# holds: cli/cmd_replay.c cli/cmd_soak.c cli/io/clock.c cli/io/message.c cli/io/options.c
# holds: cli/run/pin.c cli/run/replay.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

expect() { # STATUS WHAT COMMAND...
    local wanted=$1
    shift 2
    ends "$wanted" "$@"
}

one_line() { # WHAT: beside those that say how far a long minimising is
    [ "$(grep -cvE '^countercheck: [0-9]+ s: ' err)" = 1 ] || fail "$1: not one line on stderr: $(cat err)"
}

refused() { # TEXT COMMAND...: status 2, nothing on stdout, one line that says TEXT
    local text=$1
    shift
    expect 2 "$*" "$@"
    one_line "$*"
    says err "$text" "$*"
    [ -s out ] && fail "$*: something on stdout"
}

# ---- the command itself

expect 0 "--help" "$command" --help
says out "usage: countercheck" "--help"
expect 0 "--version" "$command" --version
expect 2 "no subcommand" "$command"
refused "unknown subcommand 'frobnicate'" "$command" frobnicate
for subcommand in replay minimize adopt bisect ops soak accounts dump; do
    expect 0 "$subcommand --help" "$command" "$subcommand" --help
    says out "usage: countercheck $subcommand" "$subcommand --help"
    [ $subcommand = dump ] || refused "unknown option --frobnicate" "$command" "$subcommand" --frobnicate
done

# ---- inputs that are of no use

: >empty
mkdir nothing
printf 'nop\nnop\n\n# x\nnop\nnop\nfrobnicate h1\n' >wrong.ops
printf 'go1.7 heap dump\nx' >heap.dump
refused "empty: an empty file" "$command" replay empty
refused "nothing: a directory without files" "$command" replay nothing
refused "missing: No such file or directory" "$command" replay missing
refused "wrong.ops:7: unknown operation 'frobnicate'" "$command" replay wrong.ops
refused "heap.dump: a heap dump, not operations" "$command" replay heap.dump
refused "an operand is missing" "$command" replay
refused "--check is cheap, full or paranoid, not 'hard'" "$command" replay --check=hard wrong.ops
refused "a value is missing behind --dump" "$command" replay wrong.ops --dump
refused "unknown option --fir" "$command" replay --fir wrong.ops # no beginning of a name: the next option may begin so, too
refused "unknown option --hel" "$command" replay --hel
refused "unknown option --first=yes" "$command" replay --first=yes wrong.ops
refused "unknown option -x" "$command" replay -x wrong.ops
refused "--first: No such file or directory" "$command" replay -- --first
if [ "$(id -u)" != 0 ]; then
    printf 'nop\n' >unreadable && chmod 0 unreadable
    refused "unreadable: Permission denied" "$command" replay unreadable
fi

# ---- replay

cat >clean.ops <<'END'
h0 = alloc c0 size=48 type=node
write_data word=0 to=h0
free c0 h0
expect Mallocs=1 Frees=1 HeapAlloc=0
END
cat >lie.ops <<'END'
h3 = alloc c0 size=48
h4 = alloc c0 size=64
stats
gc_percent percent=50
free c0 h3
expect Frees=2
END
expect 0 "clean" "$command" replay clean.ops
says out "1 program, 6 operations (6 did something), run twice, 0 findings" "clean"
says out "0 findings" "clean"
[ -s err ] && fail "clean: something on stderr"
expect 1 "lie" "$command" replay lie.ops
says out "rule expected failed: Frees: expected 2, fast account 1" "lie"
says out "operation 5: expect Frees=2" "lie"
grep -qE '^found by   commit [0-9a-f]{12}(-dirty)?, build .*, (clang|gcc) [0-9.]+.*, Linux .*, seed 0$' out ||
    grep -q '^found by   commit unknown, ' out || fail "lie: what it was found by is not told: $(cat out)"
expect 0 "lie --no-expect" "$command" replay --no-expect lie.ops
expect 0 "lie --without its rule" "$command" replay --without expected lie.ops
expect 0 "lie --without its truth" "$command" replay --without scan,model lie.ops
expect 0 "lie --without all" "$command" replay --without all lie.ops
expect 0 "many --without their rule" "$command" replay --without expected lie.ops lie.ops
expect 1 "lie --without another truth" "$command" replay --without scan,twin lie.ops
refused "no truth and no rule 'modal'" "$command" replay --without scan,modal lie.ops
refused "no other option" "$command" replay --pin --without model clean.ops
expect 1 "a finding among others" "$command" replay clean.ops lie.ops clean.ops
says out "3 programs" "a finding among others"
expect 1 "the first finding alone" "$command" replay --first clean.ops lie.ops clean.ops
says out "2 programs" "the first finding alone"
expect 1 "a finding beside an unusable file" "$command" replay lie.ops wrong.ops
expect 2 "an unusable file beside a clean one" "$command" replay clean.ops wrong.ops
expect 0 "trace" "$command" replay --trace clean.ops
says out "HeapAlloc +48" "trace"
expect 0 "json trace" "$command" replay --trace --json clean.ops
python3 -c 'import json,sys; [json.loads(l) for l in open("out")]' || fail "json trace: not JSON lines"
for level in cheap full paranoid; do
    expect 0 "--check=$level" "$command" replay --check=$level clean.ops
    expect 0 "--check $level" "$command" replay clean.ops --check $level -- clean.ops
done
expect 0 "stats" "$command" replay --stats clean.ops
says out "HeapReleased" "stats"
says out "rules were not evaluated" "stats"
awk '$1 == "scan-field" && $2 > 0 && $3 == 0 { found = 1 } END { exit !found }' out || fail "stats: scan-field is not counted"
expect 0 "json stats" "$command" replay --stats --json clean.ops
python3 - <<'END' || fail "json stats: not Go's MemStats"
import json
stats = json.load(open("out"))
assert stats["Mallocs"] == 1 and stats["NumGC"] == 0 and len(stats["PauseNs"]) == 256
assert len(stats["BySize"]) == 68 and stats["EnableGC"] is True
END
expect 1 "json finding" "$command" replay --json lie.ops
python3 -c 'import json; f = json.load(open("out")); assert f["rule"] == "expected" and f["field"] == "Frees" and f["seed"] == 0 and f["commit"] and f["compiler"] and f["kernel"]' ||
    fail "json finding: not an object that says it"
expect 0 "a dump" "$command" replay --dump final.dump clean.ops
expect 0 "the dump is whole" "$command" dump verify final.dump
expect 0 "a dump against its program" "$command" replay --against final.dump clean.ops
printf 'h0 = alloc size=32\nh1 = alloc size=48\n' >other.ops
expect 1 "a dump against another program" "$command" replay --against final.dump other.ops
says out "rule dump-" "a dump against another program"
head -c 500 final.dump >cut.dump
expect 1 "a cut dump against its program" "$command" replay --against cut.dump clean.ops
says out "rule dump-decode" "a cut dump against its program"
refused "--against takes one program" "$command" replay --against final.dump clean.ops clean.ops
refused "missing.dump" "$command" replay --against missing.dump clean.ops
expect 2 "a dump to nowhere" "$command" replay --dump no/where clean.ops
says err "no/where: No such file or directory" "a dump to nowhere"
refused "--dump: boundary has no heap dumps" "$command" replay --dump x.dump --subject boundary clean.ops
refused "--against: boundary has no heap dumps" "$command" replay --against final.dump --subject boundary clean.ops
refused "--dump takes one program" "$command" replay --dump final.dump clean.ops clean.ops
"$command" replay - <clean.ops >out 2>err || fail "stdin: $(cat err)"
mkdir -p tree/below && cp clean.ops tree/below/a && cp clean.ops tree/b && echo "# no" >tree/README.md
expect 0 "a tree" "$command" replay tree
says out "2 programs" "a tree"
if [ -w /dev/full ]; then
    "$command" replay --stats clean.ops >/dev/full 2>err
    [ $? = 3 ] || fail "a full disk: not status 3"
    one_line "a full disk"
fi
{ "$command" replay --stats --json clean.ops 2>err; echo $? >status; } | true
[ "$(cat status)" = 0 ] || { [ "$(cat status)" = 141 ] && [ ! -s err ]; } || fail "a closed pipe: status $(cat status)"

# ---- replay --pin

pinned() { # a file with operations, comments and no line end
    printf '# keeps one object\nh0 = alloc c0 size=48 # this one\nfree c0 h0\nh1 = alloc c0 size=640' >"$1"
}
pinned pin.ops
cp pin.ops before.ops
expect 0 "pin" "$command" replay --pin pin.ops
says out "pin.ops: 26 statistics pinned" "pin"
cmp -s <(head -n 3 pin.ops) <(head -n 3 before.ops) || fail "pin: the program's own lines changed"
says pin.ops "expect HeapAlloc=640" "pin"
expect 0 "a pinned program" "$command" replay pin.ops
cp pin.ops once.ops
expect 0 "pin again" "$command" replay --pin pin.ops
cmp -s pin.ops once.ops || fail "pin again: not the same file: $(diff pin.ops once.ops)"
sed -i 's/^expect Frees=1$/expect Frees=4/' pin.ops
expect 1 "a pinned number that is wrong" "$command" replay pin.ops
says out "rule expected failed: Frees: expected 4, fast account 1" "a pinned number that is wrong"
expect 0 "pin what changed" "$command" replay --pin pin.ops
says out "4 -> 1" "pin what changed"
cmp -s pin.ops once.ops || fail "pin what changed: not the right file"
printf 'h2 = alloc c0 size=640\n' >>pin.ops
expect 0 "pin what went on" "$command" replay --pin pin.ops
says pin.ops "expect HeapAlloc=1280" "pin what went on"
[ "$(grep -c '^expect ' pin.ops)" = 26 ] || fail "pin what went on: $(grep -c '^expect ' pin.ops) lines, not 26"
printf 'gc_percent off\n' >off.ops
expect 0 "pin a number without end" "$command" replay --pin off.ops
says off.ops "expect NextGC=18446744073709551615" "pin a number of 64 bits"
expect 0 "replay a number without end" "$command" replay off.ops
cp lie.ops lie-pin.ops
expect 1 "pin a finding" "$command" replay --pin lie-pin.ops
one_line "pin a finding"
says err "not pinned: it has a finding" "pin a finding"
cmp -s lie.ops lie-pin.ops || fail "pin a finding: the file changed"
expect 0 "to binary" "$command" ops --encode before.ops -o pin.bin
cp pin.bin kept.bin
refused "a binary program holds no pinned statistics" "$command" replay --pin pin.bin
cmp -s pin.bin kept.bin || fail "pin a binary program: the file changed"
sed '/^# end of the pinned/d' once.ops >open.ops
refused "a first line and no last one" "$command" replay --pin open.ops
refused "not into standard input" "$command" replay --pin -
refused "--pin goes with no other option" "$command" replay --pin --trace pin.ops
yes nop | head -n 4090 >long.ops
refused "no room for the statistics" "$command" replay --pin long.ops
ls ./*.ops.?????? 2>/dev/null && fail "pin: left a temporary"

# ---- bisect, minimize

expect 1 "bisect" "$command" bisect lie.ops
says out "->   5  expect Frees=2" "bisect"
says out "4  free c0 h3" "bisect"
printf 'h0 = alloc c0 size=48\nh1 = alloc c0 size=64\nexpect Mallocs=2\nh2 = alloc c0 size=64\nexpect Frees=1\n' >moved.ops
expect 1 "bisect of what moved" "$command" bisect moved.ops
says out "statistics before this operation, and after it" "bisect of what moved"
expect 0 "bisect of a clean program" "$command" bisect clean.ops
expect 1 "bisect --json" "$command" bisect --json lie.ops
expect 0 "minimize" "$command" minimize lie.ops -o small.ops
grep -Eq 'the same in ([0-9]+) of \1 runs' out || fail "minimize: $(cat out)"
printf 'h0 = alloc c0 size=1\nfree c0 h0\nexpect Frees=2\n' | cmp -s - small.ops || fail "minimize: $(cat small.ops)"
refused "no finding, nothing to minimize" "$command" minimize clean.ops -o small.ops
refused "-o OUT is missing" "$command" minimize lie.ops
expect 2 "minimize to nowhere" "$command" minimize lie.ops -o no/where
ls ./*.XXXXXX small.ops.?????? 2>/dev/null && fail "minimize: left a temporary"

# ---- adopt

mkdir -p kept/heap/regression kept/dump/regression
cp lie.ops dump-crash-1
refused "no such directory" "$command" adopt lie.ops
refused "no finding, nothing to minimize" "$command" adopt --corpus kept clean.ops
refused "a name is letters" "$command" adopt --corpus kept --name ../x lie.ops
refused "--target is heap or dump" "$command" adopt --corpus kept --target decode lie.ops
expect 0 "adopt" "$command" adopt --corpus kept --name frees-lie lie.ops
says out "kept/heap/regression/frees-lie.ops: expected Frees: 3 operations of 6" "adopt"
grep -Eq 'the same in ([0-9]+) of \1 runs' out || fail "adopt: $(cat out)"
printf '# expected Frees: a statistic is not what the program'\''s text says\nh0 = alloc c0 size=1\nfree c0 h0\nexpect Frees=2\n' |
    cmp -s - kept/heap/regression/frees-lie.ops || fail "adopt: $(cat kept/heap/regression/frees-lie.ops)"
expect 1 "an adopted finding" "$command" replay kept/heap/regression/frees-lie.ops
cp kept/heap/regression/frees-lie.ops before
refused "the name is taken" "$command" adopt --corpus kept --name frees-lie lie.ops
cmp -s before kept/heap/regression/frees-lie.ops || fail "adopt: changed what was kept"
expect 0 "adopt names by rule and field, the target by the file" "$command" adopt --corpus kept dump-crash-1
[ -f kept/dump/regression/expected-frees.ops ] || fail "adopt: $(find kept)"
refused "the name is taken" "$command" adopt --corpus kept dump-crash-1
[ "$(find kept -type f | wc -l)" = 2 ] || fail "adopt: left a temporary: $(find kept)"

# ---- ops

expect 0 "encode" "$command" ops --encode lie.ops -o lie.bin
expect 0 "decode" "$command" ops lie.bin
cmp -s out lie.ops || fail "ops: the text changed on its way: $(diff out lie.ops)"
expect 1 "binary is told by its content" "$command" replay lie.bin
refused "either FILE, or --encode TEXT -o BIN" "$command" ops
refused "either FILE, or --encode TEXT -o BIN" "$command" ops --encode lie.ops
refused "wrong.ops:7" "$command" ops --encode wrong.ops -o wrong.bin
[ -e wrong.bin ] && fail "ops: half a file of a wrong text"
if [ -w /dev/full ]; then
    expect 3 "encode to a full disk" "$command" ops --encode lie.ops -o /dev/full
fi

# ---- soak

expect 0 "soak" "$command" soak --seconds 600 --seed 3 --operations 3000
says out "operations/s" "soak"
programs() { "$command" soak --seconds 600 --seed "$1" --operations 2000 --table | grep tries; }
[ "$(programs 1)" = "$(programs 1)" ] || fail "soak: the same seed drew other programs"
[ "$(programs 1)" = "$(programs 2)" ] && fail "soak: another seed drew the same programs"
# --touched leaves out what a sanitizer has no room for, and touches what is large otherwise
wide() { "$command" soak --seconds 600 --seed 1 --operations 1000 --wide "$@" | grep '^results'; }
[ "$(wide --touched)" = "$(wide --touched)" ] || fail "soak: --touched drew other programs"
grep -q __asan_report_load8 "$command" || [ "$(wide)" != "$(wide --touched)" ] || fail "soak: --touched leaves out nothing"
refused "--seed takes a whole number" "$command" soak --seed x
refused "goes with no --subject" "$command" soak --threads 2 --subject boundary
refused "--seconds takes a whole number" "$command" soak --seconds -1
refused "--lanes takes a whole number up to 8, not '9'" "$command" subject check boundary --lanes 9

[ $failed = 0 ] && echo "ok: the commands answer as they say"
exit $failed
