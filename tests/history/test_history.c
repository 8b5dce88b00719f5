#include "history/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

static const char rules[] = "provider:\n"
			    "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
			    "  rules:\n"
			    "    - id: h-token\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: 'tok_[a-z]{8}'}}\n"
			    "    - id: h-env\n"
			    "      metadata: {name: Test}\n"
			    "      detection:\n"
			    "        pre: {include: {ext: [env]}}\n"
			    "        matching: {pattern: 'env_[a-z]{8}'}\n";

/*
 * What the scripts may use: `init` enters a new repository r, `put FILE TEXT` writes a file,
 * `save SUBJECT` commits everything. Commits are a minute apart.
 */
static const char prelude[] =
    "set -e\n"
    "exec >/dev/null\n"
    "export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=a@example.invalid\n"
    "export GIT_COMMITTER_NAME=Com GIT_COMMITTER_EMAIL=c@example.invalid\n"
    "now=1600000000\n"
    "tick() { now=$((now + 60)); export GIT_AUTHOR_DATE=\"$now +0130\" "
    "GIT_COMMITTER_DATE=\"$now +0000\"; }\n"
    "init() { git init -q -b main \"$@\" r; cd r; tick; }\n"
    "put() { mkdir -p \"$(dirname \"$1\")\"; printf '%b' \"$2\" >\"$1\"; }\n"
    "save() { git add -A; git commit -q --allow-empty -m \"$1\"; tick; }\n";

static void run_script(const char *script)
{
	struct buf text;

	TREE_RUN("rm", "-rf", "r", "up", "base", "linked");
	buf_init(&text, 65536);
	buf_appendf(&text, "%s%s", prelude, script);
	TREE_RUN("sh", "-c", buf_text(&text));
	buf_release(&text);
}

/* The subject of a commit; the caller's. */
static char *subject_of(const char *path, const struct object_id *commit)
{
	char hex[OBJECT_ID_HEX + 1];
	const char *const argv[] = {
	    "git",       "-C", path,          "--no-replace-objects",     "log",
	    "--no-walk", "-s", "--format=%s", object_id_hex(commit, hex), NULL};
	size_t len;
	char *text = tree_output(argv, &len);

	assert_true(len > 0);
	text[len - 1] = '\0';
	return text;
}

/* A line for each leak: "SECRET KIND STATE REFS: PATH SUBJECT; PATH SUBJECT". */
static void put_leaks(struct buf *out, const struct history *h, const char *path)
{
	for (size_t i = 0; i < h->leaks.count; i++) {
		const struct leak *leak = &h->leaks.items[i];

		buf_appendf(out, "%s %s %s", leak->occurrences[0].first.secret,
		            object_type_name(leak->kind), leak_state_name(leak->state));
		for (strings ref = leak->refs; ref && *ref; ref++)
			buf_appendf(out, " %s", *ref);
		for (size_t k = 0; k < leak->count; k++) {
			const struct occurrence *o = &leak->occurrences[k];
			char *subject =
			    o->has_commit ? subject_of(path, &o->commit) : mem_strdup("-");

			buf_appendf(out, "%s ", k ? ";" : ":");
			buf_append(out, o->path);
			buf_appendf(out, " %s", subject);
			free(subject);
		}
		buf_appendf(out, "\n");
	}
}

/* Scans path, alone and with four threads, and compares with these lines. */
static void assert_leaks_at(const char *path, const char *expected)
{
	struct history h;
	struct buf out;

	for (unsigned threads = 1; threads <= 4; threads += 3) {
		struct history_options options = fixture_options(threads, MEMORY_LARGE);

		fixture_history(&h, path, &options);
		buf_init(&out, TEXT_LIMIT);
		put_leaks(&out, &h, path);
		for (size_t i = 0; i < h.coverage.named_count; i++) {
			struct bytes name = h.coverage.lost[i].path;

			/* A pack's name is a checksum, and it lies in the scratch folder. */
			if (h.coverage.lost[i].reason == LOST_MISSING)
				name =
				    (struct bytes){(const unsigned char *)h.coverage.lost[i].detail,
				                   strcspn(h.coverage.lost[i].detail, ":")};
			else if (memmem(name.ptr, name.len, "/pack-", 6))
				name = bytes_of("a pack");
			buf_appendf(&out, "lost ");
			buf_append(&out, name);
			buf_appendf(&out, "\n");
		}
		assert_string_equal(buf_text(&out), expected);
		buf_release(&out);
		history_release(&h);
	}
}

/* Cases: a script, and what is found in r, loose and packed. */
struct history_case {
	const char *script;
	const char *expected;
};

