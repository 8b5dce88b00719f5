"""Writes rules with distinct literal prefixes, for measuring: make_rules.py COUNT FOLDER."""

import pathlib
import random
import string
import sys

PROVIDER = """provider:
  metadata:
    name: Generated {number}
    category: Test
    message: A generated token
  rules:
"""
RULE = """    - id: generated-{prefix}-token
      metadata:
        name: Generated {prefix} tokens
      detection:
        matching:
          pattern: '\\b({prefix}_[A-Za-z0-9]{{32}})\\b'
      examples:
        - text: "key = {one}"
          containsSecret: true
        - text: "{two};"
          containsSecret: true
        - text: "{prefix}_short"
          containsSecret: false
"""
PER_FILE = 50


def main():
    count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    source = random.Random(count)
    prefixes = set()
    while len(prefixes) < count:
        prefixes.add("".join(source.choices(string.ascii_lowercase, k=5)))
    prefixes = sorted(prefixes)
    for start in range(0, count, PER_FILE):
        text = PROVIDER.format(number=start // PER_FILE)
        for prefix in prefixes[start : start + PER_FILE]:
            one, two = (
                prefix + "_" + "".join(source.choices(string.ascii_letters + string.digits, k=32))
                for _ in range(2)
            )
            text += RULE.format(prefix=prefix, one=one, two=two)
        (folder / f"generated-{start // PER_FILE:03}.yaml").write_text(text)


main()
