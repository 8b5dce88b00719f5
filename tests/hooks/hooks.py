"""Runs git's hooks with Trawl in them, end to end: hooks.py PROGRAM [TEST...]

Every test stands in an empty folder with repositories made by real git, which reads no configuration
of the machine. `refused` and `accepted` push for real; a refused push must leave no object behind.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from run import make_token  # pylint: disable=wrong-import-position

PROGRAM = os.path.abspath(sys.argv[1])
ZERO = "0" * 40
SECONDS = 60


class Failure(Exception):
    """What a test expected and did not get."""


def need(holds, what):
    if not holds:
        raise Failure(what)


class Place:
    """The folder that a test stands in."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("GIT_", "TRAWL_", "PRE_COMMIT"))
        }
        home = folder / "home"
        home.mkdir()
        self.environment.update(
            HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"), GIT_CONFIG_NOSYSTEM="1",
            GIT_AUTHOR_NAME="Ann", GIT_AUTHOR_EMAIL="ann@example.invalid",
            GIT_COMMITTER_NAME="Ann", GIT_COMMITTER_EMAIL="ann@example.invalid",
            LC_ALL="C.UTF-8",
        )
        self.secret = make_token("sqco")
        self.output = ""

    def run(self, *command, cwd=".", text="", status=0, **environment):
        """Runs the command and returns all that it prints; its status must be this one (or any)."""
        result = subprocess.run(
            command, cwd=self.folder / cwd, input=text.encode(), timeout=SECONDS,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**self.environment, **environment}, check=False,
        )
        self.output = result.stdout.decode(errors="replace")
        need(self.secret not in self.output, f"{command}: prints the secret")
        need("\x1b" not in self.output, f"{command}: prints terminal escapes")
        if status is not None:
            need(result.returncode == status,
                 f"{command}: status {result.returncode}, not {status}:\n{self.output}")
        return self.output.strip()

    def git(self, *words, **options):
        return self.run("git", *words, **options)

    def trawl(self, *words, **options):
        return self.run(PROGRAM, *words, **options)

    def said(self, *texts):
        for text in texts:
            need(re.search(text, self.output), f"not said: {text}\n{self.output}")

    def silent_of(self, *texts):
        for text in texts:
            need(not re.search(text, self.output), f"said: {text}\n{self.output}")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def hook(self, repository, name, text):
        path = self.write(f"{repository}/hooks/{name}", f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def clone(self, name="c", hook="pre-receive", command="exec {} receive"):
        """A bare repository `s` with the hook and a first commit, and a clone of it."""
        self.git("init", "-q", "--bare", "-b", "main", "s")
        self.git("clone", "-q", "s", name)
        self.git("checkout", "-q", "-B", "main", cwd=name)
        self.commit(name, "a", "first\n")
        self.git("push", "-q", "origin", "main", cwd=name)
        if hook:
            self.hook("s", hook, command.format(shlex.quote(PROGRAM)))
        return name

    def commit(self, repository, name, text, message="change"):
        self.write(f"{repository}/{name}", text)
        self.git("add", "-A", cwd=repository)
        self.git("commit", "-q", "-m", message, cwd=repository)
        return self.git("rev-parse", "HEAD", cwd=repository)

    def objects(self, repository="s"):
        return {path for path in (self.folder / repository / "objects").rglob("*") if path.is_file()}

    def refused(self, *words, cwd="c"):
        """Pushes in vain, and the receiving side is as before."""
        objects, references = self.objects(), self.git("for-each-ref", cwd="s")
        self.git("push", *words, cwd=cwd, status=1)
        said = self.output
        need(self.objects() == objects, "a refused push left objects behind")
        need(self.git("for-each-ref", cwd="s") == references, "a refused push moved references")
        self.output = said

    def accepted(self, *words, cwd="c"):
        self.git("push", *words, cwd=cwd)


# ---- Pushes to a server ----


def test_clean_push(p):
    p.clone()
    p.commit("c", "a", "second\n")
    p.accepted("origin", "main")
    p.said("scanned 3 objects")


def test_push_of_a_secret_is_refused(p):
    p.clone()
    p.commit("c", "a", f"first\n{p.secret}\n")
    bad = p.git("rev-parse", "HEAD", cwd="c")
    p.refused("origin", "main")
    p.said("pre-receive hook declined", bad[:12], r"a +\n", "Revoke", "--amend", "rebase", "trawl:allow")
    p.git("reset", "-q", "--hard", "HEAD~1", cwd="c")
    p.commit("c", "a", "second\n")
    p.accepted("origin", "main")


def test_secret_that_was_removed_again_is_refused(p):
    p.clone()
    p.commit("c", "a", p.secret)
    p.commit("c", "a", "gone\n")
    p.refused("origin", "main")


def test_secret_that_was_there_is_no_news(p):
    p.clone(hook=None)
    p.commit("c", "old", f"{p.secret}\nrest\n")
    p.accepted("origin", "main")
    p.hook("s", "pre-receive", f"exec {shlex.quote(PROGRAM)} receive")
    p.commit("c", "old", f"{p.secret}\nmore\n")
    p.git("mv", "old", "new", cwd="c")
    p.git("commit", "-q", "-m", "move", cwd="c")
    p.accepted("origin", "main")
    p.commit("c", "elsewhere", f"{p.secret}\n")
    p.refused("origin", "main")


def test_large_push_comes_as_a_pack(p):
    p.clone()
    for i in range(60):
        p.write(f"c/many/{i}", f"text {i}\n" * 9)
    p.git("config", "receive.unpackLimit", "1", cwd="s")
    p.commit("c", "b", "x\n")
    p.accepted("origin", "main")
    p.commit("c", "many/7", "text 7\n" * 9 + p.secret)
    p.refused("origin", "main")
    p.said("many/7", "1 finding")


def test_new_branch(p):
    p.clone()
    p.git("checkout", "-q", "-b", "topic", cwd="c")
    p.accepted("origin", "topic")
    p.said("scanned 0 objects")
    p.commit("c", "b", p.secret)
    p.refused("origin", "topic")
    p.refused("origin", "topic:other")


def test_branch_from_behind_a_tip(p):
    """What another branch has already is not scanned again, whatever the order of tips."""
    p.clone()
    p.commit("c", "b", "on main\n")
    p.accepted("origin", "main")
    p.git("checkout", "-q", "-b", "topic", "HEAD~1", cwd="c")
    p.commit("c", "c", "on topic\n")
    p.accepted("origin", "topic")
    p.said("scanned 3 objects")


def test_objects_of_a_deleted_branch_are_scanned_again(p):
    p.clone(hook=None)
    p.git("checkout", "-q", "-b", "topic", cwd="c")
    p.commit("c", "b", p.secret)
    p.accepted("origin", "topic")
    p.accepted("origin", ":topic")
    p.hook("s", "pre-receive", f"exec {shlex.quote(PROGRAM)} receive")
    p.refused("origin", "topic")


def test_force_push(p):
    p.clone()
    p.commit("c", "a", "second\n")
    p.accepted("origin", "main")
    p.git("commit", "-q", "--amend", "-m", "other", cwd="c")
    p.accepted("--force", "origin", "main")
    p.commit("c", "a", p.secret)
    p.refused("--force", "origin", "HEAD:main")


def test_deletion(p):
    p.clone()
    p.accepted("origin", "main:gone")
    p.accepted("origin", ":gone")
    p.said("nothing to scan: 1 reference is deleted")


def test_tags(p):
    p.clone()
    p.git("tag", "light", cwd="c")
    p.git("tag", "-a", "-m", "fine", "good", cwd="c")
    p.accepted("origin", "light", "good")
    p.git("tag", "-a", "-m", f"by {p.secret}", "bad", cwd="c")
    p.refused("origin", "bad")
    p.said(r"tag-message", "refs/tags/bad")
    p.git("tag", "-a", "-m", "outer", "outer", "bad", cwd="c")
    p.refused("origin", "outer")


def test_references_to_blobs_and_trees(p):
    p.clone()
    p.write("c/b", p.secret)
    blob = p.git("hash-object", "-w", "b", cwd="c")
    p.refused("origin", f"{blob}:refs/tags/blob")
    tree = p.git("mktree", cwd="c", text=f"100644 blob {blob}\tinner\n")
    p.refused("origin", f"{tree}:refs/tags/tree")
    p.write("c/b", "harmless\n")
    blob = p.git("hash-object", "-w", "b", cwd="c")
    p.accepted("origin", f"{blob}:refs/tags/blob")


def test_commit_messages(p):
    p.clone()
    p.commit("c", "b", "x\n", f"uses {p.secret}")
    p.refused("origin", "main")
    p.said("commit-message")


def test_several_references(p):
    p.clone()
    p.git("checkout", "-q", "-b", "one", cwd="c")
    p.commit("c", "b", "x\n")
    p.git("checkout", "-q", "-b", "two", "main", cwd="c")
    p.commit("c", "c", p.secret)
    p.accepted("origin", "main:gone")
    p.refused("origin", "one", "two", ":gone")
    p.said("refs/heads/two")
    p.accepted("origin", "one", ":gone")


def test_merge_of_what_is_there(p):
    p.clone(hook=None)
    p.git("checkout", "-q", "-b", "topic", cwd="c")
    p.commit("c", "b", p.secret)
    p.accepted("origin", "topic")
    p.hook("s", "pre-receive", f"exec {shlex.quote(PROGRAM)} receive")
    p.git("checkout", "-q", "main", cwd="c")
    p.commit("c", "c", "x\n")
    p.git("merge", "-q", "-m", "merge", "topic", cwd="c")
    p.accepted("origin", "main")


def test_update_hook(p):
    p.clone(hook="update", command='exec {} receive --update "$@"')
    p.commit("c", "a", "fine\n")
    p.accepted("origin", "main")
    p.commit("c", "a", p.secret)
    p.git("push", "origin", "main", "main:new", "main~1:refs/heads/good", cwd="c", status=1)
    p.said("hook declined", r"main~1 -> good")
    need(p.git("for-each-ref", "--format=%(refname)", cwd="s").split() ==
         ["refs/heads/good", "refs/heads/main"], p.output)


def test_post_receive_hook(p):
    p.clone(hook="post-receive")
    p.git("checkout", "-q", "-b", "topic", cwd="c")
    p.commit("c", "a", p.secret)
    p.accepted("origin", "topic")
    p.said("1 finding")


def test_markers_count_only_when_told(p):
    p.clone()
    p.commit("c", "a", f"{p.secret} # trawl:allow\n")
    p.refused("origin", "main")
    p.hook("s", "pre-receive", f"exec {shlex.quote(PROGRAM)} receive --trust-repo")
    p.accepted("origin", "main")


def test_time_budget(p):
    p.clone(command="exec {} receive --time-budget 0.000001")
    p.commit("c", "a", "fine\n")
    p.refused("origin", "main")
    p.said("time budget", "no pass")
    p.hook("s", "pre-receive", f"exec {shlex.quote(PROGRAM)} receive --time-budget 50.5")
    p.accepted("origin", "main")
    for word in ("0", "-1", "x", "1e3", ""):
        p.trawl("receive", "--time-budget", word, cwd="s", status=2)


def test_push_from_a_linked_work_tree_to_a_repository_with_one(p):
    p.clone()
    p.git("worktree", "add", "-q", "../linked", cwd="c")
    p.commit("linked", "a", p.secret)
    p.refused("origin", "HEAD:topic", cwd="linked")
    p.git("init", "-q", "-b", "main", "t")
    p.hook("t/.git", "pre-receive", f"exec {shlex.quote(PROGRAM)} receive")
    p.git("push", "../t", "HEAD:refs/heads/topic", cwd="linked", status=1)
    p.git("push", "../t", "main:refs/heads/topic", cwd="linked")


def test_alternates_with_odd_names(p):
    """Git's quarantine names the repository's own folder of objects, colons and all."""
    p.git("init", "-q", "--bare", "-b", "main", 'odd: "s"')
    p.git("clone", "-q", 'odd: "s"', "c")
    p.git("checkout", "-q", "-B", "main", cwd="c")
    p.commit("c", "a", "first\n")
    p.git("push", "-q", "origin", "main", cwd="c")
    p.hook('odd: "s"', "pre-receive", f"exec {shlex.quote(PROGRAM)} receive")
    p.commit("c", "b", "second\n")
    p.git("push", "origin", "main", cwd="c")
    p.said("scanned 3 objects")
    p.commit("c", "b", p.secret)
    p.git("push", "origin", "main", cwd="c", status=1)
    p.said("1 finding")


def test_lines_that_git_does_not_write(p):
    p.clone()
    head = p.git("rev-parse", "HEAD", cwd="s")
    good = f"{ZERO} {head} refs/heads/x\n"
    unknown = "12345678" * 5
    for line, said in [
        ("", "nothing on standard input"),
        ("\n", "line 1"),
        (good + "\n", "line 2"),
        (good + "x\n", "line 2"),
        (f"{ZERO} {head}\n", "line 1"),
        (f"{head} refs/heads/x\n", "line 1"),
        (f"{ZERO} {head} \n", "line 1"),
        (f"{ZERO[1:]} {head} refs/heads/x\n", "line 1"),
        (f"{ZERO} {head[1:]} refs/heads/x\n", "line 1"),
        (f"{ZERO} {head[1:]}z refs/heads/x\n", "line 1"),
        (f"{ZERO} {head} refs/heads/\x1b[31mx\n", "line 1"),
        (f"{ZERO} {head} refs/heads/x\0\n", "line 1"),
        (f"{ZERO} {head} {'x' * 5000}\n", "line 1"),
        (good + f"{ZERO} {unknown} refs/heads/x\n", f"line 2.*{unknown}"),
        (f"{unknown} {head} refs/heads/x\n", f"line 1.*{unknown}.*fetch-depth: 0"),
    ]:
        p.trawl("receive", cwd="s", text=line, status=2)
        p.said(said)
    p.trawl("receive", cwd="s", text=good)
    p.trawl("receive", cwd="s", text=good.rstrip("\n"))
    p.trawl("receive", "--update", "refs/heads/x", ZERO, head, cwd="s")
    p.trawl("receive", "--update", "refs/heads/x", ZERO, cwd="s", status=2)
    p.trawl("receive", "--update", "refs/heads/x", ZERO, unknown, cwd="s", status=2)
    p.trawl("receive", "refs/heads/x", ZERO, head, cwd="s", status=2)
    p.trawl("receive", "--pre-push", "--update", "refs/heads/x", ZERO, head, cwd="s", status=2)
    p.trawl("receive", text=good, status=2)
    p.said("no git repository")


def test_broken_objects_are_no_pass(p):
    p.clone(hook=None)
    old = p.git("rev-parse", "HEAD", cwd="c")
    new = p.commit("c", "b", "fine\n")
    blob = p.git("rev-parse", "HEAD:b", cwd="c")
    p.git("reset", "-q", "--hard", old, cwd="c")
    path = p.folder / "c/.git/objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_text("junk")
    p.trawl("receive", "--update", "refs/heads/x", old, new, cwd="c", status=3)
    p.said(blob)
    path.unlink()
    p.trawl("receive", "--update", "refs/heads/x", old, new, cwd="c", status=3)


def test_tree_that_names_itself_often_is_read_once(p):
    p.clone(hook=None)
    old = p.git("rev-parse", "HEAD", cwd="c")
    blob = p.git("hash-object", "-w", "--stdin", cwd="c", text="fine\n")
    tree = p.git("mktree", cwd="c", text=f"100644 blob {blob}\tx\n")
    for _ in range(12):
        tree = p.git("mktree", cwd="c",
                     text="".join(f"040000 tree {tree}\t{i:02}\n" for i in range(12)))
    new = p.git("commit-tree", "-p", old, "-m", "bomb", tree, cwd="c")
    p.trawl("receive", "--update", "refs/heads/x", old, new, cwd="c")
    p.said("scanned 3 objects")


# ---- Before a push ----


def pre_push(p, trust=""):
    p.clone(hook=None)
    p.hook("c/.git", "pre-push",
           f'exec {shlex.quote(PROGRAM)} receive --pre-push {trust} "$@"')


def test_pre_push(p):
    pre_push(p)
    p.git("push", "origin", "main", cwd="c")
    p.said("nothing to scan: nothing is pushed")
    p.commit("c", "b", "fine\n")
    p.accepted("origin", "main")
    p.said("scanned 3 objects")
    p.commit("c", "b", p.secret)
    p.refused("origin", "main")
    p.refused("origin", "main:topic", "HEAD~1:good")
    p.refused("origin", ":/change:refs/heads/odd")
    p.accepted("--no-verify", "origin", "main:known")
    p.git("fetch", "-q", "origin", cwd="c")
    p.accepted("origin", "main")
    p.said("scanned 0 objects")
    p.accepted("origin", ":known")
    p.said("1 reference is deleted")


def test_pre_push_to_another_remote(p):
    """What one remote has is news to another."""
    p.clone(hook=None)
    p.commit("c", "b", p.secret)
    p.accepted("origin", "main")
    p.git("init", "-q", "--bare", "public")
    p.git("remote", "add", "public", "../public", cwd="c")
    p.hook("c/.git", "pre-push", f'exec {shlex.quote(PROGRAM)} receive --pre-push "$@"')
    p.git("push", "public", "main", cwd="c", status=1)
    p.said("1 finding")
    p.git("push", "../public", "main", cwd="c", status=1)
    p.git("push", "public", "main~1:refs/heads/main", cwd="c")


def test_pre_push_when_the_remote_is_ahead(p):
    """The remote's old id is unknown here: more is scanned, never less."""
    pre_push(p)
    p.git("clone", "-q", "s", "d")
    p.commit("d", "x", "ahead\n")
    p.git("push", "-q", "origin", "HEAD:main", cwd="d")
    p.commit("c", "b", "fine\n")
    p.accepted("--force", "origin", "main")
    p.said("scanned 3 objects")


def test_pre_push_lines_that_git_does_not_write(p):
    p.clone(hook=None)
    head = p.git("rev-parse", "HEAD", cwd="c")
    for line in ["x\n", f"{head} refs/heads/x {ZERO}\n", f"r {head} refs/heads/x\n",
                 f"r {head[1:]} refs/heads/x {ZERO}\n", f"r {'1' * 40} refs/heads/x {ZERO}\n"]:
        p.trawl("receive", "--pre-push", cwd="c", text=line, status=2)
        p.said("line 1")
    p.trawl("receive", "--pre-push", cwd="c", text=f"(delete) {ZERO} refs/heads/x {head}\n")
    p.trawl("receive", "--pre-push", cwd="c", text="")
    p.trawl("receive", "--pre-push", "a", "b", "c", cwd="c", status=2)


# ---- Ranges ----


def linear(p, *texts):
    """A repository `r` with a commit for each text of the file `a`."""
    p.git("init", "-q", "-b", "main", "r")
    return [p.commit("r", "a", text) for text in texts]


def test_range_reports_what_it_adds(p):
    ids = linear(p, "1\n", p.secret, "3\n", "4\n")
    p.trawl("history", "--range", f"{ids[0]}..{ids[3]}", "r", status=1)
    p.trawl("history", "--range", "HEAD~3..HEAD", "r", status=1)
    p.trawl("history", "--range", "HEAD~2..HEAD", "r")
    p.trawl("history", "--range", f"{ids[2]}..main", "r")
    p.trawl("history", "--range", "main..main", "r")
    for text in ("main", "a...main", "..nonesuch", "nonesuch..main"):
        p.trawl("history", "--range", text, "r", status=2)


def test_missing_base_is_an_error(p):
    linear(p, "1\n", "2\n")
    p.trawl("history", "--range", f"{'1' * 40}..HEAD", "r", status=2)
    p.said("1" * 40, "fetch-depth: 0")


def test_all_zero_base(p):
    p.clone(hook=None)
    p.git("checkout", "-q", "-b", "topic", cwd="c")
    p.commit("c", "b", p.secret)
    zero = f"{ZERO}.."
    p.trawl("history", "--range", zero + "HEAD", cwd="c", status=1)
    p.git("push", "-q", "-u", "origin", "topic", cwd="c")
    for head in ("HEAD", "topic", "refs/heads/topic", "origin/topic", ""):
        p.trawl("history", "--range", zero + head, cwd="c", status=1)
        p.said("scanned 3 objects")
    p.git("checkout", "-q", "--detach", cwd="c")
    p.trawl("history", "--range", zero + "HEAD", cwd="c", status=1)
    p.git("push", "-q", "origin", "topic:twin", cwd="c")
    p.trawl("history", "--range", zero + "HEAD", cwd="c")
    p.said("scanned 0 objects")
    p.trawl("history", "--range", zero + "main", cwd="c")
    p.trawl("history", "--range", zero + "topic", "s")
    p.git("branch", "-D", "twin", cwd="s")
    p.trawl("history", "--range", zero + "topic", "s", status=1)
    p.said("scanned 3 objects")


def test_shallow_clones(p):
    p.clone(hook=None)
    for i in range(6):
        p.commit("c", "a", f"{i}\n")
    p.git("push", "-q", "origin", "main", cwd="c")
    base = p.git("rev-parse", "HEAD~5", cwd="c")
    url = f"file://{p.folder}/s"
    p.git("clone", "-q", "--depth", "3", url, "shallow")
    p.trawl("history", "--range", "HEAD~1..HEAD", cwd="shallow")
    p.trawl("history", "--range", f"{base}..HEAD", cwd="shallow", status=2)
    p.said(base, "fetch-depth: 0")
    p.trawl("history", "--range", "HEAD~3..HEAD", cwd="shallow", status=2)
    p.trawl("history", "--range", f"{ZERO}..HEAD", cwd="shallow", status=3)
    p.said("--unshallow")
    p.git("fetch", "-q", "origin", f"{base}:refs/base", "--depth", "1", cwd="shallow")
    p.trawl("history", "--range", "refs/base..HEAD", cwd="shallow", status=3)
    p.git("fetch", "-q", "--unshallow", cwd="shallow")
    p.trawl("history", "--range", f"{base}..HEAD", cwd="shallow")


def test_push_from_a_shallow_clone(p):
    p.clone()
    p.commit("c", "a", "second\n")
    p.accepted("origin", "main")
    p.git("clone", "-q", "--depth", "1", f"file://{p.folder}/s", "shallow")
    p.commit("shallow", "b", "fine\n")
    p.accepted("origin", "main", cwd="shallow")
    p.commit("shallow", "b", p.secret)
    p.refused("origin", "main", cwd="shallow")
    p.hook("shallow/.git", "pre-push", f'exec {shlex.quote(PROGRAM)} receive --pre-push "$@"')
    p.refused("origin", "main", cwd="shallow")


def test_repositories_that_cannot_be_opened(p):
    linear(p, "1\n")
    p.trawl("history", "nonesuch", status=2)
    p.trawl("history", "r", "nonesuch", status=3)
    p.said("nonesuch")
    p.trawl("history", "nonesuch", "nonesuch2", status=3)


# ---- trawl hook ----


def fresh(p, name="r"):
    p.git("init", "-q", "-b", "main", name)
    p.commit(name, "a", "first\n")


def commits(p, name, text, status, cwd="r", **options):
    p.write(f"{cwd}/{name}", text)
    p.git("add", "-A", cwd=cwd)
    p.git("commit", "-q", "-m", "try", cwd=cwd, status=status, **options)


def test_hook_refuses_a_commit(p):
    fresh(p)
    p.trawl("hook", "install", cwd="r")
    p.said("installed .*/r/.git/hooks/pre-commit")
    commits(p, "a", "fine\n", 0)
    p.write("r/a", p.secret)
    p.git("add", "-A", cwd="r")
    p.write("r/a", "later\n")
    before = p.git("ls-files", "--stage", cwd="r")
    p.git("commit", "-q", "-m", "bad", cwd="r", status=1)
    need(p.git("ls-files", "--stage", cwd="r") == before, "the index was touched")
    need((p.folder / "r/a").read_text() == "later\n", "the work tree was touched")
    p.trawl("hook", "uninstall", cwd="r")
    need(not list((p.folder / "r/.git/hooks").glob("*before-trawl")), "something is left")
    p.git("commit", "-q", "-m", "bad", cwd="r")


def test_hook_is_installed_once(p):
    fresh(p)
    p.hook("r/.git", "pre-commit", "echo old")
    old = (p.folder / "r/.git/hooks/pre-commit").read_bytes()
    for _ in range(3):
        p.trawl("hook", "install", "--pre-commit", cwd="r")
    commits(p, "a", "fine\n", 0)
    need(p.output.count("old\n") == 1, p.output)
    p.trawl("hook", "uninstall", cwd="r")
    need((p.folder / "r/.git/hooks/pre-commit").read_bytes() == old, "the old hook is not back")
    p.trawl("hook", "uninstall", cwd="r")
    p.said("nothing to do: not trawl's")
    (p.folder / "r/.git/hooks/pre-commit").unlink()
    p.trawl("hook", "uninstall", cwd="r")
    p.said("nothing to do: there is no")


def test_hook_keeps_the_one_that_was_there(p):
    p.clone(hook=None)
    p.hook("s", "pre-receive", 'cat >lines; echo "$#" >>lines; test ! -e stop || exit 7')
    p.trawl("hook", "install", "--pre-receive", cwd="s")
    p.said("runs first")
    p.commit("c", "a", "fine\n")
    old, new = p.git("rev-parse", "HEAD~1", "HEAD", cwd="c").split()
    p.accepted("origin", "main")
    need((p.folder / "s/lines").read_text() == f"{old} {new} refs/heads/main\n0\n", "other lines")
    p.commit("c", "a", p.secret)
    p.refused("origin", "main")
    p.said("1 finding")
    p.git("reset", "-q", "--hard", new, cwd="c")
    p.commit("c", "b", "fine\n")
    p.write("s/stop", "")
    p.refused("origin", "main")
    p.silent_of("scanned")
    p.trawl("hook", "uninstall", "--pre-receive", cwd="s")
    p.refused("origin", "main")
    (p.folder / "s/stop").unlink()
    p.accepted("origin", "main")


def test_hook_before_a_push(p):
    p.clone(hook=None)
    p.hook("c/.git", "pre-push", 'echo "args $1"; exec <&-')  # reads nothing
    p.trawl("hook", "install", "--pre-push", cwd="c")
    p.commit("c", "a", f"{p.secret} # trawl:allow\n")
    p.accepted("origin", "main")
    p.said("args origin")
    p.silent_of("[Bb]roken pipe")
    p.commit("c", "b", f"{p.secret[:-1]}0 {make_token('ghp')}\n")
    p.refused("origin", "main")
    p.git("push", "origin", "main~1", cwd="c", status=None)


def test_hook_that_is_no_program_stays_idle(p):
    fresh(p)
    p.hook("r/.git", "pre-commit", "exit 1").chmod(0o644)
    p.trawl("hook", "install", cwd="r")
    commits(p, "a", "fine\n", 0)
    commits(p, "a", p.secret, 1)


def test_hook_that_is_a_link(p):
    fresh(p)
    p.write("r/tool.sh", "#!/bin/sh\necho tool\n").chmod(0o755)
    link = p.folder / "r/.git/hooks/pre-commit"
    link.symlink_to("../../tool.sh")
    p.trawl("hook", "install", cwd="r")
    commits(p, "a", "fine\n", 0)
    p.said("tool")
    need((p.folder / "r/tool.sh").read_text() == "#!/bin/sh\necho tool\n", "the tool was changed")
    p.trawl("hook", "uninstall", cwd="r")
    need(os.readlink(link) == "../../tool.sh", "the link is not back")


def test_hook_without_the_program_refuses(p):
    fresh(p)
    program = p.folder / "bin 'dir/trawl"
    program.parent.mkdir()
    shutil.copy(PROGRAM, program)
    p.run(str(program), "hook", "install", cwd="r")
    commits(p, "a", "fine\n", 0)
    program.unlink()
    tools = p.folder / "tools"  # no trawl that the machine may have
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git"))
    commits(p, "a", "more\n", 1, PATH=str(tools))
    p.said("trawl: the program is gone", "rm '.*pre-commit'")
    elsewhere = p.folder / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(PROGRAM, elsewhere / "trawl")
    commits(p, "a", "more\n", 0, PATH=f"{elsewhere}:{tools}")


def test_hook_follows_core_hooks_path(p):
    fresh(p)
    p.git("config", "core.hooksPath", ".githooks", cwd="r")
    p.trawl("hook", "install", cwd="r")
    p.said("core.hooksPath in .*/r/.git/config names the folder .*/r/.githooks\n")
    commits(p, "a", p.secret, 1)
    p.git("config", "--unset", "core.hooksPath", cwd="r")
    p.write("home/.gitconfig", "[include]\n\tpath = more\n")
    p.write("home/more", "[core]\n\thooksPath = ~/my hooks\n")
    p.trawl("hook", "install", cwd="r")
    p.said("home/more names the folder .*my hooks, .*for all that use it")
    need((p.folder / "home/my hooks/pre-commit").exists(), "it is not there")
    commits(p, "b", p.secret, 1)
    p.write("home/.gitconfig", '[includeIf "gitdir:~/"]\n\tpath = more\n')
    p.trawl("hook", "install", cwd="r", status=2)
    p.said("only git can tell")
    p.git("config", "core.hooksPath", "", cwd="r")
    p.trawl("hook", "install", cwd="r", status=2)
    p.said("core.hooksPath is empty, so that git runs no hooks")
    p.git("config", "core.hooksPath", "/dev/null", cwd="r")
    p.trawl("hook", "install", cwd="r", status=2)


def test_hook_in_a_linked_work_tree(p):
    fresh(p)
    p.git("worktree", "add", "-q", "../linked", cwd="r")
    p.trawl("hook", "install", cwd="linked")
    commits(p, "a", p.secret, 1, cwd="linked")
    commits(p, "a", p.secret, 1)
    p.git("config", "extensions.worktreeConfig", "true", cwd="r")
    p.git("config", "--worktree", "core.hooksPath", "own", cwd="linked")
    p.trawl("hook", "install", cwd="linked")
    p.said("config.worktree names the folder .*/linked/own")


def test_hook_when_two_others_are_there(p):
    fresh(p)
    p.hook("r/.git", "pre-commit", "exit 0")
    p.trawl("hook", "install", cwd="r")
    p.hook("r/.git", "pre-commit", "exit 0")
    p.trawl("hook", "install", cwd="r", status=2)
    p.said("neither")


def test_hook_is_never_half_written(p):
    """Killed anywhere, there is the old hook or the new one; and the next run completes it."""
    fresh(p)
    old = p.hook("r/.git", "pre-commit", "echo old")
    text = old.read_bytes()
    for step in range(60):
        with subprocess.Popen([PROGRAM, "hook", "install"], cwd=p.folder / "r", env=p.environment,
                              stdout=subprocess.DEVNULL) as process:
            time.sleep(step / 5000)
            process.kill()
        now = old.read_bytes()
        need(now == text or (now.startswith(b"#!/bin/sh\n# Written by `trawl") and
                             now.endswith(b"staged\n")), f"half written: {now}")
        need(os.access(old, os.X_OK), "not executable")
        p.trawl("hook", "install", cwd="r")
        p.trawl("hook", "uninstall", cwd="r")
        need(old.read_bytes() == text, "the old hook is not back")


def test_hook_words(p):
    fresh(p)
    for words in [(), ("nonesuch",), ("install", "--nonesuch"),
                  ("install", "--pre-push", "--pre-commit"), ("install", "x")]:
        p.trawl("hook", *words, cwd="r", status=2)
        p.said("trawl hook --help")
    p.trawl("hook", "--help")
    p.trawl("hook", "install", status=2)
    p.said("no git repository")


def main():
    tests = [item for name, item in globals().items() if name.startswith("test_")]
    failures = 0
    for test in tests:
        if sys.argv[2:] and test.__name__ not in sys.argv[2:]:
            continue
        with tempfile.TemporaryDirectory(prefix="trawl-") as folder:
            try:
                test(Place(pathlib.Path(folder)))
            except Exception:  # pylint: disable=broad-except
                failures += 1
                print(f"not ok {test.__name__}\n{traceback.format_exc()}")
            else:
                print(f"ok {test.__name__}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