static void assert_case(void **state)
{
	const struct history_case *c = *state;

	run_script(c->script);
	assert_leaks_at("r", c->expected);
	TREE_RUN("sh", "-c",
	         "cd r && git rev-parse --git-path objects >/dev/null && "
	         "git cat-file --batch-all-objects --batch-check='%(objectname)' | "
	         "{ ids=$(cat); test -z \"$ids\" || echo \"$ids\" | "
	         "git pack-objects -q \"$(git rev-parse --git-path objects/pack/pack)\"; } && "
	         "git prune-packed -q");
	assert_leaks_at("r", c->expected);
}

static struct history_case secret_in_head = {
    "init; put a 'x tok_aaaaaaaa y\\n'; save one; put b other; save two",
    "tok_aaaaaaaa blob head: a one\n",
};

static struct history_case secret_removed = {
    "init; put a tok_aaaaaaaa; save one; put a gone; save two",
    "tok_aaaaaaaa blob history: a one\n",
};

static struct history_case secret_added_again = {
    "init; put a tok_aaaaaaaa; save one; put a gone; save two; put a 'more tok_aaaaaaaa';"
    "save three; put a 'yet more tok_aaaaaaaa'; save four",
    "tok_aaaaaaaa blob head: a one; a three\n",
};

static struct history_case file_renamed = {
    "init; put a tok_aaaaaaaa; save one; git mv a b; save two",
    "tok_aaaaaaaa blob head: a one; b two\n",
};

static struct history_case secret_in_two_files = {
    "init; put a tok_aaaaaaaa; put d/b 'x tok_aaaaaaaa'; save one; put d-c 'tok_aaaaaaaa!';"
    "save two",
    "tok_aaaaaaaa blob head: a one; d/b one; d-c two\n",
};

static struct history_case secret_moved_within_a_file = {
    "init; put a 'tok_aaaaaaaa\\n'; save one; put a 'x\\ny\\ntok_aaaaaaaa\\n'; save two",
    "tok_aaaaaaaa blob head: a one\n",
};

static struct history_case file_becomes_folder = {
    "init; put a tok_aaaaaaaa; save one; rm a; put a/a tok_aaaaaaaa; save two",
    "tok_aaaaaaaa blob head: a one; a/a two\n",
};

static struct history_case merge_brings_nothing_new = {
    "init; save one; git checkout -q -b side; put a tok_aaaaaaaa; save two;"
    "git checkout -q main; put b x; save three; git merge -q --no-edit -m merged side",
    "tok_aaaaaaaa blob head: a two\n",
};

static struct history_case evil_merge = {
    "init; save one; git checkout -q -b side; put b x; save two; git checkout -q main; put a y;"
    "save three; git merge -q --no-commit side; put evil tok_aaaaaaaa; save merged;"
    "git rm -q evil; save four",
    "tok_aaaaaaaa blob history: evil merged\n",
};

static struct history_case evil_merge_by_commit_tree = {
    "init; put a x; save one; two=$(git commit-tree -p HEAD -m two HEAD^{tree}); tick;"
    "put a tok_aaaaaaaa; git add a; tree=$(git write-tree);"
    "git update-ref refs/heads/octopus $(git commit-tree -p HEAD -p $two -p HEAD -m evil $tree);"
    "git reset -q --hard",
    "tok_aaaaaaaa blob tip refs/heads/octopus: a evil\n",
};

static struct history_case both_sides_bring_it = {
    "init; save one; git checkout -q -b side; put a 'tok_aaaaaaaa'; save two;"
    "git checkout -q main; put a 'tok_aaaaaaaa!'; save three;"
    "git merge -q -X ours -m merged side",
    "tok_aaaaaaaa blob head: a two; a three\n",
};

static struct history_case stash = {
    "init; put a x; save one; put a tok_worktree; put b tok_indexaaa; git add b;"
    "put b y; put c tok_untracke; git stash -q -u -m stashed",
    "tok_worktree blob tip refs/stash: a On main: stashed\n"
    "tok_indexaaa blob history: b index on main: b7dd9f7 one\n"
    "tok_untracke blob history: c untracked files on main: b7dd9f7 one\n",
};

static struct history_case commit_amended_away = {
    "init; save one; put a tok_aaaaaaaa; save two; put a x; git add a;"
    "git commit -q --amend -m three",
    "tok_aaaaaaaa blob unreachable: a two\n",
};

static struct history_case branch_dropped = {
    "init; save one; git checkout -q -b side; put a tok_aaaaaaaa; save two;"
    "git checkout -q main; git branch -q -D side; git reflog expire --expire=now --all",
    "tok_aaaaaaaa blob unreachable: a two\n",
};

