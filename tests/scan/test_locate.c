#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/locate.h"

static void assert_at(struct locator *l, size_t offset, uint32_t line, uint32_t column,
                      size_t line_start)
{
	locator_move(l, offset);
	assert_int_equal(l->line, line);
	assert_int_equal(l->column, column);
	assert_int_equal(l->line_start, line_start);
}

static void starts_at_one_and_one(void **state)
{
	struct locator l;

	(void)state;
	locator_init(&l, bytes_of(""));
	assert_at(&l, 0, 1, 1, 0);
	locator_init(&l, (struct bytes){(const unsigned char *)"", 0});
	assert_at(&l, 0, 1, 1, 0);
}

static void lines_end_at_newlines_only(void **state)
{
	struct locator l;

	(void)state;
	locator_init(&l, bytes_of("a\rb\r\n\n\nc"));
	assert_at(&l, 2, 1, 3, 0);
	assert_at(&l, 4, 1, 5, 0); /* on the newline itself */
	assert_at(&l, 5, 2, 1, 5);
	assert_at(&l, 7, 4, 1, 7);
	assert_at(&l, 7, 4, 1, 7);
	assert_at(&l, 8, 4, 2, 7);
}

static void columns_are_utf16_units(void **state)
{
	struct locator l;

	(void)state;
	locator_init(&l, bytes_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff."));
	assert_at(&l, 2, 1, 2, 0);
	assert_at(&l, 5, 1, 3, 0);
	assert_at(&l, 9, 1, 5, 0);
	assert_at(&l, 10, 1, 6, 0);
	assert_at(&l, 11, 1, 7, 0);
}

static void a_byte_order_mark_has_no_column(void **state)
{
	struct locator l;

	(void)state;
	locator_init(&l, bytes_of("\xef\xbb\xbf"
	                          "ab\xef\xbb\xbf"
	                          "c"));
	assert_at(&l, 3, 1, 1, 0);
	assert_at(&l, 5, 1, 3, 0);
	assert_at(&l, 8, 1, 4, 0); /* elsewhere it is a character */
	locator_init(&l, bytes_of("\xef\xbb\xbf\n\xef\xbb\xbfx"));
	assert_at(&l, 7, 2, 2, 4);
}

/* One step or many, the place is the same. */
static void steps_do_not_matter(void **state)
{
	static const char text[] = "one\n\xc3\xa9two\r\n\xf0\x9f\x98\x80\n\n\xff\xfe three";

	(void)state;
	for (size_t offset = 0; offset < sizeof(text); offset++) {
		struct locator once, often;

		/* Not from inside a character. */
		if (((unsigned char)text[offset] & 0xc0) == 0x80)
			continue;
		locator_init(&once, bytes_of(text));
		locator_init(&often, bytes_of(text));
		for (size_t step = 0; step < offset; step++) {
			if (((unsigned char)text[step] & 0xc0) != 0x80)
				locator_move(&often, step);
		}
		locator_move(&once, offset);
		assert_at(&often, offset, once.line, once.column, once.line_start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(starts_at_one_and_one),
	    cmocka_unit_test(lines_end_at_newlines_only),
	    cmocka_unit_test(columns_are_utf16_units),
	    cmocka_unit_test(a_byte_order_mark_has_no_column),
	    cmocka_unit_test(steps_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
