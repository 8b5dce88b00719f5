#include "report/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(int64_t seconds, int32_t zone, const char *text)
{
	char out[DATE_TEXT_SIZE];

	assert_string_equal(date_text(seconds, zone, out), text);
}

static void dates_are_in_their_zone(void **state)
{
	(void)state;
	expect(0, 0, "1970-01-01T00:00:00+00:00");
	expect(1769860800, 60, "2026-01-31T13:00:00+01:00");
	expect(1769860800, -570, "2026-01-31T02:30:00-09:30");
	expect(1709164799, 1, "2024-02-29T00:00:59+00:01");
	expect(-1, 0, "1969-12-31T23:59:59+00:00");
	expect(-62135596800, 0, "0001-01-01T00:00:00+00:00");
}

static void impossible_dates_become_possible(void **state)
{
	(void)state;
	expect(INT64_MAX, 0, "9999-12-31T23:59:59+00:00");
	expect(INT64_MAX, 1439, "9999-12-31T23:59:59+23:59");
	expect(INT64_MIN, 0, "0001-01-01T00:00:00+00:00");
	expect(INT64_MIN, -1439, "0001-01-01T00:00:00-23:59");
	expect(0, 1440, "1970-01-01T00:00:00+00:00");
	expect(0, -1440, "1970-01-01T00:00:00+00:00");
	expect(0, INT32_MIN, "1970-01-01T00:00:00+00:00");
	expect(0, INT32_MAX, "1970-01-01T00:00:00+00:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates_are_in_their_zone),
	    cmocka_unit_test(impossible_dates_become_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
