# generate: a file with all of its mutants in it, each behind a switch, and the list of them.

import argparse
import hashlib
import pathlib
import re
import sys

import flow
import operators
import syntax
import values


LEFT_OUT = ("_is_valid", "_are_valid")  # what assertions ask, and the unit tests break an invariant at a time


class Mutant:
    """One change. Its key stays while its function's text does, wherever in the file it stands."""

    def __init__(self, file, function, line, change, is_kept):
        self.file, self.function, self.line, self.operator = file, function, line, change.operator
        self.before, self.after = squeeze(change.before), squeeze(change.after)
        self.is_kept = is_kept  # its kind is one that the kept sample is drawn of
        self.number = 0
        self.key = ""

    def as_row(self):
        return {"number": self.number, "key": self.key, "file": self.file, "line": self.line,
                "function": self.function, "operator": self.operator, "before": self.before, "after": self.after}


def squeeze(text):
    """One line of it, for people."""
    text = re.sub(r"\s+", " ", text or "").strip()
    return text if len(text) <= 100 else text[:97] + "..."


def sites_of(file, function):
    """By place, an outer one before those inside it; a statement before the value that it is. And the changes of kinds that
    the kept sample is drawn of: it is to stay the same, whatever else is learnt."""
    sites = operators.Sites(file, function)
    operators.Finder(sites)
    kept = {change for site in sites.all.values() for change in site.changes}
    flow.Flow(sites)
    values.Values(sites)
    found = [site for site in sites.all.values() if site.edits]
    return sorted(found, key=lambda site: (site.begin, -site.end, site.form != operators.STATEMENT)), kept


class Writer:
    """Puts the changes of one file into its text: those that are drawn."""

    def __init__(self, file, first_number, is_drawn):
        self.file, self.next_number, self.is_drawn = file, first_number, is_drawn
        self.mutants = []
        self.keys = {}

    def text(self):
        out, at = [], 0
        for function in sorted(self.file.functions, key=lambda one: one.children[0].begin):
            if function.data["name"].endswith(LEFT_OUT):
                continue
            body = function.children[0]
            sites, kept = sites_of(self.file, function)
            for site in sites:
                for change in site.changes:
                    self.choose(change, function.data["name"], change in kept)
            for site in sites:
                site.edits = [edit for edit in site.edits if edit.change.number]
            out.append(self.file.text[at:body.begin])
            out.append(self.render(body.begin, body.end, [site for site in sites if site.edits]))
            at = body.end
        out.append(self.file.text[at:])
        return "".join(out)

    def choose(self, change, function, is_kept):
        """Whether a change is in the sample, and its number there."""
        mutant = Mutant(self.file.name, function, self.file.line(change.begin), change, is_kept)
        mutant.key = self.key_of(mutant)
        if self.is_drawn(mutant):
            mutant.number = change.number = self.next_number
            self.next_number += 1
            self.mutants.append(mutant)

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
            return before(site) + unless_left_out(site) + inside
        if site.form == operators.BLOCK:
            last = "".join(f"if (MUTANT({edit.change.number})) {edit.text}; " for edit in of_role(site, operators.LAST))
            return f"{{ {unless_left_out(site)}{inside[:-1]}{last}}} }}"
        reference = "&" if site.form == operators.PLACE else ""
        chain = "".join(f"MUTANT({edit.change.number}) ? {reference}({edit.text}) : " for edit in site.edits)
        return f"({'*' if reference else ''}({chain}{reference}({inside})))"


def of_role(site, role):
    return [edit for edit in site.edits if edit.role == role]


def before(site):
    return "".join(f"if (MUTANT({edit.change.number})) {{ {edit.text}; }} " for edit in of_role(site, operators.BEFORE))


def unless_left_out(site):
    on = " || ".join(f"MUTANT({edit.change.number})" for edit in of_role(site, operators.LEFT_OUT))
    return f"if (!({on})) " if on else ""


def is_of_sample(mutant, permille):
    """Drawn by what it changes, of the kinds that the kept sample has."""
    change = mutant.key.split(" ", 1)[1]
    return mutant.is_kept and int(hashlib.sha256(change.encode()).hexdigest(), 16) % 1000 < permille


def of_file(root, name, flags, first_number, is_drawn):
    """(text, mutants) of one file."""
    writer = Writer(syntax.File(root, name, flags), first_number, is_drawn)
    return writer.text(), writer.mutants


def main():
    """For one file: its mutants, a line each, or the text with all of them in it."""
    parser = argparse.ArgumentParser(prog="ci/mutants/generate.py", description=main.__doc__)
    parser.add_argument("--text", action="store_true", help="the text instead of the list")
    parser.add_argument("--kept", action="store_true", help="only of the kinds that the kept sample is drawn of")
    parser.add_argument("file", type=pathlib.Path)
    options = parser.parse_args()
    try:
        text, mutants = of_file(options.file.parent, options.file.name, ["-std=c11", "-I."], 1,
                                lambda mutant: mutant.is_kept or not options.kept)
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
