#!/bin/bash
# test_accounts: builds that lie in one way each, and what `countercheck accounts` says of them.
# once: what it compares and prints: the same sources do it in each build
#
# holds: cli/accounts/build.c cli/accounts/cmd_accounts.c cli/accounts/compare.c cli/accounts/json.c
# holds: cli/accounts/markdown.c cli/accounts/records.c cli/accounts/table.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

# expect STATUS WHAT ARGUMENT...: of `countercheck accounts`
expect() {
    local wanted=$1 what=$2
    shift 2
    ends "$wanted" "$command" accounts "$@"
    [[ " $* " == *" --json "* || " $* " == *" --markdown "* || "$(awk 'length > 100' out)" = "" ]] || fail "$what: a line of more than 100 columns"
}

refused() { # TEXT ARGUMENT...: status 2, nothing on stdout, one line that says TEXT
    local text=$1
    shift
    expect 2 "$*" "$@"
    says err "$text" "$*"
    [ "$(wc -l <err)" = 1 ] || fail "$*: not one line on stderr: $(cat err)"
    [ -s out ] && fail "$*: something on stdout"
}

json() { # WHAT ASSERTION...: python, on the object f
    local what=$1
    shift
    python3 -c "import json; f = json.load(open('out')); assert $*" || fail "$what: $(cat out)"
}

# liar NAME SED: a build whose output the sed program changes; it ends with 0 whatever it found
liar() {
    printf '#!/bin/sh\n"%s" "$@" | sed '\''%s'\''\nexit 0\n' "$command" "$2" >"$1"
    chmod +x "$1"
}

mkdir some two
cat >some/clean.ops <<'END'
h0 = alloc c0 size=48 type=node
write_data word=0 to=h0
free c0 h0
expect Mallocs=1 Frees=1 HeapAlloc=0
END
cp some/clean.ops two/
printf 'h3 = alloc c0 size=48\nh4 = alloc c0 size=64\nstats\ngc_percent percent=50\nfree c0 h3\nexpect Frees=2\n' >two/lie.ops
printf 'nop\nh0 = alloc c0 size=48\nfree c0 h0\n' >two/small.ops

# ---- one statistic

liar frees 's/"Frees":1,/"Frees":7,/; s/"Frees":1}/"Frees":7}/'
expect 0 "one build" "$command" "$command" some
says out "1 input, 0 fields differ" "one build"
expect 1 "a number" "$command" ./frees some
says out "clean.ops, operation 2: free c0 h0" "a number"
expect 0 "a number that is meant" --allow=BySize,Frees "$command" ./frees some
says out "(allowed)" "a number that is meant"
expect 1 "another number is meant" --allow=BySize,Mallocs "$command" ./frees some
expect 1 "--json" --json "$command" ./frees some
json "--json" 'f["inputs"] == 1 and f["ended_differently"] == 0 and f["fields"]["Frees"]["old"] == 1'
json "--json" 'f["fields"]["Frees"]["new"] == 7 and f["fields"]["Frees"]["operation"] == 2'
json "--json" 'f["fields"]["Frees"]["text"] == "free c0 h0" and f["fields"]["Frees"]["operations"] == 6'
json "--json" '[(d["operation"], d["field"], d["old"], d["new"], d["at"]) for d in f["deltas"]] == [("free", "Frees", 1, 7, 2)]'
json "--json" 'f["only_in"] == {"old": [], "new": []} and f["findings"] == [] and f["records"] == {}'
expect 1 "three inputs" "$command" ./frees two
says out "two/small.ops, operation 2: free c0 h0" "the smallest input is shown"
says out "BySize[5].Frees" "a list's first difference is shown"
says out "3 inputs, 2 fields differ" "three inputs"

