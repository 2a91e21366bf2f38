#!/bin/bash
# test_unused: ci/unused names the function that nothing calls, and none that a test, an engine or another file calls.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v cppcheck >/dev/null || { echo "skipped: no cppcheck"; exit 0; }
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
cd "$sample"
git init -q .
mkdir tests
cat >a.c <<'END'
int dead(void);
int tested(void);
int called(void);
int LLVMFuzzerInitialize(void);
int dead(void) { return called(); }
int tested(void) { return 1; }
int LLVMFuzzerInitialize(void) { return 2; }
END
printf 'int called(void);\nint called(void) { return 3; }\nint main(void) { return called(); }\n' >b.c
printf 'int tested(void);\nint test(void) { return tested(); }\n' >tests/test_a.c
git add .
! "$source/ci/unused" "$sample" >out || { echo "FAIL: a dead function passes"; exit 1; }
[ "$(cat out)" = "a.c:5: nothing calls dead" ] || { echo "FAIL: $(cat out)"; exit 1; }
sed -i /dead/d a.c
printf '#!/bin/bash\ncalled() { :; }\nleft() { :; }\ndo_this() { :; }\nother() { :; }\ncalled; "do_$1"\n' >script
printf 'def other():\n    def lost(self):\n        pass\n' >script.py
git add .
! "$source/ci/unused" "$sample" >out || { echo "FAIL: a dead function of a script passes"; exit 1; }
[ "$(paste -sd ' ' out)" = "script:3: nothing calls left script.py:2: nothing calls lost" ] || { echo "FAIL: $(cat out)"; exit 1; }
sed -i /left/d script
sed -i /lost/d script.py
"$source/ci/unused" "$sample" >out || { echo "FAIL: nothing is dead: $(cat out)"; exit 1; }
echo "ok: a function that nothing calls is named, and no other"
