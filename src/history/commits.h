/*
 * The commit graph: every commit of a repository, reachable or not, with its tree and parents.
 */
#ifndef TRAWL_HISTORY_COMMITS_H
#define TRAWL_HISTORY_COMMITS_H

#include "base/bytes.h"
#include "model/id_map.h"

#define COMMIT_NONE UINT32_MAX

struct commit {
	struct object_id tree;
	int64_t date;          /* of the committer, Unix seconds */
	uint32_t first_parent; /* index into commits.parents */
	uint32_t parent_count;
	bool present; /* false: only named as a parent */
};

/* {0} is an empty graph. A commit's number is its id's. */
struct commits {
	struct id_map ids;
	struct commit *items;
	size_t cap;
	uint32_t *parents; /* numbers of commits */
	size_t parent_count;
	size_t parent_cap;
};

/* Commits as their objects state them, still to be linked. {0} is empty. For one thread. */
struct commit_list {
	struct commit_head {
		struct object_id id;
		struct object_id tree;
		int64_t date;
		size_t first_parent; /* index into parents */
		uint32_t parent_count;
	} * items;
	size_t count;
	size_t cap;
	struct object_id *parents;
	size_t parent_count;
	size_t parent_cap;
};

void commits_release(struct commits *commits);
void commit_list_release(struct commit_list *list);

/*
 * Adds a commit from its object's bytes (git-cat-file(1) prints them). Returns false, adding
 * nothing, for bytes that are no commit.
 */
bool commit_list_add(struct commit_list *list, const struct object_id *id, struct bytes object);

/* Adds the list's commits to the graph. */
void commits_link(struct commits *commits, const struct commit_list *list);

/* Adds one commit to the graph, as commit_list_add() does. */
bool commits_add(struct commits *commits, const struct object_id *id, struct bytes object);

/* Where the message of a commit or tag object starts: behind the first empty line. */
size_t message_start(struct bytes object);

/* What a tag object names; false for bytes that are no tag. */
bool tag_target(struct bytes object, struct object_id *id);

/*
 * Fills order with the numbers of all present commits, parents before children; where that leaves a
 * choice, by date and then id. order has room for commits->ids.count; returns how many there are.
 */
uint32_t commits_sort(const struct commits *commits, uint32_t *order);

/* Sets reached (of commits->ids.count) for the commit and all its ancestors. */
void commits_reach(const struct commits *commits, uint32_t commit, bool *reached);

#endif
