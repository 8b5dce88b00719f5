#include "git/difference.h"

#include "base/memory.h"
#include "git/tree_entries.h"

#include <stdlib.h>

enum {
	TREE_MAX = 64 << 20,    /* bytes of a tree */
	PATH_MAX_BYTES = 16384, /* of a path */
	DEPTH_MAX = 1024,       /* folders in folders */
	TREES_MAX = 1 << 20,    /* that are read for one difference */
	TEXT_MAX = 1 << 30,     /* bytes of the paths that changed */
};

/* The part of the index that lies in one folder, or a tree. */
struct side {
	/* A tree. */
	struct buf bytes;
	struct tree_entry entry;
	/* A range of entries; `at` is also what tells the two apart. */
	const struct index_entry *at; /* NULL: a tree */
	const struct index_entry *end;
	size_t start; /* of the names, in the paths */
	size_t known; /* number of the folder; folder_count: nothing is known of it */
};

/* What a side has by one name. A folder of the index is not known by an id unless that says so. */
struct item {
	struct bytes name;
	struct version version; /* mode 0: there is none */
	bool has_id;
	const struct index_entry *at; /* a folder's entries; NULL: they are a tree's */
	const struct index_entry *end;
	size_t known;
};

struct comparison {
	const struct index *index;
	struct repository *repository;
	struct change_list *list;
	struct buf path; /* of the folder, with '/' at its end */
	size_t trees;
	size_t text;
	struct error *error;
};

/* ---- The two kinds of sides ---- */

static enum err open_tree(struct comparison *c, struct side *side, const struct object_id *id)
{
	char hex[OBJECT_ID_HEX + 1];
	enum object_type type;
	struct error cause;
	enum err err;

	*side = (struct side){0};
	buf_init(&side->bytes, TREE_MAX);
	if (++c->trees > TREES_MAX)
		return error_set(c->error, ERR_LIMIT, "more than %d folders differ", TREES_MAX);
	err = repository_read(c->repository, id, &type, &side->bytes, &cause);
	if (err)
		return error_set(c->error, err, "a folder of the last commit cannot be read: %s",
		                 cause.message);
	return type == OBJECT_TREE
	           ? ERR_NONE
	           : error_set(c->error, ERR_CORRUPT, "%s is no tree", object_id_hex(id, hex));
}

static void close_side(struct side *side)
{
	buf_release(&side->bytes);
}

/* Whether the entries of a folder are all that was there when its tree became known. */
static bool is_known(const struct index *index, size_t folder, size_t entries)
{
	return folder < index->folder_count && index->folders[folder].known &&
	       index->folders[folder].entries == entries;
}

/* Takes the entries of the folder by this name, which stand next. */
static void take_folder(const struct index *index, struct side *side, struct item *item)
{
	const size_t len = item->name.len + 1; /* with its '/' */
	const unsigned char *name = item->name.ptr;

	item->at = side->at;
	while (side->at < side->end && side->at->path.len >= side->start + len &&
	       memcmp(side->at->path.ptr + side->start, name, len) == 0)
		side->at++;
	item->end = side->at;
	item->known = index_find_folder(index, side->known, item->name);
	item->version.mode = MODE_FOLDER;
	item->has_id = is_known(index, item->known, (size_t)(item->end - item->at));
	if (item->has_id)
		item->version.id = index->folders[item->known].id;
}

static void next_of_index(const struct index *index, struct side *side, struct item *item)
{
	*item = (struct item){0};
	while (side->at < side->end && !item->version.mode) {
		const struct index_entry *e = side->at;
		struct bytes rest = bytes_slice(e->path, side->start, e->path.len);
		const unsigned char *slash = memchr(rest.ptr, '/', rest.len);

		item->name = slash ? bytes_slice(rest, 0, (size_t)(slash - rest.ptr)) : rest;
		if (slash && slash + 1 < rest.ptr + rest.len) {
			take_folder(index, side, item);
			continue;
		}
		side->at++;
		if (e->stage || e->intended)
			continue;
		item->version = (struct version){e->id, e->mode};
		item->has_id = true;
	}
}

static void next_of_tree(struct side *side, struct item *item)
{
	*item = (struct item){0};
	if (!tree_entry_next(buf_bytes(&side->bytes), &side->entry))
		return;
	item->name = side->entry.name;
	item->version = (struct version){side->entry.id, side->entry.mode};
	item->has_id = true;
}

/* The next item of a side, none (mode 0) at its end or where there is no side. */
static void next_item(const struct comparison *c, struct side *side, struct item *item)
{
	*item = (struct item){0};
	if (side && side->at)
		next_of_index(c->index, side, item);
	else if (side)
		next_of_tree(side, item);
}

/* ---- Comparing ---- */

