"""Makes a bare repository for measuring: make_repository.py FOLDER

Its first tree is text of this machine (headers, Python, Perl); then come thousands of commits that
edit lines, bring, move and remove files, and branch and merge, until git has more than a gigabyte of
blobs to print. Some commits bring a made-up token and later ones remove it, so that there is
something to find and to attribute. The same seed on the same machine makes the same repository.
"""

import glob
import os
import pathlib
import random
import string
import subprocess
import sys
import zlib

SEED = 4
SOURCES = ["/usr/include", "/usr/lib/python3*", "/usr/share/perl*"]
FILE_BYTES = range(200, 300_000)
FIRST_TREE_BYTES = 80_000_000
COMMITS = 2_500
BLOB_BYTES = 1_200_000_000
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def checked(source, prefix, length):
    """A token whose last six characters are the base62 CRC-32 of those behind the prefix."""
    body = "".join(source.choices(DIGITS, k=length))
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = DIGITS[digit] + check
    return prefix + body + check


def make_token(source):
    prefix, length = source.choice([("ghp_", 30), ("npm_", 30), ("sqco_", 53), ("glpat-", 20)])
    if length == 20:
        return prefix + "".join(source.choices(DIGITS, k=length))
    return checked(source, prefix, length)


def first_tree(source):
    """Files to begin with, as {path: content}."""
    names = [
        os.path.join(folder, name)
        for pattern in SOURCES
        for top in sorted(glob.glob(pattern))
        for folder, folders, files in os.walk(top)
        for name in files
    ]
    names.sort()
    source.shuffle(names)
    tree, total = {}, 0
    for name in names:
        path = pathlib.Path(name)
        if path.is_symlink() or not path.is_file() or path.stat().st_size not in FILE_BYTES:
            continue
        content = path.read_bytes()
        if b"\0" in content or not name.isascii() or not name.isprintable():
            continue
        tree[name.removeprefix("/usr/").replace('"', "-").replace(" ", "-")] = content
        total += len(content)
        if total >= FIRST_TREE_BYTES:
            break
    return tree


class Writer:
    """Writes the stream that git fast-import reads."""

    def __init__(self, out):
        self.out = out
        self.mark = 0
        self.commits = 0
        self.blob_bytes = 0

    def blob(self, content):
        self.mark += 1
        self.blob_bytes += len(content)
        self.out.write(b"blob\nmark :%d\ndata %d\n%s\n" % (self.mark, len(content), content))
        return self.mark

    def commit(self, branch, changes, parents=()):
        """Parents are marks; without any it is the branch's last commit."""
        self.mark += 1
        self.commits += 1
        message = b"Commit %d\n" % self.commits
        who = b"Author %d <author%d@example.com>" % (self.commits % 40, self.commits % 40)
        date = 1_500_000_000 + 3600 * self.commits
        self.out.write(b"commit refs/heads/%s\nmark :%d\n" % (branch, self.mark))
        self.out.write(b"committer %s %d +0000\ndata %d\n%s" % (who, date, len(message), message))
        for number, parent in enumerate(parents):
            self.out.write(b"%s :%d\n" % (b"merge" if number else b"from", parent))
        for change in changes:
            self.out.write(change + b"\n")
        self.out.write(b"\n")
        return self.mark


