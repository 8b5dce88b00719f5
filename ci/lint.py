"""The checks of ci/lint that read the tree's text. Standard input names the files, each ended by a
NUL; the argument names the check; violations go to standard output, and then the status is 1."""

import json
import pathlib
import re
import sys

# A layer sees itself and those behind it; some see only what LIMITED says.
LAYERS = "cli batch state report history scan filter source git pack detect ruleset model base".split()
LIMITED = {"report": {"report", "model", "base"}, "pack": {"pack", "model", "base"}}

# Third-party headers stand in the .c files of the layers that own them.
OWNERS = {
    "hs": "detect",
    "hs/hs": "detect",
    "jansson": "batch detect filter report",
    "libdeflate": "detect pack",
    "zlib": "pack",
    "pcre2": "detect",
    "sodium": "base batch detect report",
    "git2": "git",
    "immintrin": "base ruleset",
    "malloc": "base",
    "sqlite3": "state",
    "dlfcn": "state",
    "git2/sys/odb_backend": "git",
    "git2/sys/repository": "git",
    "yaml": "base",
}
SYSTEM = set(
    "assert ctype dirent errno fcntl fnmatch getopt inttypes limits locale math poll pthread sched "
    "setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string "
    "strings termios time unistd wchar".split()
)

BANNED = re.compile(
    r"\b(strcpy|strcat|strncpy|v?sprintf|strtok|gmtime|localtime|ato[il]|alloca|gets)\s*\("
)
TEXT = re.compile(r"""'(?:\\.|[^'\\])'|"(?:\\.|[^"\\])*\"""")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^">]+)\.h[">]')
VAGUE = re.compile(r"(^|[_-])(utils?|common|helpers?|misc)([_-]|$)")
PLACE = re.compile(r"(?<![\w./~-])/(work|root|home/\w+)(?![\w-])")


def lines(files, suffixes=None):
    """(file, line number, text) of all lines of the text files among them."""
    for file in files:
        if suffixes and file.suffix not in suffixes or not file.is_file():
            continue
        content = file.read_bytes()
        if b"\0" in content:
            continue
        for number, text in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
            yield file, number, text


def within(files, *folders):
    return [file for file in files if file.parts[0] in folders]


def banned(files):
    """No call of a function that base/banned.h bans; here also where the build would not look."""
    for file, number, text in lines(within(files, "src", "tests"), {".c", ".h"}):
        for match in BANNED.finditer(TEXT.sub('""', text).split("/*")[0]):
            yield f"{file}:{number}: {match.group(1)} is banned (src/base/banned.h)"


def unbuilt(files):
    """Every source is compiled, and with base/banned.h in front of it."""
    database = pathlib.Path("build/test/compile_commands.json")
    if not database.exists():
        yield f"{database} is missing: configure that folder first"
        return
    commands = {entry["file"]: entry["command"] for entry in json.loads(database.read_text())}
    for file in within(files, "src"):
        if file.suffix != ".c" or not file.is_file():
            continue
        command = commands.get(str(file.resolve()))
        if command is None:
            yield f"{file}: no part of the build compiles it"
        elif "/src/base/banned.h" not in command:
            yield f"{file}: compiled without -include src/base/banned.h"


def layers(files):
    """Includes point down the list of layers, and foreign headers stay with their owner."""
    for file, number, text in lines(within(files, "src", "tests"), {".c", ".h"}):
        match = INCLUDE.match(text)
        if not match:
            continue
        where = f"{file}:{number}:"
        quote, header = match.groups()
        layer = file.parts[1] if len(file.parts) > 2 else ""
        if quote == '"':
            target = header.split("/")[0]
            if pathlib.Path("src", header + ".h").exists() and target in LAYERS:
                if layer in LAYERS:
                    allowed = LIMITED.get(layer, set(LAYERS[LAYERS.index(layer) :]))
                    if target not in allowed:
                        yield f"{where} {layer} must not include {target}/"
            elif file.parts[0] == "src" or not (file.parent / f"{header}.h").exists():
                yield f'{where} "{header}.h" is no header of a layer'
        elif file.parts[0] == "src" and header not in SYSTEM and not header.startswith("sys/"):
            owner = OWNERS.get(header)
            if owner is None:
                yield f"{where} <{header}.h> belongs to no layer; name its owner in ci/lint.py"
            elif layer not in owner.split() or file.suffix != ".c":
                yield f"{where} <{header}.h> stands only in the .c files of: {owner}"


def names(files):
    """A file or folder is named after what it owns."""
    for file in files:
        if any(VAGUE.search(pathlib.PurePath(part).stem) for part in file.parts):
            yield f"{file}: the name says nothing; name the one idea that it owns"


def places(files):
    """No path that exists only on somebody's machine."""
    for file, number, text in lines(files):
        match = PLACE.search(text)
        if match:
            yield f"{file}:{number}: the machine's own path {match.group(0)}"


def main():
    checks = {check.__name__: check for check in (banned, unbuilt, layers, names, places)}
    check = checks.get(sys.argv[1])
    if check is None:
        sys.exit(f"lint: no check named {sys.argv[1]}")
    files = [pathlib.Path(name) for name in sys.stdin.read().split("\0") if name]
    violations = list(check(files))
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)


main()
