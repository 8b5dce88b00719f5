"""Trawl under the real pre-commit framework: run.py PROGRAM.

Each test is a repository of its own whose hooks come from a clone of this tree, as it stands. The
wrapper finds PROGRAM in PATH; one test hides it and has the clone built."""

import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()


def token():
    return "sqp_" + "".join(random.choices("0123456789abcdef", k=40))


def copy_tree(folder):
    """Copies this tree's files, also those that are not committed yet, whoever owns them."""
    command = "git -c safe.directory=* ls-files -z --cached --others --exclude-standard"
    names = subprocess.run(command.split(), cwd=SOURCE, check=True, stdout=subprocess.PIPE).stdout
    for name in names.decode().split("\0"):
        if name and (SOURCE / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, folder / name)


class Framework(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp())
        cls.tools = cls.top / "bin"
        cls.tools.mkdir()
        (cls.tools / "trawl").symlink_to(PROGRAM)
        cls.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        }
        nowhere = "http://127.0.0.1:9"  # what reaches for the network fails
        cls.environment.update(
            PATH="%s:%s" % (cls.tools, os.environ["PATH"]),
            HOME=str(cls.top),
            PRE_COMMIT_HOME=str(cls.top / "cache"),
            GIT_CONFIG_GLOBAL=os.devnull,
            GIT_CONFIG_NOSYSTEM="1",
            GIT_AUTHOR_NAME="A",
            GIT_AUTHOR_EMAIL="a@example.org",
            GIT_COMMITTER_NAME="A",
            GIT_COMMITTER_EMAIL="a@example.org",
            http_proxy=nowhere,
            https_proxy=nowhere,
            LC_ALL="C.UTF-8",
        )
        cls.hooks = cls.top / "hooks"
        cls.hooks.mkdir()
        copy_tree(cls.hooks)
        cls.revision = cls.commit_all(cls.hooks)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.top)

    @classmethod
    def commit_all(cls, folder):
        for command in ("init -q -b main", "add -A", "commit -q -m all"):
            subprocess.run(["git", *command.split()], cwd=folder, check=True, env=cls.environment)
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, check=True, stdout=subprocess.PIPE
        )
        return head.stdout.decode().strip()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.top))
        self.start()

    def start(self, hook="trawl", hooks=None, revision=None, kind="pre-commit"):
        """A repository with one commit, in which the hook is installed."""
        self.git("init", "-q", "-b", "main")
        self.write("README", "Nothing to see here.\n")
        self.write(
            ".pre-commit-config.yaml",
            "repos:\n- repo: %s\n  rev: %s\n  hooks:\n  - id: %s\n    stages: [commit, push]\n"
            "    verbose: true\n" % (hooks or self.hooks, revision or self.revision, hook),
        )
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "start")
        self.run_it("pre-commit", "install", "-t", kind)

    def run_it(self, *command, status=0, **more):
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = done.stdout.decode("utf-8", "replace")
        if status is not None:
            self.assertEqual(done.returncode, status, "%s: %s" % (command, said))
        return said

    def git(self, *arguments, **more):
        return self.run_it("git", *arguments, **more)

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def test_leak_is_refused_and_nothing_is_touched(self):
        secret = token()
        self.write("a.txt", secret)
        self.write("README", "Changed, not staged.\n")
        self.git("add", "a.txt")
        before = self.git("status", "--porcelain"), self.git("ls-files", "-s")
        said = self.git("commit", "-m", "leak", status=1)
        self.assertIn("a.txt", said)
        self.assertIn("sqp_[REDACTED]", said)
        self.assertNotIn(secret, said)
        self.assertEqual(before, (self.git("status", "--porcelain"), self.git("ls-files", "-s")))
        self.assertEqual(self.git("rev-list", "--count", "HEAD").strip(), "1")

    def test_what_is_staged_counts(self):
        self.write("a.txt", "clean\n")
        self.git("add", "a.txt")
        self.write("a.txt", token())
        self.assertIn("scanned 1 staged file", self.git("commit", "-m", "the leak is not staged"))
        self.git("add", "a.txt")
        self.write("a.txt", "clean again\n")
        self.git("commit", "-m", "the leak is staged", status=1)

    def test_commit_of_some_files(self):
        self.write("a.txt", token())
        self.write("b.txt", "clean\n")
        self.git("add", "-A")
        self.git("commit", "-m", "only b", "--only", "b.txt")
        self.git("commit", "-m", "only a", "--only", "a.txt", status=1)

    def test_odd_names(self):
        for name in ("a b/c  d.txt", "ä/漢 😀.txt", "-x", "q'\"$(x).txt"):
            self.write(name, token())
            self.git("add", "-A")
            said = self.git("commit", "-m", name, status=1)
            self.assertIn(name, said)
            self.git("rm", "-q", "-f", "--", name)

    def test_3000_files(self):
        for i in range(3000):
            self.write("many/file with a long name, number %d.txt" % i, "number %d\n" % i)
        self.git("add", "-A")
        self.write("unstaged", "")
        self.write("many/file with a long name, number 2718.txt", token())
        self.git("add", "many")
        said = self.git("commit", "-q", "-m", "many", status=1)
        self.assertIn("number 2718.txt", said)
        self.write("many/file with a long name, number 2718.txt", "clean")
        self.git("add", "many")
        self.git("commit", "-q", "-m", "many")

    def test_all_files_and_files(self):
        self.write("a b.txt", token())
        self.write("c.txt", "clean")
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "-m", "a leak that stays")
        self.assertIn("a b.txt", self.run_it("pre-commit", "run", "--all-files", status=1))
        self.run_it("pre-commit", "run", "--files", "a b.txt", status=1)
        self.assertIn("scanned 1 file", self.run_it("pre-commit", "run", "--files", "c.txt"))
        self.write("c.txt", "still clean")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "an old leak does not nag")

    def test_push(self):
        self.run_it("pre-commit", "install", "-t", "pre-push")
        self.git("init", "-q", "--bare", "remote.git")
        self.git("remote", "add", "origin", "remote.git")
        self.git("push", "-q", "origin", "main")
        self.write("a.txt", token())
        self.git("add", "a.txt")
        self.git("commit", "-q", "--no-verify", "-m", "in")
        self.git("rm", "-q", "a.txt")
        self.git("commit", "-q", "-m", "and out again")
        said = self.git("push", "origin", "main", status=1)
        self.assertIn("a.txt", said)
        self.assertNotEqual(
            self.git("rev-parse", "main"), self.git("rev-parse", "origin/main"), said
        )
        self.git("reset", "-q", "--hard", "HEAD~2")
        self.write("b.txt", "clean")
        self.git("add", "b.txt")
        self.git("commit", "-q", "-m", "clean")
        self.git("push", "origin", "main")
        self.git("push", "origin", "main:new")

    def test_removal_has_no_files_and_passes(self):
        self.write("a.txt", token())
        self.git("add", "a.txt")
        self.git("commit", "-q", "--no-verify", "-m", "a leak that goes")
        self.git("rm", "-q", "a.txt")
        self.assertIn("scanned 0 staged files", self.git("commit", "-m", "gone"))

    def test_installed_program(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.top))
        self.start(hook="trawl-system")
        self.write("a.txt", token())
        self.git("add", "a.txt")
        self.git("commit", "-m", "leak", status=1)

    def test_first_use_builds_offline(self):
        other = self.top / "other"
        other.mkdir()
        (other / "trawl").write_text("#!/bin/sh\necho trawl 0.0.0\n")  # not this version
        (other / "trawl").chmod(0o755)
        path = "%s:%s" % (other, os.environ["PATH"])
        self.write("a.txt", "clean\n")
        self.git("add", "a.txt")
        said = self.git("commit", "-m", "clean", PATH=path)
        self.assertIn("trawl: building", said)
        self.assertIn("scanned 1 staged file", said)
        self.write("a.txt", token())
        self.git("add", "a.txt")
        said = self.git("commit", "-m", "leak", PATH=path, status=1)
        self.assertNotIn("building", said)
        self.assertIn("sqp_[REDACTED]", said)

    def test_missing_packages_are_named_and_not_installed(self):
        hooks = self.top / "poor"
        hooks.mkdir()
        copy_tree(hooks)
        with open(hooks / "ci/packages.txt", "a") as file:
            file.write("build nonesuch-dev /nonesuch\n")
        tools = self.top / "apt"
        tools.mkdir()
        (tools / "apt-get").write_text("#!/bin/sh\ntouch '%s/called'\n" % tools)
        (tools / "apt-get").chmod(0o755)
        (tools / "trawl").write_text("#!/bin/sh\nexit 1\n")
        (tools / "trawl").chmod(0o755)
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.top))
        self.start(hooks=hooks, revision=self.commit_all(hooks))
        self.write("a.txt", "clean\n")
        self.git("add", "a.txt")
        path = "%s:%s" % (tools, os.environ["PATH"])
        said = self.git("commit", "-m", "clean", PATH=path, status=1)
        self.assertIn("apt-get install -y --no-install-recommends nonesuch-dev", said)
        self.assertFalse((tools / "called").exists())


unittest.main(verbosity=2)
