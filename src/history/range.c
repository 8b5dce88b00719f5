#include "history/range.h"

#include "base/memory.h"
#include "history/commits.h"
#include "history/tree_entries.h"

#include <stdlib.h>

enum {
	OBJECT_MAX = 64 << 20, /* bytes of a commit or tree */
	DEPTH_MAX = 1024,      /* folders in folders */
	PARENTS_MAX = 64,      /* of a commit, that are compared with */
	/* Clocks go wrong: A's history is followed this much past the range's oldest commit. */
	SLACK_SECONDS = 30 * 24 * 3600,
	SLACK_COMMITS = 64,
};

/* ---- Which commits ---- */

enum mark { MARK_WANTED = 1, MARK_UNWANTED = 2, MARK_QUEUED = 4 };

/* The commits that were looked at so far. */
struct painting {
	struct repository *repository;
	struct commits graph;
	uint8_t *marks; /* by commit: of enum mark */
	size_t marks_cap;
	uint32_t *queue; /* a heap, the newest first */
	size_t queue_count;
	size_t queue_cap;
	size_t wanted; /* of those in the queue */
	struct buf object;
};

static bool newer(const struct painting *p, uint32_t a, uint32_t b)
{
	return p->graph.items[a].date > p->graph.items[b].date;
}

static void enqueue(struct painting *p, uint32_t commit)
{
	size_t at = p->queue_count;

	p->queue = mem_grow(p->queue, at, &p->queue_cap, sizeof(*p->queue));
	p->queue_count++;
	for (; at > 0 && newer(p, commit, p->queue[(at - 1) / 2]); at = (at - 1) / 2)
		p->queue[at] = p->queue[(at - 1) / 2];
	p->queue[at] = commit;
	p->marks[commit] |= MARK_QUEUED;
	p->wanted += !(p->marks[commit] & MARK_UNWANTED);
}

static uint32_t dequeue(struct painting *p)
{
	uint32_t top = p->queue[0], last = p->queue[--p->queue_count];
	size_t at = 0, child;

	while ((child = at * 2 + 1) < p->queue_count) {
		if (child + 1 < p->queue_count && newer(p, p->queue[child + 1], p->queue[child]))
			child++;
		if (!newer(p, p->queue[child], last))
			break;
		p->queue[at] = p->queue[child];
		at = child;
	}
	p->queue[at] = last;
	p->marks[top] &= (uint8_t)~MARK_QUEUED;
	p->wanted -= !(p->marks[top] & MARK_UNWANTED);
	return top;
}

/* Adds marks to the commit, which is read if it is new, and follows it again if that changes it. */
static void mark_commit(struct painting *p, const struct object_id *id, unsigned marks)
{
	uint32_t commit = id_map_find(&p->graph.ids, id);
	enum object_type type;
	unsigned before;

	if (commit == COMMIT_NONE || !p->graph.items[commit].present) {
		if (repository_read(p->repository, id, &type, &p->object, NULL) ||
		    type != OBJECT_COMMIT || !commits_add(&p->graph, id, buf_bytes(&p->object)))
			return; /* a shallow clone ends here */
		commit = id_map_find(&p->graph.ids, id);
	}
	while (p->marks_cap < p->graph.ids.count) {
		size_t old = p->marks_cap;

		p->marks = mem_grow(p->marks, old, &p->marks_cap, sizeof(*p->marks));
		memset(p->marks + old, 0, p->marks_cap - old);
	}
	before = p->marks[commit];
	if ((before | marks) == before)
		return;
	if ((before & MARK_QUEUED) && (marks & MARK_UNWANTED) && !(before & MARK_UNWANTED))
		p->wanted--;
	p->marks[commit] |= (uint8_t)marks;
	if (!(before & MARK_QUEUED))
		enqueue(p, commit);
}

/* Follows both histories, the newest commits first, until what is wanted can be told. */
static void paint(struct painting *p)
{
	int64_t oldest = INT64_MAX;
	unsigned slack = 0;

	while (p->queue_count) {
		uint32_t commit = dequeue(p);
		struct commit c = p->graph.items[commit];
		unsigned marks = p->marks[commit] & (MARK_WANTED | MARK_UNWANTED);

		if (!(marks & MARK_UNWANTED) && c.date < oldest)
			oldest = c.date;
		if (!(marks & MARK_UNWANTED))
			slack = 0;
		else if (!p->wanted && c.date < oldest - SLACK_SECONDS && ++slack > SLACK_COMMITS)
			break;
		for (uint32_t i = 0; i < c.parent_count; i++) {
			struct object_id parent =
			    p->graph.ids.ids[p->graph.parents[c.first_parent + i]];

			mark_commit(p, &parent, marks);
		}
	}
}

/* ---- In which objects they differ ---- */

struct comparison {
	struct range *range;
	struct repository *repository;
};

static bool read_tree(struct comparison *c, const struct object_id *id, struct buf *out)
{
	enum object_type type;

	id_map_add(&c->range->objects, id, NULL);
	buf_init(out, OBJECT_MAX);
	return !repository_read(c->repository, id, &type, out, NULL) && type == OBJECT_TREE;
}

static bool find_entry(struct bytes tree, struct bytes name, struct tree_entry *e)
{
	*e = (struct tree_entry){0};
	while (tree_entry_next(tree, e)) {
		if (bytes_equal(e->name, name))
			return true;
	}
	return false;
}

