#include "history/present.h"

#include "base/memory.h"
#include "git/tree_entries.h"
#include "history/range.h"

#include <stdlib.h>

enum {
	OBJECT_MAX = 64 << 20,    /* bytes of a commit or tree */
	LOOKUPS_MAX = 100 * 1000, /* of a path in a reference's tree: HEAD's come first */
};

/* What a reference has at a leak's path. */
struct place {
	size_t leak;
	size_t reference;
	struct object_id blob;
};

struct present {
	struct leak_list *leaks;
	const struct reference_list *references;
	struct repository *repository;
	struct place *places; /* by leak, then reference */
	size_t count;
	size_t cap;
	struct buf object;
};

/* ---- Paths in trees ---- */

static bool find_entry(struct present *p, const struct object_id *tree, struct bytes name,
                       struct tree_entry *found)
{
	struct tree_entry e = {0};
	enum object_type type;

	if (repository_read(p->repository, tree, &type, &p->object, NULL) || type != OBJECT_TREE)
		return false;
	while (tree_entry_next(buf_bytes(&p->object), &e)) {
		if (bytes_equal(e.name, name)) {
			*found = e;
			return true;
		}
	}
	return false;
}

/* The blob at the path; false if there is none. */
static bool find_blob(struct present *p, struct object_id tree, struct bytes path,
                      struct object_id *blob)
{
	struct tree_entry e = {.mode = MODE_FOLDER, .id = tree};

	for (size_t at = 0, end; at < path.len; at = end + 1) {
		const unsigned char *slash = memchr(path.ptr + at, '/', path.len - at);

		end = slash ? (size_t)(slash - path.ptr) : path.len;
		if ((e.mode & MODE_KIND) != MODE_FOLDER ||
		    !find_entry(p, &e.id, bytes_slice(path, at, end), &e))
			return false;
	}
	*blob = e.id;
	return path.len && (e.mode & MODE_KIND) == MODE_FILE;
}

static bool find_tree(struct present *p, const struct object_id *commit, struct object_id *tree)
{
	struct commits graph = {0};
	enum object_type type;
	bool found = !repository_read(p->repository, commit, &type, &p->object, NULL) &&
	             type == OBJECT_COMMIT && commits_add(&graph, commit, buf_bytes(&p->object));

	if (found)
		*tree = graph.items[id_map_find(&graph.ids, commit)].tree;
	commits_release(&graph);
	return found;
}

/* ---- What references have ---- */

static void look_up(struct present *p, size_t reference)
{
	const struct leak_list *leaks = p->leaks;
	struct object_id tree;

	if (!find_tree(p, &p->references->items[reference].commit, &tree))
		return;
	for (size_t i = 0; i < leaks->count; i++) {
		const struct leak *leak = &leaks->items[i];

		for (size_t k = 0; k < leak->count && leak->kind == OBJECT_BLOB; k++) {
			struct place place = {.leak = i, .reference = reference};

			if (p->count == LOOKUPS_MAX ||
			    !find_blob(p, tree, leak->occurrences[k].path, &place.blob))
				continue;
			p->places = mem_grow(p->places, p->count, &p->cap, sizeof(*p->places));
			p->places[p->count++] = place;
		}
	}
}

static bool has_secret(const struct sighting_table *t, const struct object_id *blob,
                       const struct leak *leak)
{
	const struct finding *f = &leak->occurrences[0].first;
	uint32_t object = id_map_find(&t->objects, blob);

	if (object == ID_MAP_NONE)
		return false;
	for (size_t i = t->first[object]; i < t->first[object + 1]; i++) {
		const struct finding *other = &t->items[i].finding;

		if (other->rule == f->rule &&
		    memcmp(other->fingerprint, f->fingerprint, FINGERPRINT_SIZE) == 0)
			return true;
	}
	return false;
}

