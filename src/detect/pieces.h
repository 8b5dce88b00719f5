/*
 * Short pieces of a text, put side by side so that the prefilter reads them in one go: a call for
 * each of a few bytes would cost more than the reading.
 */
#ifndef TRAWL_DETECT_PIECES_H
#define TRAWL_DETECT_PIECES_H

#include "base/buf.h"
#include "detect/hits.h"

struct piece {
	uint32_t at;    /* where its bytes start among those of all pieces */
	uint32_t start; /* where they start in the text */
};

/* A list that is reused; {0} is an empty one. */
struct pieces {
	struct buf bytes;
	struct piece *items;
	size_t count;
	size_t cap;
};

/* Frees the list; it is empty again. */
void pieces_release(struct pieces *pieces);

/* Adds text[start, end), which is not empty. */
void pieces_add(struct pieces *pieces, struct bytes text, uint32_t start, uint32_t end);

/*
 * Turns the place of a hit of this width in the pieces' bytes into that in the text; false if it
 * lies across pieces, and in the text is none.
 */
bool pieces_locate(const struct pieces *pieces, struct hit *hit, uint32_t width);

/* Empties the list. */
void pieces_clear(struct pieces *pieces);

#endif
