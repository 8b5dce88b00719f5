/*
 * What the prefilter saw: stubs and the places they stand at.
 */
#ifndef TRAWL_DETECT_HITS_H
#define TRAWL_DETECT_HITS_H

#include "base/memory.h"

#include <stddef.h>
#include <stdint.h>

struct hit {
	uint32_t at;   /* bytes from the start of the text to the stub's first byte */
	uint32_t stub; /* its number among all stubs of the engine */
};

/* A list that is reused from text to text; {0} is an empty one. */
struct hits {
	struct hit *items;
	size_t count;
	size_t cap;
};

/* Frees the list; it is empty again. */
void hits_release(struct hits *hits);

static inline void hits_add(struct hits *hits, struct hit hit)
{
	if (hits->count == hits->cap)
		hits->items = mem_grow(hits->items, hits->count, &hits->cap, sizeof(hit));
	hits->items[hits->count++] = hit;
}

/* Makes room for so many hits in all. */
void hits_reserve(struct hits *hits, size_t count);

/* Compares two hits, as qsort() asks for it: by place, then stub. */
int hit_order(const void *left, const void *right);

/* Sorts by place, then stub, and drops what stands twice. */
void hits_sort(struct hits *hits);

#endif
