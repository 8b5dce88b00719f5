#include "detect/confirm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* One pattern and what is needed to run it. */
struct run {
	struct ruleset set;
	struct pattern pattern;
	struct patterns *patterns;
	struct matcher *matcher;
};

static void run_open(struct run *r, const char *pattern)
{
	*r = (struct run){.set.parts[PART_USER].slot_count = 2, .pattern = {pattern, 1}};
	r->patterns = patterns_new(&r->set, false);
	r->matcher = matcher_new(r->patterns);
	matcher_set_time(r->matcher, 60);
}

static void run_close(struct run *r)
{
	matcher_free(r->matcher);
	patterns_free(r->patterns);
}

/* As run_open(), but steps are counted. */
static void run_open_counting(struct run *r, const char *pattern)
{
	*r = (struct run){.set.parts[PART_USER].slot_count = 2, .pattern = {pattern, 1}};
	r->patterns = patterns_new(&r->set, true);
	r->matcher = matcher_new(r->patterns);
	matcher_set_time(r->matcher, 60);
}

static enum found search(struct run *r, const char *text, uint32_t from, uint32_t last,
                         struct span *match)
{
	*match = (struct span){77, 77};
	return matcher_search(r->matcher, PART_USER, &r->pattern, bytes_of(text), from, last,
	                      match);
}

static void assert_found(struct run *r, const char *text, uint32_t from, uint32_t last,
                         uint32_t start, uint32_t end)
{
	struct span match;

	assert_int_equal(search(r, text, from, last, &match), FOUND_MATCH);
	assert_int_equal(match.start, start);
	assert_int_equal(match.end, end);
}

static void assert_none(struct run *r, const char *text, uint32_t from, uint32_t last)
{
	struct span match;

	assert_int_equal(search(r, text, from, last, &match), FOUND_NONE);
	assert_int_equal(match.start, 77);
}

static void the_leftmost_start_in_the_range_is_found(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "ab+");
	assert_found(&r, "xabbxab", 0, UINT32_MAX, 1, 4);
	assert_found(&r, "xabbxab", 1, 1, 1, 4);
	assert_found(&r, "xabbxab", 2, 7, 5, 7);
	assert_none(&r, "xabbxab", 0, 0);
	assert_none(&r, "xabbxab", 2, 4);
	assert_none(&r, "xabbxab", 6, UINT32_MAX);
	assert_none(&r, "xabbxab", 8, UINT32_MAX);
	assert_none(&r, "xabbxab", 3, 1);
	assert_none(&r, "", 0, 0);
	run_close(&r);
}

static void lookbehind_sees_what_stands_before_the_range(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "(?<=x)ab|^b");
	assert_found(&r, "xab", 1, 1, 1, 3);
	assert_none(&r, "yab", 1, 3);
	assert_none(&r, "xab", 2, 2);
	run_close(&r);
}

static void empty_matches_stand_up_to_the_end(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "x*");
	assert_found(&r, "ab", 0, 2, 0, 0);
	assert_found(&r, "ab", 2, 2, 2, 2);
	assert_found(&r, "", 0, 0, 0, 0);
	assert_int_equal(matcher_search(r.matcher, PART_USER, &r.pattern, (struct bytes){NULL, 0},
	                                0, 0, &(struct span){0, 0}),
	                 FOUND_MATCH);
	run_close(&r);
}

/* A search is cut into pieces, between which the clock is looked at. */
static void matches_are_found_across_the_pieces_of_a_search(void **state)
{
	char text[2000];
	struct run r;

	(void)state;
	run_open(&r, "k[a-z]{9}");
	for (uint32_t at = 0; at + 11 <= sizeof(text); at++) {
		memset(text, '-', sizeof(text));
		text[sizeof(text) - 1] = '\0';
		memcpy(text + at, "kabcdefghi", 10);
		assert_found(&r, text, 0, UINT32_MAX, at, at + 10);
		assert_none(&r, text, at + 1, UINT32_MAX);
		if (at)
			assert_none(&r, text, 0, at - 1);
	}
	run_close(&r);
}

static void patterns_are_read_as_bytes(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "^.\\w$");
	assert_none(&r, "\xc3\xa9", 0, 2); /* no letter, whatever the locale */
	assert_found(&r,
	             "\xc3"
	             "a",
	             0, 2, 0, 2);
	assert_none(&r, "\na", 0, 0);
	assert_found(&r, "\ra", 0, 2, 0, 2);
	run_close(&r);
}

static void groups_and_the_secret(void **state)
{
	struct span group;
	struct run r;

	(void)state;
	run_open(&r, "a(?:(?<one>b)|(?<two>c))(?<three>d)?");
	assert_found(&r, "xab", 0, 3, 1, 3);
	assert_int_equal(matcher_secret(r.matcher).start, 2);
	assert_int_equal(matcher_secret(r.matcher).end, 3);
	assert_true(matcher_group(r.matcher, "one", &group));
	assert_int_equal(group.start, 2);
	assert_int_equal(group.end, 3);
	assert_false(matcher_group(r.matcher, "two", &group));
	assert_false(matcher_group(r.matcher, "three", &group));
	assert_false(matcher_group(r.matcher, "four", &group));
	/* Where the first group took no part the secret is the match. */
	assert_found(&r, "xacd", 0, 4, 1, 4);
	assert_int_equal(matcher_secret(r.matcher).start, 1);
	assert_int_equal(matcher_secret(r.matcher).end, 4);
	assert_false(matcher_group(r.matcher, "one", &group));
	assert_true(matcher_group(r.matcher, "three", &group));
	assert_int_equal(group.start, 3);
	run_close(&r);
	run_open(&r, "abc");
	assert_found(&r, "xabc", 0, 4, 1, 4);
	assert_int_equal(matcher_secret(r.matcher).start, 1);
	assert_int_equal(matcher_secret(r.matcher).end, 4);
	assert_false(matcher_group(r.matcher, "one", &group));
	run_close(&r);
}

