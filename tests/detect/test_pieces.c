#include "detect/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void hits_go_back_to_the_text(void **state)
{
	struct bytes text = bytes_of("0123456789abcdefghij");
	struct pieces p = {0};
	struct hit hit = {0, 7};

	(void)state;
	pieces_add(&p, text, 2, 5);
	pieces_add(&p, text, 10, 14);
	pieces_add(&p, text, 19, 20);
	assert_int_equal(p.bytes.len, 8);
	assert_memory_equal(p.bytes.ptr, "234abcdj", 8);

	assert_true(pieces_locate(&p, &hit, 3));
	assert_int_equal(hit.at, 2);
	hit.at = 4;
	assert_true(pieces_locate(&p, &hit, 3));
	assert_int_equal(hit.at, 11);
	hit.at = 7;
	assert_true(pieces_locate(&p, &hit, 1));
	assert_int_equal(hit.at, 19);
	assert_int_equal(hit.stub, 7);
	pieces_release(&p);
	assert_null(p.items);
}

static void what_lies_across_pieces_is_none(void **state)
{
	struct bytes text = bytes_of("0123456789");
	struct pieces p = {0};

	(void)state;
	pieces_add(&p, text, 0, 3);
	pieces_add(&p, text, 5, 8);
	for (uint32_t at = 0; at < 6; at++) {
		for (uint32_t width = 1; at + width <= 6; width++) {
			struct hit hit = {at, 0};
			bool inside = at + width <= 3 || at >= 3;

			assert_int_equal(pieces_locate(&p, &hit, width), inside);
		}
	}
	pieces_clear(&p);
	assert_int_equal(p.count, 0);
	assert_int_equal(p.bytes.len, 0);
	pieces_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hits_go_back_to_the_text),
	    cmocka_unit_test(what_lies_across_pieces_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
