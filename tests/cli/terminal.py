"""Runs a program on a terminal and answers its questions: terminal.py ANSWERS COMMAND...

ANSWERS are separated by commas; each is typed when a line ends in a question mark or colon. What
the terminal showed goes to standard output, and the status is the program's.
"""

import os
import pty
import re
import select
import sys

SECONDS = 20

answers = sys.argv[1].split(",")
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
asked = 0
while select.select([terminal], [], [], SECONDS)[0]:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if re.search(rb"[?:] $", shown[asked:]):
        asked = len(shown)
        os.write(terminal, (answers.pop(0) if answers else "q").encode() + b"\n")
sys.stdout.buffer.write(shown)
sys.stdout.flush()
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
