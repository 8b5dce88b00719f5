"""Runs the command line's tests: run.py PROGRAM FILE.test...

A test file holds cases, each in an empty folder of its own; lines that start with # are comments.

    == NAME                   a case starts
    file NAME TEXT            makes a file; `file NAME <<END` takes the lines up to END instead
    utf16 NAME TEXT           the same in UTF-16, little-endian, with a byte order mark
    mode OCTAL NAME [TEXT]    sets the rights of a file or folder; with TEXT it makes the file first
    as nobody                 the case's commands run without root's rights (skipped if they can't)
    shown                     the case's tokens may be printed; elsewhere that is a failure
    $ COMMAND                 runs it with sh; `trawl` is the program, $DATA the folder of FILE.test
    status N                  ... and its exit status must be N (0 if there is no such line)
    stdout is TEXT            ... all that it prints, without white space at both ends
    stdout has TEXT           ... TEXT is part of it; `lacks`: is not
    stdout matches REGEX      ... found in it, ^ and $ at lines' ends; stderr likewise

In TEXT and NAME (which holds no space: write \\x20) \\n, \\t, \\r, \\0, \\xNN and \\\\ mean what they mean in C. {sqco}, {ghp}, {npm} (with
right checksums), {ghp_bad} (a wrong one), {acme} and {hint} (for the rules in acme.yaml) are tokens
made up for each run; a digit behind the name ({sqco2}) makes another one.
"""

import os
import pathlib
import random
import re
import shutil
import string
import subprocess
import sys
import tempfile
import zlib

ALPHANUMERIC = string.digits + string.ascii_uppercase + string.ascii_lowercase
ESCAPES = {"n": b"\n", "t": b"\t", "r": b"\r", "0": b"\0", "\\": b"\\"}
COMMAND_SECONDS = 60
GIT_CONFIG = """[user]
    name = Somebody
    email = somebody@example.invalid
[init]
    defaultBranch = main
[protocol "file"]
    allow = always
[advice]
    detachedHead = false
"""
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]


def checked(prefix, length):
    """A token whose last six characters are the base62 CRC-32 of those behind the prefix."""
    body = "".join(random.choices(ALPHANUMERIC, k=length))
    number = zlib.crc32(body.encode())
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHANUMERIC[digit] + digits
    return prefix + body + digits.rjust(6, "0")


def make_token(kind):
    if kind == "sqco":
        return checked("sqco_", 53)
    if kind in ("ghp", "npm"):
        return checked(kind + "_", 30)
    if kind == "ghp_bad":
        right = checked("ghp_", 30)
        return right[:-1] + ("A" if right[-1] != "A" else "B")
    return kind + "_" + "".join(random.choices(string.ascii_lowercase + string.digits, k=16))


class Failure(Exception):
    """What a case expected and did not get."""


class Case:
    def __init__(self, name, where):
        self.name = name
        self.where = where
        self.lines = []  # (line number, directive, rest, text of a here-document or None)


def read_cases(path):
    cases = []
    lines = enumerate(path.read_text().split("\n"), 1)
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        directive, _, rest = line.partition(" ")
        if directive == "==":
            cases.append(Case(rest, f"{path.name}:{number}"))
            continue
        text = None
        if directive == "file" and rest.endswith(" <<END"):
            rest = rest[: -len(" <<END")]
            text = ""
            for _, line in lines:
                if line == "END":
                    break
                text += line + "\n"
        cases[-1].lines.append((number, directive, rest, text))
    return cases


