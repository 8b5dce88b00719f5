/*
 * A map from object ids to numbers 0, 1, 2 ... in the order in which the ids came.
 */
#ifndef TRAWL_MODEL_ID_MAP_H
#define TRAWL_MODEL_ID_MAP_H

#include "model/object.h"

#include <stddef.h>

#define ID_MAP_NONE UINT32_MAX

/* {0} is an empty map. */
struct id_map {
	struct object_id *ids; /* by number */
	uint32_t count;
	size_t cap;
	uint32_t *slots;   /* number + 1; 0: free */
	size_t slot_count; /* a power of two */
};

void id_map_release(struct id_map *map);

/* The id's number, which it gets now if it has none; *added (may be NULL) tells which. */
uint32_t id_map_add(struct id_map *map, const struct object_id *id, bool *added);

/* Makes room for so many ids in all. */
void id_map_reserve(struct id_map *map, size_t count);

/* Says that the processor will soon be asked for this id. */
void id_map_expect(const struct id_map *map, const struct object_id *id);

/* The id's number, or ID_MAP_NONE. */
uint32_t id_map_find(const struct id_map *map, const struct object_id *id);

#endif
