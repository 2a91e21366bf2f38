# generate: a source file with each of its locks, fences and atomics taken away behind a switch, and the list of them.
#
# What is taken away, one at a time:
#   lock     a section's: where it is taken, and where it is given back
#   fence    the statement
#   atomic   an access becomes a plain one; a read-modify-write two accesses
#   order    an order other than relaxed becomes relaxed

import re

# who takes : who gives back; `try`: takes it if it can
PAIRS = {"lock_acquire": "lock_release", "lock_try": "lock_release", "world_acquire": "world_release",
         "world_enter": "world_leave", "heap_stop_world": "heap_start_world", "runtime_stop_world": "runtime_start_world",
         "runtime_lock": "runtime_unlock", "finq_lock": "finq_unlock", "pthread_mutex_lock": "pthread_mutex_unlock",
         "fast_enter": "fast_leave", "process_enter": "process_leave"}
FENCES = ("atomic_signal_fence", "atomic_thread_fence", "sysmem_barrier")
# what the others are made of: without its inside each of them is none
MADE_OF = {"lock_acquire", "lock_try", "lock_release", "runtime_lock", "runtime_unlock", "finq_lock", "finq_unlock"}
ATOMIC = re.compile(r"\batomic_(load|store|exchange|fetch_(?:add|sub|or|and))_explicit\(")
CALL = re.compile(r"\b(" + "|".join(sorted(set(PAIRS) | set(PAIRS.values()) | set(FENCES))) + r")\(")


class Mutant:
    """One thing that is taken away."""

    def __init__(self, file, line, function, kind, text):
        self.file, self.line, self.function, self.kind = file, line, function, kind
        self.text = re.sub(r"\s+", " ", text)
        self.number = 0

    def key(self):
        return f"{self.file} {self.function}: {self.kind} {self.text}"


def end_of(text, begin):
    """Where the parenthesis that is open at `begin` ends, and the arguments in it."""
    depth, at, arguments = 0, begin, [""]
    while True:
        one = text[at]
        depth += (one == "(") - (one == ")")
        if depth == 0:
            return at + 1, [argument.strip() for argument in arguments]
        if one == "," and depth == 1:
            arguments.append("")
        elif at > begin:
            arguments[-1] += one
        at += 1


def functions_of(text):
    """(name, begin, end) of each body, which ends with a brace at the margin."""
    for head in re.finditer(r"^[a-z_][^;{}]*?\b(\w+)\([^;{}]*\)\s*\{$", text, re.M):
        end = re.compile(r"^}", re.M).search(text, head.end())
        yield head.group(1), head.end() - 1, end.end()


class Call:
    """A call of one of those that take or give back."""

    def __init__(self, text, match, function):
        self.name, self.function = match.group(1), function
        self.begin = match.start()
        self.end, arguments = end_of(text, match.end() - 1)
        self.lock = arguments[-1]
        self.is_taking = self.name in PAIRS


def calls_of(text):
    for name, begin, end in functions_of(text):
        if name in MADE_OF or name.endswith("_is_valid"):
            continue
        for match in CALL.finditer(text, begin, end):
            yield Call(text, match, name)


class File:
    """One source with all that is taken from it."""

    def __init__(self, name, text):
        self.name, self.text = name, text
        self.edits = []  # (begin, end, prefix, suffix) of what stays between
        self.mutants = []

    def add(self, at, function, kind, text):
        mutant = Mutant(self.name, self.text.count("\n", 0, at) + 1, function, kind, text)
        self.mutants.append(mutant)
        return mutant

    def wrap(self, begin, end, mutant, prefix, suffix):
        self.edits.append((begin, end, mutant, prefix, suffix))

    def find(self):
        calls = list(calls_of(self.text))
        self.find_fences([call for call in calls if call.name in FENCES])
        self.find_sections([call for call in calls if call.name not in FENCES])
        self.find_atomics()

    def find_fences(self, calls):
        for call in calls:
            mutant = self.add(call.begin, call.function, "fence", self.text[call.begin:call.end])
            self.wrap(call.begin, call.end, mutant, "(MUTANT(%d) ? (void)0 : ", ")")

    def find_sections(self, calls):
        """What is taken in a function and given back in it; else, in whichever function of the file."""
        open_sections, stray = {}, []
        for call in calls:
            place = (call.function, PAIRS.get(call.name, call.name), call.lock)
            if call.is_taking and call.name == "lock_acquire" and place in open_sections and \
                    open_sections[place][0].name == "lock_try":
                open_sections[place].append(call)  # once more, where a try failed
            elif call.is_taking:
                open_sections[place] = [call]
                stray.append(open_sections[place])
            elif place in open_sections:
                open_sections[place].append(call)
            else:
                stray.append([call])
        whole = [one for one in stray if len({call.is_taking for call in one}) == 2]
        halves = [one for one in stray if one not in whole]
        whole += [one for one in self.join(halves) if len({call.is_taking for call in one}) == 2]
        for section in sorted(whole, key=lambda one: one[0].begin):
            self.take_away(section)

    @staticmethod
    def join(halves):
        joined = {}
        for one in halves:
            is_fork = "fork" in one[0].function
            place = (PAIRS.get(one[0].name, one[0].name), re.sub(r"^.*(->|&)", "", one[0].lock), is_fork)
            joined.setdefault(place, []).extend(one)
        return joined.values()

    def take_away(self, section):
        first = section[0]
        names = sorted({call.function for call in section})
        mutant = self.add(first.begin, "/".join(names), "lock", f"{first.name}({first.lock})")
        for call in section:
            is_asked = call.name in ("lock_try", "fast_enter")
            is_number = call.name.startswith("pthread_")
            nothing = "1" if is_asked else "0" if is_number else "(void)0"
            if call.name == "process_enter":
                nothing = None
            if nothing is not None:
                self.wrap(call.begin, call.end, mutant, f"(MUTANT(%d) ? {nothing} : ", ")")
        if all(call.name.startswith("process_") for call in section):
            self.mutants.remove(mutant)

    def find_atomics(self):
        for name, begin, end in functions_of(self.text):
            if not name.endswith("_is_valid"):
                for match in ATOMIC.finditer(self.text, begin, end):
                    self.find_atomic(name, match)

    def find_atomic(self, function, match):
        operation = match.group(1)
        end, arguments = end_of(self.text, match.end() - 1)
        whole = self.text[match.start():end]
        order = arguments[-1]
        if order != "memory_order_relaxed":
            mutant = self.add(match.start(), function, "order", whole)
            at = self.text.rindex(order, match.start(), end)
            self.wrap(at, at + len(order), mutant, "(MUTANT(%d) ? memory_order_relaxed : ", ")")
        mutant = self.add(match.start(), function, "atomic", whole)
        instead = f"MUTANT_{operation.upper()}({', '.join(arguments[:-1])})"
        self.wrap(match.start(), end, mutant, f"(MUTANT(%d) ? {instead} : ", ")")

    def rewritten(self):
        """The text with every switch; the mutants have their numbers by now."""
        marks = []
        for begin, end, mutant, prefix, suffix in self.edits:
            marks.append((begin, 1, -end, prefix % mutant.number))
            marks.append((end, 0, begin, suffix))
        out, at = [], 0
        # at one place: what ends before what begins; of what begins, the longer one first
        for place, _, _, piece in sorted(marks, key=lambda mark: (mark[0], mark[1], -mark[2] if mark[1] == 0 else mark[2])):
            out += [self.text[at:place], piece]
            at = place
        return "".join(out) + self.text[at:]
