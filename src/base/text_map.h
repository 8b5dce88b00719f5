/*
 * Numbers for texts: each different one gets the next number, from 0 on.
 */
#ifndef TRAWL_BASE_TEXT_MAP_H
#define TRAWL_BASE_TEXT_MAP_H

#include "base/arena.h"

#include <stdint.h>

/* Zero-initialise. */
struct text_map {
	struct bytes *texts; /* by number; owned by the map */
	uint32_t count;
	size_t cap;
	uint32_t *slots; /* a hash table of numbers, plus 1 */
	size_t slot_count;
	unsigned char key[16]; /* of the hash */
	struct arena arena;
};

/* The number of the text; *added tells whether it is a new one. */
uint32_t text_map_add(struct text_map *map, struct bytes text, bool *added);

void text_map_release(struct text_map *map);

#endif
