#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_digest(struct digest *d, const char *expected)
{
	unsigned char bytes[DIGEST_SIZE];
	char hex[2 * DIGEST_SIZE + 1];

	digest_end(d, bytes);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(hex, expected);
}

/* b2sum -l 256 says the same. */
static void bytes_in_parts(void **state)
{
	static const char abc[] =
	    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
	struct digest d;

	(void)state;
	digest_begin(&d);
	digest_add(&d, bytes_of("abc"));
	assert_digest(&d, abc);
	digest_begin(&d);
	digest_add(&d, bytes_of("a"));
	digest_add(&d, bytes_of(""));
	digest_add(&d, bytes_of("bc"));
	assert_digest(&d, abc);
}

static void texts_are_told_apart(void **state)
{
	unsigned char first[DIGEST_SIZE], second[DIGEST_SIZE];
	static const char *const texts[][2] = {
	    {"ab", "c"}, {"a", "bc"}, {"", "abc"}, {NULL, "abc"}};
	struct digest d;

	(void)state;
	for (size_t i = 1; i < sizeof(texts) / sizeof(*texts); i++) {
		for (size_t k = 0; k < 2; k++) {
			digest_begin(&d);
			digest_add_text(&d, texts[i - k][0]);
			digest_add_text(&d, texts[i - k][1]);
			digest_end(&d, k ? first : second);
		}
		assert_memory_not_equal(first, second, DIGEST_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_in_parts),
	    cmocka_unit_test(texts_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
