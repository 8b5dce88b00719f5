#include "detect/hits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void check_sorted(const struct hit *given, size_t count, const struct hit *want,
                         size_t want_count)
{
	struct hits hits = {0};

	for (size_t i = 0; i < count; i++)
		hits_add(&hits, given[i]);
	hits_sort(&hits);
	assert_int_equal(hits.count, want_count);
	for (size_t i = 0; i < want_count; i++) {
		assert_int_equal(hits.items[i].at, want[i].at);
		assert_int_equal(hits.items[i].stub, want[i].stub);
	}
	hits_release(&hits);
	assert_null(hits.items);
	assert_int_equal(hits.count, 0);
}

static void hits_are_sorted_by_place_then_stub_and_stand_once(void **state)
{
	static const struct hit mixed[] = {{5, 1},          {3, 9}, {5, 0}, {3, 9},
	                                   {UINT32_MAX, 0}, {0, 2}, {5, 1}};
	static const struct hit want[] = {{0, 2}, {3, 9}, {5, 0}, {5, 1}, {UINT32_MAX, 0}};
	static const struct hit twice[] = {{1, 1}, {1, 1}, {1, 1}};

	(void)state;
	check_sorted(mixed, 7, want, 5);
	check_sorted(want, 5, want, 5);
	check_sorted(twice, 3, twice, 1);
	check_sorted(want, 1, want, 1);
	check_sorted(NULL, 0, NULL, 0);
}

static void many_hits_in_falling_order(void **state)
{
	struct hits hits = {0};

	(void)state;
	for (uint32_t i = 100000; i-- > 0;)
		hits_add(&hits, (struct hit){i / 2, i % 2});
	hits_sort(&hits);
	assert_int_equal(hits.count, 100000);
	for (uint32_t i = 0; i < 100000; i++)
		assert_true(hits.items[i].at == i / 2 && hits.items[i].stub == i % 2);
	hits_release(&hits);
}

/* What the map says of every short range of a text with these hits. */
static void check_map(struct hit_map *map, const struct hit *given, size_t count, uint32_t text)
{
	struct hits hits = {0};

	for (size_t i = 0; i < count; i++)
		hits_add(&hits, given[i]);
	hit_map_make(map, &hits, text);
	for (uint32_t from = 0; from < text; from++) {
		for (uint32_t len = 1; len <= text - from && len < 1100; len += 1 + len / 8) {
			uint32_t first = from / HIT_MAP_STRETCH;
			uint32_t last = (from + len - 1) / HIT_MAP_STRETCH;
			bool any = last - first >= HIT_MAP_BITS;

			for (size_t i = 0; i < count; i++)
				any = any || (given[i].at / HIT_MAP_STRETCH >= first &&
				              given[i].at / HIT_MAP_STRETCH <= last);
			assert_int_equal(hit_map_any(map, from, len), any);
		}
	}
	hits_release(&hits);
}

static void a_map_tells_ranges_without_a_hit(void **state)
{
	static const struct hit some[] = {{0, 1},    {17, 1},   {1007, 1}, {1008, 1},
	                                  {1024, 1}, {2047, 1}, {3000, 1}};
	struct hit_map map = {0};

	(void)state;
	check_map(&map, some, 7, 3001);
	check_map(&map, some, 3, 1008);
	check_map(&map, NULL, 0, 1);
	check_map(&map, some, 4, 4096);
	hit_map_make(&map, &(struct hits){0}, UINT32_MAX);
	assert_false(hit_map_any(&map, UINT32_MAX - 1, 1));
	assert_false(hit_map_any(&map, UINT32_MAX - 100, 100));
	hit_map_release(&map);
	assert_null(map.words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hits_are_sorted_by_place_then_stub_and_stand_once),
	    cmocka_unit_test(many_hits_in_falling_order),
	    cmocka_unit_test(a_map_tells_ranges_without_a_hit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
