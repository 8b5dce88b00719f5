"""Shards on a real scheduler, and the manifest for another: run.py PROGRAM.

A Slurm of two nodes is started on loopback; ci/batch/slurm.sbatch runs there as an array of four
over repositories made by git. The manifest is held against Kubernetes' published schema."""

import getpass
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
REPOSITORIES = 24
SHARDS = 4
DOOMED = 3  # the shard whose trawl is killed
SIZE = 4 << 20  # bytes of each repository: so many that a shard takes long enough to be killed in


def token():
    return "sqp_" + "".join(random.choices("0123456789abcdef", k=40))


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def waited(what, condition, seconds=60, pause=0.2):
    """What the condition gives once it gives something; the test fails when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(pause)
    raise AssertionError("never seen: " + what)


# Stands in for trawl on the nodes: runs it, and kills it once, in the middle of the doomed shard.
KILLER = """#!/bin/sh
case " $* " in
*" --shard {doomed}/{shards} "*) [ -e {top}/killed ] || doomed=1 ;;
esac
[ "$doomed" ] || exec {program} "$@"
{program} "$@" &
until [ -e {top}/results/{doomed}/index.jsonl ]; do sleep 0.01; done
kill -KILL $!
cp {top}/results/{doomed}/index.jsonl {top}/killed
wait $!
"""


@unittest.skipUnless(shutil.which("slurmctld") and shutil.which("munged"), "needs Slurm and munge")
class Slurm(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="trawl-slurm-"))
        self.daemons = []
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        self.addCleanup(self.stop)
        (self.top / "bin").mkdir()
        (self.top / "bin/trawl").symlink_to(PROGRAM)
        self.environment = {
            "PATH": "%s:%s:/usr/sbin:/sbin" % (self.top / "bin", os.environ["PATH"]),
            "HOME": str(self.top),
            "LC_ALL": "C.UTF-8",
            "SOURCE_DATE_EPOCH": "1700000000",
            "SLURM_CONF": str(self.top / "slurm.conf"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment["GIT_%s_NAME" % role] = "A"
            self.environment["GIT_%s_EMAIL" % role] = "a@example.org"
            self.environment["GIT_%s_DATE" % role] = "1700000000 +0000"

    def run_command(self, *command, cwd=None, status=0, stdin=None):
        done = subprocess.run(
            command, cwd=cwd or self.top, env=self.environment, capture_output=True, input=stdin
        )
        self.assertEqual(done.returncode, status, (command, done.stdout, done.stderr))
        return done.stdout.decode()

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def daemon(self, *command):
        log = open(self.top / "daemons.log", "ab")
        self.daemons.append(
            subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        )
        log.close()

    def start(self):
        ports = free_ports(3)
        text = (HERE / "slurm.conf").read_text()
        for name, value in {
            "RUN": str(self.top),
            "HOST": socket.gethostname().split(".")[0],
            "USER": getpass.getuser(),
            **{"PORT%d" % i: str(port) for i, port in enumerate(ports)},
        }.items():
            text = text.replace("@%s@" % name, value)
        (self.top / "slurm.conf").write_text(text)
        for folder in ("state", "spool/n1", "spool/n2", "munge"):
            (self.top / folder).mkdir(parents=True)
        key = self.top / "munge/key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        munge = self.top / "munge"
        self.daemon(
            "munged", "--foreground", "--force", "--key-file=%s" % key,
            "--socket=%s" % (self.top / "munge.sock"), "--pid-file=%s" % (munge / "pid"),
            "--seed-file=%s" % (munge / "seed"), "--log-file=%s" % (munge / "log"),
        )
        waited("munge's socket", (self.top / "munge.sock").exists)
        self.daemon("slurmctld", "-D")
        self.daemon("slurmd", "-D", "-N", "n1")
        self.daemon("slurmd", "-D", "-N", "n2")
        waited("two idle nodes", lambda: self.states("sinfo", "-hNo", "%t") == ["idle", "idle"])

    def states(self, *command):
        done = subprocess.run(command, env=self.environment, capture_output=True)
        return done.stdout.decode().split() if done.returncode == 0 else None

    def make_repositories(self):
        for number in range(REPOSITORIES):
            repository = self.top / ("repositories/r%02d" % number)
            repository.mkdir(parents=True)
            filler = os.urandom(SIZE // 2).hex(" ", 16)
            text = '%s\ntoken = "%s"\n' % (filler, token())
            (repository / "settings.txt").write_text(text)
            self.run_command("git", "init", "-q", "-b", "main", cwd=repository)
            self.run_command("git", "add", ".", cwd=repository)
            self.run_command("git", "commit", "-qm", "one", cwd=repository)

    def merged(self, *parts):
        """The merged report of parts, whole."""
        out = self.top / "merged.jsonl"
        self.run_command("trawl", "merge", *map(str, parts), "-o", "jsonl=%s" % out, status=1)
        return out.read_text()

    def test_a_killed_task_goes_on_and_the_merge_is_that_of_one_run(self):
        self.start()
        self.make_repositories()
        plan = self.top / "plan"
        self.run_command("trawl", "batch", "--plan", str(plan), "--recursive", "repositories")
        self.run_command("trawl", "batch", "whole", "--list", str(plan), status=1)
        results = self.top / "results"
        results.mkdir()
        killer = self.top / "bin/trawl"
        killer.unlink()
        killer.write_text(
            KILLER.format(program=PROGRAM, top=self.top, doomed=DOOMED, shards=SHARDS)
        )
        killer.chmod(0o755)
        variables = "LIST=%s,OUT=%s,SHARDS=%d" % (plan, results, SHARDS)
        self.run_command(
            "sbatch", "--parsable", "--array=1-%d" % SHARDS, "--cpus-per-task=1", "--mem=500",
            "--export=ALL," + variables, "--output=%s/task-%%a.log" % self.top,
            str(SOURCE / "ci/batch/slurm.sbatch"), "-j", "1",
        )
        waited("an empty queue", lambda: self.states("squeue", "-ho", "%t") == [], seconds=120)

        self.assertIn('"finished":false', (self.top / "killed").read_text())
        log = (self.top / ("task-%d.log" % DOOMED)).read_text()
        self.assertIn("status 137; the task is queued again", log)
        parts = sorted(results.iterdir())
        self.assertEqual([part.name for part in parts], [str(k + 1) for k in range(SHARDS)])
        whole = self.merged(self.top / "whole")
        self.assertEqual(self.merged(*parts), whole)
        self.assertEqual(len(whole.splitlines()), REPOSITORIES + 1)


class Kubernetes(unittest.TestCase):
    def setUp(self):
        schema = json.loads((SOURCE / "fixtures/kubernetes/job.schema.json").read_text())
        self.schema = jsonschema.Draft7Validator(schema)
        self.job = yaml.safe_load((SOURCE / "ci/batch/kubernetes.yaml").read_text())

    def test_the_manifest_fits_the_published_schema(self):
        self.assertEqual([error.message for error in self.schema.iter_errors(self.job)], [])
        self.job["spec"]["completion"] = 4
        self.job["spec"]["parallelism"] = "4"
        self.assertEqual(len(list(self.schema.iter_errors(self.job))), 2)

    def test_it_asks_for_no_rights(self):
        pod = self.job["spec"]["template"]["spec"]
        container = pod["containers"][0]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertFalse(pod["automountServiceAccountToken"])
        self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
        self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"])
        self.assertEqual(container["securityContext"]["capabilities"], {"drop": ["ALL"]})
        self.assertIn("memory", container["resources"]["limits"])

    def test_its_command_scans_each_share_once(self):
        spec = self.job["spec"]
        container = spec["template"]["spec"]["containers"][0]
        shards = next(v["value"] for v in container["env"] if v["name"] == "SHARDS")
        self.assertEqual(int(shards), spec["completions"])
        shell, option, command = container["command"]
        with tempfile.TemporaryDirectory() as folder:
            seen = []
            printer = pathlib.Path(folder) / "trawl"
            printer.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
            printer.chmod(0o755)
            for index in range(spec["completions"]):
                done = subprocess.run(
                    [shell, option, command],
                    env={"PATH": folder, "SHARDS": shards, "JOB_COMPLETION_INDEX": str(index)},
                    capture_output=True, text=True, check=True,
                )
                words = done.stdout.split()
                seen.append((words[1], words[words.index("--shard") + 1]))
        self.assertEqual(seen, [("/out/%d" % k, "%d/4" % k) for k in (1, 2, 3, 4)])


if __name__ == "__main__":
    unittest.main()
