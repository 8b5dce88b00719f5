#include "detect/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static enum err decode(const char *text, size_t len, enum base64_alphabet alphabet, bool spaced,
                       struct buf *out)
{
	buf_clear(out);
	return base64_decode((struct bytes){(const unsigned char *)text, len}, alphabet, spaced,
	                     out);
}

static void known_vectors_decode(void **state)
{
	/* RFC 4648, section 10. */
	static const char *const vectors[][2] = {
	    {"", ""},
	    {"Zg==", "f"},
	    {"Zm8=", "fo"},
	    {"Zm9v", "foo"},
	    {"Zm9vYg==", "foob"},
	    {"Zm9vYmE=", "fooba"},
	    {"Zm9vYmFy", "foobar"},
	    {"Zg", "f"},
	    {"Zm8", "fo"},
	    {"Zm9vYg", "foob"},
	    {"Zg=", "f"},
	};
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		for (int alphabet = 0; alphabet < 2; alphabet++) {
			assert_int_equal(decode(vectors[i][0], strlen(vectors[i][0]),
			                        (enum base64_alphabet)alphabet, false, &out),
			                 ERR_NONE);
			assert_string_equal(buf_text(&out), vectors[i][1]);
		}
	}
	buf_release(&out);
}

static void alphabets_do_not_mix(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	assert_int_equal(decode("+/+/", 4, BASE64_STANDARD, false, &out), ERR_NONE);
	assert_int_equal(out.len, 3);
	assert_memory_equal(out.ptr, "\xfb\xff\xbf", 3);
	assert_int_equal(decode("-_-_", 4, BASE64_URL, false, &out), ERR_NONE);
	assert_memory_equal(out.ptr, "\xfb\xff\xbf", 3);
	assert_int_equal(decode("-_-_", 4, BASE64_STANDARD, false, &out), ERR_CORRUPT);
	assert_int_equal(decode("+/+/", 4, BASE64_URL, false, &out), ERR_CORRUPT);
	buf_release(&out);
}

static void other_characters_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
	    {"Zm9v Zg", 7},  {"Zm9v\n", 5},
	    {"Zm=v", 4},     {"=Zm9v", 5},
	    {"Zm9\0", 4},    {"\0", 1},
	    {"Zm9v\xff", 5}, {"Z", 1},
	    {"Zm9vZ", 5},    {"Zh", 2} /* spare bits are not zero */,
	    {"Zm9", 3},
	};
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (decode(cases[i].text, cases[i].len, BASE64_STANDARD, false, &out) !=
		    ERR_CORRUPT)
			fail_msg("case %zu", i);
	}
	buf_release(&out);
}

static void white_space_is_passed_over_when_asked(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	assert_int_equal(decode(" Zm\r\n9v\tYg ", 11, BASE64_STANDARD, true, &out), ERR_NONE);
	assert_string_equal(buf_text(&out), "foob");
	assert_int_equal(decode("Zm\f9v", 5, BASE64_STANDARD, true, &out), ERR_CORRUPT);
	buf_release(&out);
}

static void it_appends_up_to_the_maximum(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 9);
	assert_int_equal(base64_decode(bytes_of("Zm9v"), BASE64_URL, false, &out), ERR_NONE);
	assert_int_equal(base64_decode(bytes_of("YmFy"), BASE64_URL, false, &out), ERR_NONE);
	assert_string_equal(buf_text(&out), "foobar");
	assert_int_equal(base64_decode(bytes_of("YmFyYmFyYmFy"), BASE64_URL, false, &out),
	                 ERR_LIMIT);
	assert_int_equal(base64_decode((struct bytes){NULL, 0}, BASE64_URL, false, &out), ERR_NONE);
	assert_string_equal(buf_text(&out), "foobar");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_vectors_decode),
	    cmocka_unit_test(alphabets_do_not_mix),
	    cmocka_unit_test(other_characters_are_refused),
	    cmocka_unit_test(white_space_is_passed_over_when_asked),
	    cmocka_unit_test(it_appends_up_to_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