static struct history_case dangling_blob = {
    "init; save one; printf tok_aaaaaaaa | git hash-object -w --stdin",
    "tok_aaaaaaaa blob unreachable:  -\n",
};

static struct history_case only_the_index_has_it = {
    "init; save one; put a tok_aaaaaaaa; git add a; rm a",
    "tok_aaaaaaaa blob unreachable:  -\n",
};

static struct history_case commit_message = {
    "init; save one; save 'with tok_aaaaaaaa in it'",
    "tok_aaaaaaaa commit history: .git/commit-message with tok_aaaaaaaa in it\n",
};

static struct history_case header_is_no_message = {
    "init; GIT_AUTHOR_NAME=tok_aaaaaaaa save one",
    "",
};

static struct history_case tag_message = {
    "init; save one; git tag -a -m 'a tok_aaaaaaaa' v1",
    "tok_aaaaaaaa tag tip refs/tags/v1: .git/tag-message -\n",
};

static struct history_case one_secret_in_many_tags = {
    "init; save one; for t in 1 2 3 4 5 6 7 8 9; do git tag -a -m 'tok_aaaaaaaa' v$t; tick; done",
    "tok_aaaaaaaa tag tip refs/tags/v1 refs/tags/v2 refs/tags/v3 refs/tags/v4 refs/tags/v5 "
    "refs/tags/v6 refs/tags/v7 refs/tags/v8 refs/tags/v9: .git/tag-message -; "
    ".git/tag-message -; .git/tag-message -; .git/tag-message -; .git/tag-message -; "
    ".git/tag-message -; .git/tag-message -; .git/tag-message -; .git/tag-message -\n",
};

static struct history_case tag_of_a_tag = {
    "init; put a tok_bbbbbbbb; save one; git tag -a -m 'tok_aaaaaaaa' v1; git tag -a -m x v2 v1;"
    "git tag -d v1; git checkout -q --orphan other; put a x; save two; git branch -q -D main;"
    "git reflog expire --expire=now --all",
    "tok_aaaaaaaa tag tip refs/tags/v2: .git/tag-message -\n"
    "tok_bbbbbbbb blob tip refs/tags/v2: a one\n",
};

static struct history_case tagged_blob_and_tree = {
    "init; put f/a tok_aaaaaaaa; git add f; put b 'tok_bbbbbbbb'; git tag blob $(git hash-object "
    "-w b); git tag tree $(git write-tree); git rm -q --cached f/a; rm -r f b; save one;"
    "git tag -a -m x annotated $(printf tok_cccccccc | git hash-object -w --stdin)",
    "tok_aaaaaaaa blob tip refs/tags/tree:  -\n"
    "tok_cccccccc blob tip refs/tags/annotated:  -\n"
    "tok_bbbbbbbb blob tip refs/tags/blob:  -\n",
};

static struct history_case submodule = {
    "init; put a tok_aaaaaaaa; save one;"
    "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub;"
    "git commit -q -m two",
    "tok_aaaaaaaa blob head: a one\n",
};

static struct history_case detached_head = {
    "init; put a x; save one; git checkout -q --detach; put a tok_aaaaaaaa; save two",
    "tok_aaaaaaaa blob head: a two\n",
};

static struct history_case no_objects = {
    "init",
    "",
};

static struct history_case unborn_head = {
    "init; put a tok_aaaaaaaa; save one; git symbolic-ref HEAD refs/heads/none",
    "tok_aaaaaaaa blob tip refs/heads/main: a one\n",
};

static struct history_case link_text = {
    "init; ln -s /tok_aaaaaaaa a; save one",
    "tok_aaaaaaaa blob head: a one\n",
};

static struct history_case path_decides = {
    "init; put x.env env_aaaaaaaa; put y.txt env_bbbbbbbb; save one; git mv y.txt y.env; save two;"
    "git mv x.env x.txt; save three; put z.txt env_cccccccc; save four",
    "env_aaaaaaaa blob head: x.env one\n"
    "env_bbbbbbbb blob head: y.env two\n",
};

static struct history_case binary_and_utf16 = {
    "init; put a 'x\\0tok_aaaaaaaa\\0'; save one;"
    "{ printf '\\377\\376'; printf 'tok_bbbbbbbb' | sed 's/./&\\n/g' | tr '\\n' '\\0'; } >b;"
    "save two; put b tok_bbbbbbbb; save three",
    "tok_aaaaaaaa blob head: a one\n"
    "tok_bbbbbbbb blob head: b two\n",
};

