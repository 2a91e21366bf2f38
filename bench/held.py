# held: the peak memory of threads that free each other's objects, of every size class, under each malloc by LD_PRELOAD.
import os
import subprocess

import mallocs

WAYS = {
    "wander": "each object to a board, what lay there is freed",
    "handover": "one makes what the others free",
    "exchange": "each frees what its neighbour made",
}
LARGE = (40000, 131072, 1048576)  # beyond the classes
RATIO_GOAL = 2


def peak_mib(program, way, size, threads, library):
    output = subprocess.run([program, way, str(size), str(threads)], stdout=subprocess.PIPE, text=True, check=True,
                            env={**os.environ, "LD_PRELOAD": library}).stdout
    return int(output) / 1024


def measure(build, missing, threads=(2, 4)):
    """A row for each way, size and number of threads: peak MiB by malloc, and the ratio to the least of the peers'."""
    program = os.path.join(build, "bench_held")
    libraries = {"countercheck": os.path.join(build, "libcountercheck-malloc.so"), **mallocs.find_peers(missing)}
    classes = subprocess.run([program, "classes"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    rows = []
    for way in WAYS:
        for count in threads:
            for size in (*map(int, classes), *LARGE):
                values = {name: peak_mib(program, way, size, count, library) for name, library in libraries.items()}
                best = min((name for name in values if name != "countercheck"), key=values.get)
                rows.append({"group": "held", "way": way, "threads": count, "size": size, "unit": "MiB", "values": values,
                             "best": best, "ratio": values["countercheck"] / values[best]})
    return rows


def print_table(rows):
    """Of each way and number of threads the size at which the ratio is worst."""
    names = list(rows[0]["values"])
    print(f"\n{'peak MiB, 8 MB alive':<58}{'worst at':>10}" + "".join(f"{name:>13}" for name in names)
          + f"{'of the best':>13}{'over ' + str(RATIO_GOAL):>8}")
    for way, text in WAYS.items():
        for count in sorted({row["threads"] for row in rows}):
            of_way = [row for row in rows if (row["way"], row["threads"]) == (way, count)]
            worst = max(of_way, key=lambda row: row["ratio"])
            over = sum(row["ratio"] > RATIO_GOAL for row in of_way)
            print(f"{way + ', ' + str(count) + ' threads: ' + text:<58}{worst['size']:>8} B"
                  + "".join(f"{worst['values'][name]:>13,.0f}" for name in names)
                  + f"{worst['ratio']:>13.2f}{over:>4} of {len(of_way)}")
    print(f"goal: {RATIO_GOAL} x the least of the peers, of every size class")
