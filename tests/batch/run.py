"""Batches over repositories made by git, and merges of their results: run.py PROGRAM [sanitized]."""

import fcntl
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
SANITIZED = "sanitized" in sys.argv and sys.argv.remove("sanitized") is None


def token():
    return "sqp_" + "".join(random.choices("0123456789abcdef", k=40))


class Batches(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="trawl-batch-"))
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
            "PATH": os.environ["PATH"],
            "HOME": str(self.top),
            "LC_ALL": "C.UTF-8",
            "SOURCE_DATE_EPOCH": "1700000000",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment["GIT_%s_NAME" % role] = "A"
            self.environment["GIT_%s_EMAIL" % role] = "a@example.org"
            self.environment["GIT_%s_DATE" % role] = "1700000000 +0100"

    def run_command(self, *command, cwd=None, status=0, **more):
        done = subprocess.run(
            command, cwd=cwd or self.top, env=self.environment, capture_output=True, **more
        )
        self.assertEqual(done.returncode, status, (command, done.stdout, done.stderr))
        self.errors = done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace")

    def trawl(self, *words, status=1, **more):
        return self.run_command(PROGRAM, *map(os.fsencode, map(str, words)), status=status, **more)

    def commit(self, repository, name, text):
        (self.top / repository / name).write_text(text)
        self.run_command("git", "add", ".", cwd=self.top / repository)
        self.run_command("git", "commit", "-qm", name, cwd=self.top / repository)

    def make(self, repository, text=None):
        (self.top / repository).mkdir(parents=True)
        self.run_command("git", "init", "-q", "-b", "main", cwd=self.top / repository)
        self.commit(repository, "a.txt", text or 'x\ntoken = "%s"\n' % token())
        return repository

    def make_some(self, count):
        for number in range(count):
            self.make("all/r%02d" % number)
            if number % 3 == 0:  # a secret that is gone, one at two places
                self.commit("all/r%02d" % number, "a.txt", "clean\n")
                text = '\u00e9\u0000 token = "%s"\r\n' % token()
                self.commit("all/r%02d" % number, "b\tc.txt", text)
                self.commit("all/r%02d" % number, "d.txt", "more\n" + text)

    def settle(self):
        """Makes the repositories so old that their files' times tell all."""
        time.sleep(3.1)

    def index(self, folder):
        lines = (self.top / folder / "index.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def merged(self, *folders, status=1, form="jsonl"):
        self.trawl("merge", *folders, "-q", "-o", "%s=merged" % form, status=status)
        return (self.top / "merged").read_text()

    def whole(self, status=1):
        """What an undisturbed batch over all/ comes to."""
        self.trawl("batch", "whole", "--recursive", "all", "-q", status=status)
        return self.merged("whole", status=status)


class Results(Batches):
    def test_a_merge_says_what_history_says(self):
        self.make_some(5)
        self.trawl("batch", "out", "--recursive", "all", "-o", "sarif")
        self.trawl("history", "--recursive", "all", "-o", "jsonl=history.jsonl", "-o", "sarif=s/")

        def findings(text):
            lines = [json.loads(line) for line in text.splitlines()]
            for line in lines:
                line.pop("summary", {}).get("repositories", [])
                for occurrence in line.get("occurrences", []):
                    self.assertRegex(occurrence.pop("line_hash", "0:1"), "^[0-9a-f]+:[0-9]+$")
            return [line for line in lines if line]

        of_history = findings((self.top / "history.jsonl").read_text())
        self.assertEqual(findings(self.merged("out")), of_history)
        self.assertEqual(len(of_history), 7)
        runs = json.loads(self.merged("out", form="sarif"))["runs"]
        results = [result for run in runs for result in run["results"]]
        alone = []
        for file in sorted((self.top / "s").iterdir()):
            for run in json.loads(file.read_text())["runs"]:
                alone += run["results"]

        def known(results):
            for result in results:
                result.pop("ruleIndex", None)
                result.pop("rule", None)
            return sorted(json.dumps(result, sort_keys=True) for result in results)

        self.assertEqual(known(results), known(alone))

    def test_the_table_tells_what_was_found(self):
        self.make_some(2)
        self.make("all/clean", "nothing\n")
        table = self.trawl("batch", "out", "--recursive", "all", "missing")
        for line in ("repositories 4", "clean 1", "with findings 2", "incomplete 1"):
            self.assertIn(line, " ".join(table.split()))
        self.assertRegex(table, "sonarqube-project-token +3 +2\n")
        self.assertIn("since 2023-11-14, sonarqube-project-token", table)
        self.assertIn("missing: could not be read", self.errors)
        self.assertEqual(self.trawl("merge", "out"), table)

    def test_only_what_is_lost_gives_status_3(self):
        self.make("all/clean", "nothing\n")
        self.trawl("batch", "out", "all/clean", status=0)
        self.trawl("batch", "out", "all/clean", "nowhere", status=3)
        self.trawl("batch", "out", "all/clean", "nowhere", "--allow-incomplete", status=0)
        self.assertEqual([line.get("state") for line in self.index("out")[1:]], ["done", "failed"])

    def test_the_index_says_what_became_of_each(self):
        self.make("all/r", 'token = "%s"\n' % token())
        (self.top / "not").mkdir()
        self.trawl("batch", "out", "all/r", "not", "-q")
        head, found, lost = self.index("out")
        self.assertEqual(head["batch"]["repositories"], 2)
        self.assertTrue(head["batch"]["finished"])
        for digest in ("list", "rules", "key"):
            self.assertRegex(head["batch"][digest], "^[0-9a-f]{64}$")
        self.assertEqual((found["repository"], found["state"]), ("all/r", "done"))
        commit = self.run_command("git", "rev-parse", "HEAD", cwd=self.top / "all/r").strip()
        self.assertEqual(found["head"], commit)
        self.assertRegex(found["refs"], "^[0-9a-f]{64}$")
        self.assertEqual(found["findings"], {"error": 1, "warning": 0, "note": 0})
        self.assertEqual((found["lost_count"], found["objects"]), (0, 2))
        self.assertGreater(found["bytes"], 50)
        self.assertGreaterEqual(found["seconds"], 0)
        self.assertEqual((lost["repository"], lost["state"]), ("not", "failed"))
        self.assertIn("not", lost["reason"])
        before = found["refs"]
        self.run_command("git", "branch", "other", cwd=self.top / "all/r")
        self.trawl("batch", "out", "all/r", "not", "-q")
        self.assertNotEqual(self.index("out")[1]["refs"], before)

    def test_any_path_has_a_safe_file(self):
        names = [b"a b", b"..c", b"line\nend", b"\xff\xfe", b"n" * 200, b"-o", "\u202e".encode()]
        for name in names:
            self.make(os.fsdecode(b"all/" + name))
        self.trawl("batch", "out", "--recursive", "all", "https://example.org/x.git?a=b&c")
        files = sorted(os.listdir(self.top / "out"))
        self.assertEqual(len(files), len(names) + 3)
        for file in files:
            self.assertRegex(file, r"^[A-Za-z0-9_.-]{1,90}$")
        self.assertEqual(len(self.merged("out").splitlines()), len(names) + 1)

    def test_a_list_may_come_from_standard_input(self):
        self.make_some(2)
        stdin = b"all/r00\n\nall/r01\nall/r00\n"
        self.trawl("batch", "out", "--list", "-", input=stdin)
        self.assertEqual([line["repository"] for line in self.index("out")[1:]], ["all/r00", "all/r01"])

    def test_a_strangers_configuration_does_not_count(self):
        self.make("all/r")
        self.commit("all/r", ".trawl.yaml", "disable:\n  - sonarqube-project-token\n")
        self.trawl("batch", "out", "all/r")

    def test_no_secret_is_in_the_folder(self):
        secret = token()
        self.make("all/r", 'token = "%s"\n' % secret)
        self.trawl("batch", "out", "all/r", "--state", "state.db")
        for file in [*(self.top / "out").iterdir(), self.top / "state.db"]:
            self.assertNotIn(secret.encode(), file.read_bytes(), file)


class Going_on(Batches):
    def test_a_run_killed_at_any_moment_goes_on(self):
        self.make_some(12)
        whole = self.whole()
        begin = time.monotonic()
        self.trawl("batch", "timed", "--recursive", "all", "-q")
        usual = time.monotonic() - begin
        for number in range(40):
            process = subprocess.Popen(
                [PROGRAM, "batch", "out", "--recursive", "all", "-q"],
                cwd=self.top, env=self.environment, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            time.sleep(random.random() * usual)
            process.kill()
            process.wait()
            if number % 4 == 0:
                shutil.rmtree(self.top / "out", ignore_errors=True)
        self.trawl("batch", "out", "--recursive", "all", "-q")
        self.assertEqual(self.merged("out"), whole)
        left = [name for name in os.listdir(self.top / "out") if name.startswith(".trawl-")]
        self.assertEqual(left, [])

    def test_children_die_with_the_parent(self):
        filler = os.urandom(20 << 20).hex(" ", 16)
        self.make("all/large", filler)
        process = subprocess.Popen(
            [PROGRAM, "batch", "out", "all/large", "--no-prefilter"], cwd=self.top,
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        children = pathlib.Path("/proc/%d/task/%d/children" % (process.pid, process.pid))
        for _ in range(1000):
            found = children.read_text().split()
            if found:
                break
            time.sleep(0.005)
        self.assertEqual(len(found), 1)
        process.kill()
        process.wait()
        for _ in range(200):
            if not pathlib.Path("/proc", found[0]).exists():
                return
            if "State:\tZ" in pathlib.Path("/proc", found[0], "status").read_text():
                return
            time.sleep(0.01)
        self.fail("the child lives")

    def test_what_did_not_change_is_not_scanned_again(self):
        self.make_some(3)
        self.settle()
        self.trawl("batch", "out", "--recursive", "all", "-q")
        before = {line.get("repository"): line for line in self.index("out")}
        files = {file: file.stat().st_mtime_ns for file in (self.top / "out").glob("r*.jsonl")}
        self.commit("all/r01", "new.txt", 'token = "%s"\n' % token())
        self.trawl("batch", "out", "--recursive", "all", "-q")
        after = {line.get("repository"): line for line in self.index("out")}
        changed = {name for name in after if name and after[name] != before[name]}
        self.assertEqual(changed, {"all/r01"})
        rewritten = [f.name[:3] for f, then in files.items() if f.stat().st_mtime_ns != then]
        self.assertEqual(rewritten, ["r01"])
        self.assertEqual(self.merged("out"), self.whole())

    def test_other_rules_scan_all_again(self):
        self.make_some(2)
        self.settle()
        self.trawl("batch", "out", "--recursive", "all", "-q")
        self.trawl("batch", "out", "--recursive", "all", "-q", "--only", "github-*", status=0)
        self.trawl("batch", "out", "--recursive", "all", "-q")
        self.assertEqual(self.merged("out"), self.whole())

    def test_two_runs_into_one_folder(self):
        self.make("all/r")
        self.trawl("batch", "out", "all/r")
        with open(self.top / "out/.lock", "r+") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.trawl("batch", "out", "all/r", status=2)
        self.assertIn("another run writes to this folder", self.errors)

    def test_a_damaged_index_is_an_error(self):
        self.make("all/r")
        self.trawl("batch", "out", "all/r")
        index = self.top / "out/index.jsonl"
        whole = index.read_text()
        for text in ("", "{}\n", whole.replace('"done"', '"odd"'), whole.splitlines()[0] + "\n",
                     whole.replace('"shard":1', '"shard":2'), whole[:-20]):
            index.write_text(text)
            status = 1 if '"odd"' in text else 2
            self.trawl("batch", "out", "all/r", status=status)
            index.write_text(whole)

    def test_a_full_disk_leaves_nothing_half_written(self):
        self.make("all/r", "".join('t%d = "%s"\n' % (i, token()) for i in range(300)))
        self.make("all/s")
        self.trawl("batch", "out", "all/s", "-q")

        def full():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        self.trawl("batch", "out", "all/r", "all/s", "-q", status=2, preexec_fn=full)
        self.assertIn("trawl: ", self.errors)
        for file in (self.top / "out").iterdir():
            self.assertNotIn(".trawl-", file.name)
            for line in file.read_text().splitlines():
                json.loads(line)
        self.trawl("batch", "out", "--recursive", "all", "-q")
        self.assertEqual(self.merged("out"), self.whole())


class Limits(Batches):
    def first_child(self, *words):
        """Starts a batch of all/, and waits for the child of the largest repository."""
        process = subprocess.Popen(
            [PROGRAM, "batch", "out", "--recursive", "all", "-j", "1", "--no-prefilter", *words],
            cwd=self.top, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        children = pathlib.Path("/proc/%d/task/%d/children" % (process.pid, process.pid))
        while not children.read_text():
            time.sleep(0.002)
        return process, int(children.read_text().split()[0])

    def test_a_repository_that_takes_too_long(self):
        self.make("all/small")
        self.make("all/large", os.urandom(20 << 20).hex(" ", 16))
        self.run_command("git", "gc", "-q", cwd=self.top / "all/large")
        process, child = self.first_child("--repo-time", "5")
        os.kill(child, signal.SIGSTOP)
        out, errors = process.communicate()
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn("all/large: ran out of the time budget: it took longer than --repo-time, 5 s",
                      errors.decode())
        self.assertIn(b"with findings         1", out)
        self.trawl("batch", "out", "--recursive", "all")  # it is tried again
        self.assertEqual([line["state"] for line in self.index("out")[1:]], ["done", "done"])

    @unittest.skipIf(SANITIZED, "sanitizers take more memory than any limit")
    def test_a_repository_that_needs_too_much_memory(self):
        self.make("all/small")
        self.make("all/large", "a" * (150 << 20))
        self.trawl("batch", "out", "--recursive", "all", "--repo-memory", "64M")
        self.assertIn("larger than this may be", self.errors)
        self.run_command("git", "gc", "-q", cwd=self.top / "all/large")
        self.trawl("batch", "out", "--recursive", "all", "--repo-memory", "64M")
        self.assertIn("all/large: hit a limit of the engine: it needs more than", self.errors)

    @unittest.skipIf(SANITIZED, "sanitizers take more memory than any limit")
    def test_a_loose_object_whose_file_needs_too_much_memory(self):
        blob = "all/small/.git/objects/ab/" + "c" * 38
        self.make("all/small")
        (self.top / blob).parent.mkdir()
        with open(self.top / blob, "wb") as file:
            file.truncate(100 << 20)
        self.trawl("batch", "out", "--recursive", "all", "--repo-memory", "64M")
        self.assertIn("1 finding; 1 not scanned", self.errors)

    def test_a_crash(self):
        self.make("all/small")
        self.make("all/large", os.urandom(20 << 20).hex(" ", 16))
        self.run_command("git", "gc", "-q", cwd=self.top / "all/large")
        process, child = self.first_child()
        os.kill(child, signal.SIGABRT)  # sanitizers leave it alone
        errors = process.communicate()[1].decode()
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn("all/large: could not be read: the process that scanned it ended by signal 6",
                      errors)


    def test_a_crash_after_other_repositories(self):
        """What a process had scanned before may be to blame: another one tries again."""
        for name, kilobytes in ("largest", 300), ("large", 200), ("small", 1):
            self.make("all/" + name, os.urandom(kilobytes << 10).hex(" ", 16))
            self.run_command("git", "gc", "-q", cwd=self.top / "all" / name)
        process, child = self.first_child()
        while not list((self.top / "out").glob("largest*.jsonl")):
            self.assertIsNone(process.poll())
            time.sleep(0.002)
        children = pathlib.Path("/proc/%d/task/%d/children" % (process.pid, process.pid))
        self.assertEqual(children.read_text().split(), [str(child)])
        time.sleep(0.05)
        os.kill(child, signal.SIGABRT)
        errors = process.communicate()[1].decode()
        self.assertEqual(process.returncode, 0, errors)
        self.assertEqual([line["state"] for line in self.index("out")[1:]], ["done"] * 3)
        self.assertEqual(self.merged("out", status=0), self.whole(status=0))


class Common(Batches):
    def test_a_process_for_all_says_what_one_for_each_says(self):
        self.make_some(9)
        for number in range(3):
            self.make("all/large%d" % number, token() + "\n" + os.urandom(1 << 20).hex(" ", 16))
            self.run_command("git", "gc", "-q", cwd=self.top / ("all/large%d" % number))
            self.run_command("cp", "-r", "all/large%d" % number, "all/copied%d" % number)
        self.trawl("batch", "out", "--recursive", "all", "-q", "-j", "1")
        for repository in sorted((self.top / "all").iterdir()):
            self.trawl("batch", "each", "all/" + repository.name, "-q")
        files = [file.name for file in (self.top / "each").glob("*-*.jsonl")]
        self.assertEqual(len(files), 15)
        for file in files:
            same = (self.top / "out" / file).read_text()
            self.assertEqual((self.top / "each" / file).read_text(), same)

    def test_forks_are_scanned_once(self):
        self.make("all/original")
        filler = "\n".join("%x" % random.getrandbits(80) for _ in range(40000))
        self.commit("all/original", "large.txt", filler)
        self.run_command("git", "gc", "-q", cwd=self.top / "all/original")
        self.run_command("cp", "-r", "all/original", "all/copied")
        self.run_command("git", "clone", "-q", "--shared", "all/original", "all/shared")
        self.trawl("batch", "out", "--recursive", "all", "-v")
        read = [line.split("prefilter read ")[1].split()[1]
                for line in self.errors.splitlines() if "prefilter read" in line]
        self.assertEqual(sorted(read), ["bytes", "bytes", "kB"], self.errors)
        self.assertEqual(self.merged("out").count('"rule_id"'), 3)
        texts = [path.read_text() for path in (self.top / "out").glob("*.jsonl")]
        self.trawl("history", "--recursive", "all", "-o", "jsonl=h.jsonl", "-q")
        for line in (self.top / "h.jsonl").read_text().splitlines()[:3]:
            found = json.loads(line)
            self.assertTrue(any(found["commit"] in text and found["repository"] in text
                                for text in texts))


class Shards(Batches):
    def test_shards_of_a_plan_join_to_the_whole(self):
        self.make_some(9)
        whole = self.whole()
        self.trawl("batch", "--plan", "plan", "--recursive", "all", status=0)
        self.trawl("batch", "planned", "--list", "plan", "-q")
        whole = self.merged("planned")
        seen = []
        for shard in (1, 2, 3):
            self.trawl("batch", "part%d" % shard, "--list", "plan", "--shard", "%d/3" % shard, "-q")
            seen += [line["repository"] for line in self.index("part%d" % shard)[1:]]
        self.assertEqual(sorted(seen), ["all/r%02d" % number for number in range(9)])
        self.assertEqual(self.merged("part3", "part1", "part2"), whole)
        for form in ("text", "sarif", "github", "gitlab", "junit", "html"):
            joined = self.merged("part2", "part1", "part3", form=form)
            self.assertEqual(joined, self.merged("planned", form=form), form)
            self.trawl("batch", "planned", "--list", "plan", "-q", "-o", "%s=one" % form)
            self.assertEqual(joined, (self.top / "one").read_text(), form)

    def test_what_is_missing_is_named(self):
        self.make_some(4)
        for shard in (1, 2, 3):
            self.trawl("batch", "part%d" % shard, "--recursive", "all", "--shard",
                       "%d/3" % shard, "-q", status=self.any_status())
        self.trawl("merge", "part1", "part3", status=self.any_status())
        self.assertIn("shard 2/3: is incomplete: none of the folders holds it", self.errors)
        self.trawl("merge", "part1", "part1", status=2)
        self.assertIn("are both shard 1/3", self.errors)
        self.trawl("batch", "other", "all/r00", "-q")
        self.trawl("merge", "part1", "other", status=2)
        self.assertIn("are not of one list of repositories", self.errors)
        index = self.top / "part1/index.jsonl"
        index.write_text(index.read_text().replace('"state":"done"', '"state":"pending"'))
        self.trawl("merge", "part1", "part2", "part3", status=self.any_status())

    def test_what_is_missing_makes_status_3(self):
        for number in range(6):
            self.make("all/r%d" % number, "nothing\n")
        self.trawl("batch", "--plan", "plan", "--recursive", "all", status=0)
        for shard in ("1/2", "2/2"):
            self.trawl("batch", "part%s" % shard[0], "--list", "plan", "--shard", shard, status=0)
        self.trawl("merge", "part1", "part2", status=0)
        self.trawl("merge", "part1", status=3)
        self.assertIn("shard 2/2: is incomplete: none of the folders holds it", self.errors)
        self.trawl("merge", "part1", "--allow-incomplete", status=0)
        file = next((self.top / "part2").glob("r*.jsonl"))
        file.unlink()
        self.trawl("merge", "part1", "part2", status=3)
        self.assertIn("all/%s: could not be read: part2/" % file.name.split("-")[0], self.errors)
        index = self.top / "part2/index.jsonl"
        head, *lines = index.read_text().splitlines(keepends=True)
        lines[0] = lines[0].split(',"head"')[0].replace('"done"', '"pending"') + "}\n"
        index.write_text(head + "".join(lines))
        self.trawl("merge", "part1", "part2", status=3)
        self.assertIn("it was not scanned yet", self.errors)

    @staticmethod
    def any_status():
        class Any(int):
            def __eq__(self, other):
                return other in (0, 1, 3)

            def __ne__(self, other):
                return not self == other

            __hash__ = int.__hash__

        return Any(0)

    def test_other_keys_do_not_mix(self):
        self.make_some(2)
        (self.top / "key").write_text("k" * 20)
        self.trawl("batch", "--plan", "plan", "--recursive", "all", status=0)
        self.trawl("batch", "one", "--list", "plan", "--shard", "1/2", "-q")
        self.trawl("batch", "two", "--list", "plan", "--shard", "2/2", "-q", "--fingerprint-key", "key")
        self.trawl("merge", "one", "two", status=2)
        self.assertIn("fingerprints of different keys", self.errors)

    def test_a_plan_is_split_without_a_look_at_the_repositories(self):
        lines = ["# trawl plan 1: bytes of packs, tab, path"]
        lines += ["%d\tgone/%d" % (size, size) for size in range(0, 10**9, 10**7)]
        lines.append("7\tback\\\\slash\\nline\\ttab")
        (self.top / "plan").write_text("\n".join(lines) + "\n")
        sums, names = [], []
        for shard in (1, 2, 3, 4):
            self.trawl("batch", "out%d" % shard, "--list", "plan", "--shard", "%d/4" % shard,
                       "-q", status=3)
            found = [line["repository"] for line in self.index("out%d" % shard)[1:]]
            names += found
            sums.append(sum(int(name.split("/")[1]) for name in found if "gone/" in name))
        self.assertEqual(len(names), 101)
        self.assertIn("back\\slash\nline\ttab", names)
        self.assertLess(max(sums), 1.05 * min(sums))

    def test_a_broken_plan_names_its_line(self):
        (self.top / "plan").write_text("# trawl plan 1: bytes of packs, tab, path\n1\ta\nb\n")
        self.trawl("batch", "out", "--list", "plan", status=2)
        self.assertIn("plan:3: this is no line of a plan", self.errors)

    def test_results_that_are_damaged_are_lost(self):
        self.make_some(2)
        self.trawl("batch", "out", "--recursive", "all", "-q")
        file = next((self.top / "out").glob("r00*.jsonl"))
        whole = file.read_text()
        for text in ("", "[]\n", whole[:-2], whole.replace("sonarqube-project-token", "no-such-rule"),
                     whole.replace('"occurrences":[', '"occurrences":[1,'), "{" * 5000):
            file.write_text(text)
            self.trawl("merge", "out")
            self.assertIn("all/r00: could not be read: out/r00", self.errors)


class State(Batches):
    def test_a_state_tells_what_is_new(self):
        self.make_some(4)
        first = self.trawl("batch", "out", "--recursive", "all", "--state", "s.db", "--new-only")
        self.assertIn("with findings         4", first)
        self.trawl("batch", "out", "--recursive", "all", "--state", "s.db", "--new-only", status=0)
        self.commit("all/r02", "new.txt", 'token = "%s"\n' % token())
        third = self.trawl("batch", "out", "--recursive", "all", "--state", "s.db", "--new-only")
        self.assertIn("with findings         1", third)
        self.trawl("batch", "other", "--recursive", "all", "--state", "s.db")
        lines = self.merged("other").splitlines()
        self.assertEqual(sum('"first_seen"' in line for line in lines), 7)

    def test_the_answer_is_that_of_a_batch_from_nothing(self):
        self.make_some(5)
        self.run_command("git", "clone", "-q", "--shared", "all/r00", "all/shared")
        del self.environment["SOURCE_DATE_EPOCH"]
        steps = [
            ["git", "repack", "-qad"], ["git", "gc", "-q", "--prune=now"], ["git", "repack", "-qd"],
            ["git", "checkout", "-q", "-B", "side"], ["git", "reset", "-q", "--hard", "HEAD^0"],
            ["git", "tag", "-f", "-a", "-m", "a tag", "v"], ["git", "rm", "-q", "a.txt"],
        ]

        def findings(folder):
            lines = [json.loads(line) for line in self.merged(folder).splitlines()]
            for line in lines:
                for name in ("first_seen", "last_seen", "new", "summary"):
                    line.pop(name, None)
            return lines

        names = ["sonarqube-*", "npm-*", "github-*", "generic-*"]
        for step in range(40):
            place = "all/r%02d" % random.randrange(5)
            if random.random() < 0.5:
                self.commit(place, "f%d.txt" % step, 'token = "%s"\n' % token())
            else:
                subprocess.run(random.choice(steps), cwd=self.top / place, env=self.environment,
                               capture_output=True)
            rules = []
            for name in random.sample(names, random.randrange(4)):
                rules += ["--only", name] if name == "sonarqube-*" else ["--disable", name]
            words = ["--recursive", "all", "-q", *rules]
            self.trawl("batch", "kept", "--state", "s.db", *words)
            shutil.rmtree(self.top / "new", ignore_errors=True)
            self.trawl("batch", "new", *words)
            self.assertEqual(findings("kept"), findings("new"), (step, rules))

    def test_what_a_killed_run_kept_is_new_when_it_goes_on(self):
        self.make_some(8)
        self.settle()
        del self.environment["SOURCE_DATE_EPOCH"]
        words = ["batch", "out", "--recursive", "all", "--state", "s.db", "-j", "1", "-q"]
        self.trawl(*words, "--new-only")
        index = self.top / "out/index.jsonl"
        # As if the run had been killed after its last repository but one was kept.
        text = index.read_text().replace('"finished":true', '"finished":false')
        lines = text.splitlines(keepends=True)
        lines[5] = lines[5].split(',"head"')[0].replace('"done"', '"pending"') + "}\n"
        index.write_text("".join(lines))
        table = self.trawl(*words, "--new-only")
        self.assertIn("with findings         8", table)
        self.trawl(*words, "--new-only", status=0)


if __name__ == "__main__":
    unittest.main()
