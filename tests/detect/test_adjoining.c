#include "detect/adjoining.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Lines of Base64 as PEM and MIME break them, and one without a sign of its own. */
#define LINE_64 "q7WZrT0bYkVn4mJd9sXcLf2HgAe6PuRi+3kNwB8tQy5RvM1cJd7LhXgFa9SePu2T"
#define LINE_76 LINE_64 "Zb0hYtuq8vML"
#define PLAIN_64 "q7WZrT0bYkVn4mJd9sXcLf2HgAe6PuRiZ3kNwB8tQy5RvM1cJd7LhXgFa9SePu2T"

/* What adjoins the secret, which stands between the two others. */
static enum adjoining adjoins(const char *before, const char *secret, const char *behind)
{
	char text[1024];
	size_t start = strlen(before), end = start + strlen(secret);

	snprintf(text, sizeof(text), "%s%s%s", before, secret, behind);
	return adjoining_find(bytes_of(text), start, end);
}

static void slices_of_base64_are_told(void **state)
{
	(void)state;
	assert_int_equal(adjoins(LINE_64 "/", "tok_abc", ""), ADJOINING_ENCODED);
	assert_int_equal(adjoins("\"", "tok_abc", "+" LINE_64), ADJOINING_ENCODED);
	assert_int_equal(adjoins(LINE_64 "\n", "tok_abc", "\n"), ADJOINING_ENCODED);
	assert_int_equal(adjoins(LINE_76 "\r\n", "tok_abc", ""), ADJOINING_ENCODED);
	assert_int_equal(adjoins("", "tok_abc", "\n" LINE_64 "\n"), ADJOINING_ENCODED);
	assert_int_equal(adjoins("", "tok_abc", "/x+7c2T5\n" LINE_64 "\n"), ADJOINING_ENCODED);
}

static void tokens_on_lines_and_in_paths_are_not(void **state)
{
	(void)state;
	assert_int_equal(adjoins("", "tok_abc", ""), ADJOINING_NOTHING);
	assert_int_equal(adjoins(PLAIN_64 "\n", "tok_abc", "\n" PLAIN_64 "\n"), ADJOINING_NOTHING);
	assert_int_equal(adjoins(LINE_64 "A\n", "tok_abc", ""), ADJOINING_NOTHING);
	assert_int_equal(adjoins("q7WZ+b/", "tok_abc", "/q7WZ+b"), ADJOINING_NOTHING);
	assert_int_equal(adjoins("https://api.shop.example/V1/Accounts/Q7WZ/Keys/2/Hooks/Long/",
	                         "tok_abc", "/V1/Accounts/Q7WZ/Keys/2/Hooks/Long/Names/And/More"),
	                 ADJOINING_NOTHING);
	assert_int_equal(adjoins("========================================", "tok_abc", "."),
	                 ADJOINING_NOTHING);
}

static void cut_texts_and_digests_are_told(void **state)
{
	(void)state;
	assert_int_equal(adjoins("token ", "tok_abc", "..."), ADJOINING_DOTS);
	assert_int_equal(adjoins("token ", "tok_abc", "\xe2\x80\xa6"), ADJOINING_DOTS);
	assert_int_equal(adjoins("token ", "tok_abc", ".."), ADJOINING_NOTHING);
	assert_int_equal(adjoins("a.py,sha256=", "tok_abc", ",12"), ADJOINING_DIGEST);
	assert_int_equal(adjoins("SHA512-", "tok_abc", ""), ADJOINING_DIGEST);
	assert_int_equal(adjoins("a.py,sha256=-", "tok_abc", ",12"), ADJOINING_DIGEST);
	assert_int_equal(adjoins("sha256 ", "tok_abc", ""), ADJOINING_NOTHING);
	assert_int_equal(adjoins("=", "tok_abc", ""), ADJOINING_NOTHING);
}

static void names_are_stable(void **state)
{
	(void)state;
	assert_string_equal(adjoining_name(ADJOINING_NOTHING), "nothing");
	assert_string_equal(adjoining_name(ADJOINING_ENCODED), "an encoded text that goes on");
	assert_string_equal(adjoining_name(ADJOINING_DOTS), "dots that stand for the rest");
	assert_string_equal(adjoining_name(ADJOINING_DIGEST), "the name of a digest");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slices_of_base64_are_told),
	    cmocka_unit_test(tokens_on_lines_and_in_paths_are_not),
	    cmocka_unit_test(cut_texts_and_digests_are_told),
	    cmocka_unit_test(names_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
