#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/byte_set.h"

static void sets_hold_what_was_added(void **state)
{
	struct byte_set set = {{0}}, other = {{0}};

	(void)state;
	byte_set_add_range(&set, 60, 70);
	byte_set_add(&set, 0);
	byte_set_add(&set, 255);
	assert_int_equal(byte_set_size(&set), 13);
	for (unsigned byte = 0; byte < 256; byte++)
		assert_int_equal(byte_set_has(&set, byte),
		                 byte == 0 || byte == 255 || (byte >= 60 && byte <= 70));
	byte_set_add_range(&other, 65, 200);
	byte_set_intersect(&other, &set);
	assert_int_equal(byte_set_size(&other), 6);
	byte_set_merge(&other, &set);
	assert_true(byte_set_equal(&other, &set));
	byte_set_invert(&other);
	assert_int_equal(byte_set_size(&other), 243);
	assert_false(byte_set_equal(&other, &set));
}

static void letters_get_their_other_case(void **state)
{
	struct byte_set set = {{0}};

	(void)state;
	byte_set_add(&set, 'a');
	byte_set_add(&set, 'Z');
	byte_set_add(&set, '@');
	byte_set_add(&set, '[');
	byte_set_fold_case(&set);
	assert_int_equal(byte_set_size(&set), 6);
	assert_true(byte_set_has(&set, 'A'));
	assert_true(byte_set_has(&set, 'z'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_hold_what_was_added),
	    cmocka_unit_test(letters_get_their_other_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
