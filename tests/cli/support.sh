#!/bin/bash
# support: what scripts of this folder begin with: a folder of their own to be in, what fails, and how a call ends.
#
# usage: . "$(dirname "$0")/support.sh"     $command is the command that was built, $source the tree
# shellcheck disable=SC2034 # who includes this uses them
command=${COUNTERCHECK:?}
source=${COUNTERCHECK_SOURCE:?}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 3
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

ends() { # STATUS COMMAND...: stdout and stderr are in ./out and ./err
    local wanted=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    [ $status = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat out err)"
}

# expect STATUS TEXT COMMAND...: TEXT is on stderr ("": nothing is asked of it), which is one line with status 2
expect() {
    local wanted=$1 text=$2
    shift 2
    ends "$wanted" "$@"
    [ -z "$text" ] || grep -qF -- "$text" err || fail "$*: stderr lacks '$text' but has: $(cat err)"
    [ "$wanted" != 2 ] || [ "$(wc -l <err)" = 1 ] || fail "$*: not one line on stderr: $(cat err)"
}

says() { # FILE TEXT WHAT
    grep -qF -- "$2" "$1" || fail "$3: $1 lacks '$2' but has: $(head -n 5 "$1")"
}
