/*
 * The entries of a tree object (git-mktree(1) makes them): "MODE NAME", a zero byte and an id each.
 */
#ifndef TRAWL_GIT_TREE_ENTRIES_H
#define TRAWL_GIT_TREE_ENTRIES_H

#include "base/bytes.h"
#include "model/object.h"

/* Modes (git-fast-import(1)); octal. A file's has bits for its rights, too. */
enum {
	MODE_KIND = 0170000, /* the bits that tell these apart */
	MODE_FILE = 0100000,
	MODE_LINK = 0120000,
	MODE_FOLDER = 0040000,
	MODE_GITLINK = 0160000,
};

/* Zero-initialise before the first entry. */
struct tree_entry {
	unsigned mode;
	struct bytes name;
	struct object_id id;
	size_t start; /* the entry's bytes in the tree: [start, end) */
	size_t end;
};

/* Reads the entry behind the one that e holds; false at the end, or where the tree is damaged. */
bool tree_entry_next(struct bytes tree, struct tree_entry *e);

#endif
