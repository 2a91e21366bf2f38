#!/bin/bash
# test_drivers: an allocator in another process: the guide's driver gives a verdict, each line of a description that is
# wrong is refused, and each way to answer wrongly is told with the request that it answered.
# once: what it answers: the same sources do it in each build
set -u
countercheck=${COUNTERCHECK:?}
compile=${COUNTERCHECK_SOURCE:?}/subject/drivers/compile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
command -v python3 >/dev/null && command -v "${CC:-cc}" >/dev/null || { echo 'left out: no python3, or no compiler'; exit 77; }
export LC_ALL=C PATH=/usr/bin:$PATH # python3 itself, and no script that looks for one

fail() {
    echo "FAIL: $*"
    failed=1
}

# status WANTED TEXT COMMAND...: runs it, which says TEXT
status() {
    local wanted=$1 text=$2 got
    shift 2
    "$@" >"$work/out" 2>&1
    got=$?
    [ $got = "$wanted" ] || fail "${hostile:-$*}: status $got, not $wanted: $(head -n 3 "$work/out")"
    [ -z "$text" ] || grep -qF -- "$text" "$work/out" || fail "${hostile:-$*}: nothing says '$text': $(head -n 5 "$work/out")"
}

# ---- the guide's driver

awk '/^```python$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "${COUNTERCHECK_SOURCE}/subject/README.md" >"$work/mine.py"
printf 'in_use == live.footprint\nmost == peak(live.footprint)  # "the most"\n' >"$work/mine.relations"
echo 'in_use == live.requested' >"$work/wrong"
status 0 '' "$compile" "$work/mine.py" "$work/mine.so"
status 0 'no finding' "$countercheck" subject check "$work/mine.so" --operations 2000
status 0 'most == peak(live.footprint)' "$countercheck" subject describe "$work/mine.so"
status 1 '   1 operation:' "$countercheck" subject check "$work/mine.so" --relations "$work/wrong" --operations 2000
COUNTERCHECK_SUBJECTS=$work status 0 'mine             adapter' "$countercheck" subject list
COUNTERCHECK_SUBJECTS=$work status 0 'no finding' "$countercheck" subject check mine --operations 200

# ---- what a driver says first; it prints what the environment holds

printf '# run: sh SOURCE\nprintf "$SAYS"\n' >"$work/says.sh"
status 0 '' "$compile" "$work/says.sh" "$work/says.so"
described() { SAYS=$2 status 2 "$1" "$countercheck" subject describe "$work/says.so"; }
described 'the driver ended at start with status 0' ''
described 'the driver ended at start with status 0' 'name cut'
described "line 1 of its description, 'ready': no line has given a name" 'ready\n'
described "line 1 of its description, 'name a b': too few words, or too many" 'name a b\n'
described "line 2 of its description, '': name, version, alignment" 'name a\n\n'
described "line 1 of its description, '?[31m': name, version, alignment" '\033[31m\n'
described "line 1 of its description, 'alignment 3': no power of two" 'alignment 3\n'
described "line 1 of its description, 'alignment x': there is no such number" 'alignment x\n'
described "line 1 of its description, 'alignment -8': there is no such number" 'alignment -8\n'
described "line 1 of its description, 'size_max 0': there is no such number" 'size_max 0\n'
described "line 1 of its description, 'answer_ms 99999999999999999999': there is no such number" 'answer_ms 99999999999999999999\n'
described "line 1 of its description, 'is large': may_fail, collects, global or random" 'is large\n'
described "line 1 of its description, 'does harm': no such request" 'does harm\n'
described "line 1 of its description, 'statistic gauge': too few words, or too many" 'statistic gauge\n'
described "line 1 of its description, 'statistic gaugs x': gauge, cumulative, peak" 'statistic gaugs x\n'
described "line 1 of its description, 'statistic gauge x bits=65': there is no such number" 'statistic gauge x bits=65\n'
described "line 1 of its description, 'statistic gauge x count=': there is no such number" 'statistic gauge x count=\n'
described "line 1 of its description, 'statistic gauge x large': unsteady, rounded" 'statistic gauge x large\n'
described "line 17 of its description, 'option o': too many options" "$(printf 'option o\\n%.0s' {1..17})"
described 'too many statistics' "$(for i in {1..513}; do printf 'statistic gauge x%s\\n' "$i"; done)"
described "line 1 of its description, 'name $(printf 'a%.0s' {1..42})': too long" "name $(printf 'a%.0s' {1..2000})\n"
described 'too long' "$(printf 'alignment                                                     8\\n%.0s' {1..1200})"
described 'the driver answers start with a byte that is 0' 'name a\0b\n'
described 'nothing frees' 'name a\nready\n'
SAYS='name a\ndoes free\nready\n' status 0 'allocate release' "$countercheck" subject describe "$work/says.so"
described 'statistic x is there twice' 'name a\ndoes free\nstatistic gauge x\nstatistic gauge x\nready\n'
described '`of` names no statistic: y' 'name a\ndoes free\nstatistic peak x of=y\nready\n'
described "statistic y: more than 4096 numbers in all" 'name a\ndoes free\nstatistic gauge x count=4096\nstatistic gauge y count=4096\nready\n'

# ---- one that does not start

printf '// needs: python3 no-such-command\n' >"$work/absent.c"
status 3 'compile: absent.c needs python3' "$compile" "$work/absent.c" "$work/absent.so"
printf '# needs: hello sh\n# run: no-such-command\n' >"$work/gone.sh"
status 0 '' "$compile" "$work/gone.sh" "$work/gone.so"
status 3 'no-such-command does not start: No such file or directory (Debian: hello)' "$countercheck" subject check "$work/gone.so"
status 2 'compile: there is no driver' "$compile" "$work/nothing" "$work/nothing.so"
printf '# build: false\n' >"$work/unbuilt.sh"
status 2 'compile: false' "$compile" "$work/unbuilt.sh" "$work/unbuilt.so"