# what parts first stands first: HeapObjects at operation 0, Frees, which MemStats has before it, at 2
liar both 's/"HeapObjects":0/"HeapObjects":5/; /"moved"/s/"HeapObjects":1/"HeapObjects":6/; s/"Frees":1\([,}]\)/"Frees":7\1/'
expect 1 "the order" --json "$command" ./both some
json "the order" '[n for n in f["fields"] if n in ("Frees", "HeapObjects")] == ["HeapObjects", "Frees"]'
# numbers that differ before any operation are no operation's doing, and are causes of the others
liar start '/"moved"/!s/"MCacheSys":\([0-9]*\)/"MCacheSys":1\1/; s/"Frees":1\([,}]\)/"Frees":7\1/'
expect 1 "from the start" --json "$command" ./start some
json "from the start" 'list(f["fields"])[:2] == ["MCacheSys", "Frees"] and "operation" not in f["fields"]["MCacheSys"]'
expect 1 "from the start" "$command" ./start some
says out "before the first operation, or after the last" "from the start"
# it is said of the input that is shown, not of another one
liar half '/"moved"/!s/"Frees":2,/"Frees":9,/; /"free c0 h0"/s/"Frees":1/"Frees":7/; /"moved"/!s/"Frees":1,/"Frees":7,/'
expect 1 "after the last in one" "$command" ./half two
says out "two/small.ops, operation 2: free c0 h0" "after the last in one"
! grep -q "before the first operation" out || fail "after the last in one: it is said of another input"
# 64 bits without a sign
printf 'gc_percent off\n' >endless.ops
liar wide 's/"NextGC":18446744073709551615/"NextGC":18446744073709551614/'
expect 1 "64 bits" --json "$command" ./wide endless.ops
json "64 bits" 'f["fields"]["NextGC"]["old"] == 2**64 - 1 and f["fields"]["NextGC"]["new"] == 2**64 - 2'

# ---- a statistic that only one side has

liar marked 's/"HeapObjects"/"HeapMarked":5,"HeapObjects"/'
expect 1 "only in NEW" --json "$command" ./marked some
json "only in NEW" 'f["only_in"] == {"old": [], "new": ["HeapMarked"]} and f["fields"]["HeapMarked"]["old"] is None'
expect 1 "only in OLD" --json ./marked "$command" some
json "only in OLD" 'f["only_in"] == {"old": ["HeapMarked"], "new": []} and f["fields"]["HeapMarked"]["new"] is None'
expect 1 "only in NEW, as a table" "$command" ./marked some
says out "only in ./marked" "only in NEW, as a table"
expect 0 "only in NEW, and meant" --allow HeapMarked "$command" ./marked some

# ---- an operation's movement alone, and whether it did anything

liar late '/"free c0 h0"/s/"Frees":1/"Frees":2/'
expect 1 "a movement" --json "$command" ./late some
json "a movement" 'f["fields"] == {} and f["deltas"][0]["field"] == "Frees" and f["deltas"][0]["new"] == 2'
expect 0 "a movement that is meant" --allow Frees "$command" ./late some
liar idle '/"free c0 h0"/s/"effective":true/"effective":false/'
expect 1 "an operation that does nothing" --json "$command" ./idle some
json "an operation that does nothing" 'f["deltas"][0]["field"] == "effective" and f["deltas"][0]["new"] is False'
expect 0 "that is meant" --allow effective "$command" ./idle some

# ---- records of the dump

mkdir swapped && sed 's/word=0/word=1/; s/^free.*/nop/' some/clean.ops >swapped/new.ops
sed 's/^free.*/nop/' some/clean.ops >swapped/old.ops
# the same command with another program as its last argument
printf '#!/bin/bash\nexec "%s" "${@:1:$#-1}" "%s/swapped/new.ops"\n' "$command" "$PWD" >swap
chmod +x swap
expect 1 "records" --json "$command" ./swap swapped/old.ops
json "records" 'f["fields"] == {} and f["records"]["Data"]["only_new"] == 1 and list(f["records"]) == ["Data"]'
expect 1 "records, as a table" "$command" ./swap swapped/old.ops
says out "1 -> 1, 1 changed" "records, as a table"
expect 0 "records that are meant" --allow Data "$command" ./swap swapped/old.ops

# where metadata finds no room in the heap's own range, the kernel chooses one, another each time: that is no difference
cp "${COUNTERCHECK_SOURCE:?}/tests/cli/inputs/kernel-chosen.ops" .
expect 0 "addresses that the kernel chose" "$command" "$command" kernel-chosen.ops

# ---- what NEW's own rules find

printf '#!/bin/sh\ncase " $* " in *--without=all*) exec "%s" "$@" ;; esac\n' "$command" >judged
cat >>judged <<'END'
echo '{"file":"x","rule":"scan-field","truth":"scan","field":"HeapSys","operation":2,"text":"free c0 h0","also":[{"rule":"scan-field","field":"Sys"}],"message":"why"}'
exit 1
END
chmod +x judged
expect 1 "a finding" --json "$command" ./judged some
json "a finding" '[(r["rule"], r["field"], r["inputs"]) for r in f["findings"]] == [("scan-field", "HeapSys", 1), ("scan-field", "Sys", 1)]'
json "a finding" 'f["fields"] == {} and f["ended_differently"] == 0'
expect 1 "a finding, as a table" "$command" ./judged some
says out "NEW has findings on 1 input" "a finding, as a table"
expect 0 "a finding that is meant" --allow-findings "$command" ./judged some
expect 0 "OLD's findings are not asked for" ./judged "$command" some
# the real thing: the corpus says what the build does not, and --without=all does not hear it
expect 0 "what inputs expect is not checked" "$command" "$command" two

