#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text_map.h"

#include <stdio.h>

static void each_text_has_its_number(void **state)
{
	struct text_map map = {0};
	char text[32];
	bool added;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			snprintf(text, sizeof(text), "text %u", i);
			assert_int_equal(text_map_add(&map, bytes_of(text), &added), i);
			assert_int_equal(added, round == 0);
		}
	}
	assert_int_equal(map.count, 5000);
	text_map_release(&map);
}

static void texts_differ_by_length_and_by_every_byte(void **state)
{
	struct text_map map = {0};
	const unsigned char bytes[20] = {0}, last[20] = {[19] = 1};
	bool added;

	(void)state;
	for (uint32_t len = 0; len <= sizeof(bytes); len++)
		assert_int_equal(text_map_add(&map, (struct bytes){bytes, len}, &added), len);
	assert_int_equal(text_map_add(&map, (struct bytes){last, 20}, &added), 21);
	assert_int_equal(text_map_add(&map, (struct bytes){bytes, 20}, &added), 20);
	assert_false(added);
	text_map_release(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_text_has_its_number),
	    cmocka_unit_test(texts_differ_by_length_and_by_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