# ---- wrong answers: HOSTILE is a request, and what is done instead of the answer

cat >"$work/hostile.py" <<'P'
# run: python3 -I -S SOURCE
import os, sys, time
at, _, does = os.environ.get("HOSTILE", "").partition(" ")
sizes = {}
def say(text):
    os.write(1, text.encode().decode("unicode_escape").encode("latin1"))
def right(verb, *numbers):
    if verb == "alloc" or verb == "zeroed":
        sizes[numbers[0]] = int(numbers[1])
    if verb == "realloc":
        sizes[numbers[0]] = int(numbers[2])
    if verb == "free":
        del sizes[numbers[0]]
    if verb == "expand":
        sizes[numbers[0]] = int(numbers[1])
    return {"read": str(sum(sizes.values())), "realloc": "same", "expand": "same"}.get(verb, "ok")
def wrong(how):
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), 9)
    if how == "close":
        os.close(1), os.close(0), time.sleep(60)
    if how == "hang":
        time.sleep(60)
    if how == "cut":
        say("ok"), os._exit(0)
    if how == "endless":
        while True:
            say("1 " * 4096)
    say(how + "\\n")
# a loaded machine answers late: what is to be found late is either so at its first request, or has three seconds for the others
patience = 60000 if does != "hang" else 200 if at == "begin" else 3000
first = f"name hostile\\nanswer_ms {patience}\\ndoes free realloc expand flush collect verify\\nstatistic gauge in_use\\n"
if at == "start": # it is loaded once to see whether it can be, then to be used
    with open(does, "ab") as starts:
        starts.write(b".")
    if os.path.getsize(does) > 2:
        first += "statistic gauge more\\n"
say(first + "ready\\n")
for request in sys.stdin:
    answer = right(*request.split())
    if request.split()[0] == at:
        wrong(does)
    else:
        say(answer + "\\n")
P
echo 'in_use == live.requested' >"$work/hostile.relations"
printf 'program caches=1 check=1\nh0 = alloc c0 size=24 type=none\nrealloc c0 h0 size=48\nexpand c0 h0 size=64\nflush c0\ncollect c0\nfree c0 h0\n' >"$work/all.ops"
status 0 '' "$compile" "$work/hostile.py" "$work/hostile.so"
answers() { # REQUEST ANSWER TEXT: a finding that says so
    local hostile="$1 $2"
    HOSTILE="$1 $2" status 1 "$3" "$countercheck" replay --subject "$work/hostile.so" "$work/all.ops"
}
status 0 '' "$countercheck" replay --strict --subject "$work/hostile.so" "$work/all.ops"
printf 'program caches=1 check=1\nfault call=mmap at=1\nh0 = alloc c0 size=24 type=none\n' >"$work/fault.ops"
status 2 'fault' "$countercheck" replay --strict --subject "$work/hostile.so" "$work/fault.ops" # of host->map, which no driver has
for verb in alloc realloc expand free flush collect read verify; do
    answers $verb kill "the driver died at $verb: Killed"
done
for twice in alloc,ok realloc,same expand,same free,ok flush,ok collect,ok read,0 verify,ok; do
    answers ${twice%,*} "${twice#*,}\\n${twice#*,}" 'the driver has spoken before'
done
answers begin kill 'the driver died at begin: Killed'
answers begin no "the driver answers begin with 'no', and not with ok"
answers alloc exit 'the driver ended at alloc with status 7'
answers alloc cut 'the driver ended at alloc with status 0'
answers alloc close 'the driver closed its output at alloc'
answers begin hang 'the driver does not answer begin'
answers alloc hang 'the driver does not answer alloc'
answers read endless 'the driver answers read with an endless line'
answers read '1\x00' 'the driver answers read with a byte that is 0'
for answer in '' 'okay' 'ok x' 'ok -1' 'ok  24' 'ok 24 ' 'ok 24 24 1 1' 'ok 99999999999999999999' 'ok 70368744177665'; do
    answers alloc "$answer" "the driver answers alloc with '$answer', and not with ok and at most three numbers, nor failed"
done
answers alloc 'ok 23' '23 bytes are usable, 24 were asked for'
answers realloc moved "the driver answers realloc with 'moved', and not with ok, same or failed"
answers expand ok "the driver answers expand with 'ok', and not with same or failed"
answers free 'same' "the driver answers free with 'same', and not with ok"
answers flush '\x1b[2J' "the driver answers flush with '?[2J', and not with ok"
for answer in '' '1 2' '1 ' ' ' 'x' '1x' '0x10' '-' '1.5' '18446744073709551616' '-9223372036854775809'; do
    answers read "$answer" "the driver answers read with '$answer', and not with 1 numbers"
done
answers read 18446744073709551615 'a gauge is below 0'
answers verify 'a list has a ring' 'a list has a ring'
answers start "$work/started" 'the driver describes itself otherwise than at first'

# the smallest program of a driver that dies; no driver is left behind
HOSTILE='realloc kill' status 1 '   2 operations' "$countercheck" subject check "$work/hostile.so" --operations 400
for _ in {1..600}; do # one that was killed may still be at dying
    pgrep -f "$work/hostile.py" >"$work/left" || break
    sleep 0.1
done
[ ! -s "$work/left" ] || fail "drivers are left: $(cat "$work/left")"

[ $failed = 0 ] && echo 'ok: drivers'
exit $failed
