/*
 * Memory that lives and dies together: many small allocations, one release. For long-lived data
 * such as rules and interned paths. Not thread-safe: one arena, one owner.
 */
#ifndef TRAWL_BASE_ARENA_H
#define TRAWL_BASE_ARENA_H

#include "base/bytes.h"

struct arena {
	struct arena_block *blocks; /* newest first */
};

/* An empty arena; {0} is one too. */
void arena_init(struct arena *a);

/* Frees everything that was allocated from a; a is empty again. */
void arena_release(struct arena *a);

/* n zeroed elements of `size` bytes, aligned for any type; owned by a. */
void *arena_alloc(struct arena *a, size_t n, size_t size);

/* A copy of the bytes with a NUL behind them; owned by a. */
char *arena_text(struct arena *a, struct bytes bytes);

/* A copy of the bytes; owned by a. */
struct bytes arena_bytes(struct arena *a, struct bytes bytes);

/* Moves all of `from` into `into`, which owns it from now on; `from` is empty. */
void arena_adopt(struct arena *into, struct arena *from);

#endif
