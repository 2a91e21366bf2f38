#!/bin/bash
# test_report: what the environment asks the malloc for: statistics and dumps at the end and at a signal, of a process and
# of its child, and one line for a request that is none.
#
# holds: cli/trace/symbols/written.c malloc/say.c malloc/sites.c malloc/variable.c malloc/watch.c
set -euo pipefail
malloc=${MALLOC:?}
checked=${CHECKED_MALLOC:?}
stackless=${STACKLESS_MALLOC:?}
liar=${LIAR_MALLOC:?}
command=${COUNTERCHECK:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
cd "$work"

fail() {
    echo "FAIL: $*"
    failed=1
}

field() { grep -o "\"$1\":[0-9]*" "$2" | head -n 1 | cut -d: -f2; } # NAME FILE

# At the end: the dump holds, and has as many objects and bytes as its own statistics say.
COUNTERCHECK_MALLOC_STATS=end.json COUNTERCHECK_MALLOC_DUMP=end.dump LD_PRELOAD=$malloc \
    /bin/bash -c 'a=$(seq 5000); [ ${#a} = 23892 ]' || fail "the program itself"
"$command" dump verify end.dump >/dev/null || fail "the dump at the end does not hold"
"$command" dump info --json end.dump >info.json
objects=$(field Object info.json)
[ "$objects" = "$(field HeapObjects info.json)" ] || fail "the dump has $objects objects, its statistics say otherwise"
[ "$(field object_bytes info.json)" = "$(field HeapAlloc info.json)" ] || fail "bytes of objects are not HeapAlloc"
[ "$(($(field Mallocs end.json) - $(field Frees end.json)))" = "$(field HeapObjects end.json)" ] ||
    fail "Mallocs - Frees is not HeapObjects"
[ "$(echo end.json*)" = end.json ] || fail "a temporary is left: $(echo end.json*)"
[ "$(stat -c %a end.json)" = 600 ] && [ "$(stat -c %a end.dump)" = 600 ] || fail "others may read a report"

grep -q '"AllocSample":0' info.json || fail "a profile that nobody asked for"

# At the signal, while the program sleeps and allocates nothing; and again; %p is the process.
asked() { # FILE: waits until it is there
    for _ in $(seq 100); do
        [ -e "$1" ] && return 0
        sleep 0.05
    done
    fail "no $1"
}
COUNTERCHECK_MALLOC_STATS=now.%p.json COUNTERCHECK_MALLOC_DUMP=now.%p.dump LD_PRELOAD=$malloc \
    perl -e '$| = 1; my @a = map { "x" x $_ } 1..2000; print "ready\n"; while (1) { sleep 5 }' >ready &
program=$!
for _ in $(seq 100); do [ -s ready ] && break; sleep 0.05; done
for _ in 1 2; do
    kill -USR2 $program
    asked now.$program.json
    asked now.$program.dump
    "$command" dump verify now.$program.dump >/dev/null || fail "the dump at the signal does not hold"
    grep -q '"HeapObjects":[1-9]' now.$program.json || fail "no statistics at the signal"
    rm -f now.$program.json now.$program.dump
done
{ kill -9 $program && wait $program; } 2>/dev/null || true

# A child answers the signal by itself.
COUNTERCHECK_MALLOC_STATS=child.%p.json LD_PRELOAD=$malloc \
    perl -e '$| = 1; my $p = fork; if (!$p) { sleep 5 while 1 } print "$p\n"; waitpid $p, 0' >child &
program=$!
for _ in $(seq 100); do [ -s child ] && break; sleep 0.05; done
kill -USR2 "$(cat child)"
asked "child.$(cat child).json"
kill -9 "$(cat child)" && wait $program || fail "the parent of a child that was asked"

# Another signal, or none: then the program's own way with it stays.
COUNTERCHECK_MALLOC_SIGNAL=10 COUNTERCHECK_MALLOC_STATS=usr1.json LD_PRELOAD=$malloc \
    perl -e 'kill USR1 => $$; for (1..100) { last if -e "usr1.json"; select undef, undef, undef, 0.05 }
             exit(-e "usr1.json" ? 0 : 1)' || fail "another signal"
status=0
COUNTERCHECK_MALLOC_SIGNAL=0 COUNTERCHECK_MALLOC_STATS=off.json LD_PRELOAD=$malloc \
    perl -e 'kill USR2 => $$; sleep 1' 2>/dev/null || status=$?
[ $status = 140 ] || fail "signal 0: status $status, not that of SIGUSR2"
status=0
LD_PRELOAD=$malloc perl -e 'kill USR2 => $$; sleep 1' 2>/dev/null || status=$?
[ $status = 140 ] || fail "nothing asked for: status $status, not that of SIGUSR2"

# A profile samples what is allocated, and its records count the samples: those that were freed, and of those that were not
# there is a sample each. At rate 1 all of it is sampled.
# shellcheck disable=SC2016 # perl's own
counts_hold='my (%left, $allocs, $frees, $kept); while (<>) {
    if (/"record":"MemProf".*"address":"(\w+)".*"allocs":(\d+),"frees":(\d+)/) { $left{$1} += $2 - $3; $allocs += $2; $frees += $3 }
    if (/"record":"AllocSample".*"bucket":"(\w+)"/) { $left{$1}--; $kept++ } }
    print "allocs $allocs frees $frees samples $kept wrong ", scalar(grep { $_ } values %left), "\n";
    exit($allocs > 0 && $frees > 0 && $kept > 0 && !grep({ $_ } values %left) ? 0 : 1)'
