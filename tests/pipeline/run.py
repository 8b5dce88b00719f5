"""The GitHub action and the GitLab jobs, in real repositories: run.py PROGRAM.

The shell steps are taken from action.yml and ci/gitlab.yml and run as a runner runs them: with the
variables that an event sets, in a repository that was fetched as the forge's checkout does it."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
ACTION = yaml.safe_load((SOURCE / "action.yml").read_text())
JOBS = yaml.safe_load((SOURCE / "ci/gitlab.yml").read_text())
ZERO = "0" * 40


def token():
    return "sqp_" + "".join(random.choices("0123456789abcdef", k=40))


def evaluated(text, context):
    """The text with its ${{ expressions }}: names of the context, joined by ||."""

    def value(match):
        for name in match.group(1).split("||"):
            found = context
            for part in name.strip().split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if found:
                return str(found)
        return ""

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


class Pipelines(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.top)
        (self.top / "bin").mkdir()
        (self.top / "bin/trawl").symlink_to(PROGRAM)
        self.environment = {
            "PATH": "%s:%s" % (self.top / "bin", os.environ["PATH"]),
            "HOME": str(self.top),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment["GIT_%s_NAME" % role] = "A"
            self.environment["GIT_%s_EMAIL" % role] = "a@example.org"
        self.work = self.top / "work"
        self.forge = self.top / "forge.git"
        self.work.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("init", "-q", "--bare", self.forge)
        self.git("config", "-f", self.forge / "config", "uploadpack.allowAnySHA1InWant", "true")
        self.git("remote", "add", "origin", self.forge)
        self.old = self.commit("old.txt", token())
        self.git("push", "-q", "origin", "main")

    def run_it(self, *command, folder=None, status=0, **more):
        done = subprocess.run(
            command,
            cwd=folder or self.work,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = done.stdout.decode("utf-8", "replace")
        if status is not None:
            self.assertEqual(done.returncode, status, said)
        return said

    def git(self, *arguments, **more):
        return self.run_it("git", *arguments, **more).strip()

    def commit(self, name, text):
        (self.work / name).parent.mkdir(parents=True, exist_ok=True)
        (self.work / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "one")
        return self.git("rev-parse", "HEAD")

    def leak_and_remove(self, name="new.txt"):
        self.commit(name, token())
        return self.commit(name, "clean\n")

    def checkout(self, refspec, what, *options):
        """What actions/checkout and GitLab's runner do, in a fresh folder."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.top))
        self.git("init", "-q", "-b", "nothing", folder=folder)
        self.git("remote", "add", "origin", "file://%s" % self.forge, folder=folder)
        self.git("fetch", "-q", "--no-tags", *options, "origin", *refspec, folder=folder)
        self.git("checkout", "-q", "--detach", what, folder=folder)
        return folder

    # ---- GitHub ----

    def action(self, folder, name, event, status=0, **inputs):
        """Runs the action's own step; returns its output, its outputs and the run's summary."""
        step = ACTION["runs"]["steps"][0]
        given = {key: value["default"] for key, value in ACTION["inputs"].items()}
        context = {
            "inputs": {**given, **inputs},
            "github": {"event": event},
            "runner": {"temp": str(self.top / "temp")},
        }
        variables = {key: evaluated(text, context) for key, text in step["env"].items()}
        files = {"GITHUB_OUTPUT": self.top / "output", "GITHUB_STEP_SUMMARY": self.top / "summary"}
        for file in files.values():
            file.write_text("")
        script = self.top / "script.sh"
        script.write_text(step["run"])
        said = self.run_it(
            *("sh", "-e", script),
            folder=folder,
            status=status,
            GITHUB_ACTIONS="true",
            GITHUB_EVENT_NAME=name,
            GITHUB_ACTION_PATH=str(SOURCE),
            **variables,
            **{key: str(file) for key, file in files.items()},
        )
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().split())
        return said, outputs, files["GITHUB_STEP_SUMMARY"].read_text()

    def commands(self, said):
        """The workflow commands that the runner would obey in this output."""
        obeyed, stopped = [], None
        for line in said.split("\n"):
            match = re.match(r"\s*::([\w-]+)[^:]*::(.*)|.*##\[", line)
            if stopped and line == "::%s::" % stopped:
                stopped = None
            elif match and not stopped:
                if match.group(1) == "stop-commands":
                    stopped = match.group(2)
                else:
                    obeyed.append(line)
        self.assertIsNone(stopped)
        return obeyed

    def results(self, outputs):
        log = json.loads(pathlib.Path(outputs["sarif"]).read_text())
        return log["runs"][0]["results"]

    def pull_request(self, depth=()):
        """A branch with commits that main lacks, merged as GitHub does it, and its checkout."""
        head = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "--detach", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", "merge", head)
        self.git("push", "-q", "origin", "HEAD:refs/pull/1/merge", "%s:refs/pull/1/head" % head)
        refspec = ["+refs/pull/1/merge:refs/remotes/pull/1/merge"]
        if not depth:
            refspec.append("+refs/heads/*:refs/remotes/origin/*")
        folder = self.checkout(refspec, "refs/remotes/pull/1/merge", *depth)
        event = {"pull_request": {"base": {"sha": self.old}, "head": {"sha": head}}}
        return folder, event

    def test_pull_request(self):
        self.git("checkout", "-q", "-b", "topic")
        self.leak_and_remove()
        self.commit("still.txt", "\n\n  " + token())
        folder, event = self.pull_request()
        said, outputs, summary = self.action(folder, "pull_request", event, status=1)
        commands = self.commands(said)
        self.assertEqual(len(commands), 2, said)
        self.assertTrue(commands[0].startswith("::error title="), commands)
        self.assertIn("file=still.txt,line=3,endLine=3,col=3,", commands[1])
        self.assertEqual(outputs["status"], "1")
        self.assertEqual(len(self.results(outputs)), 2)
        self.assertIn("    new.txt", summary)
        self.assertNotIn("old.txt", said)
        self.assertNotRegex(said + summary, "sqp_[0-9a-f]")

    def test_pull_request_without_a_leak(self):
        self.git("checkout", "-q", "-b", "topic")
        self.commit("clean.txt", "clean\n")
        folder, event = self.pull_request()
        said, outputs, _ = self.action(folder, "pull_request", event)
        self.assertEqual(self.commands(said), [])
        self.assertEqual(outputs["status"], "0")
        self.assertEqual(self.results(outputs), [])

    def test_pull_request_cannot_switch_the_gate_off(self):
        self.git("checkout", "-q", "-b", "topic")
        self.commit(".trawl.yaml", "exclude:\n  - '**'\n")
        self.leak_and_remove()
        folder, event = self.pull_request()
        _, outputs, _ = self.action(folder, "pull_request", event, status=1)
        self.assertEqual(len(self.results(outputs)), 1)
        for scan in ("tree", "history"):
            self.action(folder, "pull_request", event, status=1, scan=scan)

    def test_what_is_merged_elsewhere_cannot_switch_the_gate_off(self):
        base = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "-b", "topic")
        self.commit(".trawl.yaml", "exclude:\n  - '**'\n")
        self.leak_and_remove()
        told = {"TRAWL_BASE": base, "TRAWL_HEAD": "HEAD"}
        self.run_it(SOURCE / "ci/pipeline", status=0, **told)
        self.run_it(SOURCE / "ci/pipeline", status=1, TRAWL_EVENT="merge", **told)

    def test_shallow_checkout_is_an_error(self):
        self.git("checkout", "-q", "-b", "topic")
        self.leak_and_remove()
        folder, event = self.pull_request(("--depth=1",))
        said, outputs, _ = self.action(folder, "pull_request", event, status=2)
        self.assertIn("fetch-depth: 0", said)
        self.assertIn("::error title=Trawl could not scan::", self.commands(said)[0])
        self.assertNotIn("sarif", outputs)

    def test_push(self):
        before = self.git("rev-parse", "HEAD")
        after = self.leak_and_remove()
        self.git("push", "-q", "origin", "main")
        folder = self.checkout(["+refs/heads/*:refs/remotes/origin/*"], after)
        event = {"before": before, "after": after}
        said, outputs, _ = self.action(folder, "push", event, status=1)
        self.assertEqual(len(self.results(outputs)), 1)
        self.assertNotIn("old.txt", said)

    def test_push_of_a_new_branch(self):
        self.git("checkout", "-q", "-b", "topic")
        after = self.leak_and_remove()
        self.git("push", "-q", "origin", "topic")
        folder = self.checkout(["+refs/heads/*:refs/remotes/origin/*"], after)
        event = {"before": ZERO, "after": after}
        said, outputs, _ = self.action(folder, "push", event, status=1)
        self.assertEqual(len(self.results(outputs)), 1)
        self.assertNotIn("old.txt", said)

    def forced_push(self):
        self.git("checkout", "-q", "-b", "topic")
        before = self.commit("other.txt", "left behind\n")
        self.git("push", "-q", "origin", "topic")
        self.git("reset", "-q", "--hard", "main")
        after = self.leak_and_remove()
        self.git("push", "-q", "-f", "origin", "topic")
        folder = self.checkout(["+refs/heads/*:refs/remotes/origin/*"], after)
        return folder, {"before": before, "after": after}

    def test_forced_push(self):
        folder, event = self.forced_push()
        said, outputs, _ = self.action(folder, "push", event, status=1)
        self.assertEqual(len(self.results(outputs)), 1)
        self.assertNotIn("is gone", said)

    def test_forced_push_whose_past_is_gone(self):
        folder, event = self.forced_push()
        event["before"] = "1" * 40
        said, outputs, _ = self.action(folder, "push", event, status=1)
        self.assertEqual(len(self.results(outputs)), 1)
        self.assertIn("is gone: scanning all that no other branch has", said)

    def test_schedule_is_everything(self):
        head = self.leak_and_remove()
        self.git("push", "-q", "origin", "main")
        folder = self.checkout(["+refs/heads/*:refs/remotes/origin/*"], head)
        _, outputs, _ = self.action(folder, "schedule", {}, status=1)
        self.assertEqual(len(self.results(outputs)), 2)

    def test_tree_and_options(self):
        head = self.leak_and_remove()
        self.git("push", "-q", "origin", "main")
        folder = self.checkout(["+refs/heads/*:refs/remotes/origin/*"], head)
        options = "--exit-code\n7\n\n--stdin-name\n$(touch pwned) `touch pwned`;touch pwned"
        event = {"before": self.old, "after": head}
        _, outputs, _ = self.action(folder, "push", event, status=7, scan="tree", options=options)
        self.assertEqual(len(self.results(outputs)), 1)
        self.assertFalse((folder / "pwned").exists())

    def test_names_are_no_commands(self):
        self.git("checkout", "-q", "-b", "topic")
        names = ["::error::x/a", "##[error]x/b", "  ::set-env name=x::y", "%0A::error::z", "```"]
        for name in names:
            self.commit(name, token())
        folder, event = self.pull_request()
        said, _, summary = self.action(folder, "pull_request", event, status=1)
        commands = self.commands(said)
        self.assertEqual(len(commands), len(names), said)
        self.assertTrue(all(line.startswith("::error file=") for line in commands), commands)
        body = summary.split("\n")[1:]
        self.assertTrue(all(not line or line.startswith("    ") for line in body), summary)

    def test_what_action_yml_says(self):
        for step in ACTION["runs"]["steps"]:
            self.assertNotIn("${{", step.get("run", ""))
        upload = ACTION["runs"]["steps"][1]
        self.assertTrue(upload["if"].startswith("always() && "))
        self.assertTrue(upload["uses"].startswith("github/codeql-action/upload-sarif@v"))
        text = (SOURCE / "action.yml").read_text()
        used = set(re.findall(r"inputs\.(\w+)", text))
        self.assertEqual(used, set(ACTION["inputs"]))
        outputs = set(re.findall(r"steps\.scan\.outputs\.(\w+)", text))
        self.assertEqual(outputs, set(ACTION["outputs"]))

    # ---- GitLab ----

    def script_of(self, job):
        script = self.top / "script.sh"
        script.write_text("\n".join(JOBS[job]["script"]) + "\n")
        return "sh", "-e", script

    def jobs(self, folder, status, **variables):
        """Runs both jobs; the first succeeds, and the second ends with the status."""
        tools = pathlib.Path(str(folder) + ".trawl")
        tools.symlink_to(SOURCE)
        variables.update(GITLAB_CI="true", CI_PROJECT_DIR=str(folder))
        said = self.run_it(*self.script_of("trawl"), folder=folder, **variables)
        report = folder / "trawl-reports/gl-secret-detection-report.json"
        self.run_it(*self.script_of("trawl-gate"), folder=folder, status=status, **variables)
        return said, json.loads(report.read_text())["vulnerabilities"]

    def gitlab_checkout(self, branch, commit):
        refspec = "+refs/heads/%s:refs/remotes/origin/%s" % (branch, branch)
        return self.checkout([refspec], commit)

    def test_merge_request(self):
        self.git("checkout", "-q", "-b", "topic")
        head = self.leak_and_remove()
        self.git("push", "-q", "origin", "topic")
        folder = self.gitlab_checkout("topic", head)
        said, found = self.jobs(
            folder,
            1,
            CI_PIPELINE_SOURCE="merge_request_event",
            CI_MERGE_REQUEST_DIFF_BASE_SHA=self.old,
            CI_MERGE_REQUEST_SOURCE_BRANCH_SHA="",
            CI_COMMIT_BEFORE_SHA=ZERO,
            CI_COMMIT_SHA=head,
        )
        self.assertEqual([entry["location"]["file"] for entry in found], ["new.txt"])
        self.assertNotIn("old.txt", said)

    def test_merged_results_have_others_work_too(self):
        self.git("checkout", "-q", "-b", "topic")
        head = self.leak_and_remove()
        self.git("checkout", "-q", "main")
        self.commit("theirs.txt", token())
        self.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
        merge = self.git("rev-parse", "HEAD")
        self.git("push", "-q", "origin", "HEAD:merged")
        _, found = self.jobs(
            self.gitlab_checkout("merged", merge),
            1,
            CI_PIPELINE_SOURCE="merge_request_event",
            CI_MERGE_REQUEST_DIFF_BASE_SHA=self.old,
            CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=head,
            CI_COMMIT_SHA=merge,
        )
        self.assertEqual([entry["location"]["file"] for entry in found], ["new.txt"])

    def test_branch_pipelines(self):
        self.git("checkout", "-q", "-b", "topic")
        head = self.leak_and_remove()
        self.git("push", "-q", "origin", "topic")
        for before in (self.old, ZERO, "1" * 40):
            _, found = self.jobs(
                self.gitlab_checkout("topic", head),
                1,
                CI_PIPELINE_SOURCE="push",
                CI_COMMIT_BEFORE_SHA=before,
                CI_COMMIT_SHA=head,
            )
            self.assertEqual([entry["location"]["file"] for entry in found], ["new.txt"], before)

    def test_scheduled_pipeline(self):
        folder = self.gitlab_checkout("main", self.old)
        _, found = self.jobs(
            folder,
            1,
            CI_PIPELINE_SOURCE="schedule",
            CI_COMMIT_BEFORE_SHA=ZERO,
            CI_COMMIT_SHA=self.old,
        )
        self.assertEqual([entry["location"]["file"] for entry in found], ["old.txt"])

    def test_clean_gate_is_open(self):
        head = self.commit("clean.txt", "clean\n")
        self.git("push", "-q", "origin", "main")
        folder = self.gitlab_checkout("main", head)
        _, found = self.jobs(
            folder,
            0,
            CI_PIPELINE_SOURCE="push",
            CI_COMMIT_BEFORE_SHA=self.old,
            CI_COMMIT_SHA=head,
        )
        self.assertEqual(found, [])

    def test_error_fails_the_first_job(self):
        folder = self.gitlab_checkout("main", self.old)
        pathlib.Path(str(folder) + ".trawl").symlink_to(SOURCE)
        self.run_it(
            *self.script_of("trawl"),
            folder=folder,
            status=1,
            GITLAB_CI="true",
            CI_PROJECT_DIR=str(folder),
            CI_PIPELINE_SOURCE="merge_request_event",
            CI_MERGE_REQUEST_DIFF_BASE_SHA="1" * 40,
            CI_COMMIT_SHA=self.old,
        )

    def test_what_gitlab_yml_says(self):
        self.assertEqual({name for name in JOBS if name[0] != "."}, {"trawl", "trawl-gate"})
        self.assertEqual(JOBS["trawl"]["artifacts"]["when"], "always")
        self.assertEqual(JOBS["trawl"]["variables"]["GIT_DEPTH"], "0")
        for report in JOBS["trawl"]["artifacts"]["reports"].values():
            self.assertTrue(report.startswith("trawl-reports/"))

    # ---- both ----

    def test_shell_is_clean(self):
        scripts = [SOURCE / "ci" / name for name in ("pipeline", "pre-commit", "deb", "vectorscan")]
        for number, step in enumerate(ACTION["runs"]["steps"]):
            if "run" in step:
                scripts.append(self.top / ("step%d.sh" % number))
                scripts[-1].write_text("#!/bin/sh\n" + step["run"] + "\n")
        for name, job in JOBS.items():
            for part in ("before_script", "script", "after_script"):
                if part in job:
                    scripts.append(self.top / ("%s.%s.sh" % (name, part)))
                    scripts[-1].write_text("#!/bin/sh\nset -e\n" + "\n".join(job[part]) + "\n")
        said = self.run_it("shellcheck", "-x", "-e", "SC1091,SC2154,SC2086,SC2034", *scripts)
        self.assertEqual(said, "")


unittest.main(verbosity=2)