/* The order of trees: that of the bytes, with a '/' behind a folder's name. */
static int item_order(const struct item *a, const struct item *b)
{
	size_t shared = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = shared ? memcmp(a->name.ptr, b->name.ptr, shared) : 0;
	int x, y;

	if (order)
		return order;
	x = a->name.len > shared ? a->name.ptr[shared] : a->version.mode == MODE_FOLDER ? '/' : 0;
	y = b->name.len > shared ? b->name.ptr[shared] : b->version.mode == MODE_FOLDER ? '/' : 0;
	return x != y ? x - y : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

static enum err add_change(struct comparison *c, struct bytes name, struct version old,
                           struct version new)
{
	struct change_list *list = c->list;
	const size_t folder = c->path.len;

	if (buf_append(&c->path, name) || (c->text += c->path.len) > TEXT_MAX)
		return error_set(c->error, ERR_LIMIT, "the paths that changed are too long");
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] =
	    (struct change){arena_bytes(&list->text, buf_bytes(&c->path)), old, new};
	c->path.len = folder;
	return ERR_NONE;
}

static enum err compare_sides(struct comparison *c, struct side *old, struct side *new,
                              unsigned depth);

/* Makes a side of the folder that the item is; *opened is NULL when there is none. */
static enum err open_item(struct comparison *c, const struct item *item, struct side *side,
                          struct side **opened)
{
	*opened = NULL;
	if (item->version.mode != MODE_FOLDER)
		return ERR_NONE;
	*opened = side;
	if (!item->at)
		return open_tree(c, side, &item->version.id);
	*side = (struct side){.at = item->at,
	                      .end = item->end,
	                      .start = c->path.len + item->name.len + 1,
	                      .known = item->known};
	return ERR_NONE;
}

static enum err compare_folders(struct comparison *c, struct bytes name, const struct item *old,
                                const struct item *new, unsigned depth)
{
	struct side sides[2] = {0}, *opened[2] = {NULL, NULL};
	const size_t parent = c->path.len;
	enum err err = ERR_NONE;

	if (depth == DEPTH_MAX)
		return error_set(c->error, ERR_LIMIT, "folders are nested more than %d deep",
		                 DEPTH_MAX);
	err = open_item(c, old, &sides[0], &opened[0]);
	if (!err)
		err = open_item(c, new, &sides[1], &opened[1]);
	if (!err && (buf_append(&c->path, name) || buf_append(&c->path, bytes_of("/"))))
		err = error_set(c->error, ERR_LIMIT, "the paths that changed are too long");
	if (!err)
		err = compare_sides(c, opened[0], opened[1], depth + 1);
	c->path.len = parent;
	close_side(&sides[0]);
	close_side(&sides[1]);
	return err;
}

/* Compares what two sides have by one name; the items are of one kind, or one of them is none. */
static enum err compare_items(struct comparison *c, const struct item *old, const struct item *new,
                              unsigned depth)
{
	struct bytes name = old->version.mode ? old->name : new->name;

	if (old->has_id && new->has_id &&
	    old->version.mode ==
	        new->version.mode &&object_id_equal(&old->version.id, &new->version.id))
		return ERR_NONE;
	if (old->version.mode == MODE_FOLDER || new->version.mode == MODE_FOLDER)
		return compare_folders(c, name, old, new, depth);
	return add_change(c, name, old->version, new->version);
}

/* Goes through both sides, which are in one order, at once. A side may be NULL: it has nothing. */
static enum err compare_sides(struct comparison *c, struct side *old, struct side *new,
                              unsigned depth)
{
	static const struct item none = {0};
	enum err err = ERR_NONE;
	struct item a, b;

	next_item(c, old, &a);
	next_item(c, new, &b);
	while (!err && (a.version.mode || b.version.mode)) {
		int order = !a.version.mode ? 1 : !b.version.mode ? -1 : item_order(&a, &b);

		err = compare_items(c, order <= 0 ? &a : &none, order >= 0 ? &b : &none, depth);
		if (order <= 0)
			next_item(c, old, &a);
		if (order >= 0)
			next_item(c, new, &b);
	}
	return err;
}

static int change_order(const void *left, const void *right)
{
	const struct change *a = left, *b = right;

	return bytes_compare(a->path, b->path);
}

enum err difference_find(struct change_list *list, const struct index *index,
                         struct repository *repository, const struct object_id *tree,
                         struct error *error)
{
	struct comparison c = {
	    .index = index, .repository = repository, .list = list, .error = error};
	struct side old = {0};
	struct side new = {.at = index->entries, .end = index->entries + index->count};
	enum err err = ERR_NONE;

	if (tree && is_known(index, 0, index->count) &&
	    object_id_equal(&index->folders[0].id, tree))
		return ERR_NONE;
	buf_init(&c.path, PATH_MAX_BYTES);
	if (tree)
		err = open_tree(&c, &old, tree);
	if (!err)
		err = compare_sides(&c, tree ? &old : NULL, index->count ? &new : NULL, 0);
	if (list->count) /* a damaged tree may not be in order */
		qsort(list->items, list->count, sizeof(*list->items), change_order);
	close_side(&old);
	buf_release(&c.path);
	return err;
}

void change_list_release(struct change_list *list)
{
	free(list->items);
	arena_release(&list->text);
	*list = (struct change_list){0};
}

size_t change_list_start(const struct change_list *list, struct bytes path)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bytes_compare(list->items[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct change *change_list_find(const struct change_list *list, struct bytes path)
{
	size_t i = change_list_start(list, path);

	return i < list->count && bytes_equal(list->items[i].path, path) ? &list->items[i] : NULL;
}