/* More groups than there are places for. */
static void a_hundred_groups(void **state)
{
	char pattern[1024] = "";
	struct span group;
	size_t len = 0;
	struct run r;

	(void)state;
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(pattern + len, sizeof(pattern) - len, "(?<g%d>a)", i);
	run_open(&r, pattern);
	assert_found(
	    &r,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaa",
	    0, 0, 0, 100);
	assert_int_equal(matcher_secret(r.matcher).end, 1);
	assert_true(matcher_group(r.matcher, "g62", &group));
	assert_int_equal(group.start, 62);
	assert_false(matcher_group(r.matcher, "g63", &group));
	assert_false(matcher_group(r.matcher, "g99", &group));
	run_close(&r);
}

static void backtracking_ends_at_a_limit(void **state)
{
	clock_t start = clock();
	struct span match;
	struct run r;

	(void)state;
	run_open(&r, "(?:x+x+)+y");
	assert_int_equal(
	    search(&r, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-y", 0, 1, &match),
	    FOUND_LIMIT);
	assert_found(&r, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy", 0, 1, 0, 54);
	run_close(&r);
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void a_long_repeated_group_has_stack_enough(void **state)
{
	size_t len = 20000;
	char *text = malloc(len + 1);
	struct run r;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	text[len - 1] = '!';
	text[len] = '\0';
	run_open(&r, "(?:[a-z]|[0-9])+!");
	assert_found(&r, text, 0, 0, 0, (uint32_t)len);
	run_close(&r);
	free(text);
}

static void without_time_nothing_is_searched(void **state)
{
	struct span match;
	struct run r;

	(void)state;
	run_open(&r, "a");
	matcher_set_time(r.matcher, 0);
	assert_int_equal(search(&r, "a", 0, 1, &match), FOUND_LIMIT);
	matcher_set_time(r.matcher, 60);
	assert_found(&r, "a", 0, 1, 0, 1);
	run_close(&r);
}

static void a_pattern_that_does_not_compile_is_named_and_finds_nothing(void **state)
{
	struct error error = {0};
	struct span match;
	struct run r;

	(void)state;
	run_open(&r, "a(b");
	assert_int_equal(patterns_check(r.patterns, PART_USER, &r.pattern, &error), ERR_SYNTAX);
	assert_string_equal(error.message,
	                    "at offset 3 of the pattern: missing closing parenthesis");
	assert_int_equal(search(&r, "ab", 0, 2, &match), FOUND_LIMIT);
	r.pattern.text = "a\\Cb";
	assert_int_equal(patterns_check(r.patterns, PART_USER, &r.pattern, &error), ERR_SYNTAX);
	r.pattern.text = "(*UTF)a";
	assert_int_equal(patterns_check(r.patterns, PART_USER, &r.pattern, &error), ERR_SYNTAX);
	r.pattern.text = "ab";
	assert_int_equal(patterns_check(r.patterns, PART_USER, &r.pattern, &error), ERR_NONE);
	assert_int_equal(patterns_check(r.patterns, PART_USER, &r.pattern, &error), ERR_NONE);
	run_close(&r);
	matcher_free(NULL);
	patterns_free(NULL);
}

static void steps_are_counted(void **state)
{
	struct run r;

	(void)state;
	run_open_counting(&r, "ab+c");
	assert_found(&r, "xabbc", 0, UINT32_MAX, 1, 5);
	/* a, b+, c and the end of the pattern. */
	assert_int_equal(matcher_steps(r.matcher), 4);
	assert_none(&r, "xyz", 0, UINT32_MAX);
	assert_int_equal(matcher_steps(r.matcher), 4);
	run_close(&r);

	/* The first class; then, for each of five ways to share the letters, the second and 9. */
	run_open_counting(&r, "[a-z]{0,9}[a-z]{0,9}9");
	assert_none(&r, "abcd-9", 0, 0);
	assert_int_equal(matcher_steps(r.matcher), 11);
	run_close(&r);

	run_open(&r, "ab+c");
	assert_found(&r, "xabbc", 0, UINT32_MAX, 1, 5);
	assert_int_equal(matcher_steps(r.matcher), 0);
	run_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_leftmost_start_in_the_range_is_found),
	    cmocka_unit_test(steps_are_counted),
	    cmocka_unit_test(lookbehind_sees_what_stands_before_the_range),
	    cmocka_unit_test(empty_matches_stand_up_to_the_end),
	    cmocka_unit_test(matches_are_found_across_the_pieces_of_a_search),
	    cmocka_unit_test(patterns_are_read_as_bytes),
	    cmocka_unit_test(groups_and_the_secret),
	    cmocka_unit_test(a_hundred_groups),
	    cmocka_unit_test(backtracking_ends_at_a_limit),
	    cmocka_unit_test(a_long_repeated_group_has_stack_enough),
	    cmocka_unit_test(without_time_nothing_is_searched),
	    cmocka_unit_test(a_pattern_that_does_not_compile_is_named_and_finds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
