#include "detect/bech32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* BIP 173, "Test vectors"; NIP-19, "Examples"; and a made-up key of age's. */
static const char *const good[] = {
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
    "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5", /* trawl:allow a vector */
    "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ8H00W3",
};

static void the_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!bech32_check(bytes_of(good[i])))
			fail_msg("%s", good[i]);
	}
}

static void one_changed_character_does_not_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		char text[128];
		size_t len = strlen(good[i]);

		for (size_t at = 0; at < len; at++) {
			memcpy(text, good[i], len);
			text[at] = text[at] == '2' ? '3' : '2';
			assert_false(bech32_check((struct bytes){(unsigned char *)text, len}));
		}
	}
}

/* BIP 173, "Test vectors": what is invalid and why. */
static void what_is_no_bech32(void **state)
{
	static const char *const bad[] = {
	    "\x20"
	    "1nwldj5",
	    "\x7f"
	    "1axkwrx",
	    "\x80"
	    "1eym55h",
	    "pzry9x0s0muk",
	    "1pzry9x0s0muk",
	    "x1b4n0q5v",
	    "li1dgmt3",
	    "de1lg7wt\xff",
	    "A1G7SGD8",
	    "10a06t8",
	    "1qzzfhee",
	    "a12UEL5L",
	    "",
	    "1",
	    "a1",
	};
	static unsigned char text[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(bech32_check(bytes_of(bad[i])));
	assert_false(bech32_check((struct bytes){NULL, 0}));
	memset(text, 'q', sizeof(text));
	text[1] = '1';
	assert_false(bech32_check((struct bytes){text, sizeof(text)}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vectors),
	    cmocka_unit_test(one_changed_character_does_not_fit),
	    cmocka_unit_test(what_is_no_bech32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
