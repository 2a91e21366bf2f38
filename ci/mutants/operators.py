# operators: in which ways a piece of a function can be wrong: from a node of the syntax tree to the texts
# that could stand in its place.

import re

RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "|"}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<=", "^=": "|=", "*=": "/=",
               "/=": "*=", "%=": "/="}
UNCHANGED = ("CHECK", "CHECK_EQUAL", "ASSERT", "ASSERT_SLOW", "assert", "va_start", "va_end", "va_arg", "va_copy",
             "offsetof", "NULL")
UNEVALUATED = ("UnaryExprOrTypeTraitExpr", "ConstantExpr", "StaticAssertDecl", "OffsetOfExpr", "ImplicitValueInitExpr")

# how a site's texts are put together: a value, a place that may be assigned to, a statement, a block in braces
VALUE, PLACE, STATEMENT, BLOCK = "value", "place", "statement", "block"
# what a change does at a site: another text stands there; it is left out; something is done before it, or as the last of it
INSTEAD, LEFT_OUT, BEFORE, LAST = "instead", "left out", "before", "last"


class Change:
    """One way to be wrong. It has a part at one site or at several, all of which it turns on together."""

    def __init__(self, operator, begin, before, after):
        self.operator, self.begin, self.before, self.after = operator, begin, before, after
        self.number = 0  # 0: not in the sample


class Edit:
    """The part of a change at one site."""

    def __init__(self, change, role, text):
        self.change, self.role, self.text = change, role, text


class Site:
    """A stretch of text and what could happen there."""

    def __init__(self, form, begin, end):
        self.form, self.begin, self.end = form, begin, end
        self.changes = []  # that have their first part here
        self.edits = []    # here, of whichever changes


def is_integer(kind):
    kind = kind.replace("const ", "").replace("_Atomic(", "").rstrip(")")
    return bool(re.fullmatch(r"(unsigned |signed |long |short |char|int|_Bool|\s)+|u?int(8|16|32|64|ptr|max)?_t|size_t",
                             kind.strip())) or kind.startswith("enum ")


def is_pointer(kind):
    return kind.rstrip().endswith("*") or kind.rstrip().endswith("*const")


class Sites:
    """The sites of one function, by place."""

    def __init__(self, file, function):
        self.file, self.function = file, function
        self.result = function.data["type"]["qualType"].split("(")[0].strip()
        self.all = {}

    def at(self, node, form):
        form_key = form if form in (STATEMENT, BLOCK) else VALUE
        return self.all.setdefault((node.begin, node.end, form_key), Site(form, node.begin, node.end))

    def add(self, node, operator, text, form=VALUE):
        """Another text in a node's place; of a statement, None: nothing."""
        if node.end <= node.begin or text == self.of(node):
            return
        site = self.at(node, form)
        if all(text != edit.text for edit in site.edits):
            self.add_parts(operator, self.of(node), text, (node, form, LEFT_OUT if text is None else INSTEAD, text))

    def add_parts(self, operator, before, after, *parts):
        """A change with a part (node, form, role, text) at each of some nodes, the first of which it is listed at."""
        change = Change(operator, parts[0][0].begin, before, after)
        for node, form, role, text in parts:
            self.at(node, form).edits.append(Edit(change, role, text))
        self.at(*parts[0][:2]).changes.append(change)

    def of(self, node):
        return self.file.of(node)


class Walk:
    """Goes through a function; what is constant, not evaluated, an assertion, or inside of a macro is passed by."""

    def __init__(self, sites):
        self.file, self.function, self.sites = sites.file, sites.function, sites
        self.add, self.of = sites.add, sites.of
        self.visit(self.function.children[0])

    def visit(self, node):
        if node.kind in UNEVALUATED or self.is_static(node) or self.is_assertion(node):
            return
        getattr(self, "visit_" + node.kind, lambda one: None)(node)
        if node.kind in ("CompoundStmt", "CaseStmt", "DefaultStmt", "LabelStmt"):
            for child in node.children if node.kind == "CompoundStmt" else node.children[-1:]:
                self.visit_statement(child)
        if node.is_macro and node.end > node.begin:
            self.visit_macro(node)
            return
        for child in node.children:
            self.visit(child)

    def visit_statement(self, node):
        """One that stands for itself."""

    def visit_macro(self, node):
        """A macro's call, as a whole."""

    def first_word(self, node):
        return re.match(r"\w*", self.file.text[node.begin:]).group()

    def is_assertion(self, node):
        return node.is_macro and self.first_word(node) in UNCHANGED

    @staticmethod
    def is_static(node):
        return node.kind == "VarDecl" and node.data.get("storageClass") == "static"

    def is_act(self, node):
        """An expression that stands for itself, and does something."""
        return node.kind.endswith(("Expr", "Operator", "Literal")) and not self.is_assertion(node) and \
            self.first_word(node) not in UNCHANGED and not re.match(r"\(void\)(sizeof|\w+$)", self.of(node))