# ---- an input that ends differently

printf '#!/bin/sh\n"%s" "$@"\nexit 1\n' "$command" >ends
chmod +x ends
expect 1 "another end" "$command" ./ends some
says out "1 input ended differently, first some/clean.ops: status 0 -> 1" "another end"

# ---- names that are no text

mkdir odd && cp some/clean.ops $'odd/\xff\x1b[31m.ops'
expect 1 "an odd name" --json "$command" ./frees odd
json "an odd name" 'f["fields"]["Frees"]["input"] == "odd/\ufffd\x1b[31m.ops"'
for form in --markdown --; do
    expect 1 "an odd name" $form "$command" ./frees odd
    grep -q $'\x1b' out && fail "an odd name, $form: an escape reaches the terminal"
done

# ---- for a pull request

expect 1 "--markdown" --markdown "$command" ./both two
says out "### Accounts: " "--markdown"
says out '| HeapObjects | 2 of 3 | `0` | `5` | **no** |' "--markdown"
says out "<details><summary>What operations move" "--markdown"
[ "$(wc -c <out)" -lt 65536 ] || fail "--markdown: too long for a comment"
awk '/^\|/ { bars = gsub(/\|/, ""); if (last && bars != last) exit 1; last = bars } !/^\|/ { last = 0 }' out ||
    fail "--markdown: rows of one table have other numbers of cells"
expect 0 "--markdown of one build" --markdown "$command" "$command" some
says out "none but those meant" "--markdown of one build"

# ---- calls that are of no use

refused "/bin/true: prints no statistics of some/clean.ops" /bin/true "$command" some
refused "/bin/true: prints no statistics of some/clean.ops" "$command" /bin/true some
refused "/bin/false: prints no statistics of any input" "$command" /bin/false some
refused "'HeapSis': nearest is HeapSys" --allow=Frees,HeapSis "$command" ./frees some
refused "'frees': nearest is Frees" --allow=frees "$command" ./frees some
refused "'zzzzzz'" --allow=zzzzzz "$command" ./frees some
refused "cannot be run" ./missing "$command" some
refused "an operand is missing" "$command" "$command"
refused "not both" --json --markdown "$command" "$command" some
refused "--timeout takes at least 1" --timeout 0 "$command" "$command" some
expect 0 "names with nothing between commas" --allow=,BySize,,Frees, "$command" ./frees some
printf 'frobnicate\n' >wrong.ops
refused "wrong.ops: " "$command" "$command" wrong.ops

# ---- a corpus that holds more than programs

mkdir -p mixed/decode/seed mixed/heap/seed
printf 'go1.7 heap dump\n' >mixed/decode/seed/header-only
cp some/clean.ops mixed/heap/seed
expect 0 "a mixed corpus" "$command" "$command" mixed
says out "1 input, 0 fields differ" "a mixed corpus"
says err "accounts: 1 of 2 inputs are no programs, and are left out" "a mixed corpus"
refused "1 of 1 inputs are no programs" "$command" "$command" mixed/decode

# ---- a build that hangs ends within the time, and is told

printf '#!/bin/sh\ncase " $* " in *lie.ops*) exec sleep 50 ;; esac\nexec "%s" "$@"\n' "$command" >hangs
chmod +x hangs
expect 1 "a hang" --timeout 8 "$command" ./hangs two
says out "1 input ended differently, first two/lie.ops: status 0 -> 124" "a hang"
says out "3 inputs, 0 fields differ; NEW has findings on 1 input" "a hang"
grep -qE '^hang +1 of 3$' out || fail "a hang is no finding: $(cat out)"
[ "$(cat err)" = "countercheck: two/lie.ops: ./hangs: no end within 8 s" ] || fail "a hang: $(cat err)"

# ---- builds from before --no-expect, and from before --without

for unknown in --no-expect --without=all; do
    printf '#!/bin/sh\ncase " $* " in *" %s "*) exit 2 ;; esac\nexec "%s" "$@"\n' $unknown "$command" >older
    chmod +x older
    expect 0 "an older build, without $unknown" ./older "$command" some
    expect 0 "a newer build, without $unknown" "$command" ./older some
done

[ $failed = 0 ] && echo "ok: accounts tells what differs, and only that"
exit $failed
