#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

#define BYTES(literal) ((struct bytes){(const unsigned char *)(literal), sizeof(literal) - 1})

static const struct bytes nothing = {NULL, 0};

static void of_a_string(void **state)
{
	const char *text = "abc";

	(void)state;
	assert_ptr_equal(bytes_of(text).ptr, text);
	assert_int_equal(bytes_of(text).len, 3);
	assert_int_equal(bytes_of("").len, 0);
}

static void slices(void **state)
{
	struct bytes text = BYTES("abcdef");

	(void)state;
	assert_ptr_equal(bytes_slice(text, 2, 5).ptr, text.ptr + 2);
	assert_int_equal(bytes_slice(text, 2, 5).len, 3);
	assert_int_equal(bytes_slice(text, 6, 6).len, 0);
	assert_true(bytes_equal(bytes_slice(text, 0, 6), text));
}

static void equality(void **state)
{
	(void)state;
	assert_true(bytes_equal(nothing, nothing));
	assert_true(bytes_equal(nothing, BYTES("")));
	assert_true(bytes_equal(BYTES("a\0b"), BYTES("a\0b")));
	assert_false(bytes_equal(BYTES("a\0b"), BYTES("a\0c")));
	assert_false(bytes_equal(BYTES("a"), BYTES("a\0")));
	assert_false(bytes_equal(BYTES("a"), nothing));
}

static void order(void **state)
{
	/* In rising order. */
	static const struct bytes rising[] = {{NULL, 0},
	                                      {(const unsigned char *)"\0", 1},
	                                      {(const unsigned char *)"\0a", 2},
	                                      {(const unsigned char *)"a", 1},
	                                      {(const unsigned char *)"a\0", 2},
	                                      {(const unsigned char *)"ab", 2},
	                                      {(const unsigned char *)"b", 1},
	                                      {(const unsigned char *)"\x80", 1},
	                                      {(const unsigned char *)"\xff", 1}};

	(void)state;
	for (int i = 0; i < 9; i++) {
		for (int k = 0; k < 9; k++) {
			int found = bytes_compare(rising[i], rising[k]);

			assert_int_equal((found > 0) - (found < 0), (i > k) - (i < k));
		}
	}
}

static void starts(void **state)
{
	(void)state;
	assert_true(bytes_start_with(BYTES("abc"), "ab"));
	assert_true(bytes_start_with(BYTES("abc"), "abc"));
	assert_true(bytes_start_with(BYTES("abc"), ""));
	assert_false(bytes_start_with(BYTES("abc"), "abcd"));
	assert_false(bytes_start_with(BYTES("abc"), "b"));
	assert_false(bytes_start_with(nothing, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_a_string), cmocka_unit_test(slices), cmocka_unit_test(equality),
	    cmocka_unit_test(order),       cmocka_unit_test(starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
