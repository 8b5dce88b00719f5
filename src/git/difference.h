/*
 * In which files the index differs from a tree, such as HEAD's. Only folders whose tree the index
 * does not know to be the same are read.
 */
#ifndef TRAWL_GIT_DIFFERENCE_H
#define TRAWL_GIT_DIFFERENCE_H

#include "git/index.h"
#include "git/repository.h"

/* One side of a change; a mode of 0: it has no such file. */
struct version {
	struct object_id id;
	uint32_t mode;
};

struct change {
	struct bytes path; /* owned by the list */
	struct version old;
	struct version new;
};

/* Changes in order of their paths; {0} is an empty list. */
struct change_list {
	struct change *items;
	size_t count;
	size_t cap;
	struct arena text;
};

/*
 * Adds how the index (without what is in conflict or only intended) differs from the tree, NULL for
 * one without files, to the list, which was empty. Submodules count as files. ERR_MISSING,
 * ERR_CORRUPT or ERR_LIMIT, naming the tree, when one cannot be read or passes all measure.
 */
enum err difference_find(struct change_list *list, const struct index *index,
                         struct repository *repository, const struct object_id *tree,
                         struct error *error);
void change_list_release(struct change_list *list);

/* The change of this path; NULL if there is none. */
const struct change *change_list_find(const struct change_list *list, struct bytes path);

/* The number of the first change whose path does not stand before this one. */
size_t change_list_start(const struct change_list *list, struct bytes path);

#endif
