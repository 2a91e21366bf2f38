#!/bin/bash
# test_workflows: .github/workflows names inputs that the actions have, writes nothing that it need not, and loses no corpus;
# and each such fault, put in, is seen.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
look() { python3 "$source/tests/lint/workflows.py" "$1" "$source/tests/lint/actions.txt"; }

status=0
look "$source/.github/workflows" || status=$?
look "$source/subject/template" || status=$? # what "subject new" writes for others
[ $status = 0 ] || exit $status

sees() { # FILE SED_EXPRESSION WORDS
    cp "$source/.github/workflows/$1" "$sample/$1"
    sed -i "$2" "$sample/$1"
    if cmp -s "$source/.github/workflows/$1" "$sample/$1"; then
        echo "FAIL: '$2' changes nothing in $1"
        exit 1
    fi
    if look "$sample" >"$sample/out" || ! grep -q "$3" "$sample/out"; then
        echo "FAIL: not seen in $1: $3"
        cat "$sample/out"
        exit 1
    fi
    rm "$sample/$1"
}
sees cflite.yml '/github-token/d' 'run_fuzzers@v1 needs github-token'
sees cflite.yml 's/output-sarif/sarif-output/' 'has no input sarif-output'
sees cflite.yml '0,/mode: prune/s//mode: pruning/' 'has no mode pruning'
sees cflite.yml '/^concurrency/,+2d' 'no concurrency'
sees cflite.yml '0,/actions: read/s//security-events: write/' 'more than to read'
sees cflite.yml 's/      security-events: write/      security-events: read/' 'uploads SARIF and may not'
sees cflite.yml '/upload-build/d' 'without upload-build'
sees cflite.yml 's/needs: prune/needs: pruning/' 'needs pruning, which is no job'
sees ci.yml '/branches: \[main\]/d' 'runs twice'
sees ci.yml '/a night with a finding/d' 'saved on success alone'
sees ci.yml 's,actions/checkout@v4,actions/checkout@v1,' 'is not in the list'
sees ci.yml '/fetch-depth/d' 'runs ci/commits without the commits'
echo "ok: the workflows, and what would be wrong with them"
