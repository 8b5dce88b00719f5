#include "detect/placeholder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct bytes no_design = {NULL, 0};

struct sample {
	const char *text;
	enum placeholder token; /* as what a machine drew */
	enum placeholder text_too;
};

static void each_kind_is_told(void **state)
{
	static const struct sample samples[] = {
	    {"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", PLACEHOLDER_REPEATED,
	     PLACEHOLDER_REPEATED},
	    {"00000000000000000000000000000000", PLACEHOLDER_REPEATED, PLACEHOLDER_REPEATED},
	    {"**********", PLACEHOLDER_REPEATED, PLACEHOLDER_REPEATED},
	    {"sk_live_1234567890", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"key-ABCDEFGH", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"0123456789abcdef", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"fedcba98", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"000102030405060708090a0b", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"q7f4f5f6f7f8f9w", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"0001020304", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"tok-a1b2c3d4e5f6", PLACEHOLDER_SEQUENCE, PLACEHOLDER_SEQUENCE},
	    {"${API_KEY}", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"pre${API_KEY}", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"{{ api_key }}", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"<your-key>", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"%s", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"%(password)s", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"$PASSWORD", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"__TOKEN__", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"sk-abc...xyz", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"AKIAIOSFODNN7EXAMPLE", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"ChangeMe", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"your-api-key-here", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"dummy-4711", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"[REDACTED]", PLACEHOLDER_TEMPLATE, PLACEHOLDER_TEMPLATE},
	    {"REDACTED", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"sk_test_4eC39HqLyjWDarjtT1zdp7dc", PLACEHOLDER_DOCUMENTED, PLACEHOLDER_DOCUMENTED},
	    {"q7WZrT0bYkq7WZrT0bYk", PLACEHOLDER_REPEATED, PLACEHOLDER_REPEATED},
	    {"q7WZrT0q7WZrT0q7W", PLACEHOLDER_REPEATED, PLACEHOLDER_REPEATED},
	    {"q7WZrT0bYkq7WZrT0bYm", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"JBSWY3DPEHPK3PXP", PLACEHOLDER_DOCUMENTED, PLACEHOLDER_DOCUMENTED},
	    {"P@$$w0rd1234!", PLACEHOLDER_NONE, PLACEHOLDER_WORD},
	    {"Ch4ng3M3!", PLACEHOLDER_NONE, PLACEHOLDER_WORD},
	    /* "the value is hidden", "deploy:user-passwd", "admin:" and then what somebody drew */
	    {"dGhlIHZhbHVlIGlzIGhpZGRlbg==", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"ZGVwbG95OnVzZXItcGFzc3dk", PLACEHOLDER_WORD, PLACEHOLDER_WORD},
	    {"YWRtaW46cVQ3LXZ3OTNMaw==", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"test1", PLACEHOLDER_NONE, PLACEHOLDER_WORD},
	    {"MyPassw0rd", PLACEHOLDER_NONE, PLACEHOLDER_WORD},
	    {"Summer2024!", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"q7WZrT0bYkVn4mJd9sXcLf2HgAe6PuRi", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"5f931dc92ea4f220cc74f1c5ac37e493", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"$2b$12$GhvMmNVjRW29ulnudl.Lbu", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	    {"$", PLACEHOLDER_NONE, PLACEHOLDER_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bytes text = bytes_of(samples[i].text);

		if (placeholder_find(text, no_design, PLACEHOLDER_OF_TOKEN) != samples[i].token ||
		    placeholder_find(text, no_design, PLACEHOLDER_OF_TEXT) != samples[i].text_too)
			fail_msg("%s: %s, %s", samples[i].text,
			         placeholder_name(
				     placeholder_find(text, no_design, PLACEHOLDER_OF_TOKEN)),
			         placeholder_name(
				     placeholder_find(text, no_design, PLACEHOLDER_OF_TEXT)));
	}
}

/* A key of a thousand characters holds a few encoded zeros. */
static void short_runs_say_nothing_of_long_secrets(void **state)
{
	unsigned char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)('A' + i * 7 % 26);
	memset(text + 500, 'A', 20);
	assert_int_equal(
	    placeholder_find((struct bytes){text, sizeof(text)}, no_design, PLACEHOLDER_OF_TOKEN),
	    PLACEHOLDER_NONE);
	memset(text + 100, 'A', 400);
	assert_int_equal(
	    placeholder_find((struct bytes){text, sizeof(text)}, no_design, PLACEHOLDER_OF_TOKEN),
	    PLACEHOLDER_REPEATED);
}

static void runs_of_the_design_say_nothing(void **state)
{
	struct bytes text = bytes_of("q7AAAAAAAAw9"), other = bytes_of("q7BBBBBBBBw9");

	(void)state;
	assert_int_equal(placeholder_find(text, bytes_of("\\wAAAAAAAA\\w"), PLACEHOLDER_OF_TOKEN),
	                 PLACEHOLDER_NONE);
	assert_int_equal(placeholder_find(other, bytes_of("\\wAAAAAAAA\\w"), PLACEHOLDER_OF_TOKEN),
	                 PLACEHOLDER_REPEATED);
}

static void bytes_of_any_kind_are_taken(void **state)
{
	unsigned char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(255 - i * 3);
	assert_int_equal(
	    placeholder_find((struct bytes){text, sizeof(text)}, no_design, PLACEHOLDER_OF_TEXT),
	    PLACEHOLDER_NONE);
	assert_int_equal(placeholder_find((struct bytes){NULL, 0}, no_design, PLACEHOLDER_OF_TEXT),
	                 PLACEHOLDER_NONE);
}

static void names_are_stable(void **state)
{
	(void)state;
	assert_string_equal(placeholder_name(PLACEHOLDER_NONE), "none");
	assert_string_equal(placeholder_name(PLACEHOLDER_REPEATED), "characters that repeat");
	assert_string_equal(placeholder_name(PLACEHOLDER_SEQUENCE),
	                    "characters in a row, such as 123456");
	assert_string_equal(placeholder_name(PLACEHOLDER_TEMPLATE),
	                    "a template that is to be filled in");
	assert_string_equal(placeholder_name(PLACEHOLDER_WORD), "a word that stands for a secret");
	assert_string_equal(placeholder_name(PLACEHOLDER_DOCUMENTED),
	                    "a value that documentation shows");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_is_told),
	    cmocka_unit_test(short_runs_say_nothing_of_long_secrets),
	    cmocka_unit_test(runs_of_the_design_say_nothing),
	    cmocka_unit_test(bytes_of_any_kind_are_taken),
	    cmocka_unit_test(names_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
