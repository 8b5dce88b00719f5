#include "base/arena.h"

#include "base/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

enum { BLOCK_SIZE = 16 * 1024 };

void arena_init(struct arena *a)
{
	a->blocks = NULL;
}

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	struct arena_block *block = a->blocks;
	size_t want;
	void *ptr;

	if (size && n > (SIZE_MAX / 2) / size)
		mem_exhausted();
	want = (n * size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!block || block->size - block->used < want) {
		size_t room = want > BLOCK_SIZE ? want : BLOCK_SIZE;

		block = mem_calloc(1, sizeof(*block) + room);
		block->size = room;
		block->next = a->blocks;
		a->blocks = block;
	}
	ptr = block->data + block->used;
	block->used += want;
	return ptr;
}

char *arena_text(struct arena *a, struct bytes bytes)
{
	char *copy = arena_alloc(a, bytes.len + 1, 1);

	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	return copy;
}

struct bytes arena_bytes(struct arena *a, struct bytes bytes)
{
	return (struct bytes){(unsigned char *)arena_text(a, bytes), bytes.len};
}

void arena_adopt(struct arena *into, struct arena *from)
{
	struct arena_block **last = &into->blocks;

	while (*last)
		last = &(*last)->next;
	*last = from->blocks;
	from->blocks = NULL;
}
