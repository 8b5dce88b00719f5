"""Reads the reports that make_reports.c wrote as their consumers do: check_formats.py FOLDER.

GitLab's are held against what its schema for secret detection (15.2.1) and its documentation ask
for, JUnit's against the schema of Ant's format (parsed by a real XML parser), and GitHub's workflow
commands against the grammar and the limits of their documentation."""

import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

import jsonschema

RAW = "RAWRAWRAW"  # in the samples' raw secret
UNSAFE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

TEXT = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
LINE = {"type": "integer", "minimum": 1}


def record(required, optional=()):
    """The schema of an object with exactly these members."""
    return {
        "type": "object",
        "required": sorted(required),
        "properties": {**required, **dict(optional)},
        "additionalProperties": False,
    }


def array(items, least=0):
    return {"type": "array", "items": items, "minItems": least}


PROGRAM = record(
    {"id": TEXT, "name": TEXT, "url": TEXT, "version": TEXT, "vendor": record({"name": TEXT})}
)
LINK = {"type": "string", "pattern": "^(https?|ftp)://.+"}
DETAIL = record({"type": {"const": "text"}, "name": TEXT, "value": {"type": "string"}})
GITLAB = record(
    {
        "version": {"const": "15.2.1"},
        "schema": {"type": "string", "pattern": "^https?://.+"},
        "scan": record(
            {
                "type": {"const": "secret_detection"},
                "status": {"enum": ["success", "failure"]},
                "start_time": TIME,
                "end_time": TIME,
                "analyzer": PROGRAM,
                "scanner": PROGRAM,
                "messages": array(record({"level": {"const": "warn"}, "value": TEXT})),
            }
        ),
        "vulnerabilities": array(
            record(
                {
                    "id": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                    "name": {"type": "string", "maxLength": 255},
                    "description": TEXT,
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "identifiers": array(
                        record({"type": TEXT, "name": TEXT, "value": TEXT}, {"url": LINK}), 1
                    ),
                    "links": array(record({"url": LINK})),
                    "location": record(
                        {
                            "start_line": LINE,
                            "end_line": LINE,
                            "commit": record({"sha": TEXT}, {"author": TEXT, "date": TEXT}),
                        },
                        {"file": TEXT},
                    ),
                    "details": {"type": "object", "additionalProperties": DETAIL},
                },
                {"solution": {"type": "string", "maxLength": 7000}},
            )
        ),
    }
)


def duplicate_free(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice: " + ", ".join(keys))
    return dict(pairs)


def check_gitlab(text, results):
    report = json.loads(text, object_pairs_hook=duplicate_free)
    entries = report["vulnerabilities"]
    ids = {entry["id"] for entry in entries}
    if len(ids) != len(entries):
        yield "an id stands twice"
    if len(entries) < len(results):
        yield "%d entries for %d results" % (len(entries), len(results))
    if len(entries) > 2000:
        report["vulnerabilities"] = entries[:1000] + entries[-1000:]  # the library is slow
    for error in jsonschema.Draft7Validator(GITLAB).iter_errors(report):
        yield "%s: %s" % ("/".join(map(str, error.absolute_path)), error.message[:300])


def is_decimal(text):
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def check_case(case):
    if set(case.attrib) != {"name", "classname", "time"} or not is_decimal(case.get("time")):
        yield "attributes of a case: %s" % case.attrib
    if len(case) > 1 or (len(case) and case[0].tag not in ("failure", "error", "skipped")):
        yield "not one outcome: %s" % case.attrib
    if len(case) and not (case[0].get("type") and case[0].get("message")):
        yield "an outcome without type or message: %s" % case.attrib


def check_junit(text, results):
    suites = ElementTree.fromstring(text)
    suite = suites[0]
    if suites.tag != "testsuites" or len(suites) != 1 or suite.tag != "testsuite":
        yield "not one suite"
    tags = [child.tag for child in suite]
    cases = suite.findall("testcase")
    if tags != ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"]:
        yield "the suite's parts: %s" % sorted(set(tags))
    outcomes = collections.Counter(child.tag for case in cases for child in case)
    expected = {
        "tests": len(cases),
        "failures": outcomes["failure"],
        "errors": outcomes["error"],
        "skipped": outcomes["skipped"],
    }
    for name, number in expected.items():
        if suite.get(name) != str(number):
            yield "%s is %s, not %d" % (name, suite.get(name), number)
    if not re.fullmatch(TIME["pattern"], suite.get("timestamp")) or not is_decimal(suite.get("time")):
        yield "times"
    names = collections.Counter((case.get("classname"), case.get("name")) for case in cases)
    if names.most_common(1)[0][1] > 1 and len(cases) < 1000:
        yield "a case stands twice: %s" % (names.most_common(1)[0],)
    rules = {result["ruleId"] for result in results}
    if not rules <= {child.get("type") for case in cases for child in case}:
        yield "rules are missing"
    for case in cases:
        yield from check_case(case)


COMMAND = re.compile(r"::(error|warning|notice) ([^\n]*?)::([^\n]*)")
PROPERTY = re.compile(r"(file|line|endLine|col|endColumn|title)=([^:,\r\n]*)")


def check_github(text, results):
    shown = collections.Counter()
    if text and not text.endswith("\n"):
        yield "the last line does not end"
    for line in text.split("\n")[:-1]:
        command = COMMAND.fullmatch(line)
        if not command:
            yield "not a command: %r" % line
            continue
        shown[command.group(1)] += 1
        properties = dict(part.split("=", 1) for part in command.group(2).split(","))
        for part in command.group(2).split(","):
            if not PROPERTY.fullmatch(part):
                yield "not a property: %r" % part
        if "file" in properties and not int(properties["line"]) <= int(properties["endLine"]):
            yield "lines: %r" % line
        if not properties.get("title") or re.search("%(?!25|0D|0A)", command.group(3)):
            yield "title or message: %r" % line
    if any(count > 10 for count in shown.values()):
        yield "more than GitHub shows: %s" % shown
    if bool(results) > bool(shown):
        yield "nothing shown of %d results" % len(results)


CHECKS = {".gitlab": check_gitlab, ".junit": check_junit, ".github": check_github}


def main():
    folder = pathlib.Path(sys.argv[1])
    failed = False
    checked = 0
    for sarif in sorted(folder.glob("*.sarif")):
        results = json.loads(sarif.read_text())["runs"][0]["results"]
        # The others say nothing of what is suppressed.
        results = [result for result in results if not result.get("suppressions")]
        for suffix, check in CHECKS.items():
            file = sarif.with_suffix(suffix)
            text = file.read_bytes().decode("utf-8")
            problems = list(check(text, results))
            if RAW in text:
                problems.append("a raw secret")
            if UNSAFE.search(text):
                problems.append("unsafe to print: %r" % UNSAFE.search(text).group(0))
            checked += 1
            failed = failed or bool(problems)
            for problem in problems[:20]:
                print("%s: %s" % (file.name, problem), file=sys.stderr)
    print("%d reports checked" % checked)
    sys.exit(1 if failed or checked < 3 else 0)


main()
