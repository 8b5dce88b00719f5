"""Holds one SARIF file against the JSON schema and GitHub's limits: check.py SCHEMA FILE."""

import gzip
import json
import re
import sys

import jsonschema


def duplicate_free(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice: " + ", ".join(keys))
    return dict(pairs)


def schema_problems(schema, log):
    """Looks at no more than the first and last thousand results: the library is slow on many."""
    results = log["runs"][0]["results"]
    if len(results) > 2000:
        log["runs"][0]["results"] = results[:1000] + results[-1000:]
    for error in schema.iter_errors(log):
        yield "%s: %s" % ("/".join(map(str, error.absolute_path)), error.message[:300])
    log["runs"][0]["results"] = results


def uris(value):
    """All of them in the value, at whatever depth."""
    if isinstance(value, list):
        return [uri for child in value for uri in uris(child)]
    if not isinstance(value, dict):
        return []
    own = [value["uri"]] if isinstance(value.get("uri"), str) else []
    return own + [uri for child in value.values() for uri in uris(child)]


def limit_problems(data, log):
    """docs.github.com, SARIF support for code scanning: what has a file rejected or cut."""
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    if len(gzip.compress(data)) > 10 * 1000 * 1000:
        yield "larger than 10 MB when compressed"
    if len(log["runs"]) != 1:
        yield "not one run"
    if len(run["results"]) > 25000:
        yield "more than 25,000 results"
    if len(rules) > 25000:
        yield "more than 25,000 rules"
    for rule in rules:
        texts = [rule["name"], rule["help"]["text"], rule["help"]["markdown"]]
        texts += [rule[key]["text"] for key in ("shortDescription", "fullDescription")]
        severity = float(rule["properties"]["security-severity"])
        if not all(texts):
            yield rule["id"] + ": empty text"
        if len(rule["name"]) > 255 or max(len(text) for text in texts[3:]) > 1024:
            yield rule["id"] + ": text too long"
        if len(rule["properties"]["tags"]) > 10:
            yield rule["id"] + ": more than 10 tags"
        if not 0.0 < severity <= 10.0:
            yield rule["id"] + ": security-severity out of range"
    for number, result in enumerate(run["results"]):
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            yield "result %d: ruleIndex is another rule's" % number
        if len(result["message"]["text"]) > 1024 or len(result["locations"]) != 1:
            yield "result %d: message or locations" % number
        if result["level"] not in ("note", "warning", "error") or result["kind"] != "fail":
            yield "result %d: level or kind" % number
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        if not uri.startswith("file:///") and ":" in uri.split("/")[0]:
            yield "result %d: a colon in the first segment of %s" % (number, uri)
    addresses = uris([run["results"], run.get("artifacts", []), run["invocations"]])
    if any(re.search("[0-9a-f]{40}", uri) for uri in addresses):
        yield "a hash in an address"
    artifacts = [json.dumps(artifact["location"]) for artifact in run.get("artifacts", [])]
    if len(set(artifacts)) != len(artifacts):
        yield "an artifact stands twice"
    unused = set(range(len(rules))) - {result["ruleIndex"] for result in run["results"]}
    if unused:
        yield "rules without a result: %s" % sorted(unused)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    with open(sys.argv[2], "rb") as file:
        data = file.read()
    log = json.loads(data.decode("utf-8"), object_pairs_hook=duplicate_free)
    validator = jsonschema.validators.validator_for(schema)(schema)
    problems = list(schema_problems(validator, log)) + list(limit_problems(data, log))
    for problem in problems[:20]:
        print("%s: %s" % (sys.argv[2], problem), file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
