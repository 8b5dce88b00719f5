#include "history/range.h"

#include "base/memory.h"
#include "history/changes.h"
#include "history/commits.h"

#include <stdlib.h>

enum {
	OBJECT_MAX = 64 << 20, /* bytes of a commit or tag */
	/* Clocks go wrong: what is unwanted is followed this much past the oldest wanted commit. */
	SLACK_SECONDS = 24 * 3600,
	SLACK_COMMITS = 64,
};

void range_ends_release(struct range_ends *ends)
{
	id_map_release(&ends->wanted);
	id_map_release(&ends->unwanted);
}

/* ---- Which commits ---- */

enum mark { MARK_WANTED = 1, MARK_UNWANTED = 2, MARK_QUEUED = 4 };

/* The commits that were looked at so far. */
struct painting {
	struct repository *repository;
	struct changes *changes; /* has the deadline */
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

/* The number of the commit, which is read if it is new; COMMIT_NONE for one that is not here. */
static uint32_t read_commit(struct painting *p, const struct object_id *id)
{
	uint32_t commit = id_map_find(&p->graph.ids, id);
	enum object_type type;

	if (commit != COMMIT_NONE && p->graph.items[commit].present)
		return commit;
	if (repository_read(p->repository, id, &type, &p->object, NULL) || type != OBJECT_COMMIT ||
	    !commits_add(&p->graph, id, buf_bytes(&p->object)))
		return COMMIT_NONE;
	commit = id_map_find(&p->graph.ids, id);
	while (p->marks_cap < p->graph.ids.count) {
		size_t old = p->marks_cap;

		p->marks = mem_grow(p->marks, old, &p->marks_cap, sizeof(*p->marks));
		memset(p->marks + old, 0, p->marks_cap - old);
	}
	return commit;
}

/* Adds marks to the commit, and follows it again if that changes them. */
static void mark_commit(struct painting *p, const struct object_id *id, unsigned marks)
{
	uint32_t commit = read_commit(p, id);
	unsigned before;

	if (commit == COMMIT_NONE)
		return; /* a shallow clone ends here */
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

	while (p->queue_count && !changes_late(p->changes)) {
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

/* Whether the id is unwanted itself. */
static bool is_unwanted(const struct range_ends *ends, const struct object_id *id)
{
	return id_map_find(&ends->unwanted, id) != ID_MAP_NONE;
}

/*
 * Marks the wanted commits without a look at the unwanted ones, of which a server has thousands:
 * that suffices when a push brings all of them and they end where unwanted ids stand. False when it
 * does not.
 */
static bool paint_brought(struct painting *p, const struct range_ends *ends)
{
	bool brought = true;

	while (p->queue_count && brought && !changes_late(p->changes)) {
		uint32_t commit = dequeue(p);
		struct commit c = p->graph.items[commit];
		struct object_id id = p->graph.ids.ids[commit];

		brought = repository_brings(p->repository, &id);
		for (uint32_t i = 0; i < c.parent_count && brought; i++) {
			struct object_id parent =
			    p->graph.ids.ids[p->graph.parents[c.first_parent + i]];

			if (is_unwanted(ends, &parent))
				(void)read_commit(p, &parent);
			else
				mark_commit(p, &parent, MARK_WANTED);
		}
	}
	return brought;
}

static void mark_all(struct painting *p, const struct id_map *ids, unsigned mark)
{
	for (uint32_t i = 0; i < ids->count; i++)
		mark_commit(p, &ids->ids[i], mark);
}

/* Marks the commit that the id leads to, perhaps through tags, as unwanted. */
static void mark_unwanted(struct painting *p, struct object_id id)
{
	enum object_type type;

	while (read_commit(p, &id) == COMMIT_NONE) {
		if (repository_read(p->repository, &id, &type, &p->object, NULL) ||
		    type != OBJECT_TAG || !tag_target(buf_bytes(&p->object), &id))
			return;
	}
	mark_commit(p, &id, MARK_UNWANTED);
}

/* Marks the wanted commits: what these lead to and the unwanted ends do not. */
static void find_commits(struct painting *p, const struct id_map *commits,
                         const struct range_ends *ends)
{
	mark_all(p, commits, MARK_WANTED);
	if (paint_brought(p, ends))
		return;
	p->queue_count = 0;
	p->wanted = 0;
	if (p->marks)
		memset(p->marks, 0, p->marks_cap);
	mark_all(p, commits, MARK_WANTED);
	for (uint32_t i = 0; i < ends->unwanted.count && !changes_late(p->changes); i++)
		mark_unwanted(p, ends->unwanted.ids[i]);
	paint(p);
}

/* ---- Which objects ---- */

/* Collects the commit, its parents, and the objects in which it differs from all of them. */
static void add_commit(struct range *range, struct changes *changes, const struct painting *p,
                       uint32_t number)
{
	const struct commit *commit = &p->graph.items[number];
	struct object_id trees[CHANGES_OLDS_MAX];
	bool changed = true;
	size_t count = 0;

	id_map_add(&range->commits, &p->graph.ids.ids[number], NULL);
	id_map_add(&range->objects, &p->graph.ids.ids[number], NULL);
	for (uint32_t i = 0; i < commit->parent_count; i++) {
		uint32_t parent = p->graph.parents[commit->first_parent + i];
		const struct object_id *tree = &p->graph.items[parent].tree;

		if (!p->graph.items[parent].present)
			continue;
		id_map_add(&range->objects, &p->graph.ids.ids[parent], NULL);
		if (p->marks[parent] != MARK_WANTED)
			id_map_add(&range->boundaries, tree, NULL);
		changed = changed && !object_id_equal(tree, &commit->tree);
		if (count < CHANGES_OLDS_MAX)
			trees[count++] = *tree;
	}
	if (changed)
		changes_find(changes, &commit->tree, trees, count);
}

/* Collects a wanted blob, or all that a wanted tree holds, to which no commit need lead. */
static void add_object(struct range *range, struct changes *changes, const struct object_id *id,
                       enum object_type type)
{
	struct changes all = {.repository = changes->repository,
	                      .deadline = changes->deadline,
	                      .trees = &range->trees,
	                      .broken = &range->objects,
	                      .added = &range->pathless};

	if (type == OBJECT_BLOB)
		id_map_add(&range->pathless, id, NULL);
	else
		changes_find(&all, id, NULL, 0);
	for (uint32_t i = 0; i < range->pathless.count; i++)
		id_map_add(&range->objects, &range->pathless.ids[i], NULL);
	changes->late |= all.late;
	changes->too_deep |= all.too_deep;
	changes_release(&all);
}

/* Collects the tags that start at a wanted end, and what they lead to; commits go to `commits`. */
static enum err add_end(struct range *range, struct changes *changes, const struct range_ends *ends,
                        struct object_id id, struct id_map *commits, struct error *error)
{
	enum object_type type = OBJECT_TAG;
	enum err err = ERR_NONE;
	struct buf tag;

	buf_init(&tag, OBJECT_MAX);
	while (!err && type == OBJECT_TAG && !is_unwanted(ends, &id)) {
		err = repository_read(changes->repository, &id, &type, NULL, error);
		if (!err && type == OBJECT_COMMIT) {
			id_map_add(commits, &id, NULL);
		} else if (!err && type != OBJECT_TAG) {
			add_object(range, changes, &id, type);
		} else if (!err) {
			id_map_add(&range->objects, &id, NULL);
			err = repository_read(changes->repository, &id, &type, &tag, error);
			if (!err && !tag_target(buf_bytes(&tag), &id))
				break;
		}
	}
	buf_release(&tag);
	return err;
}

enum err range_find(struct range *range, struct repository *repository,
                    const struct range_ends *ends, int64_t deadline, struct error *error)
{
	struct changes changes = {.repository = repository,
	                          .deadline = deadline,
	                          .trees = &range->trees,
	                          .broken = &range->objects,
	                          .added = &range->objects,
	                          .replaced = &range->replaced,
	                          .pairs = &range->pairs};
	struct painting p = {.repository = repository, .changes = &changes};
	struct id_map commits = {0};
	char hex[OBJECT_ID_HEX + 1];
	enum err err = ERR_NONE;

	buf_init(&p.object, OBJECT_MAX);
	for (uint32_t i = 0; i < ends->wanted.count && !err; i++)
		err = add_end(range, &changes, ends, ends->wanted.ids[i], &commits, error);
	if (!err && commits.count)
		find_commits(&p, &commits, ends);
	for (uint32_t i = 0; i < commits.count && !err; i++) {
		if (read_commit(&p, &commits.ids[i]) == COMMIT_NONE)
			err = error_set(error, ERR_CORRUPT, "%s is no commit that can be read",
			                object_id_hex(&commits.ids[i], hex));
	}
	for (uint32_t c = 0; c < p.graph.ids.count && !err && !changes_late(&changes); c++) {
		if (p.graph.items[c].present && p.marks[c] == MARK_WANTED)
			add_commit(range, &changes, &p, c);
	}
	range->too_deep = changes.too_deep;
	range->late = changes.late;
	changes_release(&changes);
	id_map_release(&commits);
	commits_release(&p.graph);
	buf_release(&p.object);
	free(p.marks);
	free(p.queue);
	return err;
}

void range_release(struct range *range)
{
	id_map_release(&range->commits);
	id_map_release(&range->objects);
	id_map_release(&range->replaced);
	id_map_release(&range->pairs);
	id_map_release(&range->trees);
	id_map_release(&range->pathless);
	id_map_release(&range->boundaries);
}

void range_replaced(const struct range *range, const struct id_map *blobs, struct id_map *olds)
{
	for (uint32_t i = 0; i < range->pairs.count; i++) {
		uint32_t numbers[2];
		const struct object_id *old;

		changes_pair(&range->pairs.ids[i], numbers);
		old = &range->replaced.ids[numbers[1]];
		if (id_map_find(blobs, &range->objects.ids[numbers[0]]) != ID_MAP_NONE &&
		    id_map_find(&range->objects, old) == ID_MAP_NONE)
			id_map_add(olds, old, NULL);
	}
}

void range_before(const struct range *range, struct repository *repository,
                  const struct object_id *commit, int64_t deadline, struct id_map *blobs)
{
	struct changes changes = {
	    .repository = repository, .deadline = deadline, .replaced = blobs, .removed = blobs};
	uint32_t count = range->boundaries.count;
	struct commits graph = {0};
	enum object_type type;
	struct buf object;

	buf_init(&object, OBJECT_MAX);
	if (!repository_read(repository, commit, &type, &object, NULL) && type == OBJECT_COMMIT &&
	    commits_add(&graph, commit, buf_bytes(&object)))
		changes_find(&changes, &graph.items[0].tree, range->boundaries.ids,
		             count < CHANGES_OLDS_MAX ? count : CHANGES_OLDS_MAX);
	changes_release(&changes);
	commits_release(&graph);
	buf_release(&object);
}

/* ---- A..B ---- */

/* Resolves a revision to a commit. */
static enum err resolve(struct repository *repository, const char *revision, struct object_id *id,
                        struct error *error)
{
	struct buf text;
	enum err err;

	buf_init(&text, 4096);
	err = buf_appendf(&text, "%s^{commit}", *revision ? revision : "HEAD");
	if (!err)
		err = repository_resolve(repository, buf_text(&text), id, NULL);
	buf_release(&text);
	if (err == ERR_CORRUPT)
		return error_set(error, err, "%s leads to an object that is damaged (git fsck)",
		                 *revision ? revision : "HEAD");
	if (err)
		return error_set(
		    error, err,
		    "%s names no commit that is here; in a shallow clone fetch the rest "
		    "(git fetch --unshallow, or fetch-depth: 0 in CI)",
		    *revision ? revision : "HEAD");
	return ERR_NONE;
}

static const struct reference *find_reference(const struct reference_list *references,
                                              const char *prefix, const char *name)
{
	size_t len = strlen(prefix);

	for (size_t i = 0; i < references->count; i++) {
		const char *other = references->items[i].name;

		if (strncmp(other, prefix, len) == 0 && strcmp(other + len, name) == 0)
			return &references->items[i];
	}
	return NULL;
}

/* The branch that the revision is, of this clone or of a remote; NULL if it is another one. */
static const struct reference *find_branch(const struct reference_list *references,
                                           const char *revision)
{
	static const char *const prefixes[] = {"", "refs/heads/", "refs/remotes/"};
	const struct reference *r = NULL;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes) && !r; i++)
		r = find_reference(references, prefixes[i], *revision ? revision : "HEAD");
	if (r && r->target)
		r = find_reference(references, "", r->target);
	return r && strcmp(r->name, "HEAD") != 0 ? r : NULL;
}

/* Whether both are one branch, here and at a remote. */
static bool is_same_branch(const char *a, const char *b)
{
	static const char local[] = "refs/heads/", remote[] = "refs/remotes/";
	const char *slash;

	if (strcmp(a, b) == 0)
		return true;
	if (strncmp(a, local, strlen(local)) != 0 || strncmp(b, remote, strlen(remote)) != 0)
		return false;
	slash = strchr(b + strlen(remote), '/');
	return slash && strcmp(a + strlen(local), slash + 1) == 0;
}

/*
 * Adds all other branches of remotes, of a bare repository all other references. Where B is no
 * branch, as in CI, it is taken for the only one that stands there.
 */
static void add_others(struct range_ends *ends, struct repository *repository,
                       const struct reference_list *references, const char *revision,
                       const struct object_id *id)
{
	const char *prefix = repository_is_bare(repository) ? "refs/" : "refs/remotes/";
	const struct reference *own = find_branch(references, revision);
	size_t here = 0;

	for (size_t i = 0; i < references->count && !own; i++) {
		const struct reference *r = &references->items[i];

		here += !r->target && strncmp(r->name, prefix, strlen(prefix)) == 0 &&
		        object_id_equal(&r->commit, id);
	}
	for (size_t i = 0; i < references->count; i++) {
		const struct reference *r = &references->items[i];
		bool is_own = own ? is_same_branch(own->name, r->name)
		                  : here == 1 && object_id_equal(&r->commit, id);

		if (!r->target && !is_own && strncmp(r->name, prefix, strlen(prefix)) == 0)
			id_map_add(&ends->unwanted, &r->id, NULL);
	}
}

enum err range_read(struct range_ends *ends, struct repository *repository,
                    const struct reference_list *references, const char *text, struct error *error)
{
	const char *dots = strstr(text, "..");
	struct object_id head, base;
	char *from;
	enum err err;

	if (!dots || dots[2] == '.')
		return error_set(error, ERR_USAGE, "--range takes A..B, not '%s'", text);
	err = resolve(repository, dots + 2, &head, error);
	if (err)
		return err;
	id_map_add(&ends->wanted, &head, NULL);
	from = mem_strdup(text);
	from[dots - text] = '\0';
	if (strlen(from) == OBJECT_ID_HEX && strspn(from, "0") == OBJECT_ID_HEX) {
		add_others(ends, repository, references, dots + 2, &head);
	} else {
		err = resolve(repository, from, &base, error);
		if (!err)
			id_map_add(&ends->unwanted, &base, NULL);
	}
	free(from);
	return err;
}
