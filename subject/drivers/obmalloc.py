# obmalloc: CPython's allocator of small objects, by what sys._debugmallocstats() prints.
# needs: python3 /usr/bin/python3
# run: /usr/bin/python3 -I -S SOURCE
#
# The objects are blocks of PyObject_Malloc. The interpreter that runs these lines has objects of its own, nearly as many at
# each read: nothing here grows between a request and its answer, and each line has run before the first number counts.

import array
import ctypes
import gc
import os
import sys

OBJECTS_MAX = 70000
CLASSES = 32
SMALL_MAX = 512
NO_ROW = 1 << 32
POOL_BLOCKS = 31  # of SMALL_MAX in a pool of 16 KiB
UNUSED_AT = 4 * CLASSES + 12 + 2  # of fact.unused_pools in what is read
NUMBERS = (("cumulative", "arenas.total"), ("cumulative", "arenas.reclaimed"), ("peak", "arenas.peak of=arenas.current"),
           ("gauge", "arenas.current"), ("gauge", "arenas.bytes"), ("gauge", "bytes.used"), ("gauge", "bytes.available"),
           ("gauge", "bytes.unused_pools"), ("gauge", "bytes.headers"), ("gauge", "bytes.quantization"),
           ("gauge", "bytes.alignment"), ("gauge", "bytes.total"))

c = ctypes.PyDLL(None)
functions = {}
for option, prefix in ((b"object", "PyObject"), (b"memory", "PyMem")):
    named = [getattr(c, prefix + "_" + name) for name in ("Malloc", "Calloc", "Realloc", "Free")]
    for function, arguments in zip(named, ([ctypes.c_size_t], [ctypes.c_size_t] * 2, [ctypes.c_void_p, ctypes.c_size_t],
                                           [ctypes.c_void_p])):
        function.argtypes = arguments
        function.restype = ctypes.c_void_p
    named[3].restype = None
    functions[option] = named
malloc, calloc, realloc, release = functions[b"object"]

addresses = array.array("Q", bytes(8 * OBJECTS_MAX))
rows = array.array("Q", bytes(8 * OBJECTS_MAX))
stderr = ctypes.c_void_p.in_dll(c, "stderr")
c.setvbuf(stderr, None, 0, 65536)  # else each word is a call to the system
printed = os.memfd_create("statistics")
errors = os.dup(2)


def row_of(size):  # the C library has the large ones, and those of no bytes
    return (size - 1) // 16 if 0 < size <= SMALL_MAX else NO_ROW


def told(word, at, size):
    row = rows[at]
    if row == NO_ROW:
        return b"%s %d 0" % (word, size)  # not its bytes, but malloc's
    return b"%s %d %d %d" % (word, row * 16 + 16, row * 16 + 16, row)


def made(at, size, address):
    if address is None:
        return b"failed"
    addresses[at] = address
    rows[at] = row_of(size)
    return told(b"ok", at, size)


def alloc(at, size):
    return made(at, size, malloc(size))


def zeroed(at, size):
    return made(at, size, calloc(1, size))


# A block of malloc's stays one; a small one that moves has its new size's class.
def resize(old, new, size):
    address = realloc(addresses[old], size)
    if address is None:
        return b"failed"
    if address == addresses[old]:
        return told(b"same", old, size)
    addresses[new] = address
    rows[new] = NO_ROW if rows[old] == NO_ROW else row_of(size)
    return told(b"ok", new, size)


def free(at):
    release(addresses[at])
    return b"ok"


def read():
    os.ftruncate(printed, 0)
    os.dup2(printed, 2)
    os.lseek(printed, 0, os.SEEK_SET)
    blocks = sys.getallocatedblocks()
    sys._debugmallocstats()
    c.fflush(stderr)
    os.dup2(errors, 2)
    lines = os.pread(printed, 65536, 0).split(b"\n")
    columns = [list(range(16, SMALL_MAX + 16, 16))] + [[0] * CLASSES for _ in range(3)]  # a class without pools is not printed
    for line in lines[4:4 + CLASSES]:
        if not line:
            break
        at, *counts = map(int, line.split())
        for column, count in zip(columns, counts):
            column[at] = count
    numbers = []
    facts = []
    for line in lines[4:]:
        text, equals, number = line.partition(b" = ")
        if equals and len(numbers) < len(NUMBERS):
            numbers.append(int(number.replace(b",", b"")))
            if b" * " in text:  # "4 arenas * 1048576 bytes/arena", "0 unused pools * 16384 bytes"
                facts += [int(word) for word in text.split() if word.isdigit()]
    everything = [number for column in columns for number in column] + numbers + facts + [blocks]
    return " ".join(map(str, everything)).encode()


def begin(option=b"object"):
    global malloc, calloc, realloc, release
    malloc, calloc, realloc, release = functions[option]
    return b"ok"


def end():
    return b"ok"


requests = {b"alloc": alloc, b"zeroed": zeroed, b"realloc": resize, b"free": free, b"read": read, b"begin": begin, b"end": end}


def answer(line):
    verb, *operands = line.split()
    if verb != b"begin":
        operands = [int(operand) for operand in operands]
    os.write(1, requests[verb](*operands) + b"\n")


def describe():
    lines = ["name obmalloc", "version " + sys.version.split()[0], "alignment 16", "is random",
             "does zeroed realloc free", "option object", "option memory"]
    for kind, name in (("constant", "size"), ("gauge", "pools"), ("gauge", "used"), ("gauge", "available")):
        lines.append(f"statistic {kind} class.{name} count={CLASSES} unsteady")
    lines += [f"statistic {kind} {name} unsteady" for kind, name in NUMBERS]
    lines += ["statistic gauge fact.arenas unsteady", "statistic constant fact.arena_bytes",
              "statistic gauge fact.unused_pools unsteady", "statistic constant fact.pool_bytes", "statistic gauge blocks unsteady", "ready\n"]
    os.write(1, "\n".join(lines).encode())


def warm():
    full = [[[] for _ in range(100)], [{0: 0} for _ in range(100)], [i + .5 for i in range(200)]]  # the free lists, to their ends
    full += [[tuple(range(size)) for _ in range(2100)] for size in range(1, 21)]
    del full
    pipe = os.pipe()
    out = os.dup(1)
    os.dup2(pipe[1], 1)
    for i in range(40):
        for line in (b"begin object", b"alloc 0 100", b"zeroed 1 600", b"read", b"realloc 0 2 300", b"realloc 1 3 70000",
                     b"free 2", b"free 3", b"read", b"end"):
            answer(line)
            os.read(pipe[0], 65536)
    os.dup2(out, 1)
    for descriptor in (*pipe, out):
        os.close(descriptor)


# No pool is left over: what a program takes opens an arena, and what it gives back closes it.
def fill():
    for _ in range(int(read().split()[UNUSED_AT]) * POOL_BLOCKS):
        malloc(SMALL_MAX)


gc.disable()  # a collection empties the free lists
warm()
fill()
describe()
rest = b""
while True:
    while b"\n" not in rest:
        more = os.read(0, 4096)
        if not more:
            sys.exit()
        rest += more
    line, _, rest = rest.partition(b"\n")
    answer(line)
