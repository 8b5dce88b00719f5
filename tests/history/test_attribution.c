#include "history/attribution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

/* Attribution against tests/history/oracle.py, which asks git about every commit. */

#define SECRET "tok_[0-9a-f]{8}"

static const char rules[] = "provider:\n"
			    "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
			    "  rules:\n"
			    "    - id: h-token\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: '" SECRET "'}}\n";

static char oracle[4096]; /* its absolute path */

/* A line of the oracle's form, and what it is sorted by. */
struct placed {
	unsigned rank; /* of the commit among those of its secret, in their order */
	const struct occurrence *occurrence;
};

static int placed_order(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;
	int order;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	order = bytes_compare(a->occurrence->path, b->occurrence->path);
	return order ? order : object_id_compare(&a->occurrence->blob, &b->occurrence->blob);
}

static void put_occurrences(struct buf *out, const struct leak *leak)
{
	struct placed *placed = mem_calloc(leak->count, sizeof(*placed));
	char commit[OBJECT_ID_HEX + 1], blob[OBJECT_ID_HEX + 1];

	for (size_t i = 0; i < leak->count; i++) {
		const struct occurrence *o = &leak->occurrences[i];

		placed[i].occurrence = o;
		if (i)
			placed[i].rank =
			    placed[i - 1].rank + !object_id_equal(&o[-1].commit, &o->commit);
	}
	qsort(placed, leak->count, sizeof(*placed), placed_order);
	for (size_t i = 0; i < leak->count; i++) {
		const struct occurrence *o = placed[i].occurrence;

		buf_appendf(out, "  %s [",
		            o->has_commit ? object_id_hex(&o->commit, commit) : "none");
		buf_append(out, o->path);
		buf_appendf(out, "] %s\n", object_id_hex(&o->blob, blob));
	}
	free(placed);
}

static int by_secret(const void *left, const void *right)
{
	const struct leak *a = left, *b = right;

	return strcmp(a->occurrences[0].first.secret, b->occurrences[0].first.secret);
}

/* What Trawl says of blobs, in the oracle's form. */
static void put_leaks(struct buf *out, struct history *h)
{
	qsort(h->leaks.items, h->leaks.count, sizeof(*h->leaks.items), by_secret);
	for (size_t i = 0; i < h->leaks.count; i++) {
		const struct leak *leak = &h->leaks.items[i];

		buf_appendf(out, "%s %s", leak->occurrences[0].first.secret,
		            leak_state_name(leak->state));
		for (strings ref = leak->refs; ref && *ref; ref++)
			buf_appendf(out, " %s", *ref);
		buf_appendf(out, "\n");
		put_occurrences(out, leak);
	}
}

/* Fails at the first line that differs. */
static void assert_same_text(const char *found, const char *expected)
{
	unsigned line = 1;
	size_t at = 0, start = 0;

	for (; found[at] && found[at] == expected[at]; at++) {
		if (found[at] == '\n') {
			line++;
			start = at + 1;
		}
	}
	if (found[at] != expected[at])
		fail_msg("line %u: %.*s\ninstead of %.*s", line, (int)strcspn(found + start, "\n"),
		         found + start, (int)strcspn(expected + start, "\n"), expected + start);
}

static void assert_as_the_oracle_says(unsigned threads, uint64_t memory)
{
	const char *const argv[] = {"python3", oracle, "r", SECRET, NULL};
	struct history_options options = fixture_options(threads, memory);
	struct history history;
	struct buf found;
	size_t len;
	char *expected;

	fixture_scan.keep_secrets = true;
	fixture_history(&history, "r", &options);
	assert_int_equal(history.coverage.lost_count, 0);
	assert_true(history.leaks.count > 10);
	buf_init(&found, TEXT_LIMIT);
	put_leaks(&found, &history);
	expected = tree_output(argv, &len);
	expected = realloc(expected, len + 1);
	expected[len] = '\0';
	assert_same_text(buf_text(&found), expected);
	free(expected);
	buf_release(&found);
	history_release(&history);
}

enum { TOKENS = 60 };

static char tokens[TOKENS][16];
static const char *snippets[TOKENS];

static void make_tokens(void)
{
	uint32_t random = 7;

	for (unsigned i = 0; i < TOKENS; i++) {
		random = random * 1664525 + 1013904223;
		snprintf(tokens[i], sizeof(tokens[i]), "tok_%08x", random);
		snippets[i] = tokens[i];
	}
}

static void make_story(uint64_t seed, unsigned commits)
{
	make_tokens();
	TREE_RUN("rm", "-rf", "r");
	story_make(seed, commits, snippets, TOKENS, false);
	TREE_RUN("git", "-C", "r", "tag", "light", "b2~5");
}

static void branches_and_merges(void **state)
{
	(void)state;
	make_story(11, 250);
	assert_as_the_oracle_says(1, MEMORY_LARGE);
	assert_as_the_oracle_says(4, 0);
}

static void dropped_branches(void **state)
{
	(void)state;
	make_story(12, 150);
	TREE_RUN("sh", "-c",
	         "cd r && git update-ref -d refs/heads/b2 && git update-ref -d refs/heads/b3");
	assert_as_the_oracle_says(2, MEMORY_LARGE);
}

static void head_that_leads_nowhere(void **state)
{
	(void)state;
	make_story(13, 120);
	TREE_RUN("git", "-C", "r", "symbolic-ref", "HEAD", "refs/heads/unborn");
	assert_as_the_oracle_says(1, MEMORY_LARGE);
}

static int set_up(void **state)
{
	char here[2048];

	tree_need(getcwd(here, sizeof(here)) != NULL, "getcwd");
	snprintf(oracle, sizeof(oracle), "%s/tests/history/oracle.py", here);
	return fixture_begin(state, rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(branches_and_merges),
	    cmocka_unit_test(dropped_branches),
	    cmocka_unit_test(head_that_leads_nowhere),
	};

	return cmocka_run_group_tests(tests, set_up, fixture_end);
}
