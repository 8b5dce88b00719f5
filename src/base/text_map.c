#include "base/text_map.h"

#include "base/memory.h"

#include <sodium.h>
#include <stdlib.h>

/* Strangers write the texts: without the key, which is random, they cannot choose any that meet. */
static uint64_t hash_of(const struct text_map *map, struct bytes text)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t number;

	_Static_assert(sizeof(map->key) == crypto_shorthash_KEYBYTES, "a key's size");
	_Static_assert(sizeof(number) == sizeof(hash), "a hash's size");
	crypto_shorthash(hash, text.ptr, text.len, map->key);
	memcpy(&number, hash, sizeof(number));
	return number;
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
	if (!map->slot_count)
		randombytes_buf(map->key, sizeof(map->key));
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
