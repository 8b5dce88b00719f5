#include "base/text_map.h"

#include "base/memory.h"

#include <stdlib.h>

/*
 * A number made of all of the text. Strangers write the texts, so where the slots lie goes into it:
 * they do not know that, and no order depends on it.
 */
static uint64_t hash_of(const struct text_map *map, struct bytes text)
{
	uint64_t hash = (uint64_t)(uintptr_t)map->slots ^ text.len;

	for (size_t at = 0; at < text.len; at += 8) {
		uint64_t word = 0;

		memcpy(&word, text.ptr + at, text.len - at < 8 ? text.len - at : 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t find_slot(const struct text_map *map, struct bytes text)
{
	size_t slot = (size_t)hash_of(map, text) & (map->slot_count - 1);

	while (map->slots[slot] && !bytes_equal(map->texts[map->slots[slot] - 1], text))
		slot = (slot + 1) & (map->slot_count - 1);
	return slot;
}

static void grow(struct text_map *map)
{
	free(map->slots);
	map->slot_count = map->slot_count ? map->slot_count * 2 : 64;
	map->slots = mem_calloc(map->slot_count, sizeof(*map->slots));
	for (uint32_t i = 0; i < map->count; i++)
		map->slots[find_slot(map, map->texts[i])] = i + 1;
}

uint32_t text_map_add(struct text_map *map, struct bytes text, bool *added)
{
	size_t slot;

	if ((size_t)map->count * 2 >= map->slot_count)
		grow(map);
	slot = find_slot(map, text);
	*added = !map->slots[slot];
	if (*added) {
		map->texts = mem_grow(map->texts, map->count, &map->cap, sizeof(*map->texts));
		map->texts[map->count++] = arena_bytes(&map->arena, text);
		map->slots[slot] = map->count;
	}
	return map->slots[slot] - 1;
}

void text_map_release(struct text_map *map)
{
	free(map->texts);
	free(map->slots);
	arena_release(&map->arena);
	*map = (struct text_map){0};
}
