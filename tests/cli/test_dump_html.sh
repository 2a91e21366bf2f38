#!/bin/bash
# test_dump_html: the page of `dump html`: its data are what the other questions say, it stays below 5 MB, and no name of a dump
# is markup in it. That it works in a browser, `ci/interop/page` says.
# once: its page: the same sources do it in each build
#
# holds: cli/dump/export/html.c cli/dump/export/page.c cli/dump/export/picture.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
every=$source/corpus/decode/seed/every-record

"$command" replay --dump ours "$source/corpus/heap/found/871cd1849b93f0ee.ops" >/dev/null || fail 'no dump'
for dump in ours "$every" "$source/corpus/decode/seed/all-records-4-big" "$source/corpus/decode/seed/smallest"; do
    ends 0 "$command" dump html "$dump" page
    [ ! -s out ] && [ ! -s err ] || fail "$dump: $(cat out err)"
    python3 "$source/tests/cli/page_reference.py" "$command" "$dump" page 2>said || fail "$dump: $(tail -n 1 said)"
done
"$command" dump html ours page && gzip -nc ours | "$command" dump html - packed && sed 's/"file":"-"/"file":"ours"/' packed | cmp - page ||
    fail 'a packed pipe gives another page'
"$command" dump html ours - | cmp - page || fail '- is another page'

# ---- whatever the dump: more objects, goroutines, sizes and texts than a page has room for; names that are markup
python3 - many <<'P' || fail 'no dump'
import sys
BASE, COUNT = 0xc000000000, 13000
def number(value):
    return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])
def record(*parts):
    return b"".join(number(len(part)) + part if isinstance(part, bytes) else number(part) for part in parts)
word = lambda value: value.to_bytes(8, "little")
hostile = b"</script><script>document.title='taken'</script><!--\x1b[31m\xe2\x80\xae\xff\0\"\\"
at, parts, starts = BASE, [], []
for i in range(COUNT):  # of a tree in which a node's second child is far away; the first of another size each
    starts.append(at)
    at += 16 + 8 * (i if i < 600 else 0)
starts.append(at)
for i in range(COUNT):
    children = [starts[child] if child < COUNT else 0 for child in (2 * i + 1, 2 * i + 2)]
    parts.append(record(1, starts[i], b"".join(map(word, children)) + bytes(starts[i + 1] - starts[i] - 16), 1, 0, 1, 8, 0))
with open(sys.argv[1], "wb") as file:
    file.write(b"go1.7 heap dump\n" + record(6, 0, 8, BASE, at, b"amd64", b"go1.19", 1) + b"".join(parts))
    for i in range(3000):
        name = hostile + b"%d" % i + b"<" * 200
        file.write(record(4, 0x1000 + i, 0x7000, i, 0, 4, 0, 0, 0, hostile, 0, 0, 0, 0))
        file.write(record(5, 0x7000 + 16 * i, 0, 0, word(starts[i]), 0, 0, 0, name, 1, 0, 0))
    file.write(record(12, 0x4c0000, word(BASE), 1, 0, 0) + record(13, 0x4d0000, b"", 0) + record(10, *[0] * 281))
    file.write(record(0))
P
ends 0 "$command" dump html many 'page<b>&'
size=$(wc -c <'page<b>&')
[ "$size" -le 5000000 ] || fail "the page has $size bytes"
[ "$(grep -c '</script>' 'page<b>&')" = "$(grep -c '</script>' "$source/cli/dump/export/page.html")" ] || fail 'a name is markup'
LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\x8e\x8f\xaa-\xae]' 'page<b>&' && fail 'a name steers'
python3 "$source/tests/cli/page_reference.py" "$command" many 'page<b>&' 2>said || fail "many: $(tail -n 1 said)"

expect 2 'good up to byte' "$command" dump html <(head -c 300 "$every") never
expect 3 'its graph needs up to' "$command" dump html ours never --memory-limit 1K
expect 2 'an operand is missing' "$command" dump html ours
[ ! -e never ] || fail 'a page of a dump that is broken'
[ $failed = 0 ] && echo 'ok: pages'
exit $failed
