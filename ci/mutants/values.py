# values: in which ways a number on its way can be wrong: cut to fewer bits, one too many, halved, turned round, or
# exchanged with its neighbour.

import re

from operators import INSTEAD, VALUE, Walk

WIDTHS = (("long", 64), ("short", 16), ("char", 8), ("int", 32), ("unsigned", 32))
NARROWER = {64: ("int", "short"), 32: ("short",), 16: ("char",)}
LENGTH = re.compile(r"(^|_)(bytes|pages|words|blocks|chunks|bits|count|size|length|room|limit|capacity|end)$")


def width_of(kind):
    """Of an integer that is no truth value and no enumerator, in bits; 0: of anything else."""
    words = set(kind.split()) - {"const", "volatile"}
    if not words <= {"unsigned", "signed", *(word for word, _ in WIDTHS)}:
        return 0
    return next((bits for word, bits in WIDTHS if word in words), 0)


def is_constant(node):
    bare = node.bare()
    if bare.kind == "UnaryOperator" and bare.opcode in ("-", "~"):
        bare = bare.children[0].bare()
    if bare.kind in ("ConditionalOperator", "BinaryOperator"):
        return all(is_constant(child) for child in bare.children[-2:])
    return bare.kind in ("IntegerLiteral", "CharacterLiteral", "UnaryExprOrTypeTraitExpr") or \
        bare.target.get("kind") == "EnumConstantDecl"


class Values(Walk):
    # ---- where a value goes to

    def visit_BinaryOperator(self, node):
        if not node.is_macro and node.opcode == "=":
            self.value(node.children[1])

    def visit_CompoundAssignOperator(self, node):
        if not node.is_macro:
            self.value(node.children[1])

    def visit_VarDecl(self, node):
        if not node.is_macro and node.data.get("init") == "c" and node.children:
            self.value(node.children[-1])

    def visit_CallExpr(self, node):
        if node.is_macro or node.children[0].bare().target.get("name", "").startswith("__"):
            return
        for argument in node.children[1:]:
            self.value(argument)
            if width_of(argument.type) and not is_constant(argument) and not argument.is_macro:
                self.add(argument, "off by one", f"({self.of(argument)}) + 1")
                self.add(argument, "off by one", f"({self.of(argument)}) - 1")
        if node.type in ("_Bool", "bool") and self.is_used(node):
            self.add(node, "result turned", f"!({self.of(node)})")

    @staticmethod
    def is_used(node):
        while node.parent.kind in ("ImplicitCastExpr", "ParenExpr", "CStyleCastExpr"):
            node = node.parent
        return node.parent.kind not in ("CompoundStmt", "CaseStmt", "DefaultStmt", "LabelStmt")

    def value(self, node):
        """Cut to fewer bits; of a length, the half."""
        bits = width_of(node.type)
        if not bits or is_constant(node) or node.end <= node.begin:
            return
        sign = "unsigned" if "unsigned" in node.type else "signed"
        for word in NARROWER.get(bits, ()):
            self.add(node, "truncated", f"({sign} {word})({self.of(node)})")
        bare, text = node.bare(), self.of(node)
        name = bare.data.get("name") or bare.target.get("name", "")
        if LENGTH.search(name):
            self.add(node, "halved", f"({text}) / 2")
        if name.endswith("bytes"):
            self.add(node, "unit mistaken", f"({text}) / 8192")
        elif name.endswith(("pages", "page_count")):
            self.add(node, "unit mistaken", f"({text}) * 8192")

    # ---- results

    def visit_ReturnStmt(self, node):
        if node.is_macro or not node.children:
            return
        value, result = node.children[0], self.sites.result
        self.value(value)
        text, bare = self.of(value), value.bare()
        if result in ("_Bool", "bool"):
            if not is_constant(value):
                self.add(value, "result turned", f"!({text})")
        elif result.startswith("enum "):
            names = self.file.enums.get(result.removeprefix("enum "), [])
            if len(names) > 1 and bare.target.get("kind") != "EnumConstantDecl":
                self.add(value, "result turned", f"({text}) == {names[0]} ? {names[1]} : {names[0]}")
        elif re.fullmatch(r"int|long|u?int\d+_t|ssize_t|ptrdiff_t", result) and not result.startswith("u"):
            self.add(value, "result turned", "-1" if re.fullmatch("0", text) else f"-({text})")

    # ---- neighbours

    def visit_InitListExpr(self, node):
        """Two members of one type."""
        row = [child for child in node.children if child.end > child.begin]
        if node.is_macro or len(row) > 40:
            return
        for child in row:
            self.value(child)
        for first, second in zip(row, row[1:]):
            self.exchange(first, second)

    def visit_CompoundStmt(self, node):
        """Two fields of one type, written one behind the other."""
        for first, second in zip(node.children, node.children[1:]):
            if all(one.kind == "BinaryOperator" and one.opcode == "=" and not one.is_macro for one in (first, second)):
                left, right = first.children[0], second.children[0]
                if left.kind == right.kind == "MemberExpr" and left.type == right.type and \
                        self.of(left.children[0]) == self.of(right.children[0]):
                    self.exchange(first.children[1], second.children[1])

    def exchange(self, first, second):
        a, b = self.of(first), self.of(second)
        is_plain = width_of(first.type) or first.type.endswith("*") or first.type.startswith("enum ") or "_Bool" in first.type
        if is_plain and first.type == second.type and a != b and first.end <= second.begin:
            self.sites.add_parts("fields exchanged", f"{a}, {b}", f"{b}, {a}",
                                 (first, VALUE, INSTEAD, b), (second, VALUE, INSTEAD, a))