static struct history_case replaced_commit = {
    "init; put a tok_aaaaaaaa; save one; put a x; save two;"
    "git replace HEAD~1 $(git commit-tree -m empty $(git mktree </dev/null))",
    "tok_aaaaaaaa blob history: a one\n",
};

static struct history_case several_roots = {
    "init; put a tok_aaaaaaaa; save one; git checkout -q --orphan other; save two",
    "tok_aaaaaaaa blob head: a one; a two\n",
};

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, assert_case, NULL, NULL, &name                                              \
	}

/* ---- Where the repository lies, and what is wrong with it ---- */

static void notes_are_blobs(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h;
	char hex[OBJECT_ID_HEX + 1];

	(void)state;
	run_script("init; save one; git notes add -m 'a tok_aaaaaaaa'");
	fixture_history(&h, "r", &options);
	assert_int_equal(h.leaks.count, 1);
	assert_int_equal(h.leaks.items[0].state, LEAK_TIP);
	assert_string_equal(h.leaks.items[0].refs[0], "refs/notes/commits");
	assert_null(h.leaks.items[0].refs[1]);
	/* A note's path is the id of what it is about. */
	assert_int_equal(h.leaks.items[0].occurrences[0].path.len, OBJECT_ID_HEX);
	assert_memory_equal(h.leaks.items[0].occurrences[0].path.ptr, h.head, OBJECT_ID_HEX);
	assert_string_not_equal(object_id_hex(&h.leaks.items[0].occurrences[0].commit, hex),
	                        h.head);
	history_release(&h);
}

static void authors_and_dates(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h;
	const struct occurrence *o;

	(void)state;
	run_script("init; put a 'x\\n tok_aaaaaaaa'; save one; put a 'tok_aaaaaaaa'; save two");
	fixture_history(&h, "r", &options);
	assert_int_equal(h.leaks.count, 1);
	assert_int_equal(h.leaks.items[0].count, 1);
	o = &h.leaks.items[0].occurrences[0];
	assert_string_equal(o->author, "Ann");
	assert_int_equal(o->date, 1600000060);
	assert_int_equal(o->zone, 90);
	assert_int_equal(o->first.start_line, 2);
	assert_int_equal(o->first.start_column, 2);
	assert_int_equal(o->last.start_line, 1);
	assert_int_equal(o->last.start_offset, 0);
	assert_false(object_id_equal(&o->blob, &o->last_blob));
	history_release(&h);
}

static void bare_and_linked(void **state)
{
	static const char expected[] = "tok_aaaaaaaa blob head: a one\n"
				       "tok_bbbbbbbb blob tip worktrees/linked/HEAD: b two\n";

	(void)state;
	run_script("init; put a tok_aaaaaaaa; save one; git worktree add -q --detach ../linked;"
	           "cd ../linked; put b tok_bbbbbbbb; git rm -q a; save two");
	assert_leaks_at("r", expected);
	assert_leaks_at("linked",
	                "tok_aaaaaaaa blob tip main-worktree/HEAD refs/heads/main: a one\n"
	                "tok_bbbbbbbb blob head: b two\n");
	TREE_RUN("git", "clone", "-q", "--bare", "--no-local", "r", "base");
	assert_leaks_at("base", "tok_aaaaaaaa blob head: a one\n");
}

/* Which thread comes first decides nothing. */
static void order_is_the_same_with_threads(void **state)
{
	struct history_options one = fixture_options(1, MEMORY_LARGE);
	struct history_options four = fixture_options(4, MEMORY_LARGE);
	char *expected, *found;

	(void)state;
	run_script("init; save one; for i in $(seq 150); do put $i \"$i tok_aaaaaaaa\";"
	           "printf 'tag %s\\nfrom refs/heads/main\\ntagger A <a> %d +0000\\n"
	           "data 12\\ntok_bbbbbbbb\\n' $i $i >>tags; done;"
	           "git -c fastimport.unpackLimit=100000 fast-import --quiet <tags;"
	           "rm tags; git hash-object -w *");
	expected = history_text("r", &one);
	for (unsigned i = 0; i < 10; i++) {
		found = history_text("r", &four);
		assert_string_equal(found, expected);
		free(found);
	}
	free(expected);
}

