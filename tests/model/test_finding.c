#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/finding.h"

static const struct rule first = {.id = "first"}, second = {.id = "second"};

static void add(struct finding_list *list, const struct rule *rule, const char *path,
                uint64_t start, uint64_t end)
{
	struct finding f = {.rule = rule,
	                    .path = arena_bytes(&list->text, bytes_of(path)),
	                    .start_offset = start,
	                    .end_offset = end};

	finding_list_add(list, &f);
}

static void assert_item(const struct finding_list *list, size_t i, const struct rule *rule,
                        const char *path, uint64_t start, uint64_t end)
{
	const struct finding *f = &list->items[i];

	assert_true(i < list->count);
	assert_ptr_equal(f->rule, rule);
	assert_true(bytes_equal(f->path, bytes_of(path)));
	assert_int_equal(f->start_offset, start);
	assert_int_equal(f->end_offset, end);
}

static void sorted_by_path_place_and_rule(void **state)
{
	struct finding_list list = {0};

	(void)state;
	finding_list_sort(&list);
	add(&list, &first, "b", 1, 2);
	add(&list, &second, "a", 5, 9);
	add(&list, &first, "a", 5, 9);
	add(&list, &first, "a", 5, 7);
	add(&list, &second, "a", UINT64_C(5000000000), UINT64_C(5000000001));
	add(&list, &second, "a/b", 0, 1);
	add(&list, &second, "a", 2, 3);
	finding_list_sort(&list);
	assert_int_equal(list.count, 7);
	assert_item(&list, 0, &second, "a", 2, 3);
	assert_item(&list, 1, &first, "a", 5, 7);
	assert_item(&list, 2, &first, "a", 5, 9);
	assert_item(&list, 3, &second, "a", 5, 9);
	assert_item(&list, 4, &second, "a", UINT64_C(5000000000), UINT64_C(5000000001));
	assert_item(&list, 5, &second, "a/b", 0, 1);
	assert_item(&list, 6, &first, "b", 1, 2);
	finding_list_release(&list);
	assert_int_equal(list.count, 0);
}

static void what_stands_twice_is_dropped(void **state)
{
	struct finding_list list = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		add(&list, &first, "a", 1, 2);
		add(&list, &second, "a", 1, 2);
		add(&list, &first, "b", 1, 2);
	}
	finding_list_sort(&list);
	assert_int_equal(list.count, 3);
	assert_item(&list, 0, &first, "a", 1, 2);
	assert_item(&list, 1, &second, "a", 1, 2);
	assert_item(&list, 2, &first, "b", 1, 2);
	finding_list_release(&list);
}

static void adopted_findings_keep_their_text(void **state)
{
	struct finding_list into = {0}, from = {0};

	(void)state;
	finding_list_adopt(&into, &from);
	assert_int_equal(into.count, 0);
	add(&into, &first, "a", 1, 2);
	for (uint64_t i = 0; i < 1000; i++)
		add(&from, &second, "a path of some length", i, i + 1);
	finding_list_adopt(&into, &from);
	assert_int_equal(from.count, 0);
	assert_null(from.items);
	finding_list_release(&from);
	assert_int_equal(into.count, 1001);
	assert_item(&into, 0, &first, "a", 1, 2);
	assert_item(&into, 1000, &second, "a path of some length", 999, 1000);
	finding_list_release(&into);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(checksum_state_name(CHECKSUM_STATE_NONE), "none");
	assert_string_equal(checksum_state_name(CHECKSUM_STATE_VALID), "valid");
	assert_string_equal(checksum_state_name(CHECKSUM_STATE_INVALID), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorted_by_path_place_and_rule),
	    cmocka_unit_test(what_stands_twice_is_dropped),
	    cmocka_unit_test(adopted_findings_keep_their_text),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
