#include "detect/prefilter.h"

#include "base/buf.h"
#include "detect/confirm.h"

#include "../tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* The built-in rules and two of the user's. */
struct scene {
	struct ruleset set;
	struct arena arena;
	struct prefilter *prefilter;
	struct prefilter_scratch *scratch;
	struct hits hits;
	uint32_t first; /* number of the user's first stub */
};

static void scene_open(struct scene *s)
{
	static const char *const content[] = {"acme.key", NULL};
	static const struct anchor anchors[] = {{{"acme\\x5f[0-9]{3}", false, 8}, 0, 0}};
	static const struct rule rules[] = {
	    {.id = "a", .anchors = anchors, .anchor_count = 1},
	    {.id = "b", .include.content = content},
	};
	struct error error = {0};

	*s = (struct scene){.prefilter = NULL};
	if (ruleset_load(&s->set, NULL, 0, &error))
		fail_msg("%s", error.message);
	stub_index_build(&s->set.parts[PART_USER].stubs, rules, 2, &s->arena);
	s->first = (uint32_t)s->set.parts[PART_BUILTIN].stubs.count;
	if (prefilter_new(&s->prefilter, &s->set, &error))
		fail_msg("%s", error.message);
	s->scratch = prefilter_scratch_new(s->prefilter);
}

static void scene_close(struct scene *s)
{
	prefilter_scratch_free(s->scratch);
	prefilter_free(s->prefilter);
	hits_release(&s->hits);
	ruleset_release(&s->set);
	arena_release(&s->arena);
}

static void scan(struct scene *s, struct bytes text, size_t start, size_t end)
{
	s->hits.count = 0;
	for (int group = 0; group < STUB_GROUPS; group++)
		assert_true(prefilter_scan(s->prefilter, s->scratch, (enum stub_group)group, text,
		                           (uint32_t)start, (uint32_t)end, &s->hits));
	hits_sort(&s->hits);
}

static void hits_name_stub_and_first_byte(void **state)
{
	struct bytes text = bytes_of("acme_123 ACME.KEY acme.key acme-key acme_12");
	struct scene s;

	(void)state;
	scene_open(&s);
	scan(&s, text, 0, text.len);
	assert_int_equal(s.hits.count, 3);
	/* Stubs are in order of their expressions: acme\x2ekey, acme\x5f[0-9]{3}. */
	assert_int_equal(s.hits.items[0].at, 0);
	assert_int_equal(s.hits.items[0].stub, s.first + 1);
	assert_int_equal(s.hits.items[1].at, 9);
	assert_int_equal(s.hits.items[1].stub, s.first);
	assert_int_equal(s.hits.items[2].at, 18);
	assert_int_equal(s.hits.items[2].stub, s.first);
	scene_close(&s);
}

static void only_what_stands_whole_in_the_range_is_a_hit(void **state)
{
	struct bytes text = bytes_of("..acme_123..");
	struct scene s;

	(void)state;
	scene_open(&s);
	for (size_t start = 0; start <= text.len; start++) {
		for (size_t end = start; end <= text.len; end++) {
			bool whole = start <= 2 && end >= 10;

			scan(&s, text, start, end);
			assert_int_equal(s.hits.count, whole);
			assert_true(!whole || s.hits.items[0].at == 2);
		}
	}
	scene_close(&s);
}

/* A text that the stub matches: of each place's bytes one, a different one for each pick. */
static size_t spell(const struct stub *stub, unsigned pick, unsigned char out[BYTE_SETS_MAX])
{
	struct byte_set sets[BYTE_SETS_MAX];
	size_t len = stub_sets(stub, sets);

	for (size_t i = 0; i < len; i++) {
		unsigned byte = pick * 37 % 256;

		while (!byte_set_has(&sets[i], byte))
			byte = (byte + 1) % 256;
		out[i] = (unsigned char)byte;
	}
	return len;
}

static void stubs_cross_where_their_bytes_may_meet(void **state)
{
	const struct stub_index *stubs;
	struct bytes text = bytes_of("a);\n\tb");
	struct scene s;

	(void)state;
	scene_open(&s);
	stubs = &s.set.parts[PART_BUILTIN].stubs;
	for (size_t i = 0; i < stubs->count; i++) {
		for (unsigned pick = 0; pick < 5; pick++) {
			unsigned char bytes[BYTE_SETS_MAX];
			size_t len = spell(&stubs->stubs[i], pick, bytes);

			assert_true(len > 0);
			for (uint32_t at = 1; at < len; at++)
				assert_true(
				    prefilter_crosses(s.prefilter, (struct bytes){bytes, len}, at));
		}
	}
	/* What most lines end and start with stands in no stub; nothing stands before a text. */
	assert_false(prefilter_crosses(s.prefilter, text, 3));
	assert_false(prefilter_crosses(s.prefilter, text, 4));
	assert_false(prefilter_crosses(s.prefilter, bytes_of("acme_"), 0));
	assert_true(prefilter_crosses(s.prefilter, bytes_of("acme_"), 4));
	assert_false(prefilter_crosses(s.prefilter, bytes_of("acme_"), 5));
	scene_close(&s);
}

