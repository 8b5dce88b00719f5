/*
 * The changes between trees: which blobs a tree has that older ones lack, and what those had
 * instead. Only the trees that differ are read.
 */
#ifndef TRAWL_HISTORY_CHANGES_H
#define TRAWL_HISTORY_CHANGES_H

#include "git/repository.h"
#include "model/id_map.h"

/* What to look for and what came of it. Zero-initialise what is not wanted. */
struct changes {
	struct repository *repository; /* borrowed */
	int64_t deadline;              /* nanoseconds of the monotonic clock; 0: none */
	struct id_map *trees;          /* gets all that are read */
	struct id_map *broken;         /* gets new trees that cannot be read */
	struct id_map *added;          /* gets blobs that no old tree has at the same path */
	struct id_map *replaced;       /* gets the blobs that old trees have at these paths */
	struct id_map *pairs; /* gets the numbers in `added` and `replaced` of each blob and of what
	                         it replaces, as ids (see changes_pair()) */
	struct id_map *removed; /* gets the blobs that old trees have at no path of the new */
	struct id_map seen;     /* comparisons that were made, as ids */
	struct id_map gone;     /* the same of trees that the new ones have no more */
	bool too_deep;          /* folders nested past the maximum were left out */
	bool late;              /* the deadline came first */
};

void changes_release(struct changes *changes);

/*
 * Compares the tree with `count` old ones, at most CHANGES_OLDS_MAX. An old one that cannot be read
 * holds nothing.
 */
enum { CHANGES_OLDS_MAX = 64 };
void changes_find(struct changes *changes, const struct object_id *tree,
                  const struct object_id *olds, size_t count);

/* The numbers of a blob and of what it replaces, from one of `pairs`. */
void changes_pair(const struct object_id *pair, uint32_t numbers[2]);

/* Whether the deadline is over. */
bool changes_late(struct changes *changes);

#endif
