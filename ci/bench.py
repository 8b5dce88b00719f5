"""Measures and prints the table of ci/bench, which prepares what is run here."""

import itertools
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

TREES = ["/usr/share", "/usr/include"]
SAMPLE_SECONDS = 0.005

# No cache anywhere: none is written, none is found.
ENVIRONMENT = dict(os.environ, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent")


class Row(NamedTuple):
    """Two commands to be run in turn, and what their medians must not exceed."""

    name: str
    pairs: int
    first: list
    second: list
    ratio_bar: float = None
    extra_bar: float = None  # milliseconds that the first may take longer
    time_bar: float = None  # milliseconds that it may take
    peak_bar: int = None  # MB of memory that is resident
    private_bar: int = None  # MB of it that is no mapped file
    folder: str = None  # that both stand in


def measure(bench, row):
    """Medians over runs in turn: seconds of either, of their ratio, and the first's peak in MB."""
    output = subprocess.run(
        [bench / "pairs", str(row.pairs), "--", *row.first, "--", *row.second],
        env=ENVIRONMENT, cwd=row.folder, check=True, capture_output=True, text=True,
    ).stdout
    runs = [[int(number) for number in line.split()] for line in output.splitlines()]
    statuses = {run[2] for run in runs}
    if not statuses <= {0, 1, 3}:
        sys.exit(f"bench: status {statuses} of {' '.join(map(str, row.first))}")
    statuses = {run[5] for run in runs}
    if max(statuses) > 2:
        sys.exit(f"bench: status {statuses} of {' '.join(map(str, row.second))}")
    return (
        statistics.median(run[0] for run in runs) / 1e6,
        statistics.median(run[3] for run in runs) / 1e6,
        statistics.median(run[0] / run[3] for run in runs),
        max(run[1] for run in runs) / 1024,
    )


def measure_private(command):
    """Runs it once more, with -v: the peak in MB of what is no mapped file, and what it said."""
    peak = 0
    with subprocess.Popen(
        [*command, "-v"], env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    ) as process:
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            found = re.search(r"RssAnon:\s*(\d+) kB", status.read_text())
            peak = max(peak, int(found.group(1)) if found else 0)
            time.sleep(SAMPLE_SECONDS)
        return peak / 1024, process.stderr.read()


def history_rows(trawl, repositories):
    """All objects of repositories, against git as it prints them."""
    for repository in repositories:
        trusted = ["git", "-c", "safe.directory=*", "-C", repository]
        everything = ["--batch-all-objects", "--unordered", "--buffer", "--batch"]
        name = str(repository).removesuffix("/repo").rpartition("/")[2]
        yield Row(
            name, 3, [trawl, "history", "-j2", repository], [*trusted, "cat-file", *everything],
            ratio_bar=0.4 if "redis" in str(repository) else 0.25, private_bar=300,
        )


def receive_rows(trawl, folder):
    """A push as a pre-receive hook is asked about it, in git's quarantine."""
    objects, update = folder / "objects", folder / "update"
    if not update.exists():  # the row is not wanted
        return
    old, new = update.read_text().split()
    quarantine = [
        "env", f"GIT_DIR={folder}", f"GIT_OBJECT_DIRECTORY={objects}/incoming",
        f"GIT_QUARANTINE_PATH={objects}/incoming", f"GIT_ALTERNATE_OBJECT_DIRECTORIES={objects}",
    ]
    yield Row(
        "a push of 100 commits", 30,
        [*quarantine, trawl, "receive", "-j2", "--update", "refs/heads/main", old, new],
        [*quarantine, "git", "-c", "safe.directory=*", "rev-list", "--objects", f"{old}..{new}"],
        time_bar=100,
    )


def show(row, measured, private):
    """Prints a row of the table; returns whether no bar is missed."""
    ours, theirs, ratio, peak = measured
    figures = [
        (ratio, row.ratio_bar, "{:.2f}"),
        ((ours - theirs) * 1e3, row.extra_bar, "{:+.0f} ms"),
        (ours * 1e3, row.time_bar, "{:.1f} ms"),
        (peak, row.peak_bar, "{:.0f} MB"),
        (private, row.private_bar, "{:.0f} MB private"),
    ]
    figures = [figure for figure in figures if figure[1] is not None]
    good = all(value <= bar for value, bar, _ in figures)
    text = "; ".join(f"{form.format(value)} (bar {form.format(bar)})" for value, bar, form in figures)
    print(
        f"{row.name:24} {ours * 1e3:9.1f} ms {theirs * 1e3:9.1f} ms  {text}: "
        f"{'pass' if good else 'MISSED'}",
        flush=True,
    )
    return good


def main():
    root = pathlib.Path(sys.argv[1])
    strict = "--strict" in sys.argv
    names = [name for name in sys.argv[2:] if name != "--strict"]
    bench = root / "build/bench"
    line = bench / "line.txt"
    line.write_text("The quick brown fox jumps over the lazy dog.\n")
    usual, many, empty = root / "build/trawl", bench / "build/trawl", bench / "empty"
    start = [usual, "scan", "-j1", line]
    search = ["rg", "-j2", "-c", "--no-ignore", "--hidden", "-a", "-F", "sqco_", *TREES]
    generated = bench / "history.git"
    named = [path for path in os.environ.get("TRAWL_BENCH_REPOS", "").split(":") if path]
    last_ten = [usual, "history", "-j2", "--range", "HEAD~10..HEAD", generated]

    table = {
        "start": [Row("one line, all rules", 200, start, [empty], ratio_bar=4)],
        "rules": [
            Row("and 1,000 more rules", 200, [many, *start[1:]], [empty], ratio_bar=4),
        ],
        "tree": [
            Row(" ".join(TREES), 7, [usual, "scan", "-j2", *TREES], search, ratio_bar=3,
                peak_bar=150),
        ],
        "history": history_rows(usual, [generated, *named]),
        "range": [Row("10 commits", 30, last_ten, start, extra_bar=50)],
        "staged": [
            Row("10 of 5,000 files", 100, [usual, "staged"],
                ["git", "diff", "--cached", "--quiet", "+", empty], ratio_bar=3, time_bar=30,
                folder=bench / "staged"),
        ],
        "receive": receive_rows(usual, bench / "push.git"),
        "farm": [],  # farm.py prints them
    }
    good = True
    print(f"{'':24} {'trawl':>12} {'yardstick':>12}")
    for row in itertools.chain.from_iterable(table[name] for name in names or table):
        private, said = measure_private(row.first) if row.private_bar else (None, "")
        good &= show(row, measure(bench, row), private)
        for text in said.splitlines():
            print(f"    {text}")
    print("The yardstick is an empty program with the same libraries; for the trees")
    print(f"  {' '.join(search)};")
    print("for a history git cat-file --batch-all-objects --unordered --buffer --batch; and for a")
    print("range a scan of one line; for what is staged git diff --cached --quiet and the empty")
    print("program together; and for a push git rev-list --objects OLD..NEW.")
    sys.exit(0 if good or not strict else 1)


main()
