#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/view.h"

#define BYTES(literal) ((struct bytes){(const unsigned char *)(literal), sizeof(literal) - 1})

static struct view view;

static int set_up(void **state)
{
	(void)state;
	view_init(&view, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	view_release(&view);
	return 0;
}

static void assert_shown(struct bytes source, const char *text)
{
	assert_int_equal(view_show(&view, source), ERR_NONE);
	assert_int_equal(view.text.len, strlen(text));
	assert_memory_equal(view.text.len ? view.text.ptr : (const unsigned char *)"", text,
	                    strlen(text));
}

static void classifies_by_mark_and_by_nul(void **state)
{
	(void)state;
	assert_int_equal(text_classify((struct bytes){NULL, 0}), TEXT_PLAIN);
	assert_int_equal(text_classify(BYTES("plain")), TEXT_PLAIN);
	assert_int_equal(text_classify(BYTES("\xFF")), TEXT_PLAIN);
	assert_int_equal(text_classify(BYTES("\xEF\xBB\xBFmark")), TEXT_PLAIN);
	assert_int_equal(text_classify(BYTES("\xFF\xFE")), TEXT_UTF16LE);
	assert_int_equal(text_classify(BYTES("\xFE\xFFxy")), TEXT_UTF16BE);
	assert_int_equal(text_classify(BYTES("a\0b\0c\0")), TEXT_UTF16LE);
	assert_int_equal(text_classify(BYTES("\0a\0b\0c")), TEXT_UTF16BE);
	assert_int_equal(text_classify(BYTES("a\0b\0c")), TEXT_UTF16LE);
	assert_int_equal(text_classify(BYTES("\0")), TEXT_BINARY);
	assert_int_equal(text_classify(BYTES("\0\0\0\0")), TEXT_BINARY);
	assert_int_equal(text_classify(BYTES("some\0text")), TEXT_BINARY);
}

/* Seven of ten odd bytes NUL make UTF-16, six do not; three of 200 even ones NUL unmake it. */
static void counts_nul_bytes_by_parity(void **state)
{
	unsigned char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < 140; i++)
		text[2 * i + 1] = 0;
	assert_int_equal(text_classify((struct bytes){text, 400}), TEXT_UTF16LE);
	text[1] = 'a';
	assert_int_equal(text_classify((struct bytes){text, 400}), TEXT_BINARY);
	text[1] = 0;
	text[10] = 0;
	assert_int_equal(text_classify((struct bytes){text, 400}), TEXT_UTF16LE);
	text[12] = 0;
	assert_int_equal(text_classify((struct bytes){text, 400}), TEXT_UTF16LE);
	text[14] = 0;
	assert_int_equal(text_classify((struct bytes){text, 400}), TEXT_BINARY);
}

static void a_short_utf16_text_may_hold_a_nul_of_the_other_parity(void **state)
{
	(void)state;
	assert_shown(BYTES("\0a\xD8\x3D\xDE\x00\0k\0e\0y\0=\0v\0a\0l"), "a😀key=val");
	assert_shown(BYTES("a\0\x00\x01k\0e\0y\0=\0v\0a\0l\0\x00\x01u\0e\0"), "aĀkey=valĀue");
	assert_int_equal(text_classify(BYTES("\0a\x01\0\0b\0c")), TEXT_BINARY);
}

static void looks_at_the_first_8000_bytes_only(void **state)
{
	unsigned char text[8001];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[8000] = 0;
	assert_int_equal(text_classify((struct bytes){text, 8001}), TEXT_PLAIN);
	text[7999] = 0;
	assert_int_equal(text_classify((struct bytes){text, 8001}), TEXT_BINARY);
}

static void shows_plain_and_binary_bytes_as_they_are(void **state)
{
	struct bytes plain = BYTES("plain"), binary = BYTES("bin\0ary");

	(void)state;
	assert_int_equal(view_show(&view, plain), ERR_NONE);
	assert_ptr_equal(view.text.ptr, plain.ptr);
	assert_int_equal(view_source_offset(&view, 3), 3);
	assert_int_equal(view_show(&view, binary), ERR_NONE);
	assert_ptr_equal(view.text.ptr, binary.ptr);
	assert_int_equal(view.text.len, 7);
	assert_int_equal(view_source_offset(&view, 7), 7);
}

static void decodes_utf16(void **state)
{
	(void)state;
	assert_shown(BYTES("\xFF\xFE"), "");
	assert_shown(BYTES("\xFF\xFEk\0e\0y\0"), "key");
	assert_shown(BYTES("\xFE\xFF\0k\0e\0y"), "key");
	assert_shown(BYTES("k\0e\0y\0"), "key");
	assert_shown(BYTES("\xFF\xFE\xE9\x00\xAC\x20\x3D\xD8\x00\xDE"), "é€😀");
	assert_shown(BYTES("\xFE\xFF\x00\xE9\x20\xAC\xD8\x3D\xDE\x00"), "é€😀");
}

