# syntax: clang's syntax tree of one file, each node with the stretch of text that it covers.
#
# A node that comes out of a macro covers the whole of the macro's call, and nobody looks inside it.

import json
import subprocess


class Unreadable(Exception):
    """A file that clang does not take, and what it said."""


class Node:
    __slots__ = ("kind", "data", "begin", "end", "is_macro", "children", "parent")

    def __init__(self, data, begin, end, is_macro, parent):
        self.kind, self.data, self.parent = data["kind"], data, parent
        self.begin, self.end, self.is_macro = begin, end, is_macro
        self.children = []

    @property
    def type(self):
        kind = self.data.get("type", {})
        return kind.get("desugaredQualType", kind.get("qualType", ""))

    @property
    def opcode(self):
        return self.data.get("opcode", "")

    @property
    def target(self):
        """What a DeclRefExpr names."""
        return self.data.get("referencedDecl", {})

    def bare(self):
        """Without the casts and parentheses around it."""
        node = self
        while node.kind in ("ImplicitCastExpr", "ParenExpr", "CStyleCastExpr") and node.children:
            node = node.children[-1]
        return node


class File:
    """The functions of one file, and the declarations that they may name."""

    def __init__(self, root, name, flags):
        self.name = name
        self.text = (root / name).read_bytes().decode("latin-1")  # clang counts bytes
        command = ["clang", *flags, "-x", "c", "-w", "-fsyntax-only", "-Xclang", "-ast-dump=json", name]
        done = subprocess.run(command, cwd=root, capture_output=True)
        if done.returncode != 0:
            raise Unreadable(done.stderr.decode(errors="replace"))
        self.functions = []    # nodes, with bodies
        self.fields = {}       # id of a field -> the fields of its struct
        self.enumerators = {}  # id of an enumerator -> the names of its enum; none: the enum has no name
        self.enums = {}        # name of an enum -> its names
        self.declared = []     # (name, type, offset here or 0) of the project's functions
        self.place_name = ""   # of the file that clang's dump is in: it says so only where it changes
        for data in json.loads(done.stdout)["inner"]:
            self.declare(data)

    # ---- declarations

    def declare(self, data):
        self.follow(data.get("loc", {}))
        place_name = self.place_name
        self.follow({key: value for key, value in data.items() if key != "loc"})
        if data["kind"] == "RecordDecl":
            self.declare_record(data)
        elif data["kind"] == "EnumDecl":
            siblings = [one for one in data.get("inner", []) if one["kind"] == "EnumConstantDecl"]
            names = [each["name"] for each in siblings] if data.get("name") else []
            for one in siblings:
                self.enumerators[one["id"]] = names
            self.enums[data.get("name", "")] = names
        elif data["kind"] == "FunctionDecl" and not place_name.startswith("/"):
            self.declare_function(data, place_name == self.name)

    def follow(self, data):
        if isinstance(data, list):
            for one in data:
                self.follow(one)
            return
        if "file" in data and "offset" in data:
            self.place_name = data["file"]
        for key, value in data.items():
            if key != "includedFrom" and isinstance(value, (dict, list)):
                self.follow(value)

    def declare_record(self, data):
        fields = [one for one in data.get("inner", []) if one["kind"] == "FieldDecl"]
        for one in fields:
            self.fields[one["id"]] = fields
        for one in data.get("inner", []):
            if one["kind"] == "RecordDecl":
                self.declare_record(one)

    def declare_function(self, data, is_here):
        loc = data.get("loc", {})
        is_here = is_here and "offset" in loc
        self.declared.append((data["name"], data["type"]["qualType"], loc["offset"] if is_here else 0))
        bodies = [one for one in data.get("inner", []) if one["kind"] == "CompoundStmt"]
        if is_here and bodies:
            node = Node(data, loc["offset"], loc["offset"], False, None)
            node.children = [self.node(bodies[0], node)]
            self.functions.append(node)

    # ---- nodes

    def node(self, data, parent):
        begin, begin_macro = self.begin(data.get("range", {}).get("begin", {}))
        end, end_macro = self.end(data.get("range", {}).get("end", {}))
        if begin is None or end is None or end < begin:
            begin = end = parent.begin  # of no text: what the compiler put in itself
        is_macro = begin_macro is not None and begin_macro == end_macro
        node = Node(data, begin, end, is_macro, parent)
        node.children = [self.node(one, node) for one in data.get("inner", []) if one.get("kind")]
        return node

    @staticmethod
    def begin(loc):
        """(offset, offset of the macro's call that it comes out of, or None)"""
        macro = loc.get("expansionLoc")
        loc = macro or loc
        if "offset" not in loc or "includedFrom" in loc:
            return None, None
        return loc["offset"], loc["offset"] if macro else None

    def end(self, loc):
        at, macro = self.begin(loc)
        if at is None:
            return None, None
        end = at + (loc.get("expansionLoc") or loc)["tokLen"]
        if macro is not None and self.text[end:end + 1] == "(":
            end = self.after_parentheses(end)
        return end, macro

    def after_parentheses(self, at):
        depth = 0
        while True:
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            at += 1
            if depth == 0:
                return at

    def of(self, node):
        return self.text[node.begin:node.end]

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1