class Maker:
    """The newest version of every file, and what is about to happen to it."""

    def __init__(self, source, writer, tree, leaky=0.1):
        self.source = source
        self.writer = writer
        self.tree = tree
        self.leaky = leaky  # how likely a commit brings a token
        self.paths = list(tree)  # those at the front are edited most
        self.aside = set()  # paths that only the side branch may touch now
        self.leaks = []  # (commit that removes it, path, line)
        self.moves = 0

    def some_lines(self):
        """A few lines of some file."""
        content = self.tree[self.source.choice(self.paths)]
        start = content.find(b"\n", self.source.randrange(len(content) + 1)) + 1
        end = start
        for _ in range(self.source.randint(1, 6)):
            end = content.find(b"\n", end) + 1 or len(content)
        return content[start:end]

    def edit(self, path):
        """Replaces, inserts or removes lines at a few places; returns the change."""
        content = self.tree[path]
        for _ in range(self.source.randint(1, 4)):
            start = content.rfind(b"\n", 0, self.source.randrange(len(content) + 1)) + 1
            end = start
            for _ in range(self.source.randint(0, 4)):
                end = content.find(b"\n", end) + 1 or len(content)
            lines = self.some_lines() if self.source.random() < 0.8 else b""
            content = content[:start] + lines + content[end:]
        return self.store(path, content)

    def store(self, path, content):
        self.tree[path] = content
        return b"M 100644 :%d %s" % (self.writer.blob(content), path.encode())

    def pick(self, count):
        """Paths for a commit, the same few more often than others."""
        chosen = set()
        for _ in range(count):
            path = self.paths[int(len(self.paths) * self.source.random() ** 3)]
            if path not in self.aside:
                chosen.add(path)
        return sorted(chosen)

    def move(self, path):
        self.moves += 1
        new = f"{os.path.dirname(path)}/moved-{self.moves}-{path.rsplit('-', 1)[-1].split('/')[-1]}"
        self.tree[new] = self.tree.pop(path)
        self.paths[self.paths.index(path)] = new
        self.leaks = [(due, new if at == path else at, line) for due, at, line in self.leaks]
        return b"R %s %s" % (path.encode(), new.encode())

    def bring(self):
        """A new file, from lines of others."""
        content = b"".join(self.some_lines() for _ in range(100))
        path = f"new/{self.writer.commits % 50}/file-{self.writer.commits}.txt"
        self.paths.insert(self.source.randrange(len(self.paths)), path)
        return self.store(path, content)

    def remove(self, path):
        del self.tree[path]
        self.paths.remove(path)
        return b"D " + path.encode()

    def leak(self, path):
        line = f"token = {make_token(self.source)}\n".encode()
        self.leaks.append((self.writer.commits + self.source.randint(1, 200), path, line))
        return self.store(path, line + self.tree[path])

    def mend(self):
        """Takes back the tokens whose time has come."""
        due = [leak for leak in self.leaks if leak[0] <= self.writer.commits]
        self.leaks = [leak for leak in self.leaks if leak[0] > self.writer.commits]
        for _, path, line in due:
            if path in self.tree and path not in self.aside:
                yield self.store(path, self.tree[path].replace(line, b""))

    def ordinary_commit(self):
        changes = list(self.mend())
        paths = self.pick(self.source.randint(1, 30))
        kind = self.source.random()
        if paths and kind < 0.05:
            changes.append(self.remove(paths.pop()))
        if paths and kind > 0.95:
            changes.append(self.move(paths.pop()))
        if paths and 0.05 < kind < 0.05 + self.leaky:
            changes.append(self.leak(paths.pop()))
        if kind < 0.3:
            changes.append(self.bring())
        changes += [self.edit(path) for path in paths]
        return self.writer.commit(b"main", changes)

    def branch(self, start):
        """Some commits on a side branch, some on the main one, and the merge of both."""
        mine = self.pick(20)
        self.aside = set(mine)
        parents = [start]
        for _ in range(self.source.randint(1, 8)):
            last = [self.edit(path) for path in self.source.sample(mine, min(len(mine), 5))]
            parents = [self.writer.commit(b"side", last, parents)]
            self.ordinary_commit()
        changes = [self.store(path, self.tree[path]) for path in mine]
        tip = self.ordinary_commit()
        self.aside = set()
        self.writer.commit(b"main", changes, [tip, *parents])

    def all(self):
        last = self.writer.commit(b"main", [self.store(p, c) for p, c in self.tree.items()])
        while self.writer.commits < COMMITS or self.writer.blob_bytes < BLOB_BYTES:
            last = self.ordinary_commit()
            if self.source.random() < 0.04:
                self.branch(last)


def main():
    folder = pathlib.Path(sys.argv[1])
    new = folder.with_name(folder.name + ".new")
    source = random.Random(SEED)
    subprocess.run(["rm", "-rf", new, folder], check=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", new], check=True)
    git = ["git", "-C", new]
    with subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE) as stream:
        writer = Writer(stream.stdin)
        Maker(source, writer, first_tree(source)).all()
    if stream.returncode != 0:
        sys.exit("make_repository: git fast-import failed")
    subprocess.run([*git, "repack", "-adfq"], check=True)
    os.utime(new)  # the folder's time tells whether it is older than this script
    new.rename(folder)
    print(f"{folder.name}: {writer.commits} commits, {writer.blob_bytes / 1e9:.2f} GB of blobs")


if __name__ == "__main__":
    main()
