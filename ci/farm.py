"""Measures many repositories at once: the rows of `ci/bench farm`, which makes the farm."""

import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(sys.argv[1])
TRAWL = ROOT / "build/trawl"
BENCH = ROOT / "build/bench"
FARM = BENCH / "farm"
OUT = BENCH / "farm-results"
RUNS = 3
FORK_RUNS = 10  # what forks add is the small difference of two large figures
FORK_BAR = 0.1
UNCHANGED_MS, COMMIT_MS = 20, 40
MEMORY_MB = 512
SAMPLE_SECONDS = 0.005
EVERYTHING = ["--batch-all-objects", "--unordered", "--buffer", "--batch"]
ENVIRONMENT = dict(os.environ, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent")

sys.path.insert(0, str(ROOT / "tests/bench"))
from make_farm import KINDS, add_commit  # noqa: E402

missed = 0


def run(*command):
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"farm: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def costs(action):
    """Seconds that it takes, and of the processors, its children's included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    action()
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median_of(*actions):
    """For each action the medians of its costs: all of them run in turn."""
    taken = [[costs(action) for action in actions] for _ in range(RUNS)]
    return [[statistics.median(column) for column in zip(*runs)] for runs in zip(*taken)]


def batch(*words):
    """A batch from nothing: nothing of an earlier one is left."""
    shutil.rmtree(OUT, ignore_errors=True)
    run(TRAWL, "batch", OUT, "-q", "-j2", *words)


def show(name, text, figure, bar, form):
    global missed
    missed += bar is not None and figure > bar
    verdict = "" if bar is None else f" (bar {form.format(bar)}): {'MISSED' if figure > bar else 'pass'}"
    print(f"{name:24} {text}  {form.format(figure)}{verdict}", flush=True)


def whole_farm(repositories):
    """The batch against single runs and against git; returns its seconds."""

    def singly():
        for repository in repositories:
            run(TRAWL, "history", "-q", "-j2", repository, "-o", f"jsonl={BENCH}/single.jsonl")

    def git():
        for repository in repositories:
            subprocess.run(
                ["git", "-c", "safe.directory=*", "-C", repository, "cat-file", *EVERYTHING],
                env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL,
            )

    (took, _), (single, _), (printed, _) = median_of(
        lambda: batch("--recursive", FARM), singly, git
    )
    text = f"{took * 1e3:9.0f} ms {single * 1e3:9.0f} ms"
    show(f"{len(repositories)} repositories", text, took / single, 1, "{:.2f} of single runs")
    text = f"{took * 1e3:9.0f} ms {printed * 1e3:9.0f} ms"
    show("", text, took / printed, None, "{:.2f} of git cat-file")
    return took


def forks(kind):
    """What forks add to a batch of their originals, in processor time, which others disturb less."""
    those = sorted(FARM.glob(f"*-{kind}.git"))
    originals = [FARM / (fork.name[:3] + ".git") for fork in those]
    actions = [lambda: batch(*originals), lambda: batch(*originals, *those)]
    taken = [[costs(action)[1] for action in actions] for _ in range(FORK_RUNS)]
    alone, both = [min(column) for column in zip(*taken)]
    text = f"{(both - alone) * 1e3:9.0f} ms {alone * 1e3:9.0f} ms"
    bar = None if kind == "repacked" else FORK_BAR
    show(f"{len(those)} forks, {kind}", text, (both - alone) / alone, bar, "{:.3f} of the originals")


def show_night(name, took, work, count, bar):
    text = f"{took * 1e3:9.0f} ms {'':12}"
    show(name, text, took / count * 1e3, bar, "{:.1f} ms a repository")
    print(f"{'':24} {work / count * 1e3:.1f} ms of processor time a repository", flush=True)


def nights(count):
    """Runs with a state: nothing changed, then a commit in each; returns seconds of the first."""
    night, state = BENCH / "farm-night", BENCH / "farm-night.db"
    shutil.rmtree(night, ignore_errors=True)
    shutil.copytree(FARM, night)
    state.unlink(missing_ok=True)
    run_all = lambda: batch("--recursive", night, "--state", state)
    run_all()
    ((unchanged, work),) = median_of(run_all)
    show_night("nothing changed", unchanged, work, count, UNCHANGED_MS)
    taken = []
    for number in range(1, RUNS + 1):
        for repository in sorted(night.iterdir()):
            add_commit(repository, number)
        taken.append(costs(run_all))
    changed, work = [statistics.median(column) for column in zip(*taken)]
    show_night("a commit in each", changed, work, count, COMMIT_MS)
    shutil.rmtree(night)
    state.unlink()
    return unchanged


def memory_of(process):
    """MB of it and its children that are no mapped file; copies of it in these count for each."""
    total = 0
    try:
        children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
        for number in [process, *children]:
            status = pathlib.Path(f"/proc/{number}/status")
            kinds = "Anon|Shmem" if number == process else "Anon"  # all of them share the latter
            found = re.findall(rf"Rss(?:{kinds}):\s*(\d+) kB", status.read_text())
            total += sum(map(int, found))
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has just ended
    return total / 1024


def memory():
    shutil.rmtree(OUT, ignore_errors=True)
    command = [TRAWL, "batch", OUT, "-q", "--recursive", FARM, "--memory", f"{MEMORY_MB}M"]
    peak = 0
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            time.sleep(SAMPLE_SECONDS)
    show(f"--memory {MEMORY_MB}M", " " * 26, peak, MEMORY_MB, "{:.0f} MB at most")


def main():
    repositories = sorted(FARM.iterdir())
    count = len(repositories)
    took = whole_farm(repositories)
    for kind in KINDS:
        forks(kind)
    unchanged = nights(count)
    memory()
    shutil.rmtree(OUT)
    print(f"At these rates 100,000 such repositories take {took / count * 1e5 / 3600:.1f} hours of two")
    print(f"cores the first time, and {unchanged / count * 1e5 / 3600:.1f} each night when little changes.")
    sys.exit(1 if missed and "--strict" in sys.argv else 0)


main()
