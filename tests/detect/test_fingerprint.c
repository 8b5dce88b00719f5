#include "detect/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void print_of(const char *key_text, const char *rule, struct bytes secret,
                     unsigned char out[FINGERPRINT_SIZE])
{
	struct fingerprint_key key;

	assert_int_equal(fingerprint_key_set(&key, bytes_of(key_text), NULL), ERR_NONE);
	fingerprint_make(&key, rule, secret, out);
}

/* Computed with another program, from RFC 7693: fingerprints must never change between versions. */
static void fingerprints_stay_what_they_were(void **state)
{
	static const unsigned char public[FINGERPRINT_SIZE] = {0x25, 0x3b, 0xbe, 0x77, 0xc0, 0xd8,
	                                                       0x62, 0xa8, 0x57, 0x54, 0xda, 0xa9,
	                                                       0x99, 0x3b, 0xd2, 0x53};
	static const unsigned char private[FINGERPRINT_SIZE] = {0xe8, 0x03, 0x52, 0xa5, 0x3e, 0x45,
	                                                        0xa0, 0x22, 0xf7, 0x27, 0x2e, 0x70,
	                                                        0x10, 0xb1, 0x7f, 0x9b};
	unsigned char out[FINGERPRINT_SIZE];

	(void)state;
	print_of("", "S7791", bytes_of("secret"), out);
	assert_memory_equal(out, public, sizeof(out));
	print_of("0123456789abcdef", "S7791", bytes_of("secret"), out);
	assert_memory_equal(out, private, sizeof(out));
}

static void key_rule_and_secret_all_count(void **state)
{
	unsigned char one[FINGERPRINT_SIZE], other[FINGERPRINT_SIZE];

	(void)state;
	print_of("", "ab", bytes_of("cd"), one);
	print_of("", "ab", bytes_of("cd"), other);
	assert_memory_equal(one, other, sizeof(one));
	print_of("", "abc", bytes_of("d"), other); /* the zero byte keeps them apart */
	assert_memory_not_equal(one, other, sizeof(one));
	print_of("", "ab", bytes_of("ce"), other);
	assert_memory_not_equal(one, other, sizeof(one));
	print_of("0123456789abcdef", "ab", bytes_of("cd"), other);
	assert_memory_not_equal(one, other, sizeof(one));
	print_of("", "ab", (struct bytes){NULL, 0}, one);
	print_of("", "ab", (struct bytes){(const unsigned char *)"\0", 1}, other);
	assert_memory_not_equal(one, other, sizeof(one));
}

static void a_short_key_is_refused_without_being_shown(void **state)
{
	struct fingerprint_key key;
	struct error error = {0};

	(void)state;
	assert_int_equal(fingerprint_key_set(&key, bytes_of("hunter2hunter2!"), &error), ERR_USAGE);
	assert_int_equal(error.code, ERR_USAGE);
	assert_non_null(strstr(error.message, "15 bytes"));
	assert_null(strstr(error.message, "hunter2"));
	assert_int_equal(fingerprint_key_set(&key, bytes_of("hunter2hunter2!!"), &error), ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fingerprints_stay_what_they_were),
	    cmocka_unit_test(key_rule_and_secret_all_count),
	    cmocka_unit_test(a_short_key_is_refused_without_being_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
