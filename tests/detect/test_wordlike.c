#include "detect/wordlike.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void names_and_words_are_like_words(void **state)
{
	static const char *const names[] = {
	    "get_access_token",   "tokenExpirationDate", "application.default.login",
	    "SOME_VALUE_NAME1",   "utf8_general_ci",     "PASSWORD_RESET_V2",
	    "oauth2_credentials",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(wordlike_share(bytes_of(names[i])) > 0.5);
}

static void drawn_characters_are_not(void **state)
{
	static const char *const tokens[] = {
	    "q7WZrT0bYkVn4mJd9sXcLf2HgAe6PuRi",
	    "5f931dc92ea4f220cc74f1c5ac37e493",
	    "k3v9x0q2m7w8z1p4",
	    "GHK2-9QXZ-77LM-W0PR",
	    "12345678901234567890",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++)
		assert_true(wordlike_share(bytes_of(tokens[i])) < 0.3);
}

static void shares_are_exact(void **state)
{
	(void)state;
	assert_true(wordlike_share(bytes_of("")) == 0);
	assert_true(wordlike_share(bytes_of("a")) == 0);
	assert_true(wordlike_share(bytes_of("an")) == 1);
	assert_true(wordlike_share(bytes_of("aN")) == 0); /* a new word starts */
	assert_true(wordlike_share(bytes_of("An")) == 1);
	assert_true(wordlike_share(bytes_of("an\xff")) == 0.5);
	assert_true(wordlike_share(bytes_of("jq")) == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_and_words_are_like_words),
	    cmocka_unit_test(drawn_characters_are_not),
	    cmocka_unit_test(shares_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