/* A dump of them in a few versions must not take the square of their number. */
static void many_secrets_in_one_file(void **state)
{
	enum { SECRETS = 40000 };
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h;

	(void)state;
	run_script("init; for round in 1 2 3; do awk 'BEGIN { for (i = 0; i < 40000; i++) {"
	           "n = i; t = \"tok_\"; for (k = 0; k < 8; k++) {"
	           "t = t sprintf(\"%c\", 97 + n % 26); n = int(n / 26) } print t } }' >a;"
	           "echo $round >>a; cat a a >b; save $round; done");
	fixture_history(&h, "r", &options);
	assert_int_equal(h.coverage.lost_count, 0);
	assert_int_equal(h.leaks.count, SECRETS);
	for (size_t i = 0; i < SECRETS; i++)
		assert_int_equal(h.leaks.items[i].count, 2);
	history_release(&h);
}

static void what_is_lost_in_an_object_is_named_by_its_id(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h;

	(void)state;
	run_script("init; yes tok_aaaaaaaa | head -n 100001 >a; save one");
	fixture_history(&h, "r", &options);
	assert_int_equal(h.coverage.lost_count, 1);
	assert_int_equal(h.coverage.lost[0].reason, LOST_ENGINE_LIMIT);
	assert_true(bytes_equal(h.coverage.lost[0].path,
	                        bytes_of("36b38d1c74de6cef6bf89cdf6b09d911b4bfc620")));
	history_release(&h);
}

static void marker_on_one_of_two_places(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h;

	(void)state;
	run_script(
	    "init; put a 'tok_aaaaaaaa # trawl:allow\\ntok_aaaaaaaa\\n';"
	    "put b 'tok_bbbbbbbb # trawl:allow\\ntok_bbbbbbbb # trawl:allow\\n';"
	    "put c 'tok_cccccccc\\n'; save one; put c 'tok_cccccccc # trawl:allow'; save two");
	fixture_scan.inline_policy = INLINE_MARK;
	fixture_history(&h, "r", &options);
	fixture_scan.inline_policy = INLINE_IGNORE;
	assert_int_equal(h.suppressed.count, 2);
	assert_int_equal(h.leaks.count, 1);
	assert_string_equal(h.leaks.items[0].occurrences[0].first.secret, "tok_aaaaaaaa");
	assert_int_equal(h.leaks.items[0].occurrences[0].first.start_line, 2);
	history_release(&h);
}

/* One secret, known at one path and not at the other. */
static void settings_hold_by_path(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct suppressions suppressions = {.today = "2027-01-31"};
	struct configuration config;
	struct error error;
	struct history h;

	(void)state;
	assert_int_equal(configuration_read(&config, "c",
	                                    bytes_of("exclude: [docs/]\n"
	                                             "allow: [{rule: '*', paths: [t], reason: r}]"),
	                                    &error),
	                 ERR_NONE);
	suppressions_init(&suppressions, &config, NULL);
	run_script("init; mkdir docs t; put docs/a 'tok_aaaaaaaa\n'; put t/b 'tok_aaaaaaaa\n';"
	           "put docs/x 'tok_bbbbbbbb\n'; save one; put c 'tok_aaaaaaaa\n'; save two");
	fixture_scan.suppressions = &suppressions;
	fixture_history(&h, "r", &options);
	fixture_scan.suppressions = NULL;
	assert_int_equal(h.leaks.count, 1);
	assert_int_equal(h.leaks.items[0].count, 1);
	assert_true(bytes_equal(h.leaks.items[0].occurrences[0].path, bytes_of("c")));
	assert_int_equal(h.suppressed.count, 2);
	assert_int_equal(h.suppressed.items[0].count, 2);
	assert_string_equal(h.suppressed.items[0].occurrences[0].first.suppression->reason,
	                    "the path is excluded");
	assert_string_equal(h.suppressed.items[0].occurrences[1].first.suppression->reason, "r");
	assert_true(bytes_equal(h.suppressed.items[1].occurrences[0].path, bytes_of("docs/x")));
	history_release(&h);
	configuration_release(&config);
}

/* ---- Damage ---- */

/* Overwrites the middle of the loose object or pack entry whose id is $id. */
#define DAMAGE_LOOSE                                                                               \
	"f=.git/objects/$(echo $id | sed 's|^..|&/|'); chmod +w $f;"                               \
	"printf XXXX | dd of=$f bs=1 seek=8 conv=notrunc 2>/dev/null;"
#define DAMAGE_PACKED                                                                              \
	"at=$(git verify-pack -v $pack.idx | awk -v id=$id '$1 == id { print $5 }');"              \
	"chmod +w $pack.pack; printf XXXX |"                                                       \
	"dd of=$pack.pack bs=1 seek=$((at + 9)) conv=notrunc 2>/dev/null;"
#define PACK                                                                                       \
	"pack=$(git cat-file --batch-all-objects --batch-check='%(objectname)' |"                  \
	"git pack-objects -q .git/objects/pack/pack); pack=.git/objects/pack/pack-$pack;"

