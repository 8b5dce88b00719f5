"""Builds the Debian package and looks at all that is in it: check.py PROGRAM CPACK BUILD-FOLDER.

The man page and the completions are held against what the program accepts; the package is built
twice, unpacked, run, put before apt with either libhs, and, by root on a machine without Trawl,
installed and removed again."""

import gzip
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
failures = 0


def expect(condition, what):
    global failures
    print("%s: %s" % ("ok" if condition else "FAILED", what))
    failures += not condition


def run(*command, **options):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", **options
    )


def table():
    """The options as the program's own table has them: names, and whether each takes a value."""
    text = (SOURCE / "src/cli/options.c").read_text()
    entries = re.findall(r'\{"([a-z-]+)", (no|required)_argument, NULL,', text)
    return {"--" + name: kind == "required" for name, kind in entries}


def accepted(program, command, option, value):
    """Whether the command has the option; --help keeps it from doing anything else."""
    said = run(program, command, option + ("=x" if value else ""), "--help").stderr
    return not re.search("has no option|unknown option|takes no value", said)


def check_words(program, completions):
    """Each option that a command accepts is completed (and so in its help), and no other."""
    options = table()
    names = re.search("verbs='([a-z ]*)'", completions).group(1).split()
    expect(len(options) > 20 and "scan" in names, "there are options and commands")
    for name in names:
        offered = re.search(rf"^\t{name}\)\n\t\toptions='([^']*)'", completions, re.MULTILINE)
        offered = {word for word in offered.group(1).split() if word.startswith("--")}
        if accepted(program, name, "--nonesuch", False):
            print("skipped: %s does not use the table" % name)
            continue
        has = {
            option for option, value in options.items() if accepted(program, name, option, value)
        }
        expect(has <= offered, "%s: its help names all options; missing: %s" % (name, has - offered))
        extra = {option for option in offered - has if not accepted(program, name, option, False)}
        expect(not extra, "%s: its help names no others; too many: %s" % (name, extra))


def check_shells(folder):
    """The shells themselves complete with the files."""
    bash = (
        '. "$0"; COMP_WORDS=(trawl %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _trawl;'
        'echo "${COMPREPLY[@]}"'
    )
    file = folder / "bash-completion/completions/trawl"
    for line, words in (("sc", "scan"), ("scan --exit", "--exit-code"), ("rules li", "list")):
        expect(run("bash", "-c", bash % line, file).stdout.strip() == words, "bash: " + line)
    file = folder / "fish/vendor_completions.d/trawl.fish"
    for line, words in (("sc", "scan"), ("scan --exit", "--exit-code"), ("rules li", "list")):
        shown = run("fish", "-c", 'source "$argv[1]"; complete -C "trawl %s"' % line, file).stdout
        expect(words in re.split("[\t\n]", shown), "fish: " + line)
    file = folder / "zsh/vendor-completions/_trawl"
    for line, prefix, words in (
        ("trawl sc", "sc", "scan"),
        ("trawl scan --exit", "--exit", "--exit-code"),
        ("trawl rules li", "li", "list"),
    ):
        zsh = 'compadd() { shift; print -l -- $@ }; f() { words=(%s) CURRENT=%d PREFIX=%s; . "$1" }; f "$0"'
        shown = run("zsh", "-fc", zsh % (line, len(line.split()), prefix), file).stdout.split()
        expect(words in shown and all(word[0] == prefix[0] for word in shown[:1]), "zsh: " + line)


def check_manual(folder, names):
    file = folder / "man/man1/trawl.1.gz"
    said = run("man", "--warnings", "-E", "UTF-8", "-l", file, env={**os.environ, "MANWIDTH": "120"})
    expect(said.returncode == 0 and not said.stderr, "man has no complaints: " + said.stderr)
    text = gzip.decompress(file.read_bytes()).decode()
    expect(all(".SH TRAWL %s\n" % name.upper() in text for name in names), "man: all commands")


def build_package(cpack, build, folder):
    made = run(
        *(cpack, "--config", build / "CPackConfig.cmake", "-B", folder),
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )
    if made.returncode:
        sys.exit(made.stdout + made.stderr)
    (package,) = folder.glob("*.deb")
    return package


def check_control(package):
    depends = run("dpkg-deb", "-f", package, "Depends").stdout
    for name in "libc6 libdeflate0 libgit2 libjansson4 libpcre2-8-0 libsodium23 libyaml-0-2".split():
        expect(name in depends, "depends on " + name)
    expect("libhyperscan5 | libvectorscan5, " in depends, "depends on either libhs: " + depends)
    expect(depends.count("libhyperscan5") == 1, "... and names it once")


def check_dependencies(package):
    """apt finds a way to install it with either library."""
    for library in ("libhyperscan5", "libvectorscan5"):
        if not run("apt-cache", "show", library).stdout:
            print("skipped: apt does not know", library)
            continue
        said = run("apt-get", "--simulate", "--no-install-recommends", "install", package, library)
        expect(
            said.returncode == 0 and "Inst trawl" in said.stdout,
            "apt installs it with %s %s" % (library, said.stderr),
        )


def token():
    return "sqp_" + "".join(random.choices("0123456789abcdef", k=40))


def check_program(program, folder):
    leak = folder / "leak.properties"
    leak.write_text("sonar.token=%s\n" % token())
    expect(run(program, "--version").stdout.startswith("trawl "), "%s runs" % program)
    expect(run(program, "scan", leak).returncode == 1, "... and finds a token")
    leak.unlink()


def check_installation(package, folder):
    if os.geteuid() != 0 or shutil.which("trawl") or not run("dpkg", "-s", "trawl").returncode:
        print("skipped: the installation needs root and a machine without Trawl")
        return
    expect(run("dpkg", "-i", package).returncode == 0, "dpkg installs it")
    check_program("/usr/bin/trawl", folder)
    expect(run("dpkg", "--purge", "trawl").returncode == 0, "dpkg removes it")
    expect(not pathlib.Path("/usr/bin/trawl").exists(), "... without a trace")


def main():
    program, cpack, build = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        packages = [build_package(cpack, pathlib.Path(build), folder / n) for n in ("one", "two")]
        package = packages[0]
        expect(packages[0].read_bytes() == packages[1].read_bytes(), "two builds are the same")
        check_control(package)
        root = folder / "root"
        run("dpkg-deb", "-x", package, root, check=True)
        share = root / "usr/share"
        for path in ("doc/trawl/copyright", "doc/trawl/README.md", "trawl/rules/github.yaml"):
            expect((share / path).is_file(), "has " + path)
        completions = (share / "bash-completion/completions/trawl").read_text()
        names = re.search("verbs='([a-z ]*)'", completions).group(1).split()
        check_words(program, completions)
        check_shells(share)
        check_manual(share, names)
        check_program(root / "usr/bin/trawl", folder)
        check_dependencies(package)
        check_installation(package, folder)
    sys.exit(1 if failures else 0)


main()
