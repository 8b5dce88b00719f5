"""Makes a farm of bare repositories for measuring: make_farm.py FOLDER

Two thirds are originals, small and large, made of text of this machine as make_repository.py makes
one. The rest are forks, each with a commit of its own: a third of them are copies, packs and all, a
third borrow the original's objects as an alternate, and a third were packed on their own. The name
tells: NUMBER.git, NUMBER-copied.git, NUMBER-borrowed.git, NUMBER-repacked.git. The largest
originals have forks, one of each kind.
"""

import concurrent.futures
import os
import pathlib
import random
import shutil
import subprocess
import sys

from make_repository import Maker, Writer, first_tree

SEED = 7
ORIGINALS = 200
FORKS = 100
KINDS = ["copied", "borrowed", "repacked"]
COMMITS = range(20, 200)
TREE_BYTES = 600_000  # of the first tree: the median
TREE_BYTES_MAX = 12_000_000
GROWTH = 8  # an original's blobs are so many times its first tree
LEAKY = 0.003  # how likely a commit brings a token


def git(folder, *words, **more):
    return subprocess.run(["git", "-C", folder, *words], check=True, **more)


def grow(maker, writer, commits, blob_bytes):
    """Like Maker.all(), for a repository of another size."""
    maker.writer.commit(b"main", [maker.store(path, text) for path, text in maker.tree.items()])
    while writer.commits < commits or writer.blob_bytes < blob_bytes:
        last = maker.ordinary_commit()
        if maker.source.random() < 0.04:
            maker.branch(last)


def take(source, files, size):
    """Files of about so many bytes, from a random place on, that lay side by side."""
    start, tree, total = source.randrange(len(files)), {}, 0
    for at in range(len(files)):
        name, content = files[(start + at) % len(files)]
        tree[name] = content
        total += len(content)
        if total >= size and len(tree) >= 20:
            break
    return tree


def make_original(folder, files, number):
    source = random.Random(SEED * 1000 + number)
    size = min(TREE_BYTES * source.lognormvariate(0, 1.2), TREE_BYTES_MAX)
    tree = take(source, files, size)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    fast = ["-c", "core.compression=1", "-c", "pack.compression=1"]  # it is packed again
    command = ["git", "-C", folder, *fast, "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as stream:
        writer = Writer(stream.stdin)
        grow(Maker(source, writer, tree, LEAKY), writer, source.choice(COMMITS), GROWTH * size)
    if stream.returncode != 0:
        sys.exit("make_farm: git fast-import failed")
    git(folder, "repack", "-adfq", "--threads=1")
    return writer.blob_bytes


def add_commit(folder, number):
    """A commit of loose objects on the main branch, which brings a file."""
    text = b"commit %d of %s\n" % (number, folder.name.encode())
    stream = b"commit refs/heads/main\ncommitter Fork <fork@example.com> %d +0000\n" % (
        1_600_000_000 + number
    )
    stream += b"data 5\nadded\nfrom refs/heads/main^0\nM 100644 inline added-%d.txt\n" % number
    git(folder, "fast-import", "--quiet", input=stream + b"data %d\n%s\n" % (len(text), text))


def make_fork(original, kind):
    fork = original.with_name(f"{original.stem}-{kind}.git")
    if kind == "copied":
        shutil.copytree(original, fork)
    else:
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", fork], check=True)
        alternates = fork / "objects/info/alternates"
        alternates.write_text(f"../../{original.name}/objects\n")
        git(fork, "fetch", "-q", f"../{original.name}", "+refs/heads/*:refs/heads/*")
        if kind == "repacked":
            git(fork, "repack", "-adfq", "--threads=1", "--window=20")
            alternates.unlink()
    add_commit(fork, 0)


def main():
    farm = pathlib.Path(sys.argv[1])
    new = farm.with_name(farm.name + ".new")
    subprocess.run(["rm", "-rf", new, farm], check=True)
    new.mkdir()
    files = sorted(first_tree(random.Random(SEED)).items())
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        made = [
            pool.submit(make_original, new / f"{number:03}.git", files, number)
            for number in range(ORIGINALS)
        ]
        sizes = [future.result() for future in made]
        largest = sorted(range(ORIGINALS), key=lambda number: -sizes[number])
        forks = [(new / f"{number:03}.git", kind) for number in largest for kind in KINDS][:FORKS]
        list(pool.map(make_fork, *zip(*forks)))
    os.utime(new)  # the folder's time tells whether it is older than this script
    new.rename(farm)
    print(f"{farm.name}: {ORIGINALS} repositories, {sum(sizes) / 1e9:.2f} GB of blobs, {FORKS} forks")


if __name__ == "__main__":
    main()
