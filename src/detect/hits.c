#include "detect/hits.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void hits_release(struct hits *hits)
{
	free(hits->items);
	*hits = (struct hits){0};
}

void hits_reserve(struct hits *hits, size_t count)
{
	if (count <= hits->cap)
		return;
	hits->items = mem_resize(hits->items, count, sizeof(*hits->items));
	hits->cap = count;
}

int hit_order(const void *left, const void *right)
{
	const struct hit *a = left, *b = right;

	return a->at != b->at ? (a->at > b->at) - (a->at < b->at)
	                      : (a->stub > b->stub) - (a->stub < b->stub);
}

void hits_sort(struct hits *hits)
{
	size_t kept = 0;
	bool sorted = true;

	/* Hyperscan reports nearly in order: most lists need no sorting. */
	for (size_t i = 1; i < hits->count && sorted; i++)
		sorted = hit_order(&hits->items[i - 1], &hits->items[i]) <= 0;
	if (!sorted)
		qsort(hits->items, hits->count, sizeof(*hits->items), hit_order);
	for (size_t i = 0; i < hits->count; i++) {
		if (!kept || hit_order(&hits->items[kept - 1], &hits->items[i]) != 0)
			hits->items[kept++] = hits->items[i];
	}
	hits->count = kept;
}

void hit_map_make(struct hit_map *map, const struct hits *hits, uint32_t len)
{
	/* One word more, for ranges that go on in the next one. */
	size_t count = len / HIT_MAP_STRETCH / HIT_MAP_BITS + 2;

	if (count > map->cap) {
		free(map->words);
		map->words = mem_resize(NULL, count, sizeof(*map->words));
		map->cap = count;
	}
	memset(map->words, 0, count * sizeof(*map->words));
	for (size_t i = 0; i < hits->count; i++) {
		uint32_t stretch = hits->items[i].at / HIT_MAP_STRETCH;

		map->words[stretch / HIT_MAP_BITS] |= UINT64_C(1) << stretch % HIT_MAP_BITS;
	}
}

void hit_map_release(struct hit_map *map)
{
	free(map->words);
	*map = (struct hit_map){0};
}
