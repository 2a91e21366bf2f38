#!/usr/bin/env python3
"""profile_reference: what `dump pprof` writes, read by hand, against the records of `dump json` and the rows of `dump retained`.

usage: profile_reference.py COUNTERCHECK DUMP [RATE]     exit status: 0 the same, 1 not
"""
import gzip, json, math, subprocess, sys

command, dump, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0


def run(*arguments):
    return subprocess.run([command, "dump", *arguments], stdout=subprocess.PIPE, check=True).stdout


def fields(data):
    """(number, value) of each field of a message: a number, or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                return value
    while at < len(data):
        key = varint()
        assert key & 7 in (0, 2), key
        value = varint()
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        yield key >> 3, value


def numbers(data):
    return [data] if isinstance(data, int) else [value for _, value in fields(b"".join(bytes([8]) + part for part in varints(data)))]


def varints(data):
    begin = 0
    for at, byte in enumerate(data):
        if byte < 128:
            yield data[begin:at + 1]
            begin = at + 1


def read(data):
    """The names of the values, and of each sample its stack and its values."""
    profile = list(fields(gzip.decompress(data)))
    texts = [value.decode() for number, value in profile if number == 6]
    assert texts[0] == "" and len(set(texts)) == len(texts)
    kinds = [texts[dict(fields(value))[1]] for number, value in profile if number == 1]
    functions = {row[1]: (texts[row.get(2, 0)], texts[row.get(4, 0)]) for row in (dict(fields(value)) for number, value in profile if number == 5)}
    places = {}
    for row in (dict(fields(value)) for number, value in profile if number == 4):
        line = dict(fields(row[4]))
        places[row[1]] = (*functions[line[1]], line.get(2, 0))
    assert len(set(places.values())) == len(places) and len(set(functions.values())) == len(functions)
    samples = []
    for number, value in profile:
        if number == 2:
            parts = list(fields(value))
            samples.append((tuple(places[i] for n, part in parts if n == 1 for i in numbers(part)),
                            tuple(i for n, part in parts if n == 2 for i in numbers(part))))
    return kinds, samples


def scaled(count, size):
    if rate <= 1 or count == 0 or size == 0:
        return count, count * size
    factor = 1 / (1 - math.exp(-size / rate))
    return int(count * factor), int(count * size * factor)


kinds, samples = read(run("pprof", dump, *(["--rate", str(rate)] if rate else [])))
assert kinds == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"], kinds
wanted = []
for record in map(json.loads, run("json", dump, "--only", "memprof").splitlines()):
    calls = tuple((call["function"], call["file"], call["line"]) for call in record["stack"])
    wanted.append((calls, scaled(record["allocs"], record["size"]) + scaled(record["allocs"] - record["frees"], record["size"])))
assert samples == wanted, next((a, b) for a, b in zip(samples + [None], wanted + [None]) if a != b)

kinds, samples = read(run("pprof", dump, "--by", "holder"))
assert kinds == ["retained_objects", "retained_space"], kinds
top = json.loads(run("top", dump, "--top", "0", "--json"))
sums = {row["kind"]: (row["count"], row["bytes"]) for row in top["by_root"]}
assert tuple(map(sum, zip((0, 0), *(values for _, values in samples)))) == (top["objects"]["count"], top["objects"]["bytes"])
for name in ("finalizer_only", "unreachable"):
    found = [values for stack, values in samples if stack[0][0] == f"({name})"]
    assert found == [sums[name]] or (found == [] and sums[name] == (0, 0)), name
frames = {}
for row in top["by_frame"]:
    frames[row["function"]] = frames.get(row["function"], 0) + row["bytes"]
for stack, values in samples:
    if stack[0][0] in frames:
        frames[stack[0][0]] -= values[1]
assert not any(frames.values()), frames
