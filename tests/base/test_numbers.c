#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/numbers.h"

static void assert_number(uint64_t number, const char *text)
{
	char out[NUMBER_TEXT_MAX];

	assert_ptr_equal(number_text(out, number), out);
	assert_string_equal(out, text);
}

static void assert_size(uint64_t bytes, const char *text)
{
	char out[NUMBER_TEXT_MAX];

	assert_ptr_equal(size_text(out, bytes), out);
	assert_string_equal(out, text);
}

static void groups_of_three_digits(void **state)
{
	(void)state;
	assert_number(0, "0");
	assert_number(999, "999");
	assert_number(1000, "1,000");
	assert_number(58034, "58,034");
	assert_number(100000, "100,000");
	assert_number(1234567, "1,234,567");
	assert_number(UINT64_MAX, "18,446,744,073,709,551,615");
}

static void two_or_three_digits_and_a_unit(void **state)
{
	(void)state;
	assert_size(0, "0 bytes");
	assert_size(999, "999 bytes");
	assert_size(1000, "1.0 kB");
	assert_size(1949, "1.9 kB");
	assert_size(9949, "9.9 kB");
	assert_size(9950, "10 kB");
	assert_size(999499, "999 kB");
	assert_size(999500, "1.0 MB");
	assert_size(922000000, "922 MB");
	assert_size(UINT64_C(4000000000), "4.0 GB");
	assert_size(UINT64_C(20000000000000), "20 TB");
	assert_size(UINT64_MAX, "18 EB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_of_three_digits),
	    cmocka_unit_test(two_or_three_digits_and_a_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
