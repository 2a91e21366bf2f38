# flow: in which ways the course of a function can be wrong: statements change places, blocks are left out, a loop ends
# early, the function does; a lock is not taken.

import re

from operators import BEFORE, BLOCK, LAST, LEFT_OUT, STATEMENT, INSTEAD, VALUE, Walk, is_integer, is_pointer

LOCKS = (("acquire", "release"), ("lock", "unlock"), ("enter", "leave"), ("stop", "start"))


class Flow(Walk):
    def __init__(self, sites):
        self.takes, self.gives = [], []  # (name without what it does, text of the arguments, node)
        super().__init__(sites)
        self.locks()

    # ---- in a row

    def visit_CompoundStmt(self, node):
        row = [child for child in node.children if child.end > child.begin]
        for first, second in zip(row, row[1:]):
            self.exchange(first, second)
        for i, child in enumerate(row):
            is_end = i + 1 == len(row) and (self.is_act(child) or child.kind == "DeclStmt")
            if child.kind not in ("ReturnStmt", "BreakStmt", "ContinueStmt", "CaseStmt", "DefaultStmt", "LabelStmt") and \
                    not is_end and not self.is_assertion(child):
                self.leave(child)

    def exchange(self, first, second):
        """Two statements, where the order may matter: both call, or one names what the other writes."""
        if not self.is_act(first) or not self.is_act(second) or self.of(first) == self.of(second):
            return
        a, b = self.of(first), self.of(second)
        is_read = any(name and re.search(re.escape(name) + r"(?!\w)", other)
                      for name, other in ((self.written(first), b), (self.written(second), a)))
        both_call = calls(first) and calls(second) and not self.are_of_two_places(first, second)
        if is_read or both_call or is_lock(first) or is_lock(second):
            self.sites.add_parts("statements exchanged", f"{a}; {b}", f"{b}; {a}",
                                 (first, STATEMENT, BEFORE, b), (second, STATEMENT, LEFT_OUT, None))

    def are_of_two_places(self, first, second):
        """The same call, of one counter and of another: in any order it comes to the same."""
        places = [self.of(one.children[1]) for one in (first, second) if one.kind == "CallExpr" and len(one.children) > 1]
        return len(places) == 2 and name_of(first) == name_of(second) and places[0] != places[1] and \
            all(place.startswith("&") for place in places)

    def written(self, node):
        """The text of what an assignment or a step writes; "": it is none."""
        is_write = node.kind == "CompoundAssignOperator" or (node.kind == "BinaryOperator" and node.opcode == "=") or \
            (node.kind == "UnaryOperator" and node.opcode in ("++", "--"))
        return self.of(node.children[0]) if is_write and not node.is_macro else ""

    def leave(self, node):
        """The function is over before this statement."""
        result = self.sites.result
        if result == "_Atomic":  # the rest of such a type is lost
            return
        texts = {"void": ("return",), "bool": ("return 0", "return 1"), "_Bool": ("return 0", "return 1")}.get(result)
        if texts is None:
            is_value = is_integer(result) or result in ("double", "float")
            texts = ("return 0",) if is_value else ("return (void *)0",) if is_pointer(result) else (f"return ({result}){{0}}",)
        for text in texts:
            self.sites.add_parts("early return", self.of(node), text, (node, STATEMENT, BEFORE, text))

    # ---- blocks

    def visit_IfStmt(self, node):
        if node.is_macro or not node.data.get("hasElse"):
            return
        for child in node.children[-2:]:
            if child.kind == "CompoundStmt":
                self.leave_out(child, BLOCK)

    def leave_out(self, node, form):
        self.sites.add_parts("block deleted", self.of(node), "nothing", (node, form, LEFT_OUT, None))

    def visit_statement(self, node):
        if node.is_macro:
            return
        if node.kind in ("SwitchStmt", "DoStmt") or (node.kind == "IfStmt" and node.data.get("hasElse")):
            self.leave_out(node, STATEMENT)
        elif node.kind == "CompoundStmt":
            self.leave_out(node, BLOCK)
        elif node.kind == "CallExpr":
            self.lock(node)

    def visit_ForStmt(self, node):
        body = node.children[-1]
        if not node.is_macro and body.kind == "CompoundStmt" and body.end > body.begin:
            self.sites.add_parts("loop once", self.file.text[node.begin:body.begin], "once", (body, BLOCK, LAST, "break"))

    visit_WhileStmt = visit_ForStmt

    def visit_DoStmt(self, node):
        if not node.is_macro and self.of(node.children[1]) != "0":
            self.sites.add_parts("loop once", f"do while {self.of(node.children[1])}", "once",
                                 (node.children[1], VALUE, INSTEAD, "0"))

    # ---- locks

    def lock(self, node):
        parts = name_of(node).split("_")
        arguments = self.file.text[node.children[0].end:node.end]
        for take, give in LOCKS:
            for word, found in ((take, self.takes), (give, self.gives)):
                if word in parts:
                    found.append((take, "_".join(part for part in parts if part != word), arguments, node))

    def locks(self):
        """What takes a lock and what gives it back are left out together."""
        done = set()
        for take in self.takes:
            near = [give for give in self.gives if give[:2] == take[:2]]
            same = [give for give in near if give[2] == take[2]] or near
            takes = [one for one in self.takes if one[:3] == take[:3]]
            if same and take[:3] not in done:
                done.add(take[:3])
                self.sites.add_parts("lock removed", self.of(take[3]), "nothing",
                                     *((one[3], STATEMENT, LEFT_OUT, None) for one in takes + same))


def name_of(call):
    return call.children[0].bare().target.get("name", "")


def is_lock(node):
    return node.kind == "CallExpr" and not {word for pair in LOCKS for word in pair}.isdisjoint(name_of(node).split("_"))


def calls(node):
    return node.kind == "CallExpr" or any(calls(child) for child in node.children)