for rate in 1 512 4096; do
    COUNTERCHECK_MALLOC_PROFILE=$rate COUNTERCHECK_MALLOC_DUMP=profile.dump LD_PRELOAD=$checked \
        perl -e 'my @a = map { "x" x $_ } 1..2000; @a[0..999] = ()' || fail "a program with a profile of rate $rate"
    "$command" dump json profile.dump | perl -e "$counts_hold" >counts || fail "rate $rate: $(cat counts)"
    "$command" dump verify profile.dump >/dev/null || fail "the dump with a profile does not hold"
done

# Its records have the calls that the samples were made by, with the right counts, whichever thread made them.
cat >sites.c <<'C'
#include <pthread.h>
#include <stdlib.h>
static void *kept[800];
__attribute__((noinline)) static void *leaf(size_t bytes) { void *object = malloc(bytes); __asm__(""); return object; }
__attribute__((noinline)) static void few(void) { for (int i = 0; i < 300; i++) kept[i] = leaf(1000); }
__attribute__((noinline)) static void *many(void *context) {
    for (int i = 300; i < 800; i++) kept[i] = leaf(1000);
    return context;
}
int main(void) {
    pthread_t thread;
    few();
    pthread_create(&thread, NULL, many, NULL);
    pthread_join(thread, NULL);
    for (int i = 250; i < 400; i++) free(kept[i]);
    kept[0] = realloc(kept[0], 5000);
}
C
"${CC:-cc}" -g -O1 -fno-builtin -Wl,--build-id sites.c -o sites -lpthread
COUNTERCHECK_MALLOC_PROFILE=1 COUNTERCHECK_MALLOC_DUMP=sites.dump LD_PRELOAD=$checked ./sites || fail "a program with stacks"
"$command" dump verify sites.dump >/dev/null || fail "the dump with stacks does not hold"
"$command" dump json sites.dump --only memprof >records
# of each stack of this program: allocs and frees of its 1,000 bytes
# shellcheck disable=SC2016 # perl's own
perl -ne 'print "$2 $3\n" if /"size":1024,"stack":(\[\{"function":"sites\+0x.*\]),"allocs":(\d+),"frees":(\d+)/' records | sort >counts
[ "$(cat counts)" = $'300 51\n500 100' ] || fail "counts by stack: $(cat counts)"
grep -qE '"file":"libc.so.6@[0-9a-f]{8,}"' records || fail "a module without its build-id"
if "$command" dump pprof sites.dump >sites.gz 2>err && gzip -dc sites.gz | grep -qa few; then
    for name in leaf few many main sites.c; do
        gzip -dc sites.gz | grep -qa "$name" || fail "no $name in the profile"
    done
    gzip -dc sites.gz | grep -qa 'sites+0x' && fail "a call without a name"
    if command -v go >/dev/null; then
        HOME=$work go tool pprof -sample_index=alloc_objects -traces sites.gz >traces 2>&1 || fail "pprof: $(cat traces)"
        grep -A 3 -E '^ +500 +leaf' traces | grep -q many || fail "pprof: no 500 by many: $(cat traces)"
    fi
