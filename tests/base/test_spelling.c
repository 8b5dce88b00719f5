#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/spelling.h"

#include <string.h>

static const char *const known[] = {"exclude", "disable", "rules", "allow", "fail-on", NULL};

static void near_words(void **state)
{
	(void)state;
	assert_string_equal(spelling_nearest("exclude", known), "exclude");
	assert_string_equal(spelling_nearest("excludes", known), "exclude");
	assert_string_equal(spelling_nearest("xclude", known), "exclude");
	assert_string_equal(spelling_nearest("dissable", known), "disable");
	assert_string_equal(spelling_nearest("fail_on", known), "fail-on");
	assert_string_equal(spelling_nearest("failon", known), "fail-on");
}

static void far_words(void **state)
{
	static const char *const none[] = {NULL};
	char longest[SPELLING_LEN_MAX + 2];

	(void)state;
	assert_null(spelling_nearest("something", known));
	assert_null(spelling_nearest("", known));
	assert_null(spelling_nearest("rules", none));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(spelling_nearest(longest, known));
	assert_null(spelling_nearest("aaa", (const char *const[]){longest, NULL}));
}

/* Of two that are as near, the first. */
static void the_first_of_equals(void **state)
{
	(void)state;
	assert_string_equal(spelling_nearest("abx", (const char *const[]){"abc", "abd", NULL}),
	                    "abc");
}

static void what_may_be_shown(void **state)
{
	(void)state;
	assert_string_equal(spelling_shown("exclude"), "exclude");
	assert_string_equal(spelling_shown("fail_on-all k77"), "fail_on-all k77");
	assert_string_equal(spelling_shown(""), "");
	assert_string_equal(spelling_shown("k777"), "[REDACTED]");
	assert_string_equal(spelling_shown("a\nb"), "[REDACTED]");
	assert_string_equal(spelling_shown("p\xc3\xa4ss"), "[REDACTED]");
	assert_string_equal(spelling_shown("abcdefghijklmnopqrstuvwx"), "abcdefghijklmnopqrstuvwx");
	assert_string_equal(spelling_shown("abcdefghijklmnopqrstuvwxy"), "[REDACTED]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(near_words),
	    cmocka_unit_test(far_words),
	    cmocka_unit_test(the_first_of_equals),
	    cmocka_unit_test(what_may_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
