"""Who brought which secret where: oracle.py REPOSITORY REGEX, slowly and by asking git.

Prints for each secret (a match of REGEX in a blob) one line, and one for each path and commit that
has it there while no parent of the commit has, in the form and order in which test_attribution.c
prints what Trawl says.
"""

import collections
import heapq
import re
import subprocess
import sys

repository, expression = sys.argv[1], re.compile(sys.argv[2].encode())


def git(*arguments, data=None):
    return subprocess.run(["git", "-C", repository, *arguments], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def objects():
    """All objects as (id, type, bytes)."""
    stream = git("cat-file", "--batch-all-objects", "--batch")
    at = 0
    while at < len(stream):
        end = stream.index(b"\n", at)
        name, kind, size = stream[at:end].split()
        yield name.decode(), kind.decode(), stream[end + 1:end + 1 + int(size)]
        at = end + 1 + int(size) + 1


class Commit:
    def __init__(self, text):
        head = text.split(b"\n\n", 1)[0].decode("utf-8", "replace").split("\n")
        self.tree = head[0].split()[1]
        self.parents = [line.split()[1] for line in head if line.startswith("parent ")]
        self.date = next(int(line.split()[-2]) for line in head if line.startswith("committer "))


def sort_commits(commits):
    """Parents first, then the older, then the smaller id."""
    waiting = {c: sum(p in commits for p in commits[c].parents) for c in commits}
    children = collections.defaultdict(list)
    for c in commits:
        for p in commits[c].parents:
            children[p].append(c)
    ready = [(commits[c].date, c) for c in commits if not waiting[c]]
    heapq.heapify(ready)
    while ready:
        _, c = heapq.heappop(ready)
        yield c
        for child in children[c]:
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (commits[child].date, child))


def main():
    secrets = {}  # by blob
    commits = {}
    for name, kind, text in objects():
        if kind == "blob":
            if text.startswith(b"\xff\xfe"):
                text = text.decode("utf-16", "replace").encode()
            found = set(expression.findall(text))
            if found:
                secrets[name] = found
        elif kind == "commit":
            commits[name] = Commit(text)

    trees = {}  # {(secret, path): blob} by tree

    def places(commit):
        tree = commits[commit].tree if commit in commits else None
        if tree is None:
            return {}
        if tree not in trees:
            trees[tree] = {}
            for line in git("ls-tree", "-rz", tree).split(b"\0")[:-1]:
                entry, path = line.split(b"\t", 1)
                for secret in secrets.get(entry.split()[2].decode(), ()):
                    trees[tree][secret, path] = entry.split()[2].decode()
        return trees[tree]

    occurrences = collections.defaultdict(list)  # (commit, path, blob), by secret
    attributed = set()
    for c in sort_commits(commits):
        here = places(c)
        attributed.update(here.values())
        before = set()
        for p in commits[c].parents:
            before.update(places(p))
        for secret, path in here.keys() - before:
            occurrences[secret].append((c, path, here[secret, path]))
    for blob in sorted(secrets.keys() - attributed):
        for secret in secrets[blob]:
            occurrences[secret].append(("none", b"", blob))

    references = [line.split() for line in git(
        "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)").decode().splitlines()]
    head = subprocess.run(["git", "-C", repository, "rev-parse", "-q", "--verify", "HEAD"],
                          stdout=subprocess.PIPE, check=False).stdout.decode().strip()
    in_head = {secret for secret, _ in places(head)} if head else set()
    tips = collections.defaultdict(list)
    for name, *ids in references:
        for secret in {secret for secret, _ in places(ids[-1])}:
            tips[secret].append(name)
    reachable = set(git("rev-list", "--all", *([head] if head else [])).decode().split())

    for secret in sorted(occurrences):
        found = occurrences[secret]
        if secret in in_head:
            state = "head"
        elif tips[secret]:
            state = " ".join(["tip", *sorted(tips[secret])])
        elif any(c in reachable for c, _, _ in found):
            state = "history"
        else:
            state = "unreachable"
        print(secret.decode(), state)
        ranks = {c: rank for rank, c in enumerate(dict.fromkeys(c for c, _, _ in found))}
        for c, path, blob in sorted(found, key=lambda o: (ranks[o[0]], o[1], o[2])):
            print(f"  {c} [{path.decode('utf-8', 'surrogateescape')}] {blob}")


main()
