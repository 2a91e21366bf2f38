#!/bin/bash
# test_known: replay --known: what is known is listed and does not fail, until it is gone or its time is over.
# once: what it tells: the same sources do it in each build
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

# expect STATUS FILE TEXT ARGUMENT...: of `countercheck replay`; TEXT is in ./out or ./err
expect() {
    local wanted=$1 file=$2 text=$3
    shift 3
    ends "$wanted" "$command" replay "$@"
    [ "$wanted" != 2 ] || [ "$(wc -l <err)" = 1 ] || fail "$*: not one line on stderr: $(cat err)"
    [ -z "$text" ] || grep -qF -- "$text" "$file" || fail "$*: $file lacks '$text' but has: $(cat "$file")"
}

mkdir some other
printf 'nop\nexpect Frees=2\n' >some/frees.ops
printf 'nop\nexpect Mallocs=3\n' >some/mallocs.ops
printf 'nop\n' >some/clean.ops
cp some/clean.ops other/

printf '# what we wait for\nexpected Frees 2999-12-31 the next release counts them # soon\n' >one
printf 'expected Frees 2999-12-31 one\n\nexpected Mallocs 2999-12-31 other\n' >two
printf 'expected Frees 2020-01-31 long ago\nexpected Mallocs 2999-12-31 other\n' >old
expect 1 out "2 findings" some
expect 1 out "some/frees.ops: known: expected Frees: the next release counts them" --known one some
grep -q "1 finding$" out || fail "one known: $(cat out)"
expect 0 out "0 findings" --known two some
expect 0 out "known: expected Mallocs: other" --known two some/mallocs.ops
expect 1 err "old:1: expected Frees: it has expired on 2020-01-31" --known old some
expect 1 err "two:1: expected Frees: no input finds it any more: take it out" --known two other
expect 0 out "1 program" --known two other/clean.ops
expect 0 out "" --json --known two some
[ -s out ] && fail "--json --known: $(cat out)"

wrong() { # LINE TEXT
    printf '\n%s\n' "$1" >wrong
    expect 2 err "wrong:2: $2" --known wrong some
}
wrong 'expected Frees 2999-12-31' 'a known finding is RULE FIELD EXPIRY REASON'
wrong 'expected' 'a known finding is RULE FIELD EXPIRY REASON'
wrong 'expected Frees soon it goes' 'the expiry is no day like 2027-01-31'
wrong 'expected Frees 2999-02-30 it goes' 'the expiry is no day like 2027-01-31'
expect 2 err "missing" --known missing some
expect 2 err "--pin goes with no other option" --pin --known one some

wrong 'expectd Frees 2999-12-31 it goes' "no rule is called 'expectd': nearest is expected"
printf 'expected Frees 2999-12-31 waits for #12 # and no longer\nexpected Mallocs 2999-12-31 #\n' >hash
expect 2 err "hash:2: a known finding is RULE FIELD EXPIRY REASON" --known hash some
sed -i '2s/#$/#13/' hash
expect 0 out "some/frees.ops: known: expected Frees: waits for #12" --known hash some
grep -q "known: expected Mallocs: #13$" out && ! grep -q "no longer" out || fail "the number of an issue in a reason: $(cat out)"

# two findings of one rule and field: a line `says` holds an entry to one of them, whatever the numbers
printf 'in_use == 5\n' >relations
mkdir both && printf 'h0 = alloc size=64\n' >both/a.ops && printf 'h0 = alloc size=100\n' >both/b.ops
field='"in_use == 5"'
says=$("$command" replay --subject boundary --relations relations both/a.ops | sed -n 's/^says  *//p')
[ -n "$says" ] || fail "a relation's finding says nothing"
printf 'subject-relation %s 2999-12-31 both\n' "$field" >wide
printf 'subject-relation %s 2999-12-31 of any number\nsays %s\n' "$field" "$says" >narrow
printf 'subject-relation %s 2999-12-31 another\nsays %s no more\n' "$field" "$says" >other-text
printf 'subject-relation %s 2999-12-31 both\nsubject-relation %s 2999-12-31 of this text\nsays %s\n' "$field" "$field" \
    "$says" >twice
for list in wide narrow; do
    expect 0 out "0 findings" --subject boundary --relations relations --known $list both/a.ops both/b.ops
done
expect 1 out "1 finding" --subject boundary --relations relations --known other-text both/a.ops
expect 0 out "both/b.ops: known: subject-relation in_use == 5: of this text" --subject boundary --relations relations \
    --known twice both/b.ops
expect 1 err "other-text:1: subject-relation in_use == 5: no input finds it any more" --subject boundary \
    --relations relations --known other-text both
wrong 'says nothing' 'a line says TEXT stands behind a known finding'
printf '%s\nsays\n' "$(head -n 1 narrow)" >empty
expect 2 err "empty:2: behind says is the text that a finding has there" --known empty some
printf '%s\nsays one\nsays two\n' "$(head -n 1 narrow)" >again
expect 2 err "again:3: a line says TEXT stands behind" --known again some

# the project's own list can be read
expect 0 out "1 program" --known "$source/ci/known" other/clean.ops

[ $failed = 0 ] && echo "ok: what is known is listed, and goes"
exit $failed
