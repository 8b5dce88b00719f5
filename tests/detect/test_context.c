#include "detect/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { SLOTS = 4 };

/* What a test looks at: one text, and contexts whose patterns have slots of their own. */
struct scene {
	struct ruleset set;
	struct patterns *patterns;
	struct matcher *matcher;
	struct context_cache *cache;
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){.set.parts[PART_USER].slot_count = SLOTS};
	s->patterns = patterns_new(&s->set, false);
	s->matcher = matcher_new(s->patterns);
	s->cache = context_cache_new(&s->set);
	matcher_set_time(s->matcher, 60);
}

static void scene_close(struct scene *s)
{
	context_cache_free(s->cache);
	matcher_free(s->matcher);
	patterns_free(s->patterns);
}

/* Whether the context holds for the first "TOKEN" in the text. */
static enum found holds(const struct context *c, const char *text)
{
	struct scene s;
	enum found found;
	uint32_t start = (uint32_t)(strstr(text, "TOKEN") - text);

	scene_open(&s);
	found = context_holds(c, s.cache, s.matcher, PART_USER, bytes_of(text),
	                      (struct span){start, start + 5});
	scene_close(&s);
	return found;
}

static struct context near(enum context_kind kind, uint32_t slot, const char *pattern)
{
	return (struct context){.kind = kind,
	                        .pattern = {pattern, slot},
	                        .max_char_distance = UNBOUNDED,
	                        .max_line_distance = UNBOUNDED,
	                        .max_line_length = 1000};
}

static void sides_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum found before, after, around;
	} cases[] = {
	    {"TOKEN", FOUND_NONE, FOUND_NONE, FOUND_NONE},
	    {"key TOKEN", FOUND_MATCH, FOUND_NONE, FOUND_MATCH},
	    {"TOKEN key", FOUND_NONE, FOUND_MATCH, FOUND_MATCH},
	    {"keyTOKEN", FOUND_MATCH, FOUND_NONE, FOUND_MATCH},
	    {"TOKENkey", FOUND_NONE, FOUND_MATCH, FOUND_MATCH},
	    {"key TOKEN key", FOUND_MATCH, FOUND_MATCH, FOUND_MATCH},
	    {"key\n\n\nTOKEN", FOUND_MATCH, FOUND_NONE, FOUND_MATCH},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct context c = near(CONTEXT_BEFORE, 0, "key");

		assert_int_equal(holds(&c, cases[i].text), cases[i].before);
		c.kind = CONTEXT_AFTER;
		assert_int_equal(holds(&c, cases[i].text), cases[i].after);
		c.kind = CONTEXT_AROUND;
		assert_int_equal(holds(&c, cases[i].text), cases[i].around);
	}
}

static void what_overlaps_the_match_is_on_neither_side(void **state)
{
	struct context inside = near(CONTEXT_AROUND, 0, "OKE");
	struct context across = near(CONTEXT_AROUND, 0, "y TO|EN k");
	struct context same = near(CONTEXT_AROUND, 0, "TOKEN");
	struct context empty = near(CONTEXT_AROUND, 0, "(?=TOKEN)");

	(void)state;
	assert_int_equal(holds(&inside, "key TOKEN key"), FOUND_NONE);
	assert_int_equal(holds(&across, "key TOKEN key"), FOUND_NONE);
	assert_int_equal(holds(&same, "key TOKEN key"), FOUND_NONE);
	/* Overlapping ones are passed over on the way to one that is not. */
	assert_int_equal(holds(&across, "key TOKEN kEN k"), FOUND_MATCH);
	assert_int_equal(holds(&same, "TOKEN TOKEN"), FOUND_MATCH);
	/* An empty match at the start ends there. */
	assert_int_equal(holds(&empty, "TOKEN"), FOUND_MATCH);
}

