#!/bin/bash
# test_counts: what is there once is told as one: "1 object", and never "1 objects".
# once: words: the same sources do it in each build
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

cat >one.ops <<'END'
h0 = alloc c0 size=1
END
cat >wrong.ops <<'END'
h0 = alloc c0 size=1
expect HeapObjects=7
END
"$command" replay one.ops --dump one.dump >/dev/null || exit 3
cp one.ops same.ops
mkdir one && cp one.ops one/

# Numbers of a column stand behind two blanks; what comes first in a line, or behind one, is a sentence.
singular() { # STATUS COMMAND...
    ends "$@"
    ! grep -HEn '(^|[^0-9. ] ?)1 [a-z]+(s|ren)( |,|;|:|$)' out err | grep -vE '1 (is|was|has|ms|less|process) ' ||
        fail "${*:2}: one is told as several"
}
singular 0 "$command" replay one.ops
singular 0 "$command" replay one
singular 1 "$command" replay wrong.ops
singular 0 "$command" minimize wrong.ops -o small.ops
singular 0 "$command" soak --operations 1 --seed 1
singular 0 "$command" accounts "$command" "$command" one.ops
at=$("$command" dump json one.dump --only Object | sed 's/.*"address":"\([^"]*\)".*/\1/')
for question in info verify roots goroutines spans top duplicates find "retained --by class" "object $at" "path $at"; do
    # shellcheck disable=SC2086 # words
    set -- $question
    singular 0 "$command" dump "$1" one.dump "${@:2}"
done
if "$command" soak --threads 1 --seconds 1 >out 2>err; then # this build has threads
    singular 0 "$command" soak --threads 1 --seconds 1
fi

[ $failed = 0 ] && echo "ok: one of anything is told as one"
exit $failed