class Run:
    """One case being run."""

    def __init__(self, case, folder, bin_folder, data):
        self.case = case
        self.folder = folder
        self.tokens = {}
        self.shown = False
        self.nobody = False
        self.result = None  # of the last command
        self.status_given = True
        self.closed = []  # folders whose rights were changed: to be opened for their removal
        # Git is configured by GIT_CONFIG below, whatever the machine has.
        inherited = {name: value for name, value in os.environ.items()
                     if not name.startswith(("GIT_", "PRE_COMMIT_", "XDG_"))}
        self.environment = dict(inherited, PATH=f"{bin_folder}:{os.environ['PATH']}",
                                DATA=str(data), HOME=f"{bin_folder}/home", LC_ALL="C.UTF-8",
                                GIT_CONFIG_NOSYSTEM="1")

    def token(self, match):
        name = match.group(1)
        if name not in self.tokens:
            self.tokens[name] = make_token(name.rstrip("0123456789"))
        return self.tokens[name]

    def fill(self, text):
        return re.sub(r"\{((?:sqco|ghp_bad|ghp|npm|acme|hint)\d?)\}", self.token, text)

    def unescape(self, text):
        def replace(match):
            code = match.group(1).decode()
            return bytes([int(code[1:], 16)]) if code[0] == "x" else ESCAPES[code]

        return re.sub(rb"\\(x[0-9a-f]{2}|[ntr0\\])", replace, self.fill(text).encode())

    def directive(self, directive, rest, text):
        if directive in ("file", "utf16"):
            name, _, content = rest.partition(" ")
            content = self.fill(text).encode() if text is not None else self.unescape(content)
            if directive == "utf16":
                content = b"\xff\xfe" + content.decode().encode("utf-16-le")
            path = os.path.join(os.fsencode(self.folder), self.unescape(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        elif directive == "mode":
            mode, name, *content = rest.split(" ", 2)
            if content:
                self.directive("file", f"{name} {content[0]}", None)
            path = os.path.join(os.fsencode(self.folder), self.unescape(name))
            os.chmod(path, int(mode, 8))
            if os.path.isdir(path):
                self.closed.append(path)
        elif directive == "as" and rest == "nobody":
            self.nobody = os.geteuid() == 0
        elif directive == "shown":
            self.shown = True
        elif directive == "$":
            self.finish_command()
            self.run_command(rest)
        elif directive == "status":
            self.status_given = True
            if self.result.returncode != int(rest):
                raise Failure(f"status {self.result.returncode} instead of {rest}")
        elif directive in ("stdout", "stderr"):
            self.compare(directive, getattr(self.result, directive), *rest.split(" ", 1))
        else:
            raise Failure(f"unknown directive {directive}")

    def run_command(self, command):
        arguments = ["sh", "-c", self.fill(command)]
        if self.nobody:
            arguments = NOBODY + arguments
        try:
            self.result = subprocess.run(
                arguments, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=COMMAND_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f"not finished after {COMMAND_SECONDS} s: {command}") from None
        self.status_given = False
        if not self.shown:
            for name, token in self.tokens.items():
                if token.encode() in self.result.stdout + self.result.stderr:
                    raise Failure(f"the token {{{name}}} is printed")

    def finish_command(self):
        if not self.status_given and self.result.returncode != 0:
            raise Failure(f"status {self.result.returncode} instead of 0")

    def compare(self, stream, output, how, text=""):
        if how == "is":
            good = output.strip() == self.unescape(text).strip()
        elif how == "has":
            good = self.unescape(text) in output
        elif how == "lacks":
            good = self.unescape(text) not in output
        elif how == "matches":
            good = re.search(self.fill(text).encode(), output, re.MULTILINE)
        else:
            raise Failure(f"unknown comparison {how}")
        if not good:
            raise Failure(f"{stream} {how} {text}: it does not")

    def all(self):
        try:
            for number, directive, rest, text in self.case.lines:
                try:
                    self.directive(directive, rest, text)
                except Failure as failure:
                    raise Failure(f"line {number}: {failure}") from None
            self.finish_command()
        finally:
            for path in self.closed:
                os.chmod(path, 0o700)

    def report(self):
        """What the last command printed, with the tokens blotted out."""
        if self.result is None:
            return ""
        both = b"stdout:\n" + self.result.stdout[-4000:] + b"\nstderr:\n" + self.result.stderr[-4000:]
        text = both.decode("utf-8", "backslashreplace")
        for name, token in self.tokens.items():
            text = text.replace(token, f"{{{name}}}")
        return text


def can_be_nobody(program):
    if os.geteuid() != 0:
        return True
    result = subprocess.run(NOBODY + ["test", "-x", program], capture_output=True, check=False)
    return result.returncode == 0


def main():
    program, *files = sys.argv[1:]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="trawl-cli-") as top:
        os.chmod(top, 0o755)
        bin_folder = os.path.join(top, "bin")
        os.makedirs(os.path.join(bin_folder, "home"))
        pathlib.Path(bin_folder, "home", ".gitconfig").write_text(GIT_CONFIG)
        # A copy, because nobody may be unable to reach the build folder.
        shutil.copy(program, os.path.join(bin_folder, "trawl"))
        for path in map(pathlib.Path, files):
            for number, case in enumerate(read_cases(path)):
                folder = os.path.join(top, f"{path.stem}-{number}")
                os.mkdir(folder)
                run = Run(case, folder, bin_folder, path.parent.resolve())
                wants_nobody = any(line[1:3] == ("as", "nobody") for line in case.lines)
                if wants_nobody and not can_be_nobody(os.path.join(bin_folder, "trawl")):
                    print(f"skipped: {case.name}")
                    continue
                try:
                    run.all()
                    print(f"ok: {case.name}")
                except Failure as failure:
                    failures += 1
                    print(f"FAILED: {case.name} ({case.where})\n{failure}\n{run.report()}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
