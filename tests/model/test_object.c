#include "model/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct object_id id = {{0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff,
                                     0xfe, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90}};

static void writes_lower_case_digits(void **state)
{
	char hex[OBJECT_ID_HEX + 1];

	(void)state;
	assert_ptr_equal(object_id_hex(&id, hex), hex);
	assert_string_equal(hex, "000123456789abcdeffffe102030405060708090");
}

static void reads_digits_of_either_case(void **state)
{
	struct object_id read = {{0}};

	(void)state;
	assert_true(object_id_parse(&read, "000123456789abcdeffffe102030405060708090"));
	assert_true(object_id_equal(&read, &id));
	assert_true(object_id_parse(&read, "000123456789ABCDEFFFfe102030405060708090, and more"));
	assert_true(object_id_equal(&read, &id));
}

static void refuses_other_text(void **state)
{
	char hex[OBJECT_ID_HEX + 1];
	struct object_id read;

	(void)state;
	for (size_t at = 0; at < OBJECT_ID_HEX; at++) {
		static const char wrong[] = {'/', ':', '@', 'G', '`', 'g', ' ', '\xff'};

		for (size_t i = 0; i < sizeof(wrong); i++) {
			object_id_hex(&id, hex);
			hex[at] = wrong[i];
			assert_false(object_id_parse(&read, hex));
		}
	}
}

/* Digits after the NUL would make a whole id: they must not be looked at. */
static void stops_where_the_text_ends(void **state)
{
	char hex[OBJECT_ID_HEX + 1];
	struct object_id read;

	(void)state;
	for (size_t len = 0; len < OBJECT_ID_HEX; len++) {
		object_id_hex(&id, hex);
		hex[len] = '\0';
		assert_false(object_id_parse(&read, hex));
	}
}

static void compares_bytes_as_unsigned(void **state)
{
	struct object_id other = id;

	(void)state;
	assert_int_equal(object_id_compare(&id, &other), 0);
	assert_true(object_id_equal(&id, &other));
	other.bytes[OBJECT_ID_SIZE - 1]++;
	assert_true(object_id_compare(&id, &other) < 0);
	assert_true(object_id_compare(&other, &id) > 0);
	assert_false(object_id_equal(&id, &other));
	other.bytes[0] = 0xff;
	assert_true(object_id_compare(&id, &other) < 0);
}

static void every_byte_decides_about_order(void **state)
{
	(void)state;
	assert_int_equal(object_id_compare(&id, &id), 0);
	for (size_t at = 0; at < OBJECT_ID_SIZE; at++) {
		struct object_id more = id;

		if (more.bytes[at] == 0xff)
			continue;
		more.bytes[at]++;
		if (at + 1 < OBJECT_ID_SIZE) /* what comes later does not count */
			more.bytes[at + 1] = 0;
		assert_true(object_id_compare(&id, &more) < 0);
		assert_true(object_id_compare(&more, &id) > 0);
		assert_false(object_id_equal(&id, &more));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_lower_case_digits),
	    cmocka_unit_test(reads_digits_of_either_case),
	    cmocka_unit_test(refuses_other_text),
	    cmocka_unit_test(stops_where_the_text_ends),
	    cmocka_unit_test(compares_bytes_as_unsigned),
	    cmocka_unit_test(every_byte_decides_about_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