static void bytes_are_counted_between_the_nearest_edges(void **state)
{
	struct context c = near(CONTEXT_AROUND, 0, "key");

	(void)state;
	c.max_char_distance = 0;
	assert_int_equal(holds(&c, "keyTOKEN"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKENkey"), FOUND_MATCH);
	assert_int_equal(holds(&c, "key TOKEN key"), FOUND_NONE);
	c.max_char_distance = 3;
	assert_int_equal(holds(&c, "key123TOKEN"), FOUND_MATCH);
	assert_int_equal(holds(&c, "key1234TOKEN"), FOUND_NONE);
	assert_int_equal(holds(&c, "TOKEN123key"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN1234key"), FOUND_NONE);
	/* The nearest of several counts. */
	assert_int_equal(holds(&c, "key key key123TOKEN1234key"), FOUND_MATCH);
	assert_int_equal(holds(&c, "key key1234TOKEN123key key"), FOUND_MATCH);
	assert_int_equal(holds(&c, "key key1234TOKEN1234key key"), FOUND_NONE);
}

static void lines_are_counted_between_the_nearest_edges(void **state)
{
	struct context c = near(CONTEXT_AROUND, 0, "key\\n?");

	(void)state;
	c.max_line_distance = 0;
	assert_int_equal(holds(&c, "key TOKEN"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN \nkey"), FOUND_NONE);
	assert_int_equal(holds(&c, "key\nTOKEN"), FOUND_MATCH); /* its match ends behind the LF */
	assert_int_equal(holds(&c, "key \nTOKEN"), FOUND_NONE);
	c.max_line_distance = 2;
	assert_int_equal(holds(&c, "key \n\nTOKEN"), FOUND_MATCH);
	assert_int_equal(holds(&c, "key \n\n\nTOKEN"), FOUND_NONE);
	assert_int_equal(holds(&c, "TOKEN\n\nkey"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN\n\n\nkey"), FOUND_NONE);
	assert_int_equal(holds(&c, "TOKEN\r\n\r\nkey"), FOUND_MATCH);
	/* Both distances must hold. */
	c.max_char_distance = 2;
	assert_int_equal(holds(&c, "TOKEN\n\nkey"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN\r\n\nkey"), FOUND_NONE);
}

static void long_lines_do_not_count_where_lines_do(void **state)
{
	struct context c = near(CONTEXT_AROUND, 0, "key|\\n");

	(void)state;
	c.pattern.text = "key";
	c.max_line_length = 12;
	assert_int_equal(holds(&c, "key 901234567890 TOKEN"), FOUND_MATCH);
	c.max_line_distance = 1;
	assert_int_equal(holds(&c, "key 56 TOKEN"), FOUND_NONE); /* 12 bytes */
	assert_int_equal(holds(&c, "key 5 TOKEN"), FOUND_MATCH); /* 11 bytes */
	assert_int_equal(holds(&c, "key 5 TOKEN\n"), FOUND_MATCH);
	/* The match's line and the other one's are looked at, each for itself. */
	assert_int_equal(holds(&c, "key 56789012\nTOKEN"), FOUND_NONE);
	assert_int_equal(holds(&c, "key 5678901\nTOKEN"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN 789012\nkey"), FOUND_NONE);
	/* A nearer one on a long line does not hide a farther one on a short line. */
	assert_int_equal(holds(&c, "TOKEN 0123456789\nkey"), FOUND_NONE);
	c.max_line_distance = 2;
	assert_int_equal(holds(&c, "key\nkey 56789012\nTOKEN"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN\nkey 56789012\nkey"), FOUND_MATCH);
	assert_int_equal(holds(&c, "TOKEN\nkey 56789012\n\nkey"), FOUND_NONE);
	/* The line end is part of its line. */
	c.pattern.text = "\\n";
	assert_int_equal(holds(&c, "123456789012\nTOKEN"), FOUND_NONE);
	assert_int_equal(holds(&c, "12345678901\nTOKEN"), FOUND_MATCH);
}

static void trees_combine_what_their_leaves_say(void **state)
{
	const struct context leaves[] = {near(CONTEXT_BEFORE, 0, "left"),
	                                 near(CONTEXT_AFTER, 1, "right")};
	const struct context each = {.kind = CONTEXT_EACH, .children = leaves, .child_count = 2};
	const struct context either = {
	    .kind = CONTEXT_EITHER, .children = leaves, .child_count = 2};
	const struct context none = {.kind = CONTEXT_NOT, .children = leaves, .child_count = 2};
	const struct context inner[] = {either,
	                                {.kind = CONTEXT_NOT, .children = &each, .child_count = 1}};
	const struct context one_only = {.kind = CONTEXT_EACH, .children = inner, .child_count = 2};
	static const struct {
		const char *text;
		bool each, either, none, one_only;
	} cases[] = {
	    {"TOKEN", false, false, true, false},
	    {"left TOKEN", false, true, false, true},
	    {"TOKEN right", false, true, false, true},
	    {"left TOKEN right", true, true, false, false},
	    {"right TOKEN left", false, false, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text;

		assert_int_equal(holds(&each, text), cases[i].each ? FOUND_MATCH : FOUND_NONE);
		assert_int_equal(holds(&either, text), cases[i].either ? FOUND_MATCH : FOUND_NONE);
		assert_int_equal(holds(&none, text), cases[i].none ? FOUND_MATCH : FOUND_NONE);
		assert_int_equal(holds(&one_only, text),
		                 cases[i].one_only ? FOUND_MATCH : FOUND_NONE);
	}
}

static void a_limit_in_a_leaf_is_the_trees(void **state)
{
	const struct context leaf = near(CONTEXT_BEFORE, 0, "(?:a|a)+(?:a|a)+(?:a|a)+b|(?:x+x+)+y");
	const struct context not = {.kind = CONTEXT_NOT, .children = &leaf, .child_count = 1};

	(void)state;
	assert_int_equal(holds(&leaf, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx TOKEN"),
	                 FOUND_LIMIT);
	assert_int_equal(holds(&not, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx TOKEN"),
	                 FOUND_LIMIT);
}

static void a_cleared_cache_looks_at_the_next_text(void **state)
{
	struct context c = near(CONTEXT_BEFORE, 2, "key");
	struct span token = {4, 9};
	struct scene s;

	(void)state;
	scene_open(&s);
	assert_int_equal(
	    context_holds(&c, s.cache, s.matcher, PART_USER, bytes_of("key TOKEN"), token),
	    FOUND_MATCH);
	context_cache_clear(s.cache);
	assert_int_equal(
	    context_holds(&c, s.cache, s.matcher, PART_USER, bytes_of("ke- TOKEN"), token),
	    FOUND_NONE);
	context_cache_clear(s.cache);
	context_cache_clear(s.cache);
	assert_int_equal(
	    context_holds(&c, s.cache, s.matcher, PART_USER, bytes_of("key TOKEN"), token),
	    FOUND_MATCH);
	scene_close(&s);
	context_cache_free(NULL);
}

/* A million other matches are kept; of a text with more nothing is said. */
static void more_matches_than_are_kept_are_a_limit(void **state)
{
	struct context c = near(CONTEXT_BEFORE, 0, "k");
	size_t len = (size_t)1024 * 1024 + 1;
	char *text = malloc(len);
	struct scene s;

	(void)state;
	assert_non_null(text);
	memset(text, 'k', len);
	scene_open(&s);
	assert_int_equal(context_holds(&c, s.cache, s.matcher, PART_USER,
	                               (struct bytes){(unsigned char *)text, len},
	                               (struct span){5, 6}),
	                 FOUND_LIMIT);
	memset(text, '-', 100);
	context_cache_clear(s.cache);
	assert_int_equal(context_holds(&c, s.cache, s.matcher, PART_USER,
	                               (struct bytes){(unsigned char *)text, len},
	                               (struct span){200, 201}),
	                 FOUND_MATCH);
	scene_close(&s);
	free(text);
}

/* Each match near a line with very many others was compared with all of them. */
static void many_others_on_one_long_line_take_no_time(void **state)
{
	struct context c = near(CONTEXT_BEFORE, 0, "k");
	size_t len = 900000;
	char *text = malloc(len + 1000);
	clock_t start = clock();
	struct scene s;

	(void)state;
	assert_non_null(text);
	memset(text, 'k', len);
	memset(text + len, '-', 1000);
	text[len] = '\n';
	c.max_line_distance = 5;
	scene_open(&s);
	for (uint32_t i = 0; i < 900; i++)
		assert_int_equal(context_holds(&c, s.cache, s.matcher, PART_USER,
		                               (struct bytes){(unsigned char *)text, len + 900},
		                               (struct span){(uint32_t)len + 1 + i / 2,
		                                             (uint32_t)len + 2 + i / 2}),
		                 FOUND_NONE);
	scene_close(&s);
	free(text);
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
}

/* Reading around a match says the same as reading all. */
static void around_is_as_nearest(void **state)
{
	static const char *const words[] = {"TOKEN", "near1", "near22", " ", "....", "\n", "nea"};
	uint64_t seed = 1;
	char text[2000];

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct context c = near(CONTEXT_AROUND, 0, "near[0-9]+");
		struct scene s;
		size_t len = 0;

		c.max_char_distance = round % 40;
		while (len < sizeof(text) - 10) {
			seed = seed * UINT64_C(6364136223846793005) + 1;
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
			                        words[(seed >> 33) % 7]);
		}
		scene_open(&s);
		for (char *at = strstr(text, "TOKEN"); at; at = strstr(at + 1, "TOKEN")) {
			uint32_t start = (uint32_t)(at - text);
			struct span match = {start, start + 5}, a = {0, 0}, b = {0, 0};

			assert_int_equal(
			    context_around(&c, s.matcher, PART_USER, bytes_of(text), match, &a),
			    context_nearest(&c, s.cache, s.matcher, PART_USER, bytes_of(text),
			                    match, &b));
			assert_int_equal(a.start, b.start);
			assert_int_equal(a.end, b.end);
		}
		scene_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sides_are_told_apart),
	    cmocka_unit_test(what_overlaps_the_match_is_on_neither_side),
	    cmocka_unit_test(bytes_are_counted_between_the_nearest_edges),
	    cmocka_unit_test(lines_are_counted_between_the_nearest_edges),
	    cmocka_unit_test(long_lines_do_not_count_where_lines_do),
	    cmocka_unit_test(trees_combine_what_their_leaves_say),
	    cmocka_unit_test(a_limit_in_a_leaf_is_the_trees),
	    cmocka_unit_test(a_cleared_cache_looks_at_the_next_text),
	    cmocka_unit_test(more_matches_than_are_kept_are_a_limit),
	    cmocka_unit_test(many_others_on_one_long_line_take_no_time),
	    cmocka_unit_test(around_is_as_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
