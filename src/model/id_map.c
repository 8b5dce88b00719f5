#include "model/id_map.h"

#include "base/memory.h"

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

void id_map_release(struct id_map *map)
{
	free(map->ids);
	free(map->slots);
	*map = (struct id_map){0};
}

/*
 * A number made of all of the id. Ids can be made up, so where the slots lie goes into it: nobody
 * who writes a repository knows that, and no order depends on it.
 */
static uint64_t hash_of(const struct id_map *map, const struct object_id *id)
{
	uint64_t hash = (uint64_t)(uintptr_t)map->slots, words[3] = {0};

	memcpy(words, id->bytes, sizeof(id->bytes));
	for (int i = 0; i < 3; i++) {
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

/* The slot that holds the id, or the free one where it belongs. */
static size_t find_slot(const struct id_map *map, const struct object_id *id)
{
	size_t slot = (size_t)hash_of(map, id) & (map->slot_count - 1);

	while (map->slots[slot] && !object_id_equal(&map->ids[map->slots[slot] - 1], id))
		slot = (slot + 1) & (map->slot_count - 1);
	return slot;
}

static void grow(struct id_map *map, size_t slot_count)
{
	free(map->slots);
	map->slot_count = slot_count;
	map->slots = mem_calloc(map->slot_count, sizeof(*map->slots));
	for (uint32_t i = 0; i < map->count; i++)
		map->slots[find_slot(map, &map->ids[i])] = i + 1;
}

void id_map_reserve(struct id_map *map, size_t count)
{
	size_t slot_count = map->slot_count ? map->slot_count : SLOTS_MIN;

	while (slot_count / 2 <= count) /* half of them stay free */
		slot_count *= 2;
	if (slot_count > map->slot_count)
		grow(map, slot_count);
}

uint32_t id_map_add(struct id_map *map, const struct object_id *id, bool *added)
{
	size_t slot;

	if ((size_t)map->count * 2 >= map->slot_count)
		grow(map, map->slot_count ? map->slot_count * 2 : SLOTS_MIN);
	slot = find_slot(map, id);
	if (added)
		*added = !map->slots[slot];
	if (!map->slots[slot]) {
		map->ids = mem_grow(map->ids, map->count, &map->cap, sizeof(*map->ids));
		map->ids[map->count++] = *id;
		map->slots[slot] = map->count;
	}
	return map->slots[slot] - 1;
}

void id_map_expect(const struct id_map *map, const struct object_id *id)
{
	if (map->slot_count)
		__builtin_prefetch(&map->slots[hash_of(map, id) & (map->slot_count - 1)]);
}

uint32_t id_map_find(const struct id_map *map, const struct object_id *id)
{
	if (!map->slot_count)
		return ID_MAP_NONE;
	return map->slots[find_slot(map, id)] - 1; /* 0 - 1 is ID_MAP_NONE */
}
