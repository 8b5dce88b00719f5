#!/bin/sh
# The lint finds what it is there to find: each check passes on a clean tree and fails on the same
# tree with one violation of it, made here so that none has to stand in the repository.

top=$(CDPATH='' cd -P -- "$(dirname -- "$0")/../.." && pwd) || exit 2
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
failures=0

# clean_tree: a tree in which every check passes.
clean_tree() {
	rm -rf "$tree/src" "$tree/tests" "$tree/rules" "$tree/build" "$tree/.git"
	mkdir -p "$tree/src/base" "$tree/src/detect" "$tree/src/report" "$tree/src/model" \
		"$tree/tests/model" "$tree/rules" "$tree/build/test"
	cp "$top/.clang-format" "$top/.clang-tidy" "$top/.gitignore" "$tree"
	git -C "$tree" init -q
	printf 'int length(const char *text);\n' >"$tree/src/base/text.h"
	printf 'int match(void);\n' >"$tree/src/detect/match.h"
	printf 'int level(void);\n' >"$tree/src/model/level.h"
	printf '#include "model/level.h"\n\n#include "base/text.h"\n\n#include <stdio.h>\n' \
		>"$tree/src/model/level.c"
	printf '#include "model/level.h"\n' >"$tree/tests/model/test_level.c"
	commands="cc -include $tree/src/base/banned.h -c level.c"
	printf '[{"directory": "%s", "file": "%s", "command": "%s"}]\n' "$tree" \
		"$tree/src/model/level.c" "$commands" >"$tree/build/test/compile_commands.json"
}

# expect STATUS CHECK WHAT: runs the check on the tree.
expect() {
	output=$("$top/ci/lint" --root "$tree" "$2" 2>&1)
	if [ $? -eq "$1" ]; then
		printf 'ok: %s: %s\n' "$2" "$3"
	else
		printf 'FAILED: %s: %s: not status %s\n%s\n' "$2" "$3" "$1" "$output"
		failures=$((failures + 1))
	fi
}

# violation CHECK FILE TEXT: the check fails on the clean tree with this file in it.
violation() {
	clean_tree
	mkdir -p "$tree/$(dirname -- "$2")"
	printf '%b\n' "$3" >"$tree/$2"
	expect 1 "$1" "$2: $3"
}

clean_tree
for check in format tidy banned unbuilt layers names places; do
	expect 0 "$check" "a clean tree"
done

violation format src/base/text.c 'int  length( const char*text );'
violation format tests/base/test_text.c 'int  length( const char*text );'
violation tidy src/base/text.c \
	'#include <stdlib.h>\nint length(void)\n{\n\tint *p = malloc(4);\n\tfree(p);\n\treturn *p;\n}'
violation tidy src/base/text.c \
	'#include <unistd.h>\nvoid save(int fd);\nvoid save(int fd)\n{\n\tfsync(fd);\n}'
for call in strcpy strcat strncpy sprintf vsprintf strtok gmtime localtime atoi atol alloca gets; do
	violation banned src/base/text.c "int length(void)\n{\n\treturn !!$call(0);\n}"
done
violation banned tests/base/test_text.c 'int length(void)\n{\n\treturn atoi (0);\n}'
violation banned src/base/text.c "int length(void)\n{\n\treturn '\"' + atoi(\"1\");\n}"

# Awk in a C string may call what C must not.
clean_tree
printf 'const char *script = "print sprintf(\\"%%c\\", 65)"; /* atoi() */\n' >"$tree/tests/model/test_level.c"
expect 0 banned 'the name of a banned function in a string'

violation unbuilt src/base/text.c 'int length(void);'
violation layers src/base/text.c '#include "model/level.h"'
violation layers src/report/text.c '#include "detect/match.h"'
violation layers src/base/text.c '#include "text.h"'
violation layers src/base/text.c '#include "generate/rules.h"'
violation layers src/model/level.c '#  include "detect/match.h"'
violation layers tests/model/test_level.c '#include "detect/match.h"'
violation layers src/model/level.c '#include <hs.h>'
violation layers src/detect/match.h '#include <hs.h>'
violation layers src/model/level.c '#include <openssl/evp.h>'
violation names src/base/util.c 'int length(void);'
violation names src/common/text.c 'int length(void);'
violation names ci/string_helpers.sh '#!/bin/sh'
violation names src/base/misc.h 'int length(void);'
for place in work root home/somebody; do
	violation places ci/run "cd /$place/trawl"
	violation places README.md "see \`/$place\`"
done

# generate/ is nobody's interface, even when the header exists.
clean_tree
mkdir -p "$tree/src/generate"
printf 'int table(void);\n' >"$tree/src/generate/table.h"
printf '#include "generate/table.h"\n' >"$tree/src/base/text.c"
expect 1 layers 'an include of generate/'

# The build forgot the ban.
clean_tree
sed -i 's/-include [^ ]*//' "$tree/build/test/compile_commands.json"
expect 1 unbuilt 'no -include'

# What `trawl rules check` finds is the lint's result.
clean_tree
TRAWL=true expect 0 rules 'a program that is content'
TRAWL=false expect 1 rules 'a program that is not'

[ "$failures" -eq 0 ]