else
    echo "skipped: functions of the profile: $(cat err), this build has no libdw or protobuf-c"
fi
# Sampled: none is lost or made up, and what is left is what lives.
COUNTERCHECK_MALLOC_PROFILE=4096 COUNTERCHECK_MALLOC_DUMP=sites.dump LD_PRELOAD=$checked ./sites || fail "a program with sampled stacks"
"$command" dump json sites.dump --only memprof,allocsample | perl -e "$counts_hold" >counts || fail "sampled stacks: $(cat counts)"
"$command" dump json sites.dump --only memprof | grep -q '"function":"sites+0x' || fail "sampled: no stacks"
# Where no stack can be followed it is said, and the counts are there.
COUNTERCHECK_MALLOC_PROFILE=1 COUNTERCHECK_MALLOC_DUMP=sites.dump LD_PRELOAD=$stackless ./sites 2>err || fail "a program without stacks"
[ "$(cat err)" = "countercheck: malloc: COUNTERCHECK_MALLOC_PROFILE: counts alone: this build has no call stacks: they need glibc 2.35 or later, and libgcc_eh.a" ] ||
    fail "a program without stacks: $(cat err)"
"$command" dump json sites.dump --only memprof >records
perl -ne 'print "$1 $2\n" if /"size":1024,"stack":\[\],"allocs":(\d+),"frees":(\d+)/' records >counts
[ "$(cat counts)" = '800 151' ] || fail "counts without stacks: $(cat counts)"

# What cannot be.
refuses() { # VARIABLE=VALUE TEXT
    local status=0 text
    text=$(env "$1" LD_PRELOAD="$malloc" /bin/true 2>&1) || status=$?
    [ $status = 2 ] && [[ $text == *"$2"* ]] || fail "$1: status $status: $text"
}
refuses COUNTERCHECK_MALLOC_SIGNAL=usr2 "COUNTERCHECK_MALLOC_SIGNAL=usr2 is not a number up to"
refuses COUNTERCHECK_MALLOC_SIGNAL=-1 "is not a number"
refuses COUNTERCHECK_MALLOC_SIGNAL=65000 "is not a number"
refuses COUNTERCHECK_MALLOC_PROFILE=1k "is not a number"
# A link in the report's place is replaced, and not followed.
echo kept >target
ln -s target linked.json
COUNTERCHECK_MALLOC_STATS=linked.json LD_PRELOAD=$malloc /bin/true || fail "a link in a report's place"
[ "$(cat target)" = kept ] && [ ! -L linked.json ] && [ -s linked.json ] || fail "a report follows a link"
COUNTERCHECK_MALLOC_SIGNAL=9 COUNTERCHECK_MALLOC_STATS=x.json LD_PRELOAD=$malloc /bin/true 2>err && fail "signal 9"
grep -q 'Invalid argument' err || fail "signal 9: $(cat err)"
text=$(COUNTERCHECK_MALLOC_STATS=none/x.json LD_PRELOAD=$malloc /bin/true 2>&1) || fail "a path that is none kills"
[[ $text == *"statistics to none/x.json: No such file or directory"* ]] || fail "a path that is none: $text"
text=$(COUNTERCHECK_MALLOC_STATS=/dev/full LD_PRELOAD=$malloc /bin/true 2>&1) || true
[[ $text == *"statistics to /dev/full: No space left on device"* ]] || fail "a full disk: $text"
[ -c /dev/full ] || fail "a device was replaced by a file"

