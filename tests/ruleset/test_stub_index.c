#include "ruleset/stub_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_stub(const struct stub_index *index, size_t number, const char *expression,
                        bool caseless, uint32_t width)
{
	assert_true(number < index->count);
	assert_string_equal(index->stubs[number].expression, expression);
	assert_int_equal(index->stubs[number].caseless, caseless);
	assert_int_equal(index->stubs[number].width, width);
}

static void assert_use(const struct stub_index *index, size_t number, uint32_t rule,
                       enum stub_use_kind kind, uint32_t first, uint32_t last)
{
	const struct stub_use *use = &index->uses[number];

	assert_true(number < index->first_use[index->count]);
	assert_int_equal(use->rule, rule);
	assert_int_equal(use->kind, kind);
	assert_int_equal(use->first, first);
	assert_int_equal(use->last, last);
}

static void each_stub_stands_once_with_its_uses(void **state)
{
	static const char *const include[] = {"token", "a.b", NULL};
	static const char *const reject[] = {"token", NULL};
	static const struct anchor shared[] = {
	    {{"ghp_", false, 4}, 0, 0}, {{"ghp_", true, 4}, 2, 5}, {{"ghp_", false, 4}, 0, 0}};
	static const struct anchor other[] = {{{"token", true, 5}, 1, UNBOUNDED},
	                                      {{"ghp_", false, 4}, 3, 3},
	                                      {{"ghp_", false, 4}, 1, 2}};
	const struct rule rules[] = {
	    {.id = "a", .anchors = other, .anchor_count = 3, .reject = {.content = reject}},
	    {.id = "b"},
	    {.id = "c", .anchors = shared, .anchor_count = 3, .include = {.content = include}},
	};
	struct arena arena = {0};
	struct stub_index index;

	(void)state;
	stub_index_build(&index, rules, 3, &arena);
	assert_int_equal(index.count, 4);
	assert_stub(&index, 0, "a\\x2eb", true, 3);
	assert_stub(&index, 1, "ghp_", false, 4);
	assert_stub(&index, 2, "ghp_", true, 4);
	assert_stub(&index, 3, "token", true, 5);
	assert_int_equal(index.first_use[0], 0);
	assert_int_equal(index.first_use[1], 1);
	assert_int_equal(index.first_use[2], 4);
	assert_int_equal(index.first_use[3], 5);
	assert_int_equal(index.first_use[4], 8);
	assert_use(&index, 0, 2, STUB_INCLUDES, 0, 0);
	assert_use(&index, 1, 0, STUB_ANCHORS, 1, 2);
	assert_use(&index, 2, 0, STUB_ANCHORS, 3, 3);
	assert_use(&index, 3, 2, STUB_ANCHORS, 0, 0);
	assert_use(&index, 4, 2, STUB_ANCHORS, 2, 5);
	assert_use(&index, 5, 0, STUB_ANCHORS, 1, UNBOUNDED);
	assert_use(&index, 6, 0, STUB_REJECTS, 0, 0);
	assert_use(&index, 7, 2, STUB_INCLUDES, 0, 0);
	arena_release(&arena);
}

static void literals_are_escaped_byte_by_byte(void **state)
{
	static const char *const content[] = {"a-z0 \\[(^$\n\xc3\xa9", NULL};
	const struct rule rule = {.id = "a", .include = {.content = content}};
	struct arena arena = {0};
	struct stub_index index;

	(void)state;
	stub_index_build(&index, &rule, 1, &arena);
	assert_int_equal(index.count, 1);
	assert_stub(&index, 0, "a\\x2dz0\\x20\\x5c\\x5b\\x28\\x5e\\x24\\x0a\\xc3\\xa9", true, 13);
	arena_release(&arena);
}

/* Many rules like rows of a table: a keyword, then a value of so many letters. */
static void make_rows(struct rule *rules, size_t count, struct anchor *anchors, uint32_t value)
{
	static char expressions[2000][16];

	for (size_t i = 0; i < count; i++) {
		snprintf(expressions[i], sizeof(expressions[i]), "keyword%04zu", i);
		anchors[i] = (struct anchor){{expressions[i], true, 11}, 1, 3};
		rules[i] = (struct rule){.id = expressions[i],
		                         .anchors = &anchors[i],
		                         .anchor_count = 1,
		                         .bulk = {.len = value, .first = 15, .last = 90}};
		byte_set_add_range(&rules[i].bulk.bytes, 'a', 'z');
	}
}

static size_t count_near(const struct rule *rules, size_t count, struct stub_index *index)
{
	struct arena arena = {0};
	struct stub_list near;
	uint32_t first;

	stub_index_build(index, rules, count, &arena);
	near = stub_index_group(index, STUBS_NEAR, &first);
	assert_int_equal(first, stub_index_group(index, STUBS_ANYWHERE, NULL).count);
	assert_int_equal(first + near.count, index->count);
	arena_release(&arena);
	return near.count;
}

static void stubs_in_front_of_long_words_are_a_group(void **state)
{
	static struct rule rules[2000];
	static struct anchor anchors[2000];
	static const struct anchor same = {{"keyword0007", true, 11}, 0, 0};
	struct stub_index index;

	(void)state;
	make_rows(rules, 2000, anchors, 24);
	assert_int_equal(count_near(rules, 2000, &index), 2000);
	assert_int_equal(index.near_before, 90 - 1);
	assert_int_equal(index.near_after,
	                 0); /* the stub ends 14 bytes behind, the word starts 15 */
	/* Few are none; */
	assert_int_equal(count_near(rules, 999, &index), 0);
	assert_int_equal(count_near(rules, 1000, &index), 1000);
	/* nor are those that other rules need elsewhere, */
	rules[1999].anchors = &same;
	assert_int_equal(count_near(rules, 2000, &index), 1999);
	rules[1999].bulk = (struct bulk){.len = 0};
	assert_int_equal(count_near(rules, 2000, &index), 1998);
	/* in front of what is shorter, or has other bytes, or may be far away. */
	make_rows(rules, 500, anchors, 23);
	assert_int_equal(count_near(rules, 2000, &index), 1499);
	make_rows(rules, 500, anchors, 40);
	byte_set_add_range(&rules[0].bulk.bytes, ' ', ' ');
	rules[1].bulk.last = 513;
	anchors[2].last = UNBOUNDED;
	assert_int_equal(count_near(rules, 2000, &index), 1995);
}

static void no_rules_make_an_empty_index(void **state)
{
	struct arena arena = {0};
	struct stub_index index;

	(void)state;
	stub_index_build(&index, NULL, 0, &arena);
	assert_int_equal(index.count, 0);
	assert_int_equal(index.first_use[0], 0);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_stub_stands_once_with_its_uses),
	    cmocka_unit_test(literals_are_escaped_byte_by_byte),
	    cmocka_unit_test(stubs_in_front_of_long_words_are_a_group),
	    cmocka_unit_test(no_rules_make_an_empty_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
