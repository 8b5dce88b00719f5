#include "detect/filters.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void entropy_is_shannons(void **state)
{
	unsigned char all[512];

	(void)state;
	for (int i = 0; i < 512; i++)
		all[i] = (unsigned char)i;
	assert_true(entropy_of((struct bytes){NULL, 0}) == 0);
	assert_true(entropy_of(bytes_of("aaaaaaaa")) == 0);
	assert_true(entropy_of(bytes_of("abababab")) == 1);
	assert_true(entropy_of(bytes_of("abcdabcd")) == 2);
	assert_true(entropy_of((struct bytes){all, sizeof(all)}) == 8);
	assert_true(fabs(entropy_of(bytes_of("aab")) - 0.918296) < 1e-6);
}

/* Whether the filters let the secret, with its groups, pass. Patterns have the slots 0 to 7. */
static enum found pass(const struct filters *filters, struct bytes secret,
                       const struct captured *groups, size_t count)
{
	struct ruleset set = {.parts[PART_USER].slot_count = 8};
	struct patterns *patterns = patterns_new(&set, false);
	struct filter_input input = {.matcher = matcher_new(patterns),
	                             .part = PART_USER,
	                             .secret = secret,
	                             .groups = groups,
	                             .group_count = count};
	enum found found;

	matcher_set_time(input.matcher, 60);
	found = filters_pass(filters, &input);
	matcher_free(input.matcher);
	patterns_free(patterns);
	return found;
}

static enum found pass_text(const struct filters *filters, const char *secret)
{
	return pass(filters, bytes_of(secret), NULL, 0);
}

static void no_filter_lets_all_pass(void **state)
{
	static const struct filters none = {0};

	(void)state;
	assert_int_equal(pass_text(&none, ""), FOUND_MATCH);
	assert_int_equal(pass(&none, (struct bytes){NULL, 0}, NULL, 0), FOUND_MATCH);
}

static void entropy_below_the_threshold_rejects(void **state)
{
	static const struct filters two = {.entropy_threshold = 2};

	(void)state;
	assert_int_equal(pass_text(&two, "abcd"), FOUND_MATCH); /* exactly two bits */
	assert_int_equal(pass_text(&two, "abca"), FOUND_NONE);
	assert_int_equal(pass_text(&two, ""), FOUND_NONE);
}

