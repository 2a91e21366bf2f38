#!/bin/bash
# test_programs: real programs run on our malloc as on libc's: the same output, the same status, and at the end of
# each process an account that the oracle's scan confirms. A program that is not installed is named.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:?}
checked=${CHECKED_MALLOC:?}
work=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
failed=0
export LC_ALL=C
cd "$work"

fail() {
    echo "FAIL: $*"
    failed=1
}

has() { # PROGRAM
    command -v "$1" >/dev/null && return 0
    echo "skipped: $1 is not installed"
    return 1
}

# on_ours COMMAND...: runs it on our malloc; its messages go to ours.err
on_ours() { COUNTERCHECK_MALLOC_CHECKED=1 LD_PRELOAD=$checked "$@" 2>ours.err; }

# same NAME COMMAND...: the same output and status as on libc's malloc, and checked at its end
same() {
    local name=$1 theirs=0 ours=0
    shift
    "$@" >theirs.out 2>theirs.err || theirs=$?
    on_ours "$@" >ours.out || ours=$?
    [ $theirs = $ours ] || fail "$name: status $ours, not $theirs: $(tail -n 3 ours.err)"
    cmp -s theirs.out ours.out || fail "$name: another output"
    [ -s ours.out ] || fail "$name: no output at all"
    grep -q '^countercheck: malloc: checked$' ours.err || fail "$name: nobody has checked it: $(tail -n 3 ours.err)"
    echo "$name: $(wc -c <ours.out) bytes of output, checked"
}

cat >work.py <<'P'
import ctypes, hashlib, json, os, threading, zlib
words = {}
for i in range(60000):
    words.setdefault(str(i * 7919 % 5003), []).append("w" * (i % 200))
parts = []
def work(n):
    parts.append(hashlib.sha256(zlib.compress(json.dumps(words, sort_keys=True).encode(), n)).hexdigest())
threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3)]
for t in threads: t.start()
for t in threads: t.join()
child = os.fork()
if child == 0:
    os._exit(0 if len([bytes(i) for i in range(3000)]) == 3000 else 1)
print(sorted(parts), os.waitpid(child, 0)[1], ctypes.CDLL(None).abs(-3))
P
PYTHONMALLOC=malloc && export PYTHONMALLOC
if has python3; then
    same python3 "$(python3 -c 'import sys; print(sys.executable)')" work.py
fi
if has perl; then
    # shellcheck disable=SC2016 # perl's own
    same perl perl -e 'my %h; $h{$_ * 7919 % 10007} .= "x" x ($_ % 100) for 1..100000;
        print join(",", map { length $h{$_} } sort keys %h), "\n"'
fi
# Without $(...): bash notes its dead children in a handler that may allocate in the midst of malloc. No malloc promises to
# bear that, and here the account has been off by an object then, twice in two dozen runs.
# shellcheck disable=SC2016 # the other bash's own
same bash bash -c 'for i in {1..600}; do printf -v a[i] "%*s" $i x; a[i]=${a[i]// /y}; done; echo "${a[@]}" | wc; echo "${a[77]}"'
if has git; then
    git init -q repository
    (cd repository && for i in $(seq 200); do seq "$i" 900 >"file$i"; done && git add . &&
        git -c user.name=t -c user.email=t@t commit -qm one)
    same git git -C repository log -p --stat
    same git-grep git -C repository grep -c 77
fi
if has gcc; then
    same gcc gcc -O2 -S -o - -xc -I"$source" "$source/allocator/pages/palloc.c"
fi
if has g++; then
    g++ -std=c++17 -O2 -pthread "$source/tests/malloc/allocates.cc" -o allocates
    same c++ ./allocates
fi
if has sqlite3; then
    same sqlite3 sqlite3 :memory: "create table t(a integer primary key, b text); create index i on t(b);
        with recursive n(x) as (select 1 union all select x + 1 from n limit 30000)
        insert into t select x, hex(x * 7919) || x from n;
        delete from t where a % 3 = 0; select count(*), sum(length(b)), max(b) from t; select b from t order by b limit 50;"
fi
lua=$(command -v lua5.4 || command -v lua5.3 || command -v lua || true)
if has "${lua:-lua}"; then
    same lua "$lua" -e 'local t = {} for i = 1, 200000 do t[i % 5003] = (t[i % 5003] or "") .. "x" .. i % 7 end
        local n = 0 for k, v in pairs(t) do n = n + #v end print(n, t[77])'
fi

if has redis-server && has redis-benchmark; then
    COUNTERCHECK_MALLOC_CHECKED=1 LD_PRELOAD=$checked redis-server --port 0 --unixsocket "$work/redis.sock" \
        --save '' --appendonly no --dir "$work" >redis.out 2>redis.err &
    server=$!
    for _ in $(seq 100); do
        redis-cli -s redis.sock ping 2>/dev/null | grep -q PONG && break
        sleep 0.1
    done
    redis-benchmark -s redis.sock -n 4000 -r 1000 -d 100 -q -t set,get,lpush,lpop,sadd,hset,zadd,lrange_100 \
        >benchmark.out 2>&1 || fail "redis-benchmark: $(tail -n 3 benchmark.out)"
    redis-cli -s redis.sock set answer 42 >/dev/null
    [ "$(redis-cli -s redis.sock get answer)" = 42 ] || fail "redis: an answer was lost"
    redis-cli -s redis.sock bgsave >/dev/null # a fork
    redis-cli -s redis.sock shutdown nosave >/dev/null 2>&1 || true
    status=0
    wait "$server" || status=$?
    server=
    [ $status = 0 ] || fail "redis-server: status $status: $(tail -n 3 redis.err)"
    grep -q '^countercheck: malloc: checked$' redis.err || fail "redis-server: nobody has checked it"
    echo "redis-server: $(grep -c 'requests per second' benchmark.out) kinds of requests, checked"
fi
[ $failed = 0 ] && echo "ok: each program that is here runs the same, and its account holds"
exit $failed
