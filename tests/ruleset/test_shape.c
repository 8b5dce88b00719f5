#include "ruleset/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct shape read_shape(struct arena *arena, const char *text)
{
	struct shape shape = {0};
	struct error error = {0};

	assert_int_equal(shape_read(text, arena, &shape, &error), ERR_NONE);
	return shape;
}

static void assert_pattern(const char *text, const char *pattern)
{
	struct arena arena = {0};
	struct shape shape = read_shape(&arena, text);
	struct buf out;

	buf_init(&out, 4096);
	shape_print_pattern(&shape, &out);
	assert_string_equal(buf_text(&out), pattern);
	buf_release(&out);
	arena_release(&arena);
}

static void shapes_become_patterns(void **state)
{
	(void)state;
	assert_pattern("hex{32}", "(?:[0-9a-f]{32})");
	assert_pattern("shop_ alnum{20,24}", "(?:shop_[0-9A-Za-z]{20,24})");
	assert_pattern("uuid", "(?:[0-9a-f]{8}\\-[0-9a-f]{4}\\-[0-9a-f]{4}\\-[0-9a-f]{4}\\-"
	                       "[0-9a-f]{12})");
	assert_pattern("a- loose-uuid", "(?:a\\-[0-9A-Za-z]{8}\\-[0-9A-Za-z]{4}\\-[0-9A-Za-z]{4}\\-"
	                                "[0-9A-Za-z]{4}\\-[0-9A-Za-z]{12})");
	assert_pattern("  hex{4} | a.b  upper{2} ", "(?:[0-9a-f]{4}|a\\.b[A-Z]{2})");
	assert_pattern("[a-c!\\]\\-_]{1,3}", "(?:[\\!\\-\\]_a-c]{1,3})");
	assert_pattern("base64{43} ={0,2}", "(?:[\\+\\/0-9A-Za-z]{43}\\={0,2})");
	assert_pattern("hex{1} ab", "(?:[0-9a-f]ab)");
	assert_pattern("{x", "(?:\\{x)");
}

static void assert_refused(const char *text, const char *message)
{
	struct arena arena = {0};
	struct shape shape;
	struct error error = {0};

	assert_int_equal(shape_read(text, &arena, &shape, &error), ERR_SYNTAX);
	assert_string_equal(error.message, message);
	arena_release(&arena);
}

#define UNKNOWN " has a run of an alphabet that nobody knows"
#define SIXTY "012345678901234567890123456789012345678901234567890123456789"
#define HUNDRED SIXTY "0123456789012345678901234567890123456789"
#define COUNT " has a count that is not {N} or {N,M} with N <= M <= 4096"

static void wrong_shapes_are_refused(void **state)
{
	(void)state;
	assert_refused("", "the shape `` has an empty alternative");
	assert_refused(" ", "the shape ` ` has an empty alternative");
	assert_refused("| hex{2}", "the shape `| hex{2}` has an empty alternative");
	assert_refused("hex{2} |", "the shape `hex{2} |` has an empty alternative");
	assert_refused("hex{2} | | hex{3}",
	               "the shape `hex{2} | | hex{3}` has an empty alternative");
	assert_refused("octal{3}", "the shape `octal{3}`" UNKNOWN);
	assert_refused("[b-a]{3}", "the shape `[b-a]{3}`" UNKNOWN);
	assert_refused("[a\\]{3}", "the shape `[a\\]{3}`" UNKNOWN);
	assert_refused("[\xc3\xa4]{3}", "the shape `[\xc3\xa4]{3}`" UNKNOWN);
	assert_refused("hex{}", "the shape `hex{}`" COUNT);
	assert_refused("hex{0}", "the shape `hex{0}`" COUNT);
	assert_refused("hex{3,}", "the shape `hex{3,}`" COUNT);
	assert_refused("hex{,3}", "the shape `hex{,3}`" COUNT);
	assert_refused("hex{3,2}", "the shape `hex{3,2}`" COUNT);
	assert_refused("hex{1,2,3}", "the shape `hex{1,2,3}`" COUNT);
	assert_refused("hex{4097}", "the shape `hex{4097}`" COUNT);
	assert_refused("hex{99999999999}", "the shape `hex{99999999999}`" COUNT);
	assert_refused("\xc3\xa4", "the shape `\xc3\xa4` holds characters other than ASCII ones");
	assert_refused(
	    HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED,
	    "the shape `" SIXTY "` has more than 1024 items");
}

static void floors_follow_from_the_shape(void **state)
{
	static const struct {
		const char *shape;
		double floor;
	} cases[] = {
	    {"hex{32}", 2.8},        {"alnum{32}", 3.5},
	    {"pre_ alnum{16}", 2.8}, {"alnum{64} | hex{8}", 2.1},
	    {"literal", 0},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shape shape = read_shape(&arena, cases[i].shape);

		assert_int_equal(shape_entropy_floor(&shape) * 100, cases[i].floor * 100);
	}
	arena_release(&arena);
}

static void assert_sample(const char *text, enum shape_sample kind, const char *value)
{
	struct arena arena = {0};
	struct shape shape = read_shape(&arena, text);
	uint64_t seed = 1;
	struct buf out;

	buf_init(&out, 8192);
	shape_print_sample(&shape, kind, &seed, &out);
	assert_string_equal(buf_text(&out), value);
	buf_release(&out);
	arena_release(&arena);
}

static void samples_are_of_their_kind_and_always_the_same(void **state)
{
	(void)state;
	assert_sample("shop_ alnum{8}", SAMPLE_PLACEHOLDER, "shop_xxxxxxxx");
	assert_sample("HEX{4}", SAMPLE_PLACEHOLDER, "0000");
	assert_sample("alnum{6}", SAMPLE_WORDS, "config");
	assert_sample("upper-alnum{6}", SAMPLE_WORDS, "CONFIG");
	assert_sample("hex{4}", SAMPLE_WORDS, "cfaa");
	assert_sample("a{3} - 7", SAMPLE_SHORTER, "aa-7");
	assert_sample("a{3} - 7", SAMPLE_LONGER, "aaaa-7");
	assert_sample("k- hex{12}", SAMPLE_FITTING, "k-55861e0a8b31");
}

static void prefixes_end_where_values_differ(void **state)
{
	struct arena arena = {0};
	struct shape one = read_shape(&arena, "ab_ hex{4}"), two = read_shape(&arena, "ab | ac");
	char prefix[3];

	(void)state;
	assert_int_equal(shape_prefix(&one, prefix, sizeof(prefix)), 2);
	assert_string_equal(prefix, "ab");
	assert_int_equal(shape_prefix(&two, prefix, sizeof(prefix)), 0);
	assert_true(shape_is_mixed(&one));
	assert_false(shape_is_mixed(&two));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shapes_become_patterns),
	    cmocka_unit_test(wrong_shapes_are_refused),
	    cmocka_unit_test(floors_follow_from_the_shape),
	    cmocka_unit_test(samples_are_of_their_kind_and_always_the_same),
	    cmocka_unit_test(prefixes_end_where_values_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
