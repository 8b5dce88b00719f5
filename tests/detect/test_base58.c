#include "detect/base58.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Vectors that their documents print: nobody's money. */
static const char *const bitcoin[] = {
    /* Bitcoin Wiki, "Wallet import format" */
    "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", /* trawl:allow published vector */
    /* BIP 32, test vector 1 */
    /* trawl:allow published vector */
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtR"
    "BeJgk33yuGBxrMPHi",
    /* Bitcoin Wiki, "Technical background of version 1 addresses": begins with a zero byte */
    "1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAs",
};
/* XRP Ledger, "base58 Encodings" */
static const char ripple[] = "snoPBrXtMeMyMHUVTgbuqAfg1SUTb"; /* trawl:allow published vector */

static void the_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bitcoin) / sizeof(*bitcoin); i++) {
		assert_true(base58_check(bytes_of(bitcoin[i]), BASE58_BITCOIN));
		assert_false(base58_check(bytes_of(bitcoin[i]), BASE58_RIPPLE));
	}
	assert_true(base58_check(bytes_of(ripple), BASE58_RIPPLE));
	assert_false(base58_check(bytes_of(ripple), BASE58_BITCOIN));
}

static void one_changed_character_does_not_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bitcoin) / sizeof(*bitcoin); i++) {
		char text[160];
		size_t len = strlen(bitcoin[i]);

		for (size_t at = 0; at < len; at++) {
			memcpy(text, bitcoin[i], len);
			text[at] = text[at] == 'z' ? 'y' : 'z';
			assert_false(base58_check((struct bytes){(unsigned char *)text, len},
			                          BASE58_BITCOIN));
			assert_false(base58_check((struct bytes){(unsigned char *)text, at},
			                          BASE58_BITCOIN));
		}
	}
}

static void what_is_no_base58(void **state)
{
	unsigned char text[400];

	(void)state;
	assert_false(base58_check((struct bytes){NULL, 0}, BASE58_BITCOIN));
	assert_false(base58_check(bytes_of("0OIl"), BASE58_BITCOIN));
	assert_false(
	    base58_check((struct bytes){(const unsigned char *)"1\0002", 3}, BASE58_BITCOIN));
	for (size_t len = 0; len <= sizeof(text); len++) {
		memset(text, '1', len);
		assert_false(base58_check((struct bytes){text, len}, BASE58_BITCOIN));
		memset(text, 'z', len);
		assert_false(base58_check((struct bytes){text, len}, BASE58_BITCOIN));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vectors),
	    cmocka_unit_test(one_changed_character_does_not_fit),
	    cmocka_unit_test(what_is_no_base58),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
