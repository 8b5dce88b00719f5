#include "detect/misfit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ruleset rules;
static struct misfits *misfits;
static struct patterns *patterns;
static struct matcher *matcher;

static int load(void **state)
{
	struct error error;

	(void)state;
	if (ruleset_load(&rules, NULL, 0, &error))
		return -1;
	misfits = misfits_new(&rules);
	patterns = patterns_new(&rules, false);
	matcher = matcher_new(patterns);
	matcher_set_time(matcher, 60);
	return 0;
}

static int release(void **state)
{
	(void)state;
	matcher_free(matcher);
	patterns_free(patterns);
	misfits_free(misfits);
	ruleset_release(&rules);
	return 0;
}

/* The id of the rule whose secret the value, which stands once in the text, nearly is; "": none. */
static const char *found(const char *text, const char *value)
{
	size_t start = (size_t)(strstr(text, value) - text);
	const struct rule *rule =
	    misfits_find(misfits, matcher, bytes_of(text), start, start + strlen(value));

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

static void a_length_between_two_is_no_form(void **state)
{
	/* 32 digits, or so many and a short number behind a hyphen. */
	static const char longer[] = "dapi1a204c821acabec330d9ec9c376554531";
	/* trawl:allow made up for this test */
	static const char numbered[] = "dapi1a204c821acabec330d9ec9c37655453-1";

	(void)state;
	assert_string_equal(found("SERVICE_KEY=dapi1a204c821acabec330d9ec9c376554531", longer),
	                    "databricks-access-token");
	assert_string_equal(found(numbered, numbered), "");
}

static void a_prefix_of_many_tells_no_form(void **state)
{
	/* Of Stripe's length, but with a hyphen, as some of the others have it. */
	static const char value[] = "sk_live_q7WZrT0bYkVn4-JUd9sXcLf2HgAe6PuRi";

	(void)state;
	assert_string_equal(found("key = sk_live_q7WZrT0bYkVn4-JUd9sXcLf2HgAe6PuRi", value), "");
}

static void a_name_is_followed_by_what_it_configures(void **state)
{
	static const char longer[] = "ve1zbib58wui0osx48noyejwm9prgir04";

	(void)state;
	assert_string_not_equal(found("Abstract.configure { |config| config.api_key = "
	                              "\"ve1zbib58wui0osx48noyejwm9prgir04\" }",
	                              longer),
	                        "");
	assert_string_equal(found("an abstract sum: config.api_key = "
	                          "\"ve1zbib58wui0osx48noyejwm9prgir04\"",
	                          longer),
	                    "");
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
	    cmocka_unit_test(a_length_between_two_is_no_form),
	    cmocka_unit_test(a_prefix_of_many_tells_no_form),
	    cmocka_unit_test(a_name_is_followed_by_what_it_configures),
	};

	return cmocka_run_group_tests(tests, load, release);
}
