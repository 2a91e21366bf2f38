# generate: a file with all of its mutants in it, each behind a switch, and the list of them.

import argparse
import hashlib
import pathlib
import re
import sys

import operators
import syntax


LEFT_OUT = ("_is_valid", "_are_valid")  # what assertions ask, and the unit tests break an invariant at a time


class Mutant:
    """One change. Its key stays while its function's text does, wherever in the file it stands."""

    def __init__(self, file, function, line, operator, before, after):
        self.file, self.function, self.line, self.operator = file, function, line, operator
        self.before, self.after = squeeze(before), squeeze(after)
        self.number = 0
        self.key = ""

    def as_row(self):
        return {"number": self.number, "key": self.key, "file": self.file, "line": self.line,
                "function": self.function, "operator": self.operator, "before": self.before, "after": self.after}


def squeeze(text):
    """One line of it, for people."""
    text = re.sub(r"\s+", " ", text or "").strip()
    return text if len(text) <= 100 else text[:97] + "..."


class Writer:
    """Puts the changes of one file into its text: all of them, or a sample."""

    def __init__(self, file, first_number, permille):
        self.file, self.next_number, self.permille = file, first_number, permille
        self.mutants = []
        self.keys = {}

    def text(self):
        out, at = [], 0
        for function in sorted(self.file.functions, key=lambda one: one.children[0].begin):
            if function.data["name"].endswith(LEFT_OUT):
                continue
            body = function.children[0]
            sites = operators.sites_of(self.file, function)
            for site in sites:
                self.choose(site, function.data["name"])
            out.append(self.file.text[at:body.begin])
            out.append(self.render(body.begin, body.end, [site for site in sites if site.changes]))
            at = body.end
        out.append(self.file.text[at:])
        return "".join(out)

    def choose(self, site, function):
        """Which of a site's changes are in the sample, and their numbers."""
        chosen = []
        for operator, text in site.changes:
            before = self.file.text[site.begin:site.end]
            mutant = Mutant(self.file.name, function, self.file.line(site.begin), operator, before, text)
            mutant.key = self.key_of(mutant)
            if int(hashlib.sha256(mutant.key.encode()).hexdigest(), 16) % 1000 < self.permille:
                mutant.number = self.next_number
                self.next_number += 1
                self.mutants.append(mutant)
                chosen.append((mutant.number, text))
        site.changes = chosen

    def key_of(self, mutant):
        key = f"{mutant.file} {mutant.function}: {mutant.operator}: {mutant.before} -> {mutant.after or 'nothing'}"
        self.keys[key] = self.keys.get(key, 0) + 1
        return key if self.keys[key] == 1 else f"{key} #{self.keys[key]}"

    def render(self, begin, end, sites):
        """The text of a stretch; `sites` lie in it, outer ones first."""
        out, at, i = [], begin, 0
        while i < len(sites):
            site = sites[i]
            inner = i + 1
            while inner < len(sites) and sites[inner].begin < site.end:
                inner += 1
            nested = [one for one in sites[i + 1:inner] if one.end <= site.end]
            out.append(self.file.text[at:site.begin])
            out.append(self.wrap(site, nested))
            at, i = site.end, inner
        out.append(self.file.text[at:end])
        return "".join(out)

    def wrap(self, site, nested):
        inside = self.render(site.begin, site.end, nested)
        if site.form == operators.STATEMENT:
            return f"if (!MUTANT({site.changes[0][0]})) {inside}"
        reference = "&" if site.form == operators.PLACE else ""
        chain = "".join(f"MUTANT({number}) ? {reference}({text}) : " for number, text in site.changes)
        return f"({'*' if reference else ''}({chain}{reference}({inside})))"


def of_file(root, name, flags, first_number, permille):
    """(text, mutants) of one file."""
    writer = Writer(syntax.File(root, name, flags), first_number, permille)
    return writer.text(), writer.mutants


def main():
    """For one file: its mutants, a line each, or the text with all of them in it."""
    parser = argparse.ArgumentParser(prog="ci/mutants/generate.py", description=main.__doc__)
    parser.add_argument("--text", action="store_true", help="the text instead of the list")
    parser.add_argument("file", type=pathlib.Path)
    options = parser.parse_args()
    try:
        text, mutants = of_file(options.file.parent, options.file.name, ["-std=c11", "-I."], 1, 1000)
    except (OSError, syntax.Unreadable) as why:
        print(f"mutants: {why}", file=sys.stderr)
        return 2
    if options.text:
        sys.stdout.buffer.write(text.encode("latin-1"))
    else:
        for mutant in mutants:
            print(f"{mutant.number} {mutant.line} {mutant.operator}: {mutant.before} -> {mutant.after or 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
