#include "report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct capture {
	char *text;
	size_t len;
	struct json json;
};

static void start(struct capture *c)
{
	FILE *out = open_memstream(&c->text, &c->len);

	assert_non_null(out);
	json_init(&c->json, out);
}

static void expect(struct capture *c, const char *text)
{
	assert_int_equal(fclose(c->json.out), 0);
	assert_string_equal(c->text, text);
	free(c->text);
}

static void expect_text(struct bytes value, const char *text)
{
	struct capture c;

	start(&c);
	json_bytes(&c.json, NULL, value);
	expect(&c, text);
}

static void nesting_puts_commas_and_names(void **state)
{
	struct capture c;
	struct json *j = &c.json;

	(void)state;
	start(&c);
	json_object(j, NULL);
	json_array(j, "a");
	json_end(j);
	json_array(j, "b");
	json_int(j, NULL, -1);
	json_uint(j, NULL, UINT64_MAX);
	json_object(j, NULL);
	json_end(j);
	json_end(j);
	json_new_line(j);
	json_bool(j, "c\n", true);
	json_null(j, "d");
	json_decimal(j, "e", 3.456, 2);
	json_end(j);
	expect(&c, "{\"a\":[],\"b\":[-1,18446744073709551615,{}],\n"
	           "\"c\\u000a\":true,\"d\":null,\"e\":3.46}\n");
}

static void unsafe_characters_are_escaped(void **state)
{
	(void)state;
	expect_text(bytes_of("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	expect_text(bytes_of("\x01\b\t\n\r\x1b\x7f"),
	            "\"\\u0001\\u0008\\u0009\\u000a\\u000d\\u001b\\u007f\"");
	expect_text((struct bytes){(const unsigned char *)"a\0b", 3}, "\"a\\u0000b\"");
	expect_text(bytes_of("\xc2\x80\xc2\x85\xc2\x9f\xc2\xa0"),
	            "\"\\u0080\\u0085\\u009f\xc2\xa0\"");
	expect_text(bytes_of("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6"),
	            "\"\\u2028\\u2029\\u202e\\u2066\"");
	expect_text(bytes_of("\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80"),
	            "\"\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80\"");
}

#define REPLACED "\xef\xbf\xbd"

static void invalid_bytes_become_replacement_characters(void **state)
{
	(void)state;
	expect_text(bytes_of("a\xff\xfe"), "\"a" REPLACED REPLACED "\"");
	expect_text(bytes_of("\xc0\xaf"), "\"" REPLACED REPLACED "\"");
	expect_text(bytes_of("\xed\xa0\x80x"), "\"" REPLACED REPLACED REPLACED "x\"");
	expect_text(bytes_of("\xf0\x9f\x98"), "\"" REPLACED REPLACED REPLACED "\"");
	expect_text(bytes_of("\xe2\x82\""), "\"" REPLACED REPLACED "\\\"\"");
}

static void expect_base64(const char *value, const char *text)
{
	struct capture c;

	start(&c);
	json_base64(&c.json, NULL, bytes_of(value));
	expect(&c, text);
}

static void base64_has_the_vectors_of_its_standard(void **state)
{
	(void)state;
	expect_base64("", "\"\"");
	expect_base64("f", "\"Zg==\"");
	expect_base64("fo", "\"Zm8=\"");
	expect_base64("foo", "\"Zm9v\"");
	expect_base64("foob", "\"Zm9vYg==\"");
	expect_base64("\xff\xef\xbe", "\"/+++\"");
}

static void expect_time(int64_t ms, const char *text)
{
	struct capture c;

	start(&c);
	json_time(&c.json, NULL, ms);
	expect(&c, text);
}

static void times_stay_within_four_digit_years(void **state)
{
	(void)state;
	expect_time(0, "\"1970-01-01T00:00:00.000Z\"");
	expect_time(INT64_C(1709208000007), "\"2024-02-29T12:00:00.007Z\"");
	expect_time(-1, "\"1970-01-01T00:00:00.000Z\"");
	expect_time(INT64_MAX, "\"9999-12-31T23:59:59.999Z\"");
	expect_time(INT64_MIN, "\"1970-01-01T00:00:00.000Z\"");
}

static void strings_come_in_pieces(void **state)
{
	struct capture c;

	(void)state;
	start(&c);
	json_array(&c.json, NULL);
	json_open_string(&c.json, NULL);
	json_put(&c.json, bytes_of("one "));
	json_put(&c.json, bytes_of(""));
	json_put(&c.json, bytes_of("\"two\""));
	json_close_string(&c.json);
	json_hex(&c.json, NULL, bytes_of("\x01\xfe"));
	json_end(&c.json);
	expect(&c, "[\"one \\\"two\\\"\",\"01fe\"]\n");
}

static void uuid_is_a_hash_with_version_and_variant(void **state)
{
	static const unsigned char hash[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0xff, 0x77,
	                                       0xff, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	struct capture c;

	(void)state;
	start(&c);
	json_uuid(&c.json, NULL, hash);
	expect(&c, "\"00112233-4455-5f77-bf99-aabbccddeeff\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nesting_puts_commas_and_names),
	    cmocka_unit_test(unsafe_characters_are_escaped),
	    cmocka_unit_test(invalid_bytes_become_replacement_characters),
	    cmocka_unit_test(base64_has_the_vectors_of_its_standard),
	    cmocka_unit_test(times_stay_within_four_digit_years),
	    cmocka_unit_test(strings_come_in_pieces),
	    cmocka_unit_test(uuid_is_a_hash_with_version_and_variant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
