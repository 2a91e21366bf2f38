# equivalent: mutants that no program can tell from the original, each with its reason, as people found out.
#
# A line of the list: KEY TAB REASON; a line that begins with "#" is a remark.

import pathlib

LIST = pathlib.Path(__file__).resolve().parent / "equivalent"


class Bad(Exception):
    """A line of the list that says nothing."""


def known():
    """key -> reason"""
    marked = {}
    for number, line in enumerate(LIST.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        key, tab, reason = line.partition("\t")
        if not tab or not reason.strip():
            raise Bad(f"ci/mutants/equivalent:{number}: a key, a tab and a reason")
        if key in marked:
            raise Bad(f"ci/mutants/equivalent:{number}: this key stands in the list twice")
        marked[key] = reason.strip()
    return marked
