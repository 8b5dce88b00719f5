#include "detect/misfit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ruleset rules;
static struct misfits *misfits;

static int load(void **state)
{
	struct error error;

	(void)state;
	if (ruleset_load(&rules, NULL, 0, &error))
		return -1;
	misfits = misfits_new(&rules);
	return 0;
}

static int release(void **state)
{
	(void)state;
	misfits_free(misfits);
	ruleset_release(&rules);
	return 0;
}

/* The id of the rule whose secret the value, which stands once in the text, nearly is; "": none. */
static const char *found(const char *text, const char *value)
{
	size_t start = (size_t)(strstr(text, value) - text);
	const struct rule *rule =
	    misfits_find(misfits, bytes_of(text), start, start + strlen(value));

	return rule ? rule->id : "";
}

static void a_prefix_announces_a_length(void **state)
{
	(void)state;
	assert_string_equal(
	    found("token = \"sqco_q7WZrT0bYkVn4mJd9sXcLf2H\"", "sqco_q7WZrT0bYkVn4mJd9sXcLf2H"),
	    "sonarqube-cloud-scoped-organization-token");
	assert_string_equal(found("x sqp_5f931dc92ea4f220cc74f1c5ac37e4930d1e2f",
	                          "sqp_5f931dc92ea4f220"
	                          "cc74f1c5ac37e4930d1e2"
	                          "f"),
	                    "sonarqube-project-token");
}

static void a_value_of_the_form_fits(void **state)
{
	/* trawl:allow made up for this test */
	static const char value[] = "sqp_5f931dc92ea4f220cc74f1c5ac37e4930d1e2f3a";

	(void)state;
	assert_string_equal(found(value, value), "");
}

static void a_name_announces_a_length(void **state)
{
	static const char shorter[] = "5f931dc92ea4f220cc74f1c5ac37e49930d1e2f";

	(void)state;
	assert_string_not_equal(
	    found("buildkite_token = 5f931dc92ea4f220cc74f1c5ac37e49930d1e2f", shorter), "");
	assert_string_equal(
	    found("my_own_token = 5f931dc92ea4f220cc74f1c5ac37e49930d1e2f", shorter), "");
}

static void a_name_may_stand_lines_before(void **state)
{
	static const char shorter[] = "5f931dc92ea4f220cc74f1c5ac37e49930d1e2f";

	(void)state;
	assert_string_not_equal(found("buildkite:\n  region: eu\n  retries: 3\n"
	                              "  token: 5f931dc92ea4f220cc74f1c5ac37e49930d1e2f",
	                              shorter),
	                        "");
	assert_string_equal(found("buildkite:\n  region: eu\n  retries: 3\n  limit: 5\n"
	                          "  token: 5f931dc92ea4f220cc74f1c5ac37e49930d1e2f",
	                          shorter),
	                    "");
}

static void another_length_is_another_secret(void **state)
{
	static const char shorter[] = "5f931dc92ea4f220cc74f1c5ac37e49";

	(void)state;
	assert_string_equal(found("buildkite_token = 5f931dc92ea4f220cc74f1c5ac37e49", shorter),
	                    "");
}

static void each_choice_is_a_form(void **state)
{
	(void)state;
	assert_string_equal(
	    found("x bkar_VbJPExyEuVza1o8HFxvVL8NmwvPmAMBjt05pJqwFqfRHXbLGyHahdi4yOI"
	          "ZJc2MIw8fqPl",
	          "bkar_VbJPExyEuVza1o8HFxvVL8NmwvPmAMBjt05pJqwFqfRHXbLGyHahdi4yOI"
	          "ZJc2MIw8fqPl"),
	    "buildkite-service-token");
}

static void other_characters_are_another_secret(void **state)
{
	(void)state;
	assert_string_equal(found("sqp_k3v9!x0q2m7w8z1p4", "sqp_k3v9!x0q2m7w8z1p4"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_prefix_announces_a_length),
	    cmocka_unit_test(a_value_of_the_form_fits),
	    cmocka_unit_test(a_name_announces_a_length),
	    cmocka_unit_test(a_name_may_stand_lines_before),
	    cmocka_unit_test(another_length_is_another_secret),
	    cmocka_unit_test(each_choice_is_a_form),
	    cmocka_unit_test(other_characters_are_another_secret),
	};

	return cmocka_run_group_tests(tests, load, release);
}
