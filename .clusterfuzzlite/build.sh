#!/bin/bash -eu
# build.sh: the same build as for OSS-Fuzz.
exec bash -eu "$SRC/countercheck/ci/oss-fuzz/build.sh"