static void utf32_is_not_taken_for_utf16(void **state)
{
	(void)state;
	assert_shown(BYTES("\xFF\xFE\0\0"), "");
	assert_shown(BYTES("\xFF\xFE\0\0k\0\0\0\xAC\x20\0\0\x00\xF6\x01\0"), "k€😀");
	assert_int_equal(view.kind, TEXT_UTF32LE);
	assert_shown(BYTES("\0\0\xFE\xFF\0\0\0k\0\0\x20\xAC\0\x01\xF6\x00"), "k€😀");
	assert_int_equal(view.kind, TEXT_UTF32BE);
	assert_int_equal(view_source_offset(&view, 0), 4);
	assert_int_equal(view_source_offset(&view, 1), 8);
	assert_int_equal(view_source_offset(&view, 4), 12);
	assert_int_equal(view_source_offset(&view, 8), 16);
	assert_shown(BYTES("\xFF\xFE\0\0\0\xD8\0\0a\0\0\0\0\0\x11\0"
	                   "b\0\0\0xyz"),
	             "\xEF\xBF\xBD"
	             "a\xEF\xBF\xBD"
	             "b\xEF\xBF\xBD");
	assert_int_equal(view_source_offset(&view, 7), 16);
	assert_int_equal(view_source_offset(&view, 8), 20);
	assert_int_equal(view_source_offset(&view, 11), 23);
}

/* A NUL behind the mark must not hide the text. */
static void utf16_that_starts_with_nul_is_not_taken_for_utf32(void **state)
{
	(void)state;
	assert_int_equal(view_show(&view, BYTES("\xFF\xFE\0\0k\0e\0y\0s\0")), ERR_NONE);
	assert_int_equal(view.kind, TEXT_UTF16LE);
	assert_int_equal(view.text.len, 5);
	assert_memory_equal(view.text.ptr, "\0keys", 5);
	assert_int_equal(view_source_offset(&view, 1), 4);
	assert_int_equal(text_classify(BYTES("\0\0\xFE\xFFtext that is none")), TEXT_BINARY);
}

static void replaces_what_is_no_character(void **state)
{
	(void)state;
	assert_shown(BYTES("\xFF\xFE"
	                   "a"),
	             "\xEF\xBF\xBD");
	assert_shown(BYTES("\xFF\xFE\x3D\xD8"
	                   "a\0"),
	             "\xEF\xBF\xBD"
	             "a");
	assert_shown(BYTES("\xFF\xFE\x00\xDE\x3D\xD8"), "\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_shown(BYTES("\xFF\xFE\x3D\xD8\x00"), "\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_shown(BYTES("\xFF\xFE\x3D\xD8\x3D\xD8\x00\xDE"), "\xEF\xBF\xBD😀");
}

/* Source offsets of the characters: a 2, é 4, 😀 6, b 10, a last odd byte 12, the end 13. */
static void maps_offsets_to_the_source(void **state)
{
	static const size_t expected[] = {2, 4, 4, 6, 6, 6, 6, 10, 12, 12, 12, 13};
	enum { COUNT = sizeof(expected) / sizeof(expected[0]) };

	(void)state;
	assert_shown(BYTES("\xFF\xFE"
	                   "a\0\xE9\0\x3D\xD8\x00\xDE"
	                   "b\0x"),
	             "aé😀b\xEF\xBF\xBD");
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(view_source_offset(&view, i), expected[i]);
	for (size_t i = COUNT; i-- > 0;)
		assert_int_equal(view_source_offset(&view, i), expected[i]);
	for (size_t i = 0; i < COUNT; i += 3)
		assert_int_equal(view_source_offset(&view, i), expected[i]);
	assert_int_equal(view_source_offset(&view, SIZE_MAX), 13);
}

static void starts_each_blob_anew(void **state)
{
	(void)state;
	assert_shown(BYTES("\xFF\xFE\xAC\x20z\0"), "€z");
	assert_int_equal(view_source_offset(&view, 4), 6);
	assert_shown(BYTES("a\0b\0"), "ab");
	assert_int_equal(view_source_offset(&view, 1), 2);
	assert_int_equal(view_source_offset(&view, 2), 4);
}

static void keeps_to_its_maximum(void **state)
{
	struct view small;

	(void)state;
	view_init(&small, 5);
	assert_int_equal(view_show(&small, BYTES("\xFF\xFE\xAC\x20\xAC\x20")), ERR_LIMIT);
	assert_int_equal(small.text.len, 0);
	assert_int_equal(view_show(&small, BYTES("\xFF\xFE\xAC\x20y\0z\0")), ERR_NONE);
	assert_int_equal(small.text.len, 5);
	assert_int_equal(view_show(&small, BYTES("longer than five")), ERR_NONE);
	assert_int_equal(small.text.len, 16);
	view_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classifies_by_mark_and_by_nul),
	    cmocka_unit_test(counts_nul_bytes_by_parity),
	    cmocka_unit_test(a_short_utf16_text_may_hold_a_nul_of_the_other_parity),
	    cmocka_unit_test(looks_at_the_first_8000_bytes_only),
	    cmocka_unit_test(shows_plain_and_binary_bytes_as_they_are),
	    cmocka_unit_test(decodes_utf16),
	    cmocka_unit_test(utf32_is_not_taken_for_utf16),
	    cmocka_unit_test(utf16_that_starts_with_nul_is_not_taken_for_utf32),
	    cmocka_unit_test(replaces_what_is_no_character),
	    cmocka_unit_test(maps_offsets_to_the_source),
	    cmocka_unit_test(starts_each_blob_anew),
	    cmocka_unit_test(keeps_to_its_maximum),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