static struct history_case damaged_loose_object = {
    "init; put a 'tok_aaaaaaaa is lost'; put b tok_bbbbbbbb; save one;"
    "id=$(git rev-parse HEAD:a);" DAMAGE_LOOSE,
    "tok_bbbbbbbb blob head: b one\n"
    "lost d3a54c2b73a80d54ed808aff5ba1154450948b69\n",
};

static struct history_case damaged_in_its_only_pack = {
    "init; put a 'tok_aaaaaaaa is lost'; put b tok_bbbbbbbb; save one;" PACK
    "git prune-packed -q; id=$(git rev-parse HEAD:a);" DAMAGE_PACKED,
    "tok_bbbbbbbb blob head: b one\n"
    "lost d3a54c2b73a80d54ed808aff5ba1154450948b69\n",
};

static struct history_case damaged_in_a_pack_and_loose = {
    "init; put a 'tok_aaaaaaaa is found'; put b tok_bbbbbbbb; save one;" PACK
    "id=$(git rev-parse HEAD:a);" DAMAGE_PACKED,
    "tok_aaaaaaaa blob head: a one\n"
    "tok_bbbbbbbb blob head: b one\n",
};

static struct history_case damaged_in_one_pack_of_two = {
    "init; put a 'tok_aaaaaaaa is found'; put b tok_bbbbbbbb; save one;" PACK
    "save two; git cat-file --batch-all-objects --batch-check='%(objectname)' |"
    "git pack-objects -q .git/objects/pack/pack; git prune-packed -q; id=$(git rev-parse HEAD:a);"
    "for pack in .git/objects/pack/*.pack; do pack=${pack%.pack}; break; done;" DAMAGE_PACKED,
    "tok_aaaaaaaa blob head: a one\n"
    "tok_bbbbbbbb blob head: b one\n",
};

static struct history_case damaged_in_the_other_pack = {
    "init; put a 'tok_aaaaaaaa is found'; put b tok_bbbbbbbb; save one;" PACK
    "save two; git cat-file --batch-all-objects --batch-check='%(objectname)' |"
    "git pack-objects -q .git/objects/pack/pack; git prune-packed -q; id=$(git rev-parse HEAD:a);"
    "for pack in .git/objects/pack/*.pack; do pack=${pack%.pack}; done;" DAMAGE_PACKED,
    "tok_aaaaaaaa blob head: a one\n"
    "tok_bbbbbbbb blob head: b one\n",
};

static struct history_case damaged_tree = {
    "init; put d/a tok_aaaaaaaa; put b tok_bbbbbbbb; save one; id=$(git rev-parse "
    "HEAD:d);" DAMAGE_LOOSE,
    "tok_aaaaaaaa blob unreachable:  -\n"
    "tok_bbbbbbbb blob head: b one\n"
    "lost 732aa4127462ff600c4dc87279fd505f96dac00f\n",
};

static struct history_case truncated_pack = {
    "init; put a tok_aaaaaaaa; save one;" PACK "git prune-packed -q; put b tok_bbbbbbbb; git add b;"
    "chmod +w $pack.pack; truncate -s -30 $pack.pack",
    "tok_bbbbbbbb blob unreachable:  -\n"
    "lost a pack\n",
};

static struct history_case alternate_that_is_gone = {
    "init; put a tok_aaaaaaaa; save one; cd ..; mv r base; git clone -q -s base r; cd r;"
    "put b tok_bbbbbbbb; save two; rm -rf ../base",
    "tok_bbbbbbbb blob head: b two\n"
    "lost it lacks 2 of the objects that it needs\n",
};

static struct history_case shallow_clone = {
    "init; put a tok_aaaaaaaa; save one; put b tok_bbbbbbbb; save two; cd ..; mv r base;"
    "git clone -q --depth 1 \"file://$PWD/base\" r",
    "tok_aaaaaaaa blob head: a two\n"
    "tok_bbbbbbbb blob head: b two\n"
    "lost it lacks 1 of the objects that it needs\n",
};

#define PARTIAL                                                                                    \
	"git config core.repositoryformatversion 1; git config extensions.partialClone origin;"

static struct history_case missing_where_a_tree_names_it = {
    "init; put a tok_aaaaaaaa; put d/b gone; save one; put c tok_cccccccc; save two;" PARTIAL
    "rm .git/objects/$(git rev-parse HEAD:d/b | sed 's|^..|&/|')",
    "tok_aaaaaaaa blob head: a one\n"
    "tok_cccccccc blob head: c two\n"
    "lost it lacks 1 of the objects that it needs\n",
};