/* Adds a name to the leak's, in the order of the references. */
static void add_name(struct leak_list *leaks, struct leak *leak, const char *name)
{
	const char **names;
	size_t count = 0, n = 0;
	bool added = false;

	for (strings r = leak->refs; r && *r; r++, count++) {
		if (strcmp(*r, name) == 0)
			return;
	}
	names = arena_alloc(&leaks->arena, count + 2, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		if (!added && strcmp(name, leak->refs[i]) < 0) {
			names[n++] = arena_text(&leaks->arena, bytes_of(name));
			added = true;
		}
		names[n++] = leak->refs[i];
	}
	if (!added)
		names[n] = arena_text(&leaks->arena, bytes_of(name));
	leak->refs = names;
}

static void raise_state(struct present *p, const struct place *place)
{
	struct leak *leak = &p->leaks->items[place->leak];
	const char *name = p->references->items[place->reference].name;

	if (strcmp(name, "HEAD") == 0) {
		leak->state = LEAK_HEAD;
		leak->refs = NULL;
	} else if (leak->state >= LEAK_TIP) {
		leak->state = LEAK_TIP;
		add_name(p->leaks, leak, name);
	}
}

/* Scans what the references have at the leaks' paths. */
static void scan_places(struct present *p, struct engine *engine, const struct ruleset *set,
                        const struct sighting_options *options)
{
	struct objects objects = {.repository = p->repository};
	struct sightings sightings = {0};
	struct id_map blobs = {0};

	for (size_t i = 0; i < p->count; i++)
		id_map_add(&blobs, &p->places[i].blob, NULL);
	objects_select(&objects, &blobs);
	sightings_collect(&sightings, &objects, engine, set, options);
	for (size_t i = 0; i < p->count; i++) {
		const struct place *place = &p->places[i];

		if (has_secret(&sightings.blobs, &place->blob, &p->leaks->items[place->leak]))
			raise_state(p, place);
	}
	sightings_release(&sightings);
	objects_close(&objects);
	id_map_release(&blobs);
}

/* ---- What references lead to ---- */

/* Of leaks in commits that no reference of the range led to: do other references lead to them? */
static void find_reachable(struct present *p)
{
	struct range_ends ends = {0};
	struct leak_list *leaks = p->leaks;
	struct range range = {0};

	for (size_t i = 0; i < leaks->count; i++) {
		const struct leak *leak = &leaks->items[i];

		for (size_t k = 0; k < leak->count && leak->state == LEAK_UNREACHABLE; k++) {
			if (leak->occurrences[k].has_commit)
				id_map_add(&ends.wanted, &leak->occurrences[k].commit, NULL);
		}
	}
	for (size_t i = 0; i < p->references->count; i++)
		id_map_add(&ends.unwanted, &p->references->items[i].id, NULL);
	if (ends.wanted.count && !range_find(&range, p->repository, &ends, 0, NULL)) {
		for (size_t i = 0; i < leaks->count; i++) {
			struct leak *leak = &leaks->items[i];

			for (size_t k = 0; k < leak->count; k++) {
				const struct occurrence *o = &leak->occurrences[k];

				if (leak->state == LEAK_UNREACHABLE && o->has_commit &&
				    id_map_find(&range.commits, &o->commit) == ID_MAP_NONE)
					leak->state = LEAK_HISTORY;
			}
		}
	}
	range_release(&range);
	range_ends_release(&ends);
}

void present_find(struct leak_list *leaks, const struct commits *graph,
                  struct repository *repository, const struct reference_list *references,
                  struct engine *engine, const struct ruleset *set,
                  const struct sighting_options *options)
{
	static const struct object_id none = {{0}};
	struct present p = {.leaks = leaks, .references = references, .repository = repository};

	if (!leaks->count)
		return;
	buf_init(&p.object, OBJECT_MAX);
	for (size_t i = 0; i < references->count && p.count < LOOKUPS_MAX; i++) {
		const struct object_id *id = &references->items[i].commit;
		uint32_t commit = id_map_find(&graph->ids, id);

		if (!object_id_equal(id, &none) &&
		    (commit == ID_MAP_NONE || !graph->items[commit].present))
			look_up(&p, i);
	}
	if (p.count)
		scan_places(&p, engine, set, options);
	find_reachable(&p);
	free(p.places);
	buf_release(&p.object);
}
