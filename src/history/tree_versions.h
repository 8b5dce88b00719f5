/*
 * A tree as a version of another one: the entries that it copies whole from its delta base are
 * known already, and only the others are read.
 */
#ifndef TRAWL_HISTORY_TREE_VERSIONS_H
#define TRAWL_HISTORY_TREE_VERSIONS_H

#include "git/tree_entries.h"
#include "model/blob.h"

/* Where entries of a tree end, for the versions that copy them; {0} is empty. */
struct tree_shape {
	uint32_t *ends; /* ascending */
	size_t count;
	size_t cap;
};

void tree_shape_release(struct tree_shape *shape);

/* How many entries end at the byte or before it. */
size_t tree_shape_until(const struct tree_shape *shape, size_t byte);

/* Adds an entry behind the others. */
void tree_shape_add(struct tree_shape *shape, uint32_t end);

/* Adds the base's entries [first, end), moved by `shift` bytes (modulo 2^32: to the left, too). */
void tree_shape_copy(struct tree_shape *shape, const struct tree_shape *base, size_t first,
                     size_t end, uint32_t shift);

/* A tree of less than 4 GiB that is being read. */
struct tree_reader {
	struct bytes tree;
	const struct segment *segments; /* what it copies, in order */
	size_t segment_count;
	const struct tree_shape *base; /* NULL: it copies nothing */
	struct tree_shape *shape;      /* grows by the tree's entries */
	/* Told that the entries at [start, end) of the base are copied to `at`; NULL: no need. */
	void (*copied)(void *context, size_t start, size_t end, size_t at);
	void *context;
	size_t segment; /* the one that is being read */
};

/*
 * Reads the next entry that the base does not have, behind the one that e holds (zero-initialise
 * it); false at the end, or where the tree is damaged.
 */
bool tree_reader_next(struct tree_reader *reader, struct tree_entry *e);

#endif