static struct history_case missing_where_a_tag_names_it = {
    "init; put a tok_aaaaaaaa; save one; id=$(printf gone | git hash-object -w --stdin);"
    "git tag -a -m x v1 $id; git tag -a -m x v2 v1; git tag -d v1;" PARTIAL
    "rm .git/objects/$(echo $id | sed 's|^..|&/|')",
    "tok_aaaaaaaa blob head: a one\n"
    "lost it lacks 1 of the objects that it needs\n",
};

static struct history_case missing_where_nothing_leads = {
    "init; put a tok_aaaaaaaa; save one; put b gone; save two; id=$(git rev-parse HEAD:b);"
    "git reset -q --hard HEAD~1; git reflog expire --expire=now --all;" PARTIAL
    "rm .git/objects/$(echo $id | sed 's|^..|&/|')",
    "tok_aaaaaaaa blob head: a one\n",
};

static void assert_damaged(void **state)
{
	const struct history_case *c = *state;

	run_script(c->script);
	assert_leaks_at("r", c->expected);
}

#define DAMAGED(name)                                                                              \
	{                                                                                          \
#name, assert_damaged, NULL, NULL, &name                                           \
	}

/* Files of a pack, whose names the caller gives with their ends. */
static void read_bytes(const char *path, unsigned char **bytes, size_t *len)
{
	const char *const argv[] = {"cat", path, NULL};

	*bytes = (unsigned char *)tree_output(argv, len);
}

/*
 * Scans with one bit of the file flipped: of the three secrets of r, those that are not found must
 * be told to be lost.
 */
static void scan_flipped(const char *path, unsigned char *bytes, size_t len, size_t at,
                         unsigned bit)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h = {0};
	struct error error = {0};
	enum err err;

	bytes[at] ^= (unsigned char)(1u << bit);
	tree_put_bytes(path, bytes, len);
	err = history_scan(&h, "r", fixture_engine, &fixture_set, &options, &error);
	if (!err && h.leaks.count < 3 && !h.coverage.lost_count)
		fail_msg("%s: bit %u of byte %zu hides a secret", path, bit, at);
	for (size_t i = 0; i < h.leaks.count; i++) {
		const char *secret = h.leaks.items[i].occurrences[0].first.secret;

		if (strcmp(secret, "tok_aaaaaaaa") != 0 && strcmp(secret, "tok_bbbbbbbb") != 0 &&
		    strcmp(secret, "tok_cccccccc") != 0)
			fail_msg("%s: bit %u of byte %zu makes %s", path, bit, at, secret);
	}
	history_release(&h);
	bytes[at] ^= (unsigned char)(1u << bit);
}

/* Every bit of the pack's head and of the heads of its entries, and of the index' tables. */
static void flipped_bits_are_told(void **state)
{
	static const char index[] = "r/.git/objects/pack/pack-x.idx";
	static const char pack[] = "r/.git/objects/pack/pack-x.pack";
	static const char *const list[] = {"sh", "-c",
	                                   "git verify-pack -v r/.git/objects/pack/pack-x.idx |"
	                                   "awk 'length($1) == 40 { print $5 }' | sort -n",
	                                   NULL};
	unsigned char *bytes;
	size_t len, offsets_len;
	char *offsets, *next;

	(void)state;
	run_script("init; for i in $(seq 1 200); do echo \"line $i of a file\"; done >f;"
	           "put a tok_aaaaaaaa; save one; echo 'x tok_bbbbbbbb' >>f; save two;"
	           "sed -i '5s/$/ tok_cccccccc/' f; save three; sed -i 's/tok_bbbb//' f; save four;"
	           "git repack -adfq --depth=10 --window=10; cd .git/objects/pack;"
	           "for e in pack idx; do cat pack-*.$e >x; rm -f pack-*.$e; mv x pack-x.$e; done;"
	           "rm -f *.rev; chmod +w *");
	offsets = tree_output(list, &offsets_len);
	read_bytes(pack, &bytes, &len);
	for (size_t at = 0; at < 12; at++) {
		for (unsigned bit = 0; bit < 8; bit++)
			scan_flipped(pack, bytes, len, at, bit);
	}
	for (char *line = strtok_r(offsets, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next)) {
		size_t offset = strtoull(line, NULL, 10);

		assert_in_range(offset, 12, len);
		for (size_t at = offset; at < offset + 5; at++) {
			for (unsigned bit = 0; bit < 8; bit++)
				scan_flipped(pack, bytes, len, at, bit);
		}
	}
	tree_put_bytes(pack, bytes, len);
	free(offsets);
	free(bytes);
	read_bytes(index, &bytes, &len);
	for (size_t at = 0; at < len; at += at < 8 || at > 1032 ? 1 : 16)
		scan_flipped(index, bytes, len, at, (unsigned)at % 8);
	free(bytes);
}

