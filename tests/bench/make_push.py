"""Makes a push that waits in quarantine, as git has it when it asks a pre-receive hook:
make_push.py HISTORY FOLDER

FOLDER becomes a bare repository that has the branches of HISTORY, and 3,000 more that lead into it,
through alternates; in FOLDER/objects/incoming lie 100 commits on top of `main`, as git index-pack
leaves them, each of which edits three files. FOLDER/update has the old and the new id.
"""

import os
import pathlib
import random
import subprocess
import sys

SEED = 5
COMMITS = 100
FILES_A_COMMIT = 3
BRANCHES = 3_000
FILE_BYTES = range(500, 40_000)


def git(folder, *words, data=b"", **environment):
    return subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", folder, *words], input=data, check=True,
        stdout=subprocess.PIPE, env={**os.environ, **environment},
    ).stdout


def files(history):
    """Paths and blobs of main that a person might edit."""
    for line in git(history, "ls-tree", "-r", "-l", "-z", "main").split(b"\0")[:-1]:
        head, path = line.split(b"\t", 1)
        mode, _, blob, size = head.split()
        if mode == b"100644" and int(size) in FILE_BYTES and b'"' not in path and b"\n" not in path:
            yield path, blob.decode()


def stream(history, old):
    """What git fast-import reads: edits of a few files, most of them again and again."""
    source = random.Random(SEED)
    chosen = source.sample(sorted(files(history)), FILES_A_COMMIT * COMMITS // 4)
    contents = {path: git(history, "cat-file", "blob", blob) for path, blob in chosen}
    for number in range(COMMITS):
        yield b"commit refs/heads/new\ncommitter Ann <ann@example.com> %d +0000\n" % (
            1_800_000_000 + 60 * number)
        yield b"data 5\nedit\n" + (b"from %s\n" % old if number == 0 else b"")
        for path in source.sample(sorted(contents), FILES_A_COMMIT):
            lines = contents[path].splitlines(keepends=True)
            lines.insert(source.randrange(len(lines) + 1), b"an edit, number %d\n" % number)
            contents[path] = b"".join(lines)
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(contents[path]), contents[path])


def bare(folder, history):
    git(".", "init", "-q", "--bare", folder)
    (folder / "objects/info/alternates").write_text(f"{history}/objects\n")


def main():
    history, folder = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    old = git(history, "rev-parse", "main").strip()
    sender = folder / "sender"
    bare(folder, history)
    bare(sender, history)
    git(sender, "fast-import", "--quiet", data=b"".join(stream(history, old)))
    new = git(sender, "rev-parse", "new").strip()
    commits = git(history, "rev-list", "main").split()[:BRANCHES]
    git(folder, "update-ref", "--stdin", data=b"".join(
        b"create refs/heads/b%d %s\n" % item for item in enumerate(commits))
        + b"create refs/heads/main %s\n" % old)
    git(folder, "pack-refs", "--all")
    pack = git(sender, "pack-objects", "--revs", "--thin", "--stdout", "-q",
               data=b"%s\n^%s\n" % (new, old))
    incoming = folder / "objects/incoming"
    (incoming / "pack").mkdir(parents=True)
    git(folder, "index-pack", "--stdin", "--fix-thin", data=pack,
        GIT_OBJECT_DIRECTORY=str(incoming),
        GIT_ALTERNATE_OBJECT_DIRECTORIES=str(folder / "objects"))
    (folder / "update").write_bytes(old + b" " + new + b"\n")


main()
