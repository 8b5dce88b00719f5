#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>

static void empty_buffers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_bytes(&b).len, 0);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_append(&b, (struct bytes){NULL, 0}), ERR_NONE);
	assert_string_equal(buf_text(&b), "");
	buf_release(&b);
	buf_release(&b);
}

static void appends(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_append(&b, (struct bytes){(const unsigned char *)"a\0b", 3}), 0);
	assert_int_equal(buf_appendf(&b, "%d-%s", 42, "text"), ERR_NONE);
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.ptr, "a\0b42-text", 10);
	assert_int_equal(buf_text(&b)[10], '\0');
	assert_int_equal(buf_bytes(&b).len, 10);
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_appendf(&b, "x"), ERR_NONE);
	assert_string_equal(buf_text(&b), "x");
	buf_release(&b);
	assert_int_equal(buf_append(&b, bytes_of("again")), ERR_NONE);
	assert_string_equal(buf_text(&b), "again");
	buf_release(&b);
}

static void makes_room(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_make_room(&b, 10), ERR_NONE);
	memset(b.ptr, 'x', 10);
	b.len = 10;
	assert_string_equal(buf_text(&b), "xxxxxxxxxx");
	assert_int_equal(buf_make_room(&b, 1000), ERR_NONE);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_make_room(&b, 1001), ERR_LIMIT);
#ifndef TRAWL_SANITIZE /* these end the program instead */
	b.max = SIZE_MAX - 1;
	assert_int_equal(buf_make_room(&b, (size_t)1 << 60), ERR_LIMIT);
	assert_string_equal(buf_text(&b), "");
#endif
	assert_int_equal(buf_append(&b, bytes_of("again")), ERR_NONE);
	assert_string_equal(buf_text(&b), "again");
	buf_release(&b);
}

static void the_maximum_holds(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_append(&b, bytes_of("abc")), ERR_NONE);
	assert_int_equal(buf_append(&b, bytes_of("def")), ERR_LIMIT);
	assert_int_equal(buf_appendf(&b, "%s", "def"), ERR_LIMIT);
	assert_int_equal(buf_reserve(&b, 3), ERR_LIMIT);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
	assert_string_equal(buf_text(&b), "abc");
	assert_int_equal(buf_append(&b, bytes_of("de")), ERR_NONE);
	assert_string_equal(buf_text(&b), "abcde");
	assert_int_equal(buf_append(&b, bytes_of("f")), ERR_LIMIT);
	assert_int_equal(buf_append(&b, bytes_of("")), ERR_NONE);
	buf_release(&b);
	buf_init(&b, 0);
	assert_int_equal(buf_append(&b, bytes_of("a")), ERR_LIMIT);
	assert_string_equal(buf_text(&b), "");
	buf_release(&b);
}

static void grows_and_keeps(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	for (unsigned i = 0; i < 100000; i++) {
		unsigned char byte = (unsigned char)(i * 7);

		assert_int_equal(buf_append(&b, (struct bytes){&byte, 1}), ERR_NONE);
	}
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.ptr[i], (unsigned char)(i * 7));
	buf_release(&b);
}

static void room_that_is_reserved_does_not_move(void **state)
{
	struct buf b;
	unsigned char *before;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_reserve(&b, 5000), ERR_NONE);
	before = b.ptr;
	for (int i = 0; i < 5000; i++)
		assert_int_equal(buf_append(&b, bytes_of("x")), ERR_NONE);
	assert_ptr_equal(b.ptr, before);
	assert_int_equal(buf_text(&b)[5000], '\0');
	assert_ptr_equal(b.ptr, before);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_buffers),
	    cmocka_unit_test(appends),
	    cmocka_unit_test(makes_room),
	    cmocka_unit_test(the_maximum_holds),
	    cmocka_unit_test(grows_and_keeps),
	    cmocka_unit_test(room_that_is_reserved_does_not_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
