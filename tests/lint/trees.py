# trees: a check of ci/ on many small trees, in one process: a start of Python and one of git for each would take most of the time.
#
# usage: trees.py CHECK FOLDER     FOLDER/N is a tree, all of whose files are tracked; FOLDER/N.says what CHECK prints of it
# Exit status: 0 each tree is told as it should, 1 one is not.
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import sys

sys.dont_write_bytecode = True


def module_of(path):
    loader = importlib.machinery.SourceFileLoader("check", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


def files_below(root):
    return sorted(os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names)


def main():
    check, folder = module_of(sys.argv[1]), pathlib.Path(sys.argv[2])
    check.tracked = files_below
    failed = 0
    count = len(list(folder.glob("*.says")))
    for number in range(count):
        expected, out = (folder / f"{number}.says").read_text(), io.StringIO()
        sys.argv = ["check", str(folder / str(number))]
        with contextlib.redirect_stdout(out):
            status = check.main()
        if out.getvalue().rstrip("\n") != expected or status != (1 if expected else 0):
            print(f"FAIL: tree {number}, {(folder / f'{number}.about').read_text()}: expected '{expected}', got status {status}: '{out.getvalue()}'")
            failed = 1
    return failed if count else 1


sys.exit(main())
