#!/bin/bash
# test_examples: the changes that the documents show still apply to the tree, and README counts the inputs that there are.
# What they change is shown by ci/examples/accounts, which builds the tree twice: the night's.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

for patch in "$source"/ci/examples/*.patch; do
    rm -rf "${copy:?}"/*
    sed -n 's,^+++ b/,,p' "$patch" | while IFS= read -r file; do
        mkdir -p "$copy/$(dirname "$file")"
        cp "$source/$file" "$copy/$file"
    done
    if ! (cd "$copy" && git apply --check "$patch"); then
        echo "FAIL: $(basename "$patch") does not apply any more: make it anew"
        exit 1
    fi
    if (cd "$copy" && git apply "$patch" && git apply --check "$patch" 2>/dev/null); then
        echo "FAIL: $(basename "$patch") applies twice: it says nothing"
        exit 1
    fi
done

inputs=("$source"/corpus/heap/regression/*)
if ! grep -q "^${#inputs[@]} inputs, " "$source/README.md"; then
    echo "FAIL: corpus/heap/regression has ${#inputs[@]} inputs, and README's example another count: run ci/examples/accounts"
    exit 1
fi
echo "ok: the examples apply"
