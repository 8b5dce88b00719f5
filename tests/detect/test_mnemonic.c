#include "detect/mnemonic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* BIP 39, test vectors: entropy of one repeated byte. */
static const char *const vectors[] = {
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount "
    "doctor acoustic avoid letter always",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
    "vote",
};

static bool check(const char *text)
{
	return mnemonic_check(bytes_of(text));
}

static void published_vectors_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		assert_true(check(vectors[i]));
}

static void any_separator_will_do(void **state)
{
	(void)state;
	assert_true(check("[\"zoo\", \"zoo\", \"zoo\", \"zoo\", \"zoo\", \"zoo\", \"zoo\",\n"
	                  "\"zoo\", \"zoo\", \"zoo\", \"zoo\", \"wrong\"]"));
	assert_true(check("\xff\tzoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong \n"));
}

static void other_words_do_not(void **state)
{
	(void)state;
	/* Another last word, another order, a word too few, one too many, none of the list. */
	assert_false(check("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo"));
	assert_false(check("winner legal thank year wave sausage worth useful legal winner thank "
	                   "yellow"));
	assert_false(check("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"));
	assert_false(check("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong zoo"));
	assert_false(check("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong trawl"));
	assert_false(check("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrongs"));
	assert_false(check("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrongwrongwrong"));
	assert_false(check("ZOO ZOO ZOO ZOO ZOO ZOO ZOO ZOO ZOO ZOO ZOO WRONG"));
}

static void short_and_long_texts(void **state)
{
	char words[25 * 4 + 1] = "";

	(void)state;
	assert_false(check(""));
	assert_false(check("zoo"));
	assert_false(check("abandon ability able")); /* three words have a checksum of one bit */
	for (size_t i = 0; i < 25; i++)
		memcpy(words + 4 * i, "zoo ", 5);
	assert_false(check(words));
	assert_false(mnemonic_check((struct bytes){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_vectors_fit),
	    cmocka_unit_test(any_separator_will_do),
	    cmocka_unit_test(other_words_do_not),
	    cmocka_unit_test(short_and_long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
