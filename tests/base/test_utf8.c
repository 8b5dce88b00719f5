#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

#define BYTES(literal) ((struct bytes){(const unsigned char *)(literal), sizeof(literal) - 1})

static void assert_decoded(struct bytes bytes, unsigned len, uint32_t expected)
{
	uint32_t code = 0;

	assert_int_equal(utf8_decode(bytes.ptr, bytes.ptr + bytes.len, &code), len);
	assert_int_equal(code, expected);
}

static void characters_of_each_length(void **state)
{
	(void)state;
	assert_decoded(BYTES("\0"), 1, 0);
	assert_decoded(BYTES("ab"), 1, 'a');
	assert_decoded(BYTES("\x7f"), 1, 0x7f);
	assert_decoded(BYTES("\xc2\x80"), 2, 0x80);
	assert_decoded(BYTES("\xdf\xbf"), 2, 0x7ff);
	assert_decoded(BYTES("\xe0\xa0\x80"), 3, 0x800);
	assert_decoded(BYTES("\xed\x9f\xbf"), 3, 0xd7ff);
	assert_decoded(BYTES("\xee\x80\x80"), 3, 0xe000);
	assert_decoded(BYTES("\xef\xbf\xbf"), 3, 0xffff);
	assert_decoded(BYTES("\xf0\x90\x80\x80"), 4, 0x10000);
	assert_decoded(BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff);
}

static void what_is_no_character(void **state)
{
	static const char *const broken[] = {"\x80",
	                                     "\xbf",
	                                     "\xc0\x80",
	                                     "\xc1\xbf",
	                                     "\xc2",
	                                     "\xc2\x7f",
	                                     "\xc2\xc0",
	                                     "\xe0\x80\x80",
	                                     "\xe0\x9f\xbf",
	                                     "\xe1\x80",
	                                     "\xe1\x80\x7f",
	                                     "\xed\xa0\x80",
	                                     "\xed\xbf\xbf",
	                                     "\xf0\x8f\xbf\xbf",
	                                     "\xf0\x90\x80",
	                                     "\xf4\x90\x80\x80",
	                                     "\xf5\x80\x80\x80",
	                                     "\xf8\x88\x80\x80",
	                                     "\xfe",
	                                     "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		assert_decoded(bytes_of(broken[i]), 0, 0);
		assert_false(utf8_valid(bytes_of(broken[i])));
	}
}

/* Every scalar value survives the way there and back; a byte less is no character. */
static void every_character_there_and_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		unsigned char bytes[4];
		uint32_t back = 0;
		unsigned len;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		len = utf8_encode(code, bytes);
		if (utf8_decode(bytes, bytes + len, &back) != len || back != code)
			fail_msg("U+%04X", code);
		if (len > 1 && utf8_decode(bytes, bytes + len - 1, &back) != 0)
			fail_msg("U+%04X cut", code);
		if (utf8_utf16_units((struct bytes){bytes, len}) != (code > 0xffff ? 2 : 1))
			fail_msg("U+%04X units", code);
	}
}

static void units_of_broken_text(void **state)
{
	(void)state;
	assert_int_equal(utf8_utf16_units((struct bytes){NULL, 0}), 0);
	assert_int_equal(utf8_utf16_units(BYTES("abc")), 3);
	assert_int_equal(utf8_utf16_units(BYTES("\xc3\xa9\xf0\x9f\x98\x80\xff")), 4);
	assert_int_equal(utf8_utf16_units(BYTES("\xf0\x9f\x98")), 3);
	assert_int_equal(utf8_utf16_units(BYTES("\xed\xa0\x80")), 3);
	assert_true(utf8_valid((struct bytes){NULL, 0}));
	assert_true(utf8_valid(BYTES("a\xc3\xa9\0\xf0\x9f\x98\x80")));
	assert_false(utf8_valid(BYTES("a\xc3\xa9\xf0\x9f\x98")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(characters_of_each_length),
	    cmocka_unit_test(what_is_no_character),
	    cmocka_unit_test(every_character_there_and_back),
	    cmocka_unit_test(units_of_broken_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
