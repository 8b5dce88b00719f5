#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/coverage.h"

#include <ctype.h>
#include <stdio.h>

static void counts(void **state)
{
	struct coverage c = {0};

	(void)state;
	coverage_skip(&c, SKIP_SYMLINK);
	coverage_skip(&c, SKIP_SYMLINK);
	coverage_skip(&c, SKIP_MAX_SIZE);
	assert_int_equal(c.skipped[SKIP_SYMLINK], 2);
	assert_int_equal(c.skipped[SKIP_MAX_SIZE], 1);
	assert_int_equal(c.skipped[SKIP_GITLINK], 0);
	assert_int_equal(c.lost_count, 0);
	coverage_release(&c);
}

static void assert_lost(const struct coverage *c, size_t i, const char *path,
                        enum lost_reason reason, const char *detail)
{
	assert_true(i < c->named_count);
	assert_true(bytes_equal(c->lost[i].path, bytes_of(path)));
	assert_int_equal(c->lost[i].reason, reason);
	assert_string_equal(c->lost[i].detail, detail);
}

static void lost_inputs_are_copied_and_sorted(void **state)
{
	struct coverage c = {0};
	char path[] = "b", detail[] = "no";

	(void)state;
	coverage_sort(&c);
	coverage_lose(&c, LOST_UNREADABLE, bytes_of(path), detail);
	path[0] = detail[0] = 'x';
	coverage_lose(&c, LOST_ENGINE_LIMIT, bytes_of("a"), "");
	coverage_lose(&c, LOST_UNREADABLE, bytes_of("a"), "z");
	coverage_lose(&c, LOST_UNREADABLE, bytes_of("a"), "y");
	coverage_sort(&c);
	assert_int_equal(c.lost_count, 4);
	assert_lost(&c, 0, "a", LOST_UNREADABLE, "y");
	assert_lost(&c, 1, "a", LOST_UNREADABLE, "z");
	assert_lost(&c, 2, "a", LOST_ENGINE_LIMIT, "");
	assert_lost(&c, 3, "b", LOST_UNREADABLE, "no");
	coverage_release(&c);
	assert_int_equal(c.lost_count, 0);
}

static void only_so_many_are_named(void **state)
{
	struct coverage c = {0}, more = {0};

	(void)state;
	for (int i = 0; i < COVERAGE_NAMED_MAX + 5; i++)
		coverage_lose(&c, LOST_CHANGED, bytes_of("path"), "");
	coverage_sort(&c);
	assert_int_equal(c.lost_count, COVERAGE_NAMED_MAX + 5);
	assert_int_equal(c.named_count, COVERAGE_NAMED_MAX);
	coverage_lose(&more, LOST_CHANGED, bytes_of("another"), "");
	coverage_adopt(&c, &more);
	assert_int_equal(c.lost_count, COVERAGE_NAMED_MAX + 6);
	assert_int_equal(c.named_count, COVERAGE_NAMED_MAX);
	coverage_release(&c);
}

enum { LOST = 5 * COVERAGE_NAMED_MAX };

/* The input of this number, in an order of its own for each `step`. */
static void lose_number(struct coverage *c, unsigned i, unsigned step)
{
	char path[16];

	snprintf(path, sizeof(path), "%06u", (unsigned)((uint64_t)i * step % LOST));
	coverage_lose(c, LOST_UNREADABLE, bytes_of(path), "detail");
}

static void assert_first_are_named(struct coverage *c)
{
	char path[16];

	coverage_sort(c);
	assert_int_equal(c->lost_count, LOST);
	assert_int_equal(c->named_count, COVERAGE_NAMED_MAX);
	for (unsigned i = 0; i < COVERAGE_NAMED_MAX; i++) {
		snprintf(path, sizeof(path), "%06u", i);
		assert_lost(c, i, path, LOST_UNREADABLE, "detail");
	}
}

/* Steps that have no divisor in common with LOST: rising, falling, and two that jump. */
static const unsigned steps[] = {1, LOST - 1, 7919, 31337};
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static void which_are_named_does_not_depend_on_time(void **state)
{
	(void)state;
	for (unsigned s = 0; s < STEPS; s++) {
		struct coverage c = {0}, workers[3] = {{0}, {0}, {0}};

		for (unsigned i = 0; i < LOST; i++)
			lose_number(&c, i, steps[s]);
		assert_true(c.named_count <= 2 * COVERAGE_NAMED_MAX);
		assert_first_are_named(&c);
		coverage_release(&c);

		/* The shares of the workers are as unequal as can be. */
		for (unsigned i = 0; i < LOST; i++)
			lose_number(&workers[i < LOST / 8 ? 0 : i < LOST / 3 ? 1 : 2], i, steps[s]);
		for (unsigned w = 0; w < 3; w++) {
			coverage_adopt(&c, &workers[w]);
			assert_true(c.named_count <= COVERAGE_NAMED_MAX);
		}
		assert_first_are_named(&c);
		coverage_release(&c);
	}
}

static void adopting_adds_up(void **state)
{
	struct coverage into = {.files = 3, .bytes = 30}, from = {.files = 4, .bytes = 40};

	(void)state;
	coverage_skip(&into, SKIP_GITLINK);
	coverage_skip(&from, SKIP_GITLINK);
	coverage_lose(&into, LOST_TOO_LARGE, bytes_of("a"), "one");
	coverage_lose(&from, LOST_TOO_DEEP, bytes_of("b"), "two");
	coverage_adopt(&into, &from);
	assert_int_equal(into.files, 7);
	assert_int_equal(into.bytes, 70);
	assert_int_equal(into.skipped[SKIP_GITLINK], 2);
	assert_int_equal(into.lost_count, 2);
	assert_lost(&into, 0, "a", LOST_TOO_LARGE, "one");
	assert_lost(&into, 1, "b", LOST_TOO_DEEP, "two");
	assert_int_equal(from.files + from.lost_count + from.named_count, 0);
	coverage_release(&from);
	coverage_release(&into);
}

static void assert_kebab_case(const char *id)
{
	assert_non_null(id);
	assert_true(islower((unsigned char)*id));
	for (; *id; id++)
		assert_true(islower((unsigned char)*id) || *id == '-');
}

static void every_reason_has_an_id_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < SKIP_REASON_COUNT; i++) {
		assert_kebab_case(skip_reason_id((enum skip_reason)i));
		assert_true(*skip_reason_text((enum skip_reason)i));
	}
	for (int i = 0; i < LOST_REASON_COUNT; i++) {
		assert_kebab_case(lost_reason_id((enum lost_reason)i));
		assert_true(*lost_reason_text((enum lost_reason)i));
	}
	assert_string_equal(skip_reason_id(SKIP_SYMLINK), "symbolic-link");
	assert_string_equal(lost_reason_id(LOST_ENGINE_LIMIT), "engine-limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts),
	    cmocka_unit_test(lost_inputs_are_copied_and_sorted),
	    cmocka_unit_test(only_so_many_are_named),
	    cmocka_unit_test(which_are_named_does_not_depend_on_time),
	    cmocka_unit_test(adopting_adds_up),
	    cmocka_unit_test(every_reason_has_an_id_and_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
