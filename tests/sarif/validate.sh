#!/bin/sh
# Holds SARIF files against the 2.1.0 schema, against Microsoft's validator with GitHub's rules, and
# against GitHub's limits that the validator does not know. Needs python3-jsonschema, jq and npm.
#
#   tests/sarif/validate.sh FILE...
#
# The validator is taken from SARIF_MULTITOOL (the folder that holds Sarif.Multitool) or installed
# with npm into TRAWL_CACHE (default: build/cache of this repository), once.
set -eu

die() {
	echo "validate.sh: $*" >&2
	exit 2
}

[ $# -gt 0 ] || die "usage: validate.sh FILE..."
here=$(cd "$(dirname "$0")" && pwd)
cache=${TRAWL_CACHE:-$here/../../build/cache}
version=5.7.0
tool=${SARIF_MULTITOOL:-$cache/sarif-multitool/node_modules/@microsoft/sarif-multitool-linux}

for command in jq python3; do
	command -v "$command" >/dev/null || die "$command is missing"
done
if [ ! -f "$tool/Sarif.Multitool" ]; then
	[ -z "${SARIF_MULTITOOL:-}" ] || die "no Sarif.Multitool in $SARIF_MULTITOOL"
	command -v npm >/dev/null || die "npm is missing, and so is Sarif.Multitool in $tool"
	mkdir -p "$cache/sarif-multitool"
	npm install --silent --no-audit --no-fund --prefix "$cache/sarif-multitool" \
		"@microsoft/sarif-multitool-linux@$version" >&2 || die "npm could not install the validator"
fi
# npm may refuse to run the package's own step that does this.
[ -x "$tool/Sarif.Multitool" ] || chmod u+x "$tool/Sarif.Multitool"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
for file in "$@"; do
	bad=0
	python3 "$here/check.py" "$tool/sarif-2.1.0.json" "$file" || bad=1
	# The exit status says only whether it ran: what it found stands in its own log.
	DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$tool/Sarif.Multitool" validate "$file" \
		--rule-kind "Sarif;Ghas" --level "Error;Warning" --log ForceOverwrite \
		--max-file-size-in-kb 100000 -o "$work/log.sarif" >"$work/out" 2>&1 || { cat "$work/out" >&2; bad=1; }
	jq -r '.runs[] | (.results // [])[], (.invocations // [])[].toolExecutionNotifications[]?
		| select(.level == "error" or .level == "warning" or .level == null)
		| "\(.ruleId // .descriptor.id): \(.locations[0].logicalLocations[0].fullyQualifiedName // "") \(.message.text // .message.id) \(.message.arguments // [] | join(" | "))"' \
		"$work/log.sarif" >"$work/complaints" || bad=1
	if [ -s "$work/complaints" ]; then
		head -n 20 "$work/complaints" | sed "s|^|$file: |" >&2
		bad=1
	fi
	rm -f "$work/log.sarif"
	[ $bad -eq 0 ] && echo "$file: valid" || status=1
done
exit $status
