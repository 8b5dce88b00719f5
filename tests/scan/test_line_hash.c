/*
 * The expected values were computed with `Sarif.Multitool rewrite --insert
 * RollingHashPartialFingerprints`, an implementation that is not ours, except where said.
 */
#include "scan/line_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct expected {
	uint32_t line;
	uint64_t hash;
	uint32_t count;
};

static void expect(struct bytes text, const struct expected *expected, size_t count)
{
	uint32_t lines[16];
	struct line_hash out[16];

	assert_true(count <= 16);
	for (size_t i = 0; i < count; i++)
		lines[i] = expected[i].line;
	line_hash_of(text, lines, count, out);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(out[i].hash, expected[i].hash);
		assert_int_equal(out[i].count, expected[i].count);
	}
}

static void empty_text_has_one_line(void **state)
{
	static const struct expected expected[] = {
	    {1, 0xc129715d7a2bc9a3, 1},
	};

	(void)state;
	expect(bytes_of(""), expected, 1);
}

static void last_line_without_newline(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x872468d6b4240487, 1},
	};

	(void)state;
	expect(bytes_of("hello"), expected, 1);
}

static void line_behind_the_last_newline(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x5e536e90a7094d15, 1},
	    {2, 0xc129715d7a2bc9a3, 1},
	};

	(void)state;
	expect(bytes_of("hello\n"), expected, 2);
}

static void carriage_return_and_newline_are_one(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x4850bf53658d4e53, 1},
	    {2, 0xb0367d257df6d03c, 1},
	    {3, 0x1c206f60a702cfe8, 1},
	    {4, 0x188ff2f224477a1e, 1},
	};

	(void)state;
	expect(bytes_of("a\r\nb\r\n\r\nc"), expected, 4);
}

static void lone_carriage_return_ends_a_line(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x77a50b96b14e5049, 1}, {2, 0xca025105991a4cc2, 1}, {3, 0xf2078d1c7c7b87e, 1},
	    {4, 0x3791504be0bd17cc, 1}, {5, 0xc129715d7a2bc9a3, 1},
	};

	(void)state;
	expect(bytes_of("a\rb\r\rc\n"), expected, 5);
}

static void blank_parts_carriage_return_from_newline(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x818c3a85b988abe4, 1},
	    {2, 0xbf4c4d48992e2ca5, 1},
	    {3, 0xade70578248be16f, 1},
	    {4, 0xc129715d7a2bc9a3, 1},
	};

	(void)state;
	expect(bytes_of("a\r \nb\n"), expected, 4);
}

static void spaces_and_tabs_do_not_count(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x1e31df5c6acd865a, 1},
	    {2, 0xfe425fff12124215, 1},
	    {3, 0x1f7e97215cdf3984, 1},
	    {4, 0x952bb1cc6d22bdaa, 1},
	};

	(void)state;
	expect(bytes_of("\ta b\n a\tb\n\t\nab"), expected, 4);
}

static void characters_count_as_utf16_units(void **state)
{
	static const struct expected expected[] = {
	    {1, 0xdc1cc179ae96eff, 1},
	    {2, 0x874aba06823625a8, 1},
	    {3, 0xc129715d7a2bc9a3, 1},
	};

	(void)state;
	expect(bytes_of("gr\xc3\xbc\xc3\x9f"
	                "e \xe2\x82\xac\n\xf0\x9f\x98\x80 z\n"),
	       expected, 3);
}

static void broken_utf8_counts_as_replacement_characters(void **state)
{
	static const struct expected expected[] = {
	    {1, 0xab9d3bdaa69d4283, 1}, {2, 0x2c69fdef72064220, 1}, {3, 0x19e3274df4f49f56, 1},
	    {4, 0xf8a117e0bad7b6d7, 1}, {5, 0xd56a6dd585a90a7e, 1}, {6, 0x8989dec65f08d110, 1},
	};

	(void)state;
	expect(bytes_of("\xff\nab\xe2\x82\n\xf0\x9f\x98x\n\xed\xa0\x80\n\xf4\x90\x80\x80\n\xe2"),
	       expected, 6);
}

static void nul_is_a_character(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x13027bf208b8b096, 1},
	    {2, 0xfab6606a19b511d5, 1},
	    {3, 0xc129715d7a2bc9a3, 1},
	};

	(void)state;
	expect((struct bytes){(const unsigned char *)"a\0b\n\0\n", 6}, expected, 3);
}

static void repeated_lines_are_counted(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x6468d5768bad9560, 1},     {2, 0x6468d5768bad9560, 2},
	    {250, 0x6468d5768bad9560, 250}, {480, 0x6468d5768bad9560, 480},
	    {481, 0x6468d5768bad9560, 481}, {500, 0x930af01a65e2307f, 1},
	    {501, 0xc129715d7a2bc9a3, 1},
	};
	char text[2500];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "same\n"[i % 5];
	expect((struct bytes){(const unsigned char *)text, sizeof(text)}, expected, 7);
}

static void only_the_first_hundred_characters_count(void **state)
{
	static const struct expected expected[] = {
	    {1, 0x52b56201ffb58620, 1},
	    {2, 0x52b56201ffb585b2, 1},
	    {3, 0x52b56201ffb58620, 2},
	    {4, 0xed3261245082261c, 1},
	};
	char text[5203];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[5000] = text[5100] = text[5201] = '\n';
	text[5202] = 'y';
	expect((struct bytes){(const unsigned char *)text, sizeof(text)}, expected, 4);
}

/* By definition: a line may be asked for twice, and one that is not there has no hash. */
static void line_twice_and_line_too_far(void **state)
{
	static const struct expected expected[] = {
	    {2, 0xc129715d7a2bc9a3, 1},
	    {2, 0xc129715d7a2bc9a3, 1},
	    {3, 0, 0},
	    {UINT32_MAX, 0, 0},
	};

	(void)state;
	expect(bytes_of("hello\n"), expected, 4);
	expect(bytes_of("hello\n"), expected, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_text_has_one_line),
	    cmocka_unit_test(last_line_without_newline),
	    cmocka_unit_test(line_behind_the_last_newline),
	    cmocka_unit_test(carriage_return_and_newline_are_one),
	    cmocka_unit_test(lone_carriage_return_ends_a_line),
	    cmocka_unit_test(blank_parts_carriage_return_from_newline),
	    cmocka_unit_test(spaces_and_tabs_do_not_count),
	    cmocka_unit_test(characters_count_as_utf16_units),
	    cmocka_unit_test(broken_utf8_counts_as_replacement_characters),
	    cmocka_unit_test(nul_is_a_character),
	    cmocka_unit_test(repeated_lines_are_counted),
	    cmocka_unit_test(only_the_first_hundred_characters_count),
	    cmocka_unit_test(line_twice_and_line_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
