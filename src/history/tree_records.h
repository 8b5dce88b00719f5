/*
 * What is kept of trees that were read: their exits, which are the entries that lead to a target,
 * or may, being folders. A tree keeps only how its exits are made of those of its delta base, for
 * most versions change one; so no tree has to be read again to tell where it leads. For one thread.
 */
#ifndef TRAWL_HISTORY_TREE_RECORDS_H
#define TRAWL_HISTORY_TREE_RECORDS_H

#include "base/arena.h"
#include "git/tree_entries.h"
#include "history/tree_versions.h"
#include "model/id_map.h"

#define TREE_NAME_NONE UINT32_MAX

/* Some exits of the base are copied, and then comes one that the base does not have. */
struct tree_step {
	uint32_t first, end; /* the base's exits [first, end) */
	uint32_t name;       /* index into names; TREE_NAME_NONE: no exit comes */
	struct object_id id; /* what it leads to */
};

struct tree_record {
	struct object_id id;
	uint32_t base;  /* number of the base's record + 1; 0: none */
	uint32_t count; /* of steps; 0: the base's exits are this one's, too */
	size_t first;   /* index into steps */
	uint32_t run;   /* see tree_records_follow() */
	bool again;     /* it is here for those that are based on it only */
	bool marked;    /* it leads to a target, or may */
	bool needed;    /* or what is based on it does */
	bool loose;     /* no pack holds it */
};

/* An exit of a tree that is followed. */
struct way {
	uint32_t name; /* index into names */
	uint32_t to;   /* number of a target or tree; ID_MAP_NONE: of neither */
	bool is_target;
};

/* The ways out of trees; several have the same. */
struct tree_run {
	size_t first; /* index into ways */
	uint32_t count;
	uint32_t node; /* for the caller, as is `done` */
	bool done;
};

/* {0} is empty; a base stands before what is based on it. */
struct tree_records {
	struct tree_record *items;
	size_t count;
	size_t cap;
	struct tree_step *steps;
	size_t step_count;
	size_t step_cap;
	struct bytes *names; /* most of them once; owned by name_text */
	size_t name_count;
	size_t name_cap;
	struct arena name_text;
	uint32_t *recent; /* names, by hash: number + 1 */

	/* The tree that is being added. */
	const struct tree_shape *base_exits;
	struct tree_shape *exits;
	size_t start;              /* of its steps */
	uint32_t copied, copy_end; /* exits of the base that come next */

	/* Where they lead. */
	struct way *ways; /* of each run in the order of their names' bytes */
	size_t way_count;
	size_t way_cap;
	struct tree_run *runs; /* runs[0] has no ways */
	size_t run_count;
	size_t run_cap;
	bool cut; /* some trees have so many exits that they were not followed */
};

void tree_records_release(struct tree_records *records);

/*
 * Starts a tree whose base has those exits (NULL: it has no base); its own become known in `exits`,
 * which is empty. Both say where entries end and are borrowed until the tree is added.
 */
void tree_records_start(struct tree_records *records, const struct tree_shape *base_exits,
                        struct tree_shape *exits);

/* Copies the base's exits in [start, end), in bytes, to `at`; see struct tree_reader. */
void tree_records_copy(struct tree_records *records, size_t start, size_t end, size_t at);

/* Adds an exit. */
void tree_records_exit(struct tree_records *records, const struct tree_entry *entry);

/* Ends the tree, which is known but for its steps. Returns its number + 1. */
uint32_t tree_records_add(struct tree_records *records, struct tree_record tree);

/*
 * Finds the runs of all marked trees (but those that are here again): the exits that lead to these
 * targets and trees. Others have the run 0.
 */
void tree_records_follow(struct tree_records *records, const struct id_map *targets,
                         const struct id_map *trees);

#endif