/* Few trees that name each other many times: more paths to one secret than anyone can list. */
static void more_paths_than_can_be_listed(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h = {0};
	struct error error = {0};

	(void)state;
	run_script("init; b=$(echo tok_aaaaaaaa | git hash-object -w --stdin);"
	           "t=$(printf '100644 blob %s\\tf\\n' $b | git mktree);"
	           "for l in 1 2 3 4 5 6 7 8 9 10 11 12; do t=$(for i in 0 1 2 3 4 5 6 7 8 9; do"
	           "  printf '040000 tree %s\\td%s\\n' $t $i; done | git mktree); done;"
	           "git update-ref refs/heads/bomb $(echo m | git commit-tree $t)");
	assert_int_equal(history_scan(&h, "r", fixture_engine, &fixture_set, &options, &error),
	                 ERR_NONE);
	assert_int_equal(h.leaks.count, 1);
	assert_int_equal(h.coverage.lost_count, 1);
	history_release(&h);
}

static void nothing_is_no_repository(void **state)
{
	struct history_options options = fixture_options(1, MEMORY_LARGE);
	struct history h = {0};
	struct error error = {0};

	(void)state;
	run_script("init; rm .git/HEAD");
	assert_int_not_equal(history_scan(&h, "r", fixture_engine, &fixture_set, &options, &error),
	                     ERR_NONE);
	assert_int_not_equal(error.message[0], '\0');
	history_release(&h);
	assert_int_equal(
	    history_scan(&h, "no-such-folder", fixture_engine, &fixture_set, &options, &error),
	    ERR_MISSING);
	history_release(&h);
}

static int set_up(void **state)
{
	fixture_begin(state, rules);
	fixture_scan.keep_secrets = true;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(secret_in_head),
	    CASE(secret_removed),
	    CASE(secret_added_again),
	    CASE(file_renamed),
	    CASE(secret_in_two_files),
	    CASE(secret_moved_within_a_file),
	    CASE(file_becomes_folder),
	    CASE(merge_brings_nothing_new),
	    CASE(evil_merge),
	    CASE(evil_merge_by_commit_tree),
	    CASE(both_sides_bring_it),
	    CASE(stash),
	    CASE(commit_amended_away),
	    CASE(branch_dropped),
	    CASE(dangling_blob),
	    CASE(only_the_index_has_it),
	    CASE(commit_message),
	    CASE(header_is_no_message),
	    CASE(tag_message),
	    CASE(one_secret_in_many_tags),
	    CASE(tag_of_a_tag),
	    CASE(tagged_blob_and_tree),
	    CASE(submodule),
	    CASE(detached_head),
	    CASE(no_objects),
	    CASE(unborn_head),
	    CASE(link_text),
	    CASE(path_decides),
	    CASE(binary_and_utf16),
	    CASE(replaced_commit),
	    CASE(several_roots),
	    cmocka_unit_test(notes_are_blobs),
	    cmocka_unit_test(authors_and_dates),
	    cmocka_unit_test(bare_and_linked),
	    cmocka_unit_test(order_is_the_same_with_threads),
	    cmocka_unit_test(many_secrets_in_one_file),
	    cmocka_unit_test(what_is_lost_in_an_object_is_named_by_its_id),
	    cmocka_unit_test(marker_on_one_of_two_places),
	    cmocka_unit_test(settings_hold_by_path),
	    DAMAGED(damaged_loose_object),
	    DAMAGED(damaged_in_its_only_pack),
	    DAMAGED(damaged_in_a_pack_and_loose),
	    DAMAGED(damaged_in_one_pack_of_two),
	    DAMAGED(damaged_in_the_other_pack),
	    DAMAGED(damaged_tree),
	    DAMAGED(truncated_pack),
	    DAMAGED(alternate_that_is_gone),
	    DAMAGED(shallow_clone),
	    DAMAGED(missing_where_a_tree_names_it),
	    DAMAGED(missing_where_a_tag_names_it),
	    DAMAGED(missing_where_nothing_leads),
	    cmocka_unit_test(flipped_bits_are_told),
	    cmocka_unit_test(more_paths_than_can_be_listed),
	    cmocka_unit_test(nothing_is_no_repository),
	};

	return cmocka_run_group_tests(tests, set_up, fixture_end);
}
