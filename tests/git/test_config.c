#include "git/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What was read, a line "name=value" for each variable. */
struct lines {
	char text[1024];
	size_t len;
};

static void write_line(void *context, const char *name, const char *value)
{
	struct lines *lines = context;

	lines->len += (size_t)snprintf(lines->text + lines->len, sizeof(lines->text) - lines->len,
	                               "%s=%s\n", name, value);
	assert_true(lines->len < sizeof(lines->text));
}

static void assert_read(const char *text, const char *expected)
{
	struct lines lines = {0};
	struct error error = {0};

	if (config_read("f", bytes_of(text), write_line, &lines, &error))
		fail_msg("%s", error.message);
	assert_string_equal(lines.text, expected);
}

static void assert_broken(const char *text, unsigned line)
{
	struct lines lines = {0};
	struct error error = {0};
	char start[32];

	assert_int_equal(config_read("f", bytes_of(text), write_line, &lines, &error), ERR_CORRUPT);
	snprintf(start, sizeof(start), "f:%u: ", line);
	if (!bytes_start_with(bytes_of(error.message), start))
		fail_msg("%s", error.message);
}

static void reads_sections_and_variables(void **state)
{
	(void)state;
	assert_read("", "");
	assert_read("# c\n; c\n \t\r\n", "");
	assert_read("[a]b=c", "a.b=c\n");
	assert_read("\xEF\xBB\xBF[A]\n\tB-1 = C d \n", "a.b-1=C d\n");
	assert_read("[a]\nb\nc \n[d] e=f\n", "a.b=true\na.c=true\nd.e=f\n");
	assert_read("[a \"B.c \\\"\\\\\\d\"]\r\ne = f\r\n", "a.B.c \"\\d.e=f\n");
	assert_read("[a.B]c=\n", "a.b.c=\n");
	assert_read("[a \"\"]c=1\n", "a..c=1\n");
}

static void reads_values(void **state)
{
	(void)state;
	assert_read("[a]b = c # d\n", "a.b=c\n");
	assert_read("[a]b = c;d\n", "a.b=c\n");
	assert_read("[a]b = \" c # \" ; d\n", "a.b= c # \n");
	assert_read("[a]b = c\" \"\n", "a.b=c \n");
	assert_read("[a]b = c\\\n  d\n", "a.b=c  d\n");
	assert_read("[a]b = \\t\\\\\\\"\\b\\n\n", "a.b=\t\\\"\b\n\n");
	assert_read("[a]b = \\t \n", "a.b=\t\n");
	assert_read("[a]b = \xff\n", "a.b=\xff\n");
}

static void names_the_broken_line(void **state)
{
	(void)state;
	assert_broken("a=b\n", 1);
	assert_broken("[a\n", 1);
	assert_broken("\n[]\nb=c", 2);
	assert_broken("[a]\n[a \"b\n\"]", 2);
	assert_broken("[a \"b", 1);
	assert_broken("[a \"b\\", 1);
	assert_broken("[a b]", 1);
	assert_broken("[a]\n1=b\n", 2);
	assert_broken("[a]\nb c\n", 2);
	assert_broken("[a]\nb = \"c\n", 2);
	assert_broken("[a]\nb = \\x\n", 2);
	assert_broken("[a]\nb = c\\", 2);
	assert_broken("[a]\n\n\xff", 3);
}

static void refuses_nul(void **state)
{
	struct lines lines = {0};

	(void)state;
	assert_int_equal(config_read("f", (struct bytes){(const unsigned char *)"[a]b=\0c\n", 8},
	                             write_line, &lines, NULL),
	                 ERR_CORRUPT);
	assert_string_equal(lines.text, "");
}

static void ignore_line(void *context, const char *name, const char *value)
{
	(void)context;
	assert_non_null(strchr(name, '.'));
	assert_non_null(value);
}

static void survives_random_bytes(void **state)
{
	static const char alphabet[] = "ab[[]]\"\"\\\\=\n\n\r .#;-1";
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		/* From the heap, so that a sanitizer sees what is read behind the end. */
		size_t len = round % 24;
		unsigned char *text = malloc(len ? len : 1);

		assert_non_null(text);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = (unsigned char)alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		(void)config_read("f", (struct bytes){text, len}, ignore_line, NULL, NULL);
		free(text);
	}
}

static void tells_what_is_true(void **state)
{
	(void)state;
	assert_true(config_true("true") && config_true("Yes") && config_true("ON"));
	assert_true(config_true("1") && config_true("-2"));
	assert_false(config_true("") || config_true("false") || config_true("no"));
	assert_false(config_true("0") || config_true("x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_sections_and_variables), cmocka_unit_test(reads_values),
	    cmocka_unit_test(names_the_broken_line),        cmocka_unit_test(refuses_nul),
	    cmocka_unit_test(survives_random_bytes),        cmocka_unit_test(tells_what_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
