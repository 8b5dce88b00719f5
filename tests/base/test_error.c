#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <string.h>

static void code_and_message(void **state)
{
	struct error error = {0};

	(void)state;
	assert_int_equal(error_set(&error, ERR_SYNTAX, "%s:%d: %s", "file", 3, "wrong"),
	                 ERR_SYNTAX);
	assert_int_equal(error.code, ERR_SYNTAX);
	assert_string_equal(error.message, "file:3: wrong");
	assert_int_equal(error_set(NULL, ERR_IO, "nobody listens"), ERR_IO);
	assert_int_equal(error_set(&error, ERR_LIMIT, "%s", ""), ERR_LIMIT);
	assert_string_equal(error.message, "");
}

static void control_characters_are_escaped(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, ERR_IO, "%s", "a\nb\tc\x1b[31md\x7f\xc3\xa9");
	assert_string_equal(error.message, "a\\x0ab\\x09c\\x1b[31md\\x7f\xc3\xa9");
}

static void long_messages_are_cut(void **state)
{
	char text[3000];
	struct error error;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&error, ERR_IO, "%s", text);
	assert_in_range(strlen(error.message), 1000, sizeof(error.message) - 1);
	memset(text, '\n', sizeof(text) - 1);
	error_set(&error, ERR_IO, "%s", text);
	assert_in_range(strlen(error.message), 1000, sizeof(error.message) - 1);
	assert_int_equal(strlen(error.message) % 4, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(code_and_message),
	    cmocka_unit_test(control_characters_are_escaped),
	    cmocka_unit_test(long_messages_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
