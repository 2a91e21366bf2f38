#!/bin/bash
# test_leaks: what the command loses shows at its end, under the options that the tests have: a library that loses a block as it is
# loaded is told by who looks for leaks. Without a sanitizer nobody looks.
# once: there is nobody to ask in another build
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
grep -q __lsan_do_leak_check "$command" || { echo 'skipped: nobody looks for leaks in this build' && exit 77; }

cat >lose.c <<'C'
#include <stdlib.h>
static void *volatile lost;
__attribute__((constructor)) static void lose(void) {
    for (int i = 0; i < LOST; i++) {
        lost = malloc(100);
    }
    lost = NULL;
}
C
for lost in 0 10; do
    ${CC:-cc} -w -shared -fPIC -I"$source" -DLOST=$lost lose.c "$source"/subject/examples/slab{_subject,}.c -o lose$lost.so || exit 3
done
ends 0 "$command" subject describe ./lose0.so
ends 1 "$command" subject describe ./lose10.so
says err '1000 byte(s) leaked in 10 allocation(s)' 'ten lost blocks'

[ $failed = 0 ] && echo 'ok: what is lost is told'
exit $failed
