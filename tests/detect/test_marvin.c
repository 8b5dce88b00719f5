#include "detect/marvin.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The vectors of SymCrypt, in which Marvin32 is published. */
static void the_published_vectors(void **state)
{
	(void)state;
	assert_int_equal(marvin_hash64(0xd53cd9cecd0893b7, bytes_of("abc")), 0x22c74339492769bf);
	assert_int_equal(marvin_hash64(0x0ddddeeeeffff000, bytes_of("abcdefghijklmnopqrstuvwxyz")),
	                 0xa128eb7e7260aca2);
}

static void the_short_hash_joins_both_halves(void **state)
{
	(void)state;
	assert_int_equal(marvin_hash32(0xd53cd9cecd0893b7, bytes_of("abc")),
	                 0x22c74339u ^ 0x492769bfu);
}

static void every_length_has_a_hash_of_its_own(void **state)
{
	static const unsigned char zeros[9] = {0};
	uint64_t last = marvin_hash64(1, (struct bytes){NULL, 0});

	(void)state;
	for (size_t len = 1; len <= sizeof(zeros); len++) {
		uint64_t hash = marvin_hash64(1, (struct bytes){zeros, len});

		assert_true(hash != last);
		last = hash;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vectors),
	    cmocka_unit_test(the_short_hash_joins_both_halves),
	    cmocka_unit_test(every_length_has_a_hash_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
