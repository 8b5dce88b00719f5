#include "detect/base32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void decodes(const char *text, const char *expected)
{
	unsigned char out[16];

	assert_int_equal(base32_decode(bytes_of(text), BASE32_UPPER, out, sizeof(out)),
	                 strlen(expected));
	assert_memory_equal(out, expected, strlen(expected));
}

/* RFC 4648, section 10, without the padding. */
static void the_published_vectors(void **state)
{
	(void)state;
	decodes("MY", "f");
	decodes("MZXQ", "fo");
	decodes("MZXW6", "foo");
	decodes("MZXW6YQ", "foob");
	decodes("MZXW6YTB", "fooba");
	decodes("MZXW6YTBOI", "foobar");
}

static void one_letter_case_at_a_time(void **state)
{
	unsigned char out[8];

	(void)state;
	assert_int_equal(base32_decode(bytes_of("mzxw6"), BASE32_LOWER, out, 8), 3);
	assert_memory_equal(out, "foo", 3);
	assert_int_equal(base32_decode(bytes_of("mzxw6"), BASE32_UPPER, out, 8), 0);
	assert_int_equal(base32_decode(bytes_of("MZXW6"), BASE32_LOWER, out, 8), 0);
}

static void what_is_no_base32(void **state)
{
	static const char *const texts[] = {"MZ1W6", "MZ8W6", "MZ9W6",
	                                    "MZ=W6", "MZ W6", "MZ\xffW6"};
	unsigned char out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(base32_decode(bytes_of(texts[i]), BASE32_UPPER, out, 8), 0);
	assert_int_equal(base32_decode((struct bytes){NULL, 0}, BASE32_UPPER, out, 8), 0);
	assert_int_equal(base32_decode(bytes_of("MZXW6YTBOI"), BASE32_UPPER, out, 5), 0);
	assert_int_equal(base32_decode(bytes_of("MZXW6YTBOI"), BASE32_UPPER, out, 6), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vectors),
	    cmocka_unit_test(one_letter_case_at_a_time),
	    cmocka_unit_test(what_is_no_base32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