# The canaries: an account that is wrong by one object is seen, and a span that is nowhere.
sees() { # LIE TEXT
    local status=0
    LIE=$1 LD_PRELOAD=$liar perl -e 'my @a = map { "x" x 50 } 1..2000' 2>err || status=$?
    [ $status = 1 ] && grep -q "$2" err && grep -q 'the account is not what the scan finds' err ||
        fail "the lie about $1: status $status: $(cat err)"
}
sees frees 'BySize\|Frees\|HeapObjects'
sees places 'an owned span stands in no place'
LIE=none LD_PRELOAD=$liar perl -e 'my @a = map { "x" x 50 } 1..2000' || fail "no lie, and yet a finding"

# A finding is told where stderr went at first, though the program has closed it, or has put a file of its own there.
closes() { # PERL
    local status=0
    LIE=frees LD_PRELOAD=$liar perl -e "$1" 2>err || status=$?
    [ $status = 1 ] && grep -q 'the account is not what the scan finds' err || fail "$1: status $status: $(cat err)"
}
closes 'close STDOUT; close STDERR'
closes 'close STDERR; open my $f, ">", "own"; print STDERR "x"; print $f fileno($f), "y"; close $f'
[ "$(cat own)" = 2y ] || fail "the program's own file has $(cat own)"
status=0
LIE=frees LD_PRELOAD=$liar perl -MPOSIX -e 'POSIX::close($_) for 2..1023; my @f; open $f[$_], ">", "own$_" for 2..1000' \
    2>err || status=$?
[ $status = 1 ] && [ ! -s err ] && [ "$(cat own* | tr -d 2yz)" = "" ] || fail "all descriptors closed: status $status"
status=0
LIE=frees LD_PRELOAD=$liar perl -e 'exit' 2>&1 >/dev/null | true || status=$?
[ "${PIPESTATUS[0]}" != 141 ] || fail "nobody reads: killed by SIGPIPE"

# Checks in between: each so many milliseconds, and at a signal.
status=0
LIE=frees COUNTERCHECK_MALLOC_CHECK_MS=20 LD_PRELOAD=$liar timeout 60 sleep 50 2>err || status=$?
[ $status = 1 ] && grep -q 'the account is not' err || fail "a check each 20 ms: status $status: $(cat err)"
COUNTERCHECK_MALLOC_CHECKED=1 COUNTERCHECK_MALLOC_CHECK_MS=20 LD_PRELOAD=$checked sleep 0.5 2>err || fail "checks each 20 ms"
[ "$(grep -c '^countercheck: malloc: checked$' err)" -ge 3 ] || fail "checks each 20 ms: $(cat err)"
COUNTERCHECK_MALLOC_CHECKED=1 COUNTERCHECK_MALLOC_CHECK_SIGNAL=12 LD_PRELOAD=$checked \
    perl -e 'kill USR2 => $$; for (1..100) { last if -s "err"; select undef, undef, undef, 0.05 } print -s "err" ? "yes" : "no"' \
    2>err >out || fail "a check at a signal"
[ "$(cat out)" = yes ] && [ "$(grep -c '^countercheck: malloc: checked$' err)" = 2 ] || fail "a check at a signal: $(cat err)"
COUNTERCHECK_MALLOC_CHECKED=1 COUNTERCHECK_MALLOC_CHECK_SIGNAL=12 COUNTERCHECK_MALLOC_STATS=both.json LD_PRELOAD=$checked \
    perl -e 'kill USR2 => $$; for (1..100) { last if -e "both.json" && -s "err"; select undef, undef, undef, 0.05 }
             exit(-e "both.json" && -s "err" ? 0 : 1)' 2>err || fail "a report and a check at the same signal"
status=0
text=$(COUNTERCHECK_MALLOC_CHECK_SIGNAL=9 LD_PRELOAD=$checked /bin/true 2>&1) || status=$?
[ $status = 2 ] && [[ $text == *"at signal 9: Invalid argument"* ]] || fail "a check at signal 9: status $status: $text"
[ $failed = 0 ] && echo "ok: reports at the end and at signals, and the checker checks"
exit $failed
