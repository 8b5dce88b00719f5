"""Measures and prints the table of ci/bench, which prepares what is run here."""

import os
import pathlib
import statistics
import subprocess
import sys

TREES = ["/usr/share", "/usr/include"]


def measure(bench, count, first, second):
    """Medians over runs in turn: seconds of either, of their ratio, and the first's peak in MB."""
    # No cache anywhere: none is written, none is found.
    environment = dict(os.environ, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent")
    output = subprocess.run(
        [bench / "pairs", str(count), "--", *first, "--", *second],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout
    runs = [[int(number) for number in line.split()] for line in output.splitlines()]
    statuses = {run[2] for run in runs}
    if not statuses <= {0, 1, 3}:
        sys.exit(f"bench: status {statuses} of {' '.join(map(str, first))}")
    return (
        statistics.median(run[0] for run in runs) / 1e6,
        statistics.median(run[3] for run in runs) / 1e6,
        statistics.median(run[0] / run[3] for run in runs),
        max(run[1] for run in runs) / 1024,
    )


def main():
    root = pathlib.Path(sys.argv[1])
    strict = "--strict" in sys.argv
    rows = [name for name in sys.argv[2:] if name != "--strict"] or ["start", "rules", "tree"]
    bench = root / "build/bench"
    line = bench / "line.txt"
    line.write_text("The quick brown fox jumps over the lazy dog.\n")
    usual, many, empty = root / "build/trawl", bench / "build/trawl", bench / "empty"
    search = ["rg", "-j2", "-c", "--no-ignore", "--hidden", "-a", "-F", "sqco_", *TREES]

    # Name, number of pairs, both commands, highest ratio, highest peak of memory in MB.
    table = {
        "start": ("one line, all rules", 200, [usual, "scan", "-j1", line], [empty], 4.0, None),
        "rules": ("and 1,000 more rules", 200, [many, "scan", "-j1", line], [empty], 4.0, None),
        "tree": (" ".join(TREES), 7, [usual, "scan", "-j2", *TREES], search, 2.0, 150),
    }
    missed = False
    print(f"{'':24} {'trawl':>10} {'yardstick':>10} {'ratio':>7} {'bar':>7} {'peak':>9} {'bar':>9}")
    for row in rows:
        name, count, first, second, ratio_bar, peak_bar = table[row]
        ours, theirs, ratio, peak = measure(bench, count, first, second)
        good = ratio <= ratio_bar and (peak_bar is None or peak < peak_bar)
        missed = missed or not good
        print(
            f"{name:24} {ours * 1e3:7.1f} ms {theirs * 1e3:7.1f} ms {ratio:7.2f} {ratio_bar:7.2f}"
            f" {peak:6.0f} MB {f'{peak_bar} MB' if peak_bar else '-':>9}"
            f" {'pass' if good else 'MISSED'}",
            flush=True,
        )
    print("The yardstick is an empty program with the same libraries, and for the trees:")
    print(" ".join(search))
    sys.exit(1 if missed and strict else 0)


main()
