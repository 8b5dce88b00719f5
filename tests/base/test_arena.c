#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
	enum { COUNT = 3000 };
	static unsigned char *items[COUNT];
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		size_t size = i * 37 % 101;

		items[i] = arena_alloc(&a, size, 1);
		assert_int_equal((uintptr_t)items[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < size; k++) {
			assert_int_equal(items[i][k], 0);
			items[i][k] = (unsigned char)i;
		}
	}
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t k = 0; k < i * 37 % 101; k++)
			assert_int_equal(items[i][k], (unsigned char)i);
	}
	arena_release(&a);
	assert_null(a.blocks);
	arena_release(&a);
}

static void large_and_empty_allocations(void **state)
{
	struct arena a;
	unsigned char *large;

	(void)state;
	arena_init(&a);
	assert_non_null(arena_alloc(&a, 0, 16));
	large = arena_alloc(&a, 1 << 20, 2);
	large[0] = large[(2 << 20) - 1] = 1;
	assert_non_null(arena_alloc(&a, 1, 1));
	arena_release(&a);
}

static void copies_of_text_and_bytes(void **state)
{
	struct bytes source = {(const unsigned char *)"a\0bc", 3}, copy;
	struct arena a = {0};
	char *text = arena_text(&a, source);

	(void)state;
	assert_memory_equal(text, "a\0b", 4);
	copy = arena_bytes(&a, source);
	assert_ptr_not_equal(copy.ptr, source.ptr);
	assert_true(bytes_equal(copy, source));
	assert_string_equal(arena_text(&a, (struct bytes){NULL, 0}), "");
	assert_int_equal(arena_bytes(&a, (struct bytes){NULL, 0}).len, 0);
	arena_release(&a);
}

static void adopting_keeps_what_was_there(void **state)
{
	struct arena into = {0}, from = {0};
	char *first, *second;

	(void)state;
	arena_adopt(&into, &from);
	assert_null(into.blocks);
	first = arena_text(&into, bytes_of("first"));
	second = arena_text(&from, bytes_of("second"));
	arena_adopt(&into, &from);
	assert_null(from.blocks);
	arena_release(&from);
	assert_string_equal(first, "first");
	assert_string_equal(second, "second");
	assert_string_equal(arena_text(&into, bytes_of("third")), "third");
	second = arena_text(&from, bytes_of("fourth"));
	assert_string_equal(second, "fourth");
	arena_release(&from);
	arena_release(&into);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
	    cmocka_unit_test(large_and_empty_allocations),
	    cmocka_unit_test(copies_of_text_and_bytes),
	    cmocka_unit_test(adopting_keeps_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
