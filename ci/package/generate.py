"""Makes the man page and the completions for bash, zsh and fish: generate.py PROGRAM FOLDER.

All they say is taken from what `trawl --help` and `trawl COMMAND --help` print, so that they cannot
differ from the program. tests/package/check.py holds them against what the program accepts."""

import gzip
import pathlib
import re
import shlex
import subprocess
import sys

BORROWED = re.compile(r"^(.*): as for trawl scan(?:, but for ([^;]*))?", re.MULTILINE)
# Lines that say what a command takes; in others, options of other programs may stand.
DEFINING = re.compile(r"^(?:Usage:|      ) trawl .*$|^ +-.*$", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z]\b)(?:, (--[a-z-]+))?( [A-Z]+\b)?")
COMMAND = re.compile(r"^  ([a-z]+)(?: \[[^]]*\]| [A-Z.]+)* +(.*)$")


def sections(text):
    """The parts of a help text by their headings in lower case, without the examples."""
    parts = {"": ""}
    heading = ""
    for line in text.splitlines():
        start = re.match(r"([A-Z][A-Za-z ]*):", line)
        if start:
            heading = start.group(1).lower()
        parts[heading] = parts.get(heading, "") + line + "\n"
    return {heading: part for heading, part in parts.items() if not heading.startswith("example")}


class Command:
    """What may follow a command's name: options (and whether each takes a value), and verbs."""

    def __init__(self, name, summary, text, scan_text):
        self.name = name
        self.summary = summary
        self.text = text
        parts = sections(text)
        borrowed = BORROWED.search(text)
        if borrowed:  # "Rules, reports and running: as for trawl scan, but for --jobs"
            names = borrowed.group(1).lower()
            parts["borrowed"] = "".join(
                part for heading, part in sections(scan_text).items() if heading and heading in names
            )
        self.options = {"--help": False, "-h": False}
        lines = "\n".join(DEFINING.findall("".join(parts.values())))
        for short, long, value in OPTION.findall(lines):
            for option in filter(None, (short, long)):
                self.options[option] = self.options.get(option, False) or bool(value)
        for option in re.findall("--[a-z-]+", borrowed.group(2) or "" if borrowed else ""):
            self.options.pop(option, None)
        self.verbs = []
        for verbs in re.findall(rf"^(?:Usage:|      ) trawl {name} ([a-z|]+)\b", text, re.MULTILINE):
            self.verbs += verbs.split("|")


def bash(commands):
    cases = "".join(
        f"\t{command.name})\n\t\toptions='{' '.join(sorted(command.options))}'\n"
        f"\t\tverbs='{' '.join(command.verbs)}'\n\t\t;;\n"
        for command in commands
    )
    names = " ".join(command.name for command in commands)
    return f"""# bash completion for trawl, made from its --help.
_trawl()
{{
	local cur=${{COMP_WORDS[COMP_CWORD]}} options='--help --version' verbs='{names}'
	[ "$COMP_CWORD" -eq 1 ] || case ${{COMP_WORDS[1]}} in
{cases}	esac
	[ "$COMP_CWORD" -le 2 ] || verbs=
	case $cur in
	-*) verbs=$options ;;
	esac
	COMPREPLY=($(compgen -W "$verbs" -- "$cur"))
}}
complete -o bashdefault -o default -F _trawl trawl
"""


def zsh(commands):
    cases = "".join(
        f"{command.name})\n\tflags=({' '.join(sorted(command.options))})\n"
        f"\tverbs=({' '.join(command.verbs)})\n\t;;\n"
        for command in commands
    )
    names = " ".join(command.name for command in commands)
    return f"""#compdef trawl
# zsh completion for trawl, made from its --help.
local -a flags=(--help --version) verbs=({names})
(( CURRENT == 2 )) || case $words[2] in
{cases}esac
if [[ $PREFIX == -* ]]; then
	compadd -- $flags
elif (( CURRENT <= 3 && $#verbs )); then
	compadd -- $verbs
else
	_files
fi
"""


def fish(commands):
    lines = [
        "# fish completion for trawl, made from its --help.",
        "complete -c trawl -n __fish_use_subcommand -l help",
        "complete -c trawl -n __fish_use_subcommand -l version",
    ]
    for command in commands:
        lines.append(
            f"complete -c trawl -f -n __fish_use_subcommand -a {command.name}"
            f" -d {shlex.quote(command.summary)}"
        )
        seen = f"complete -c trawl -n '__fish_seen_subcommand_from {command.name}'"
        lines += [f"{seen} -a {verb}" for verb in command.verbs]
        for option, value in sorted(command.options.items()):
            kind = "-l" if option.startswith("--") else "-s"
            lines.append(f"{seen} {kind} {option.lstrip('-')}{' -r' if value else ''}")
    return "\n".join(lines) + "\n"


def roff(text):
    """The text as it stands: nothing in it is an instruction, and hyphens are minus signs."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def manual_section(text):
    """A help text: its first line, then what stands under each heading, laid out as it is."""
    first, rest = roff(text).split("\n", 1)
    rest = re.sub(r"^([A-Z][A-Za-z ]*):$", r".fi\n.SS \1\n.nf", rest.strip(), flags=re.MULTILINE)
    return f"{first}\n.PP\n.nf\n{rest}\n.fi\n"


def manual(version, text, commands):
    page = f""".\\" Made from what trawl \\-\\-help prints.
.TH TRAWL 1 "" "{roff(version)}" "Trawl"
.SH NAME
trawl \\- find leaked credentials
.SH DESCRIPTION
{manual_section(text)}"""
    for command in commands:
        page += f".SH TRAWL {command.name.upper()}\n{manual_section(command.text)}"
    return page


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])

    def printed(*arguments):
        return subprocess.run(
            [program, *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8"
        ).stdout

    text = printed("--help")
    listed = filter(None, map(COMMAND.match, sections(text)["commands"].split("\n\n")[0].splitlines()))
    commands = [
        Command(*match.groups(), printed(match.group(1), "--help"), printed("scan", "--help"))
        for match in listed
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trawl.bash").write_text(bash(commands))
    (folder / "_trawl").write_text(zsh(commands))
    (folder / "trawl.fish").write_text(fish(commands))
    page = manual(printed("--version").strip(), text, commands)
    (folder / "trawl.1.gz").write_bytes(gzip.compress(page.encode(), mtime=0))


main()