class Finder(Walk):
    """Finds what can be wrong with a piece by itself: what the kept sample is drawn of."""

    def visit_macro(self, node):
        """An object-like macro that is a number."""
        bare = node.bare()
        if "(" in self.of(node) or not is_integer(node.type) or node.data.get("valueCategory") == "lvalue":
            return
        if bare.kind == "IntegerLiteral" or bare.kind in ("BinaryOperator", "UnaryOperator", "ParenExpr"):
            self.constant(node, self.of(node))

    # ---- statements

    def visit_statement(self, node):
        """One without which the function would still compile."""
        if self.is_assertion(node):
            return
        is_void_return = node.kind == "ReturnStmt" and not node.children
        if self.is_act(node) or is_void_return or node.kind in ("BreakStmt", "ContinueStmt") or \
                (node.is_macro and node.kind == "IfStmt"):
            self.add(node, "statement deleted", None, STATEMENT)

    def visit_IfStmt(self, node):
        if not node.is_macro:
            self.condition(node.children[0], True)

    def visit_ConditionalOperator(self, node):
        if not node.is_macro:
            self.add(node, "condition forced", self.of(node.children[1]))
            self.add(node, "condition forced", self.of(node.children[2]))

    def visit_WhileStmt(self, node):
        if not node.is_macro:
            self.condition(node.children[0], False)

    def visit_ForStmt(self, node):
        # init, variable, condition, increment, body: what is missing stands as {} and was left out
        if node.is_macro:
            return
        head = self.file.text[node.begin:node.children[-1].begin]
        for child in node.children[:-1]:
            before = head[:child.begin - node.begin]
            if before.count(";") == 1 and child.end > child.begin:
                self.condition(child, False)

    def condition(self, node, is_choice):
        if self.of(node) in ("true", "false", "1", "0"):
            return
        bare = node.bare()
        negated = (bare.kind == "BinaryOperator" and bare.opcode in RELATIONS) or \
            (bare.kind == "UnaryOperator" and bare.opcode == "!")
        if is_choice and not negated:
            self.add(node, "condition negated", f"!({self.of(node)})")
        if is_choice:
            self.add(node, "condition forced", "1")
        self.add(node, "condition forced" if is_choice else "loop skipped", "0")

    def visit_ReturnStmt(self, node):
        if node.is_macro or not node.children:
            return
        value = node.children[0]
        bare = value.bare()
        if bare.kind in ("IntegerLiteral", "InitListExpr", "CompoundLiteralExpr") or self.of(value) in ("NULL", ""):
            return
        result = self.sites.result
        if result in ("_Bool", "bool"):
            if not (bare.kind == "BinaryOperator" and bare.opcode in RELATIONS) and bare.opcode != "!":
                self.add(value, "result negated", f"!({self.of(value)})")
        elif is_pointer(result):
            self.add(value, "result dropped", "(void *)0")
        elif is_integer(result) and not (bare.kind == "DeclRefExpr" and bare.target.get("kind") == "EnumConstantDecl"):
            self.add(value, "result dropped", "0")

    # ---- operators

    def visit_BinaryOperator(self, node):
        if node.is_macro:
            return
        left, right = (self.of(child) for child in node.children)
        opcode = node.opcode
        if opcode in RELATIONS:
            for other in RELATIONS[opcode]:
                self.add(node, "comparison", f"({left}) {other} ({right})")
        elif opcode in ("&&", "||"):
            self.add(node, "connective", f"({left}) {'||' if opcode == '&&' else '&&'} ({right})")
            self.add(node, "operand dropped", left)
            self.add(node, "operand dropped", right)
        elif opcode in ARITHMETIC:
            self.arithmetic(node, left, right)
        elif opcode == "=":
            self.unit(node.children[1])

    def arithmetic(self, node, left, right):
        opcode = node.opcode
        pointers = [is_pointer(child.type) for child in node.children]
        if not any(pointers) or (opcode == "+" and not pointers[1]) or (opcode == "-" and pointers == [True, False]):
            self.add(node, "arithmetic", f"({left}) {ARITHMETIC[opcode]} ({right})")
        if opcode in ("*", "/", "<<", ">>") and not any(pointers):
            self.add(node, "unit changed", left)

    def visit_CompoundAssignOperator(self, node):
        if node.is_macro:
            return
        left, right = (self.of(child) for child in node.children)
        if node.opcode in ASSIGNMENTS:
            self.add(node, "assignment", f"({left}) {ASSIGNMENTS[node.opcode]} ({right})")
            self.add(node, "assignment", f"({left}) = ({right})")
        self.unit(node.children[1])

    def visit_UnaryOperator(self, node):
        if node.is_macro:
            return
        operand, opcode = self.of(node.children[0]), node.opcode
        if opcode in ("!", "~", "-") and node.children[0].bare().kind != "IntegerLiteral":
            self.add(node, "operator dropped", operand)
        elif opcode in ("++", "--"):
            other = "--" if opcode == "++" else "++"
            self.add(node, "step reversed", f"({operand}){other}" if node.data.get("isPostfix") else f"{other}({operand})")

    # ---- constants, fields, elements

    def visit_IntegerLiteral(self, node):
        if not node.is_macro:
            self.constant(node, self.of(node))

    def constant(self, node, text):
        if text in ("true", "false"):
            self.add(node, "constant", "0" if text == "true" else "1")
        elif re.fullmatch(r"0[uUlL]*", text):
            self.add(node, "constant", "1")
        elif re.fullmatch(r"1[uUlL]*", text):
            self.add(node, "constant", "0")
        elif re.fullmatch(r"U?INT\d*_MAX|UINTPTR_MAX|SIZE_MAX", text):
            self.add(node, "constant", f"({text} - 1)")
        else:
            self.add(node, "constant", f"({text} + 1)")

    def visit_DeclRefExpr(self, node):
        target = node.target
        if node.is_macro or target.get("kind") != "EnumConstantDecl" or target["name"].startswith("memory_order"):
            return
        names = self.file.enumerators.get(target["id"], [])
        others = [name for name in names if not re.search(r"_COUNT$|_MAX$", name)]
        if target["name"] in others and len(others) > 1:
            self.add(node, "constant", others[(others.index(target["name"]) + 1) % len(others)])
        else:
            self.add(node, "constant", f"({target['name']} + 1)")

    def visit_MemberExpr(self, node):
        fields = self.file.fields.get(node.data.get("referencedMemberDecl"), [])
        at = next((i for i, one in enumerate(fields) if one["id"] == node.data["referencedMemberDecl"]), None)
        if node.is_macro or at is None or fields[at].get("isBitfield"):
            return
        kind = fields[at]["type"]["qualType"]
        rest = fields[at + 1:] + fields[:at]
        other = next((one for one in rest if one["type"]["qualType"] == kind and not one.get("isBitfield") and
                      one.get("name")), None)
        if other is None or not self.of(node).endswith(node.data["name"]):
            return
        text = self.of(node)[:-len(node.data["name"])] + other["name"]
        self.add(node, "wrong field", text, self.form_of(node))

    @staticmethod
    def form_of(node):
        if node.data.get("valueCategory") != "lvalue":
            return VALUE
        parent = node.parent
        while parent.kind == "ParenExpr":
            parent = parent.parent
        is_read = parent.kind == "ImplicitCastExpr" and \
            parent.data.get("castKind") in ("LValueToRValue", "ArrayToPointerDecay")
        return VALUE if is_read else PLACE

    def visit_ArraySubscriptExpr(self, node):
        index = node.children[1]
        if not node.is_macro and not index.is_macro and index.bare().kind != "IntegerLiteral" and is_integer(index.type):
            self.add(index, "wrong index", f"({self.of(index)}) ^ 1")

    # ---- calls

    def visit_CallExpr(self, node):
        callee = node.children[0].bare()
        name = callee.target.get("name", "")
        if node.is_macro or callee.kind != "DeclRefExpr" or name.startswith("__"):
            return
        arguments = node.children[1:]
        other = self.other_function(name, callee.target.get("type", {}).get("qualType", ""), node)
        if other and self.of(node).startswith(name):
            self.add(node, "call swapped", other + self.of(node)[len(name):])
        for first, second in zip(arguments, arguments[1:]):
            if first.type == second.type and self.of(first) != self.of(second) and \
                    self.file.text[first.end:second.begin].strip() == ",":
                self.add(node, "arguments swapped", self.file.text[node.begin:first.begin] + self.of(second) + ", " +
                         self.of(first) + self.file.text[second.end:node.end])
        for argument in arguments:
            self.unit(argument)
            if re.search(r"class\)*$", self.of(argument)) and is_integer(argument.type):
                self.add(argument, "wrong class", f"({self.of(argument)}) ^ 1")

    def other_function(self, name, kind, node):
        """Of the same type and much the same name, declared before."""
        others = {one for one, one_kind, offset in self.file.declared
                  if one_kind == kind and one != name and offset < node.begin and one != self.function.data["name"]}
        noun = name.split("_")[0] + "_"
        near = [one for one in others if one.startswith(noun) or "_" not in name]
        return max(sorted(near), key=lambda one: alike(one, name), default=None)

    def unit(self, node):
        """Bytes for pages, or pages for bytes."""
        bare, text = node.bare(), self.of(node)
        if node.is_macro or bare.kind not in ("DeclRefExpr", "MemberExpr", "CallExpr") or not is_integer(node.type):
            return
        name = bare.data.get("name") or bare.target.get("name", "")
        if name.endswith("_bytes"):
            self.add(node, "unit changed", f"({text}) / 8192")
        elif name.endswith(("_pages", "page_count")):
            self.add(node, "unit changed", f"({text}) * 8192")


def alike(a, b):
    """How many letters two names share at their ends."""
    front = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    back = next((i for i, (x, y) in enumerate(zip(a[::-1], b[::-1])) if x != y), min(len(a), len(b)))
    return front + back
