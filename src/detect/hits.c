#include "detect/hits.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

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
