#include "ruleset/fragments.h"

#include "base/buf.h"
#include "ruleset/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void calls_are_replaced(void **state)
{
	struct arena arena = {0};
	const char *expanded = fragments_expand("a(?&word)b(?&word)c", &arena);

	(void)state;
	assert_string_equal(expanded, "a(?:(?-i:(?<![A-Za-z])|(?<![A-Z])(?=[A-Z])))b"
	                              "(?:(?-i:(?<![A-Za-z])|(?<![A-Z])(?=[A-Z])))c");
	arena_release(&arena);
}

static void everything_else_stays(void **state)
{
	static const char *const patterns[] = {
	    "",
	    "(?&",
	    "(?&)",
	    "(?&words)",
	    "(?&wor)",
	    "(?&word",
	    "word",
	    "(?<word>a)(?&word)",
	    "(?P<word>a)(?&word)",
	    "(?'word'a)(?&word)",
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		assert_ptr_equal(fragments_expand(patterns[i], &arena), patterns[i]);
	arena_release(&arena);
}

static void fragments_have_a_bound(void **state)
{
	static const char *const calls[] = {"(?&start)k", "(?&word)k(?&end)", "k(?&assigned)v",
	                                    "k(?&near)v"};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct regex_facts facts;
		struct error error;

		assert_int_equal(
		    regex_analyse(fragments_expand(calls[i], &arena), &arena, &facts, &error),
		    ERR_NONE);
		assert_in_range(facts.reach.width, 1, 300);
		assert_in_range(facts.reach.behind, 0, 10);
		assert_false(facts.has_groups);
	}
	arena_release(&arena);
}

static void a_pattern_cannot_grow_without_bound(void **state)
{
	struct arena arena = {0};
	struct buf pattern;

	(void)state;
	buf_init(&pattern, 64 * 1024);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(buf_appendf(&pattern, "(?&near)"), ERR_NONE);
	assert_null(fragments_expand(buf_text(&pattern), &arena));
	buf_release(&pattern);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(calls_are_replaced),
	    cmocka_unit_test(everything_else_stays),
	    cmocka_unit_test(fragments_have_a_bound),
	    cmocka_unit_test(a_pattern_cannot_grow_without_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