/* Hyperscan refuses a text that is nowhere, even an empty one. */
static void an_empty_text_has_no_hits(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	scan(&s, (struct bytes){NULL, 0}, 0, 0);
	assert_int_equal(s.hits.count, 0);
	scene_close(&s);
}

static void a_ruleset_without_stubs_has_no_hits(void **state)
{
	struct scene s = {.prefilter = NULL};

	(void)state;
	assert_int_equal(prefilter_new(&s.prefilter, &s.set, NULL), ERR_NONE);
	s.scratch = prefilter_scratch_new(s.prefilter);
	assert_int_equal(prefilter_stub_width(s.prefilter), 0);
	scan(&s, bytes_of("ghp_"), 0, 4);
	assert_int_equal(s.hits.count, 0);
	scene_close(&s);
	prefilter_free(NULL);
	prefilter_scratch_free(NULL);
}

static void the_width_is_that_of_the_longest_stub(void **state)
{
	uint32_t longest = 0;
	struct scene s;

	(void)state;
	scene_open(&s);
	for (int part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < s.set.parts[part].stubs.count; i++) {
			uint32_t width = s.set.parts[part].stubs.stubs[i].width;

			longest = width > longest ? width : longest;
		}
	}
	assert_int_equal(prefilter_stub_width(s.prefilter), longest);
	scene_close(&s);
}

/* The places of one stub, as PCRE2 finds them, are the hits with its number. */
static void check_stub(struct scene *s, struct bytes text, uint32_t number)
{
	const struct stub *stub = &s->set.parts[PART_BUILTIN].stubs.stubs[number];
	struct ruleset one = {.parts[PART_USER].slot_count = 1};
	struct patterns *patterns = patterns_new(&one, false);
	struct matcher *matcher = matcher_new(patterns);
	char expression[8192];
	struct pattern pattern = {expression, 0};
	uint32_t from = 0;
	struct span span;

	snprintf(expression, sizeof(expression), "%s%s", stub->caseless ? "(?i)" : "",
	         stub->expression);
	matcher_set_time(matcher, 60);
	for (size_t i = 0; i < s->hits.count; i++) {
		if (s->hits.items[i].stub != number)
			continue;
		assert_int_equal(matcher_search(matcher, PART_USER, &pattern, text, from,
		                                (uint32_t)text.len, &span),
		                 FOUND_MATCH);
		assert_int_equal(span.start, s->hits.items[i].at);
		assert_int_equal(span.end - span.start, stub->width);
		from = span.start + 1;
	}
	assert_int_equal(
	    matcher_search(matcher, PART_USER, &pattern, text, from, (uint32_t)text.len, &span),
	    FOUND_NONE);
	matcher_free(matcher);
	patterns_free(patterns);
}

static void hyperscan_and_pcre2_see_the_same_stubs(void **state)
{
	struct scene s;
	struct buf text;
	uint32_t at = 0;

	(void)state;
	scene_open(&s);
	buf_init(&text, (size_t)16 * 1024 * 1024);
	for (size_t i = 0; i < s.set.parts[PART_BUILTIN].count; i++) {
		const struct rule *rule = &s.set.parts[PART_BUILTIN].rules[i];

		for (size_t e = 0; e < rule->example_count; e++) {
			struct bytes example = bytes_of(rule->examples[e].text);

			/* Whole, and from somewhere on, so that stubs are cut and joined. */
			buf_append(&text, example);
			at = at * 1103515245 + 12345;
			buf_append(&text,
			           bytes_slice(example, at % (example.len + 1), example.len));
		}
	}
	scan(&s, buf_bytes(&text), 0, text.len);
	assert_true(s.hits.count > s.set.parts[PART_BUILTIN].count);
	for (uint32_t stub = 0; stub < s.first; stub++)
		check_stub(&s, buf_bytes(&text), stub);
	buf_release(&text);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hits_name_stub_and_first_byte),
	    cmocka_unit_test(only_what_stands_whole_in_the_range_is_a_hit),
	    cmocka_unit_test(stubs_cross_where_their_bytes_may_meet),
	    cmocka_unit_test(an_empty_text_has_no_hits),
	    cmocka_unit_test(a_ruleset_without_stubs_has_no_hits),
	    cmocka_unit_test(the_width_is_that_of_the_longest_stub),
	    cmocka_unit_test(hyperscan_and_pcre2_see_the_same_stubs),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
