#include "report/safe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(struct bytes value, const char *text, size_t width)
{
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	assert_non_null(out);
	assert_int_equal(safe_write(out, value), width);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(written, text);
	free(written);
	assert_int_equal(safe_write(NULL, value), width);
}

static void text_is_safe_and_can_be_told_back(void **state)
{
	(void)state;
	expect(bytes_of(""), "", 0);
	expect(bytes_of("plain \xc3\xa4 \xf0\x9f\x98\x80"), "plain \xc3\xa4 \xf0\x9f\x98\x80", 9);
	expect(bytes_of("\x1b[31m\n\x7f"), "\\x1b[31m\\x0a\\x7f", 16);
	expect(bytes_of("\xc2\x9b"), "\\xc2\\x9b", 8);
	expect(bytes_of("\xe2\x80\xae"
	                "x\xe2\x81\xa9"),
	       "\\xe2\\x80\\xaex\\xe2\\x81\\xa9", 25);
	expect(bytes_of("\xff\xe2\x82"), "\\xff\\xe2\\x82", 12);
	expect(bytes_of("\\x1b"), "\\\\x1b", 5);
	expect((struct bytes){(const unsigned char *)"\0", 1}, "\\x00", 4);
}

static void expect_escaped(void (*writer)(FILE *, struct bytes), struct bytes value,
                           const char *text)
{
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	assert_non_null(out);
	writer(out, value);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(written, text);
	free(written);
}

static void text_ends_no_element_and_no_attribute(void **state)
{
	(void)state;
	expect_escaped(safe_write_html, bytes_of("</script><!-- &amp; \"'\\ \xc3\xa4"),
	               "&#60;/script&#62;&#60;!-- &#38;amp; &#34;&#39;\\\\ \xc3\xa4");
	expect_escaped(safe_write_html,
	               (struct bytes){(const unsigned char *)"\0\n\xff\xe2\x80\xa8", 6},
	               "\\x00\\x0a\\xff\\xe2\\x80\\xa8");
}

static void text_ends_no_script_and_no_string(void **state)
{
	(void)state;
	expect_escaped(
	    safe_write_script, bytes_of("</script><!-- & \"'\\u003c \xc3\xa4"),
	    "\\u003c/script\\u003e\\u003c!-- \\u0026 \\u0022\\u0027\\\\\\\\u003c \xc3\xa4");
	expect_escaped(safe_write_script,
	               (struct bytes){(const unsigned char *)"\0\n\xff\xe2\x80\xa8", 6},
	               "\\\\x00\\\\x0a\\\\xff\\\\xe2\\\\x80\\\\xa8");
}

static void preview_shows_the_prefix_and_no_more(void **state)
{
	struct finding f = {.prefix = "abcdefghijklmnopqrstuvwx", .secret_len = UINT32_MAX};
	char text[SAFE_PREVIEW_MAX];

	(void)state;
	assert_string_equal(safe_preview(&f, text), "[REDACTED] (4294967295 bytes)");
	f.prefix_len = 4;
	assert_string_equal(safe_preview(&f, text), "abcd[REDACTED] (4294967295 bytes)");
	f.prefix_len = 255;
	assert_string_equal(safe_preview(&f, text),
	                    "abcdefghijklmnopqrstuvwx[REDACTED] (4294967295 bytes)");
	assert_int_equal(safe_prefix(&f).len, PREVIEW_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_safe_and_can_be_told_back),
	    cmocka_unit_test(text_ends_no_element_and_no_attribute),
	    cmocka_unit_test(text_ends_no_script_and_no_string),
	    cmocka_unit_test(preview_shows_the_prefix_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
