#include "history/changes.h"

#include "base/clock.h"
#include "base/memory.h"
#include "detect/fingerprint.h"
#include "git/tree_entries.h"

#include <stdlib.h>

enum {
	TREE_MAX = 64 << 20, /* bytes of a tree */
	DEPTH_MAX = 1024,    /* folders in folders */
};

/* A tree in which entries are looked for, mostly in the order of git. */
struct searched {
	struct buf bytes;
	struct tree_entry before; /* what stands before e */
	struct tree_entry e;      /* where the last search ended */
	bool at_entry;            /* e is one */
	bool sorted;
};

void changes_release(struct changes *c)
{
	id_map_release(&c->seen);
	id_map_release(&c->gone);
}

bool changes_late(struct changes *c)
{
	if (c->deadline && !c->late)
		c->late = (int64_t)clock_ns() > c->deadline;
	return c->late;
}

static void collect(struct id_map *into, const struct object_id *id)
{
	if (into)
		id_map_add(into, id, NULL);
}

/* Collects a blob and what it replaces. */
static void collect_pair(struct changes *c, const struct object_id *added,
                         const struct object_id *replaced)
{
	struct object_id pair = {{0}};
	uint32_t numbers[2];

	if (!c->pairs) {
		collect(c->replaced, replaced);
		return;
	}
	numbers[0] = id_map_add(c->added, added, NULL);
	numbers[1] = id_map_add(c->replaced, replaced, NULL);
	memcpy(pair.bytes, numbers, sizeof(numbers));
	id_map_add(c->pairs, &pair, NULL);
}

void changes_pair(const struct object_id *pair, uint32_t numbers[2])
{
	memcpy(numbers, pair->bytes, 2 * sizeof(*numbers));
}

/* ---- One tree ---- */

/* The order of entries in a tree: folders as if their names ended in a slash. */
static int entry_order(const struct tree_entry *a, const struct tree_entry *b)
{
	size_t shared = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = memcmp(a->name.ptr, b->name.ptr, shared);
	int left, right;

	if (order)
		return order;
	left = shared < a->name.len ? a->name.ptr[shared] : a->mode == MODE_FOLDER ? '/' : 0;
	right = shared < b->name.len ? b->name.ptr[shared] : b->mode == MODE_FOLDER ? '/' : 0;
	return left - right;
}

static void step(struct searched *s)
{
	s->before = s->e;
	s->at_entry = tree_entry_next(buf_bytes(&s->bytes), &s->e);
}

static void rewind_search(struct searched *s)
{
	s->e = (struct tree_entry){0};
	step(s);
}

static bool read_tree(struct changes *c, const struct object_id *id, struct searched *s)
{
	struct tree_entry before = {0}, e = {0};
	enum object_type type;

	buf_init(&s->bytes, TREE_MAX);
	if (repository_read(c->repository, id, &type, &s->bytes, NULL) || type != OBJECT_TREE) {
		buf_clear(&s->bytes);
		return false;
	}
	collect(c->trees, id);
	s->sorted = true;
	while (tree_entry_next(buf_bytes(&s->bytes), &e)) {
		s->sorted = s->sorted && (!before.end || entry_order(&before, &e) < 0);
		before = e;
	}
	rewind_search(s);
	return true;
}

/* The entry of the same name, and a folder if e is one; NULL if there is none. */
static const struct tree_entry *find_entry(struct searched *s, const struct tree_entry *e)
{
	/* Those that are looked for come in any order in a tree that git did not make. */
	if (!s->sorted || (s->before.end && entry_order(&s->before, e) >= 0))
		rewind_search(s);
	while (s->at_entry) {
		int order = entry_order(&s->e, e);

		if (order == 0)
			return &s->e;
		if (order > 0 && s->sorted)
			break;
		step(s);
	}
	return NULL;
}

/* ---- Comparing ---- */

