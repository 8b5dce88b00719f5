#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/inline_allow.h"

#include <stdlib.h>

/* The two rules of these tests; all that the filter asks a ruleset is whether an id exists. */
const struct rule *ruleset_find(const struct ruleset *set, const char *id)
{
	static const struct rule one = {.id = "one-token"}, two = {.id = "two-token"};

	(void)set;
	if (strcmp(id, one.id) == 0)
		return &one;
	return strcmp(id, two.id) == 0 ? &two : NULL;
}

/* Whether a finding of the rule on the line that starts at the offset is allowed, looked at first.
 */
static bool allows_rule(const char *text, size_t line_start, const char *rule_id)
{
	struct inline_allow state = {0};

	return inline_allows(&state, bytes_of(text), line_start, rule_id, NULL);
}

static bool allows(const char *text, size_t line_start)
{
	return allows_rule(text, line_start, "one-token");
}

static void on_the_same_line(void **state)
{
	(void)state;
	assert_true(allows("x trawl:allow", 0));
	assert_true(allows("trawl:allow", 0));
	assert_true(allows("/* trawl:allow */ x\ny", 0));
	assert_true(allows("a\nx trawl:allow\r\n", 2));
	assert_false(allows("", 0));
	assert_false(allows("x", 0));
	assert_false(allows("x\ntrawl:allow", 0));
	assert_false(allows("trawl:allo", 0));
	assert_false(allows("TRAWL:ALLOW", 0));
}

static void on_the_line_before(void **state)
{
	(void)state;
	assert_true(allows("trawl:allow\nx", 12));
	assert_true(allows("\ntrawl:allow\nx", 13));
	assert_true(allows("trawl:allow\n", 12));
	assert_false(allows("trawl:allow\n\nx", 13));
	assert_false(allows("a\nb\nx", 4));
}

static void as_a_word_of_its_own(void **state)
{
	(void)state;
	assert_true(allows("(trawl:allow)", 0));
	assert_true(allows("trawl:allow: x", 0));
	assert_true(allows("trawl:allow.", 0));
	assert_false(allows("xtrawl:allow", 0));
	assert_false(allows("-trawl:allow", 0));
	assert_false(allows("_trawl:allow", 0));
	assert_false(allows("trawl:allowed", 0));
	assert_false(allows("trawl:allow-all", 0));
	assert_true(allows("trawl:allowed trawl:allow", 0));
}

static void for_one_rule(void **state)
{
	(void)state;
	assert_true(allows_rule("x trawl:allow one-token", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow \t one-token", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow two-token", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow two-token trawl:allow one-token", 0, "one-token"));
	/* What is no rule's id is a remark. */
	assert_true(allows_rule("x trawl:allow no-token", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow one-token2", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow, two-token", 0, "one-token"));
	assert_false(allows_rule("trawl:allow two-token\nx", 22, "one-token"));
	assert_true(allows_rule("trawl:allow two-token\nx", 22, "two-token"));
}

static void a_marker_is_spent_on_its_own_line(void **state)
{
	static const char text[] = "x trawl:allow\nx\nx trawl:allow\ny\nx";
	struct inline_allow allow = {0};

	(void)state;
	assert_true(inline_allows(&allow, bytes_of(text), 0, "one-token", NULL));
	assert_true(inline_allows(&allow, bytes_of(text), 0, "two-token", NULL));
	assert_false(inline_allows(&allow, bytes_of(text), 14, "one-token", NULL));
	assert_true(inline_allows(&allow, bytes_of(text), 16, "one-token", NULL));
	assert_false(inline_allows(&allow, bytes_of(text), 32, "one-token", NULL));
	/* A line without a finding of its own: its marker speaks for the next. */
	allow = (struct inline_allow){0};
	assert_true(inline_allows(&allow, bytes_of(text), 0, "one-token", NULL));
	assert_true(inline_allows(&allow, bytes_of(text), 30, "one-token", NULL));
}

/* A marker that stands before a very long word, or at the very end of the bytes. */
static void hostile_text(void **state)
{
	static char text[4096];
	unsigned char *exact = malloc(11);

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "trawl:allow ", 12);
	assert_true(allows(text, 0));
	assert_non_null(exact);
	memcpy(exact, "trawl:allow", 11);
	for (size_t len = 0; len <= 11; len++) {
		struct inline_allow allow = {0};

		assert_int_equal(
		    inline_allows(&allow, (struct bytes){exact, len}, 0, "one-token", NULL),
		    len == 11);
	}
	free(exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(on_the_same_line),
	    cmocka_unit_test(on_the_line_before),
	    cmocka_unit_test(as_a_word_of_its_own),
	    cmocka_unit_test(for_one_rule),
	    cmocka_unit_test(a_marker_is_spent_on_its_own_line),
	    cmocka_unit_test(hostile_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