static void compare_trees(struct comparison *c, const struct object_id *tree,
                          const struct object_id *olds, size_t count, unsigned depth);

/* Compares one entry with what the old trees have by its name. */
static void compare_entry(struct comparison *c, const struct tree_entry *e, const struct buf *olds,
                          size_t count, unsigned depth)
{
	struct object_id folders[PARENTS_MAX], files[PARENTS_MAX];
	size_t folder_count = 0, file_count = 0;
	struct tree_entry old;

	for (size_t i = 0; i < count; i++) {
		if (!find_entry(buf_bytes(&olds[i]), e->name, &old))
			continue;
		if (object_id_equal(&old.id, &e->id))
			return; /* a parent has it already */
		if (old.mode == MODE_FOLDER)
			folders[folder_count++] = old.id;
		else if (old.mode != MODE_GITLINK)
			files[file_count++] = old.id;
	}
	if (e->mode == MODE_FOLDER) {
		compare_trees(c, &e->id, folders, folder_count, depth + 1);
	} else if (e->mode != MODE_GITLINK) {
		id_map_add(&c->range->objects, &e->id, NULL);
		for (size_t i = 0; i < file_count; i++)
			id_map_add(&c->range->objects, &files[i], NULL);
	}
}

/* Collects the objects of the tree that none of the old ones has at the same path. */
static void compare_trees(struct comparison *c, const struct object_id *tree,
                          const struct object_id *olds, size_t count, unsigned depth)
{
	struct buf *old_bytes = mem_calloc(count, sizeof(*old_bytes));
	struct tree_entry e = {0};
	struct buf bytes;

	if (read_tree(c, tree, &bytes) && depth < DEPTH_MAX) {
		for (size_t i = 0; i < count; i++) {
			if (!read_tree(c, &olds[i], &old_bytes[i]))
				buf_clear(&old_bytes[i]);
		}
		while (tree_entry_next(buf_bytes(&bytes), &e))
			compare_entry(c, &e, old_bytes, count, depth);
	}
	for (size_t i = 0; i < count; i++)
		buf_release(&old_bytes[i]);
	buf_release(&bytes);
	free(old_bytes);
}

/* Collects the commit, its parents, and the objects in which it differs from all of them. */
static void compare_commit(struct comparison *c, const struct painting *p, uint32_t number)
{
	const struct commit *commit = &p->graph.items[number];
	struct object_id trees[PARENTS_MAX];
	size_t count = 0;

	id_map_add(&c->range->commits, &p->graph.ids.ids[number], NULL);
	id_map_add(&c->range->objects, &p->graph.ids.ids[number], NULL);
	for (uint32_t i = 0; i < commit->parent_count && count < PARENTS_MAX; i++) {
		uint32_t parent = p->graph.parents[commit->first_parent + i];

		if (!p->graph.items[parent].present)
			continue;
		id_map_add(&c->range->objects, &p->graph.ids.ids[parent], NULL);
		if (object_id_equal(&p->graph.items[parent].tree, &commit->tree))
			return;
		trees[count++] = p->graph.items[parent].tree;
	}
	compare_trees(c, &commit->tree, trees, count, 0);
}

/* ---- The range ---- */

/* Resolves a revision to a commit and marks it. */
static enum err mark_revision(struct painting *p, const char *revision, unsigned mark,
                              struct error *error)
{
	struct buf text;
	struct object_id id;
	enum err err;

	buf_init(&text, 4096);
	err = buf_appendf(&text, "%s^{commit}", *revision ? revision : "HEAD");
	if (!err)
		err = repository_resolve(p->repository, buf_text(&text), &id, NULL);
	buf_release(&text);
	if (err)
		return error_set(
		    error, err,
		    "%s names no commit that is here; in a shallow clone fetch the rest "
		    "(git fetch --unshallow, or fetch-depth: 0 in CI)",
		    *revision ? revision : "HEAD");
	mark_commit(p, &id, mark);
	return ERR_NONE;
}

enum err range_find(struct range *range, struct repository *repository, const char *text,
                    struct error *error)
{
	struct painting p = {.repository = repository};
	struct comparison comparison = {range, repository};
	const char *dots = strstr(text, "..");
	char *from;
	enum err err;

	if (!dots || dots[2] == '.')
		return error_set(error, ERR_USAGE, "--range takes A..B, not '%s'", text);
	from = mem_strdup(text);
	from[dots - text] = '\0';
	buf_init(&p.object, OBJECT_MAX);
	err = mark_revision(&p, dots + 2, MARK_WANTED, error);
	if (!err)
		err = mark_revision(&p, from, MARK_UNWANTED, error);
	if (!err) {
		paint(&p);
		for (uint32_t c = 0; c < p.graph.ids.count; c++) {
			if (p.graph.items[c].present &&
			    (p.marks[c] & (MARK_WANTED | MARK_UNWANTED)) == MARK_WANTED)
				compare_commit(&comparison, &p, c);
		}
	}
	commits_release(&p.graph);
	buf_release(&p.object);
	free(p.marks);
	free(p.queue);
	free(from);
	return err;
}

void range_release(struct range *range)
{
	id_map_release(&range->commits);
	id_map_release(&range->objects);
}
