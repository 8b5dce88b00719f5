"""Makes a work tree of 5,000 files, 10 of them changed and staged: make_staged.py FOLDER"""

import os
import pathlib
import random
import string
import subprocess
import sys

FOLDERS, FILES, LINES, WORDS, STAGED = 100, 50, 60, 8, 10


def main():
    top = pathlib.Path(sys.argv[1])
    source = random.Random(5)
    words = ["".join(source.choices(string.ascii_lowercase, k=source.randint(2, 9)))
             for _ in range(3000)]
    names = [f"src/part{folder:02}/file{file:02}.txt" for folder in range(FOLDERS)
             for file in range(FILES)]
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(" ".join(source.choices(words, k=WORDS)) + "\n"
                                for _ in range(LINES)))

    def git(*arguments):
        environment = dict(os.environ, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
        subprocess.run(["git", "-C", top, *identity, *arguments], env=environment, check=True)

    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message=All of it")
    git("gc", "--quiet")
    for name in source.sample(names, STAGED):
        with open(top / name, "a", encoding="ascii") as file:
            file.write("One more line.\n")
        git("add", name)
    os.utime(top)


main()
