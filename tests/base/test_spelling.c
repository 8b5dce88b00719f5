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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(near_words),
	    cmocka_unit_test(far_words),
	    cmocka_unit_test(the_first_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
