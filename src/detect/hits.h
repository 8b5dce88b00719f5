/*
 * What the prefilter saw: stubs and the places they stand at.
 */
#ifndef TRAWL_DETECT_HITS_H
#define TRAWL_DETECT_HITS_H

#include "base/memory.h"

#include <stdbool.h>
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

/*
 * Tells at once that a short range of a text has no hit. A bit stands for some bytes of the text.
 * {0} is empty, to be made for one list after the other.
 */
struct hit_map {
	uint64_t *words;
	size_t cap;
};

enum { HIT_MAP_STRETCH = 16, HIT_MAP_BITS = 64 };

/* Makes it of the hits of a text of len bytes. */
void hit_map_make(struct hit_map *map, const struct hits *hits, uint32_t len);
void hit_map_release(struct hit_map *map);

/* False: no hit starts in the text's bytes [from, from + len), len > 0. */
static inline bool hit_map_any(const struct hit_map *map, uint32_t from, uint32_t len)
{
	uint32_t first = from / HIT_MAP_STRETCH;
	uint32_t count = (from + len - 1) / HIT_MAP_STRETCH - first; /* of stretches, less one */
	const uint64_t *words = map->words + first / HIT_MAP_BITS;
	uint32_t shift = first % HIT_MAP_BITS;
	uint64_t window = words[0] >> shift | words[1] << 1 << (HIT_MAP_BITS - 1 - shift);

	return count >= HIT_MAP_BITS || window << (HIT_MAP_BITS - 1 - count);
}

#endif