static void a_pattern_found_in_the_secret_rejects(void **state)
{
	static const struct pattern not [] = {{"(?i)example", 0}, {"^x+$", 1}};
	static const struct filters filters = {.pattern_not = not, .pattern_not_count = 2};
	static const struct pattern hostile[] = {{"(?:x+x+)+y", 2}};
	static const struct filters limited = {.pattern_not = hostile, .pattern_not_count = 1};

	(void)state;
	assert_int_equal(pass_text(&filters, "abc"), FOUND_MATCH);
	assert_int_equal(pass_text(&filters, "my-EXAMPLE-key"), FOUND_NONE);
	assert_int_equal(pass_text(&filters, "xxxx"), FOUND_NONE);
	assert_int_equal(pass_text(&filters, "xxxa"), FOUND_MATCH);
	assert_int_equal(pass_text(&limited, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-y"),
	                 FOUND_LIMIT);
}

static void paths_and_uris_are_recognised(void **state)
{
	static const struct filters path = {.heuristics = HEURISTIC_PATH};
	static const struct filters uri = {.heuristics = HEURISTIC_URI};
	static const struct filters both = {.heuristics = HEURISTIC_PATH | HEURISTIC_URI};
	static const struct {
		const char *text;
		bool is_path, is_uri;
	} cases[] = {
	    {"a/b/c", true, false},
	    {"a/bcdef", false, false},
	    {"/bcdefghijkl/", true, false},   /* 2 of 13 */
	    {"/bcdefghijklm/", false, false}, /* 2 of 14 are less than 15 % */
	    {"https://a", true, true},
	    {"https://a/b", true, true},
	    {"git+ssh://example.org:22x", false, true},
	    {"https://", true, false},
	    {"://example.org-example", false, false},
	    {"1http://example.org-ex", false, false},
	    {"ht_tp://example.org-ex", false, false},
	    {"plain", false, false},
	    {"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text;
		bool any = cases[i].is_path || cases[i].is_uri;

		if (pass_text(&path, text) != (cases[i].is_path ? FOUND_NONE : FOUND_MATCH) ||
		    pass_text(&uri, text) != (cases[i].is_uri ? FOUND_NONE : FOUND_MATCH) ||
		    pass_text(&both, text) != (any ? FOUND_NONE : FOUND_MATCH))
			fail_msg("%s", text);
	}
}

static void names_are_recognised_by_words_and_nothing_else(void **state)
{
	static const struct filters name = {.heuristics = HEURISTIC_NAME};
	static const char *const names[] = {"shopOAuth2Api", "list_f7_received_count",
	                                    "ShopV1UserGetAllNode", "a1.setRetryCount$"};
	static const char *const others[] = {"q7WZrT0bYkVn4mJd9sXc", "names;of=the things",
	                                     "61c0c8aa9b0f49c9a1a3", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(pass_text(&name, names[i]), FOUND_NONE);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(pass_text(&name, others[i]), FOUND_MATCH);
}

static void a_nul_is_no_part_of_a_scheme(void **state)
{
	static const struct filters uri = {.heuristics = HEURISTIC_URI};

	(void)state;
	assert_int_equal(pass(&uri, (struct bytes){(const unsigned char *)"a\0b://xy", 8}, NULL, 0),
	                 FOUND_MATCH);
}

static void inputs_name_groups(void **state)
{
	static const struct filters filters = {.entropy_threshold = 2, .entropy_input = "value"};
	static const struct filters path = {.heuristics = HEURISTIC_PATH,
	                                    .heuristic_input = "value"};
	struct captured groups[] = {{"other", {NULL, 0}}, {"value", bytes_of("aaaa")}};

	(void)state;
	assert_int_equal(pass(&filters, bytes_of("abcd"), groups, 2), FOUND_NONE);
	groups[1].text = bytes_of("abcd");
	assert_int_equal(pass(&filters, bytes_of("aaaa"), groups, 2), FOUND_MATCH);
	/* A group that took no part, or that does not exist, asks for nothing. */
	groups[1].text = (struct bytes){NULL, 0};
	assert_int_equal(pass(&filters, bytes_of("aaaa"), groups, 2), FOUND_MATCH);
	assert_int_equal(pass(&filters, bytes_of("aaaa"), groups, 1), FOUND_MATCH);
	groups[1].text = bytes_of("a/b/c");
	assert_int_equal(pass(&path, bytes_of("aaaa"), groups, 2), FOUND_NONE);
	assert_int_equal(pass(&path, bytes_of("a/b/c"), groups, 1), FOUND_MATCH);
}

static void named_groups_have_filters_of_their_own(void **state)
{
	static const struct pattern not = {"x", 0};
	static const struct group_filter groups_of[] = {
	    {"one", {.pattern_not = &not, .pattern_not_count = 1}},
	    {"two", {.entropy_threshold = 1}}};
	static const struct filters filters = {.groups = groups_of, .group_count = 2};
	struct captured groups[] = {{"one", bytes_of("y")}, {"two", bytes_of("ab")}};

	(void)state;
	assert_int_equal(pass(&filters, bytes_of("xx"), groups, 2), FOUND_MATCH);
	groups[0].text = bytes_of("yxy");
	assert_int_equal(pass(&filters, bytes_of("ab"), groups, 2), FOUND_NONE);
	groups[0].text = (struct bytes){NULL, 0};
	assert_int_equal(pass(&filters, bytes_of("xx"), groups, 2), FOUND_MATCH);
	groups[1].text = bytes_of("aa");
	assert_int_equal(pass(&filters, bytes_of("ab"), groups, 2), FOUND_NONE);
}

static void decoded_text_is_looked_at(void **state)
{
	static const struct pattern each[] = {{"\"u\":", 0}, {"^\\{", 1}}, not = {"test", 2};
	static const struct decoded_base64 standard = {
	    .match_each = each, .match_each_count = 2, .match_not = &not, .match_not_count = 1};
	static const struct decoded_base64 url = {.url_alphabet = true,
	                                          .filters = {.entropy_threshold = 1}};
	static const struct filters filters = {.base64 = &standard}, url_filters = {.base64 = &url};

	(void)state;
	assert_int_equal(pass_text(&filters, "eyJ1IjoiYSJ9"), FOUND_MATCH);    /* {"u":"a"} */
	assert_int_equal(pass_text(&filters, "eyJ1IjoidGVzdCJ9"), FOUND_NONE); /* {"u":"test"} */
	assert_int_equal(pass_text(&filters, "eyJ2IjoiYSJ9"), FOUND_NONE);     /* {"v":"a"} */
	assert_int_equal(pass_text(&filters, "IHsidSI6MX0="), FOUND_NONE);     /*  {"u":1} */
	assert_int_equal(pass_text(&filters, "eyJ1IjoiYSJ-"), FOUND_NONE);
	assert_int_equal(pass_text(&filters, ""), FOUND_NONE);
	assert_int_equal(pass_text(&url_filters, "-_-_"), FOUND_MATCH);
	assert_int_equal(pass_text(&url_filters, "+/+/"), FOUND_NONE);
	assert_int_equal(pass_text(&url_filters, "YWFh"), FOUND_NONE); /* aaa */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entropy_is_shannons),
	    cmocka_unit_test(no_filter_lets_all_pass),
	    cmocka_unit_test(entropy_below_the_threshold_rejects),
	    cmocka_unit_test(a_pattern_found_in_the_secret_rejects),
	    cmocka_unit_test(paths_and_uris_are_recognised),
	    cmocka_unit_test(names_are_recognised_by_words_and_nothing_else),
	    cmocka_unit_test(a_nul_is_no_part_of_a_scheme),
	    cmocka_unit_test(inputs_name_groups),
	    cmocka_unit_test(named_groups_have_filters_of_their_own),
	    cmocka_unit_test(decoded_text_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
