# mallocs: bench_malloc's rows under each malloc by LD_PRELOAD, in turn: medians, the ratio to the best peer, peak memory.
import glob
import math
import os
import statistics
import subprocess

ROWS = {
    "pair": "malloc and free of 64 B",
    "churn": "churn, 16-1024 B, 10,000 live",
    "server": "server, 2 threads, frees by the other",
    "pipe": "producer to consumer, 2 threads",
    "wander": "wander, 8-32 KiB, 2 threads",
    "lifo": "burst of 1 M, freed last first",
    "fifo": "burst of 1 M, freed first first",
    "random": "burst of 1 M, freed at random",
    "large": "large, 32 KiB-1 MiB, touched",
    "half": "realloc, half more at a time",
    "step": "realloc, 64 B more at a time",
}
PEERS = {  # Debian's packages: libc6, libjemalloc2, libmimalloc2.0, libtcmalloc-minimal4
    "glibc": "libc.so.6",
    "jemalloc": "libjemalloc.so.2",
    "mimalloc": "libmimalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
}
RATIO_GOAL, MEMORY_GOAL = 0.8, 1.25


def find_peers(missing):
    """Name -> what to preload; glibc needs nothing."""
    found = {}
    for name, library in PEERS.items():
        paths = glob.glob(f"/usr/lib/*/{library}") + glob.glob(f"/lib/*/{library}") + glob.glob(f"/usr/lib/{library}")
        if name == "glibc":
            found[name] = ""
        elif paths:
            found[name] = sorted(paths)[0]
        else:
            missing.append(f"{name} ({library})")
    return found


def run_row(program, row, library, percent):
    """Million operations a second of processor's time, peak MiB, whether the oracle looked."""
    output = subprocess.run([program, row, str(percent)], stdout=subprocess.PIPE, text=True, check=True,
                            env={**os.environ, "LD_PRELOAD": library}).stdout
    operations, ns, peak_kib, checked = (int(word) for word in output.split())
    return operations * 1000 / ns, peak_kib / 1024, checked == 1


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def measure(build, rounds, percent, missing, only=None):
    program = os.path.join(build, "bench_malloc")
    libraries = {"countercheck": os.path.join(build, "libcountercheck-malloc.so"), **find_peers(missing)}
    checked = os.path.join(build, "libcountercheck-malloc-checked.so")
    rows = []
    for row in only or ROWS:
        rates = {name: [] for name in libraries}
        peaks = {name: [] for name in libraries}
        for _ in range(rounds):  # interleaved: what else the machine does meets all of them
            for name, library in libraries.items():
                rate, peak, _ = run_row(program, row, library, percent)
                rates[name].append(rate)
                peaks[name].append(peak)
        if not run_row(program, row, checked, percent)[2]:  # fails on a finding
            raise RuntimeError(f"{checked} has no oracle in it")
        values = {name: statistics.median(samples) for name, samples in rates.items()}
        memory = {name: statistics.median(samples) for name, samples in peaks.items()}
        best = max((name for name in values if name != "countercheck"), key=values.get)
        least = min((name for name in values if name != "countercheck"), key=memory.get)
        rows.append({
            "group": "malloc", "what": ROWS[row], "row": row, "unit": "million operations/s of a core",
            "values": values, "peak_mib": memory, "best": best,
            "ratio": values["countercheck"] / values[best],
            "memory_ratio": memory["countercheck"] / memory[best],
            "memory_ratio_to_least": memory["countercheck"] / memory[least],
            "statistics": "equal to the scan",
        })
    return rows


def print_table(rows):
    names = ["countercheck", *(name for name in PEERS if name in rows[0]["values"])]
    print(f"\n{'million operations/s of a core':<40}" + "".join(f"{name:>13}" for name in names)
          + f"{'of the best':>13}{'peak MiB':>10}{'of its':>8}{'of least':>10}")
    for row in rows:
        print(f"{row['what']:<40}" + "".join(f"{row['values'][name]:>13,.2f}" for name in names)
              + f"{row['ratio']:>13.2f}{row['peak_mib']['countercheck']:>10,.0f}{row['memory_ratio']:>8.2f}"
              + f"{row['memory_ratio_to_least']:>10.2f}")
    print(f"{'geometric mean, of the best peer of each':<40}" + " " * 13 * len(names)
          + f"{geometric_mean([row['ratio'] for row in rows]):>13.2f}{'':>10}"
          + f"{geometric_mean([row['memory_ratio'] for row in rows]):>8.2f}"
          + f"{geometric_mean([row['memory_ratio_to_least'] for row in rows]):>10.2f}")
    print(f"goals: {RATIO_GOAL} x the best peer, {MEMORY_GOAL} x its memory; "
          "after each row the statistics were held to the oracle's scan")