static void compare(struct changes *c, const struct object_id *tree, const struct object_id *olds,
                    size_t count, unsigned depth);

/* Compares one entry with what the old trees have by its name. */
static void compare_entry(struct changes *c, const struct tree_entry *e, struct searched *olds,
                          size_t count, unsigned depth)
{
	struct object_id found[CHANGES_OLDS_MAX];
	size_t found_count = 0;

	if (e->mode == MODE_GITLINK)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct tree_entry *old = find_entry(&olds[i], e);

		if (old && object_id_equal(&old->id, &e->id))
			return;
		if (old && old->mode != MODE_GITLINK)
			found[found_count++] = old->id;
	}
	if (e->mode == MODE_FOLDER) {
		compare(c, &e->id, found, found_count, depth + 1);
		return;
	}
	collect(c->added, &e->id);
	for (size_t i = 0; i < found_count; i++)
		collect_pair(c, &e->id, &found[i]);
}

/* Collects all blobs of a tree that is gone. */
static void collect_removed(struct changes *c, const struct object_id *tree, unsigned depth)
{
	struct changes all = {.repository = c->repository, .added = c->removed};

	all.deadline = c->deadline;
	all.seen = c->gone;
	compare(&all, tree, NULL, 0, depth);
	c->gone = all.seen;
	c->late |= all.late;
}

/* Collects what the old tree has by names that the new one lacks. */
static void find_removed(struct changes *c, const struct searched *old, struct searched *new,
                         unsigned depth)
{
	struct tree_entry e = {0};

	rewind_search(new);
	while (tree_entry_next(buf_bytes(&old->bytes), &e)) {
		if (e.mode == MODE_GITLINK || find_entry(new, &e))
			continue;
		if (e.mode == MODE_FOLDER)
			collect_removed(c, &e.id, depth + 1);
		else
			id_map_add(c->removed, &e.id, NULL);
	}
}

/* Whether these trees are compared for the first time: in a made-up tree it could be often. */
static bool is_new_comparison(struct changes *c, const struct object_id *tree,
                              const struct object_id *olds, size_t count)
{
	/* Keyed only because the function is; the digest never leaves the process. */
	static const struct fingerprint_key key = {{0}};
	struct object_id ids[1 + CHANGES_OLDS_MAX], digest = {{0}};
	bool added;

	ids[0] = *tree;
	if (count)
		memcpy(ids + 1, olds, count * sizeof(*olds));
	fingerprint_make(&key, "trees",
	                 (struct bytes){(const unsigned char *)ids, (count + 1) * sizeof(*ids)},
	                 digest.bytes);
	id_map_add(&c->seen, &digest, &added);
	return added;
}

static void compare(struct changes *c, const struct object_id *tree, const struct object_id *olds,
                    size_t count, unsigned depth)
{
	struct searched new = {0}, *old_trees;
	struct tree_entry e = {0};

	if (changes_late(c) || !is_new_comparison(c, tree, olds, count))
		return;
	if (depth >= DEPTH_MAX) {
		c->too_deep = true;
		return;
	}
	old_trees = mem_calloc(count ? count : 1, sizeof(*old_trees));
	if (read_tree(c, tree, &new)) {
		for (size_t i = 0; i < count; i++)
			(void)read_tree(c, &olds[i], &old_trees[i]);
		while (tree_entry_next(buf_bytes(&new.bytes), &e))
			compare_entry(c, &e, old_trees, count, depth);
		for (size_t i = 0; i < count && c->removed; i++)
			find_removed(c, &old_trees[i], &new, depth);
	} else {
		collect(c->broken, tree);
	}
	for (size_t i = 0; i < count; i++)
		buf_release(&old_trees[i].bytes);
	buf_release(&new.bytes);
	free(old_trees);
}

void changes_find(struct changes *c, const struct object_id *tree, const struct object_id *olds,
                  size_t count)
{
	compare(c, tree, olds, count, 0);
}
