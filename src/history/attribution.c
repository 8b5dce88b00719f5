#include "history/attribution.h"

#include "base/memory.h"
#include "detect/fingerprint.h"
#include "detect/paths.h"

#include <stdlib.h>

enum {
	AHEAD = 16,             /* commits on, whose trees are called for */
	TAGS_MAX = 64,          /* tags of tags that are followed */
	TAG_SIZE_MAX = 1 << 24, /* bytes of a tag that is followed */
};

static const char message_path_commit[] = ".git/commit-message";
static const char message_path_tag[] = ".git/tag-message";

/* A change of a path's content by a commit, after which it has the secret. */
struct event {
	uint32_t trail;
	uint32_t commit; /* COMMIT_NONE: no commit leads to the object */
	bool brought;    /* no parent has the secret there */
	const struct sighting *sighting;
};

/* A secret at a path. */
struct trail {
	uint32_t secret;
	enum object_type kind;
	struct bytes path;
};

struct attribution {
	const struct sightings *sightings;
	const struct reference_list *references;
	const struct objects *objects;
	const bool *selected; /* by commit; NULL: all are */
	struct tree_graph *trees;
	uint32_t *commit_nodes; /* by commit: the node of its tree */
	bool *reachable;        /* by commit */
	struct id_map trail_ids;
	struct trail *trails;
	size_t trail_cap;
	struct event *events; /* in topological order of their commits */
	size_t event_count;
	size_t event_cap;
	uint8_t *states; /* by secret: enum leak_state */
	int64_t *left;   /* by secret: the last date of a commit that took it from a path */
	struct ref_names {
		const char **items; /* NULL-terminated when complete */
		size_t count;
		size_t cap;
	} * refs;                 /* by secret */
	struct arena *arena;      /* of the leaks */
	uint32_t present;         /* the commit or reference that is being compared */
	const char *present_name; /* its name, if it is a reference */
};

/* ---- Events ---- */

/* The number of the trail of this secret and path; it begins now if it is new. */
static uint32_t trail_of(struct attribution *a, uint32_t secret, enum object_type kind,
                         struct bytes path)
{
	/* Keyed only because the function is; the digest never leaves the process. */
	static const struct fingerprint_key key = {{0}};
	struct object_id digest = {{0}};
	uint32_t trail;
	bool added;

	fingerprint_make(&key, "trail", path, digest.bytes);
	memcpy(digest.bytes + FINGERPRINT_SIZE, &secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++) /* the map looks at the first bytes */
		digest.bytes[i] ^= digest.bytes[FINGERPRINT_SIZE + i];
	digest.bytes[sizeof(secret)] ^= (unsigned char)kind;
	trail = id_map_add(&a->trail_ids, &digest, &added);
	if (added) {
		a->trails = mem_grow(a->trails, trail, &a->trail_cap, sizeof(*a->trails));
		a->trails[trail] = (struct trail){secret, kind, arena_bytes(a->arena, path)};
	}
	return trail;
}

static void add_event(struct attribution *a, const struct sighting *sighting, enum object_type kind,
                      struct bytes path, uint32_t commit, bool brought)
{
	struct event event = {trail_of(a, sighting->secret, kind, path), commit, brought, sighting};

	a->events = mem_grow(a->events, a->event_count, &a->event_cap, sizeof(*a->events));
	a->events[a->event_count++] = event;
}

/* Whether the blob has the secret; ID_MAP_NONE has none. */
static bool blob_has(const struct attribution *a, uint32_t blob, uint32_t secret)
{
	const struct sighting_table *t = &a->sightings->blobs;
	size_t low, high;

	if (blob >= t->objects.count) /* there is none, or it is missing */
		return false;
	low = t->first[blob];
	high = t->first[blob + 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->items[middle].secret == secret)
			return true;
		if (t->items[middle].secret < secret)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Whether one of the commit's parents, but for the first, has the secret at the path. */
static bool other_parent_has(const struct attribution *a, uint32_t commit, struct bytes path,
                             uint32_t secret)
{
	const struct commits *commits = &a->sightings->graph;
	const struct commit *c = &commits->items[commit];

	for (uint32_t p = 1; p < c->parent_count; p++) {
		uint32_t node = a->commit_nodes[commits->parents[c->first_parent + p]];

		if (blob_has(a, tree_graph_find(a->trees, node, path), secret))
			return true;
	}
	return false;
}

/* The present commit has the blob at the path, where its first parent has `old`. */
static void note_change(void *context, struct bytes path, uint32_t blob, uint32_t old)
{
	struct attribution *a = context;
	const struct sighting_table *t = &a->sightings->blobs;

	if (blob >= t->objects.count)
		return;
	for (size_t i = t->first[blob]; i < t->first[blob + 1]; i++) {
		uint32_t secret = t->items[i].secret;

		add_event(a, &t->items[i], OBJECT_BLOB, path, a->present,
		          !blob_has(a, old, secret) &&
		              !other_parent_has(a, a->present, path, secret));
	}
}

/* The present commit's first parent has the blob at the path, where the commit has `now`. */
static void note_removal(void *context, struct bytes path, uint32_t blob, uint32_t now)
{
	struct attribution *a = context;
	const struct sighting_table *t = &a->sightings->blobs;
	int64_t date = a->sightings->graph.items[a->present].date;

	(void)path;
	if (blob >= t->objects.count)
		return;
	for (size_t i = t->first[blob]; i < t->first[blob + 1]; i++) {
		int64_t *left = &a->left[t->items[i].secret];

		if (date > *left && !blob_has(a, now, t->items[i].secret))
			*left = date;
	}
}

/* Follows all commits, parents first, and notes what each changes. */
static void follow_commits(struct attribution *a, const uint32_t *order, uint32_t count)
{
	const struct commits *commits = &a->sightings->graph;

	for (uint32_t i = 0; i < count; i++) {
		const struct commit *c = &commits->items[order[i]];
		uint32_t parent = c->parent_count
		                      ? a->commit_nodes[commits->parents[c->first_parent]]
		                      : NODE_NONE;

		if (a->selected && !a->selected[order[i]])
			continue;
		a->present = order[i];
		tree_graph_compare(a->trees, parent, a->commit_nodes[order[i]], note_change, a);
		if (!a->selected) /* else who took it out may not be among them */
			tree_graph_compare(a->trees, a->commit_nodes[order[i]], parent,
			                   note_removal, a);
	}
}

/* Notes the secrets in messages of commits, in the same order, and of tags. */
static void follow_messages(struct attribution *a, const uint32_t *order, uint32_t count)
{
	const struct sightings *s = a->sightings;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t object = id_map_find(&s->commits.objects, &s->graph.ids.ids[order[i]]);

		if (object == ID_MAP_NONE || (a->selected && !a->selected[order[i]]))
			continue;
		for (size_t k = s->commits.first[object]; k < s->commits.first[object + 1]; k++) {
			add_event(a, &s->commits.items[k], OBJECT_COMMIT,
			          bytes_of(message_path_commit), order[i], true);
		}
	}
	for (size_t k = 0; k < s->tags.count && (!a->selected || a->objects->selected); k++) {
		add_event(a, &s->tags.items[k], OBJECT_TAG, bytes_of(message_path_tag), COMMIT_NONE,
		          true);
	}
}

/* Notes blobs that no commit leads to; with ids, only these. */
static void follow_dangling(struct attribution *a, const struct id_map *ids)
{
	const struct sighting_table *t = &a->sightings->blobs;
	bool *attributed = mem_calloc(t->objects.count, sizeof(*attributed));

	for (size_t i = 0; i < a->event_count; i++) {
		if (a->trails[a->events[i].trail].kind == OBJECT_BLOB)
			attributed[a->events[i].sighting->object] = true;
	}
	for (size_t i = 0; i < t->count; i++) {
		if (attributed[t->items[i].object])
			continue;
		if (!ids || id_map_find(ids, &t->objects.ids[t->items[i].object]) != ID_MAP_NONE)
			add_event(a, &t->items[i], OBJECT_BLOB, (struct bytes){NULL, 0},
			          COMMIT_NONE, true);
	}
	free(attributed);
}

/* ---- States ---- */

static void raise_state(struct attribution *a, uint32_t secret, enum leak_state state)
{
	struct ref_names *refs = &a->refs[secret];

	if (state < a->states[secret])
		a->states[secret] = (uint8_t)state;
	if (state != LEAK_TIP ||
	    (refs->count && strcmp(refs->items[refs->count - 1], a->present_name) == 0))
		return;
	refs->items = mem_grow(refs->items, refs->count, &refs->cap, sizeof(*refs->items));
	refs->items[refs->count++] = a->present_name;
}

/* The present reference's tree has the blob. */
static void note_present(void *context, struct bytes path, uint32_t blob, uint32_t old)
{
	struct attribution *a = context;
	const struct sighting_table *t = &a->sightings->blobs;

	(void)path;
	(void)old;
	if (blob >= t->objects.count)
		return;
	for (size_t i = t->first[blob]; i < t->first[blob + 1]; i++)
		raise_state(a, t->items[i].secret, (enum leak_state)a->present);
}

/* What the reference names may be a tag with a secret in its message, or a blob. */
static void note_object(struct attribution *a, const struct sighting_table *t,
                        const struct object_id *id, enum leak_state state)
{
	uint32_t object = id_map_find(&t->objects, id);

	if (object == ID_MAP_NONE)
		return;
	for (size_t i = t->first[object]; i < t->first[object + 1]; i++)
		raise_state(a, t->items[i].secret, state);
}

/*
 * The present reference names no commit itself: notes the tags that it leads through, and the blob
 * or tree at their end.
 */
static void note_tagged(struct attribution *a, struct object_id id)
{
	enum object_type type;
	struct buf object;

	buf_init(&object, TAG_SIZE_MAX);
	for (unsigned i = 0; i < TAGS_MAX; i++) {
		note_object(a, &a->sightings->tags, &id, LEAK_TIP);
		note_object(a, &a->sightings->blobs, &id, (enum leak_state)a->present);
		tree_graph_compare(a->trees, NODE_NONE, tree_graph_node(a->trees, &id),
		                   note_present, a);
		if (repository_read(a->objects->repository, &id, &type, &object, NULL) ||
		    type != OBJECT_TAG || !tag_target(buf_bytes(&object), &id))
			break;
	}
	buf_release(&object);
}

static void find_states(struct attribution *a)
{
	const struct sightings *s = a->sightings;

	memset(a->states, LEAK_UNREACHABLE, s->secret_count);
	for (size_t i = 0; i < a->references->count; i++) {
		const struct reference *r = &a->references->items[i];
		uint32_t commit = id_map_find(&s->graph.ids, &r->commit);
		enum leak_state state = strcmp(r->name, "HEAD") == 0 ? LEAK_HEAD : LEAK_TIP;

		a->present_name = r->name;
		a->present = state;
		if (commit != ID_MAP_NONE) {
			commits_reach(&s->graph, commit, a->reachable);
			tree_graph_compare(a->trees, NODE_NONE, a->commit_nodes[commit],
			                   note_present, a);
		}
		if (!object_id_equal(&r->id, &r->commit))
			note_tagged(a, r->id);
	}
	for (size_t i = 0; i < a->event_count; i++) {
		if (a->events[i].commit != COMMIT_NONE && a->reachable[a->events[i].commit])
			raise_state(a, a->trails[a->events[i].trail].secret, LEAK_HISTORY);
	}
}

/* ---- Leaks ---- */

static int event_order(const void *left, const void *right)
{
	const struct event *const *a = left, *const *b = right;

	if ((*a)->sighting->secret != (*b)->sighting->secret)
		return (*a)->sighting->secret < (*b)->sighting->secret ? -1 : 1;
	if ((*a)->trail != (*b)->trail)
		return (*a)->trail < (*b)->trail ? -1 : 1;
	return *a < *b ? -1 : 1; /* the events stand in topological order */
}

static const struct object_id *object_of(const struct attribution *a, const struct event *e)
{
	const struct sightings *s = a->sightings;
	const struct sighting_table *t = a->trails[e->trail].kind == OBJECT_BLOB     ? &s->blobs
	                                 : a->trails[e->trail].kind == OBJECT_COMMIT ? &s->commits
	                                                                             : &s->tags;

	return &t->objects.ids[e->sighting->object];
}

/* Fills in the version that the event made. */
static void set_version(const struct attribution *a, struct occurrence *o, const struct event *e,
                        bool first)
{
	struct finding f = e->sighting->finding;

	f.path = o->path;
	o->last = f;
	o->last_blob = *object_of(a, e);
	if (first) {
		o->first = f;
		o->blob = o->last_blob;
	}
}

/* An occurrence and when it came in. */
struct dated {
	struct occurrence occurrence;
	const struct event *event;
};

static int dated_order(const void *left, const void *right)
{
	const struct dated *a = left, *b = right;

	return a->event < b->event ? -1 : a->event > b->event;
}

/* Cuts the events of one trail into occurrences: each starts with a commit that brought it. */
static size_t occurrences_of_trail(const struct attribution *a, const struct event *const *events,
                                   size_t count, struct dated *out)
{
	const struct trail *trail = &a->trails[events[0]->trail];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct event *e = events[i];
		struct occurrence *o;

		/* The first one starts an occurrence in any case: its parents may be missing. */
		if (e->brought || (n == 0 && !a->selected)) {
			out[n] = (struct dated){.event = e};
			o = &out[n++].occurrence;
			o->path = trail->path;
			o->author = "";
			o->has_commit = e->commit != COMMIT_NONE;
			if (o->has_commit)
				o->commit = a->sightings->graph.ids.ids[e->commit];
			set_version(a, o, e, true);
		} else if (n) {
			set_version(a, &out[n - 1].occurrence, e, false);
		}
	}
	return n;
}

/* Makes the leak of one secret from all its events, which are in order of trail and time. */
static void add_leak(struct attribution *a, struct leak_list *leaks,
                     const struct event *const *events, size_t count)
{
	struct dated *dated = mem_calloc(count, sizeof(*dated));
	const struct ref_names *refs = &a->refs[events[0]->sighting->secret];
	struct leak leak = {.state = (enum leak_state)a->states[events[0]->sighting->secret]};
	size_t n = 0;

	for (size_t i = 0, end; i < count; i = end) {
		const struct trail *trail = &a->trails[events[i]->trail];
		size_t first = n;

		for (end = i; end < count && events[end]->trail == events[i]->trail; end++)
			;
		if (trail->kind != OBJECT_BLOB ||
		    rule_admits_path(events[i]->sighting->finding.rule, trail->path))
			n += occurrences_of_trail(a, events + i, end - i, dated + n);
		for (; first < n; first++) /* the newest version speaks for all */
			dated[first].occurrence.last.allowed =
			    events[end - 1]->sighting->finding.allowed;
	}
	if (n) {
		qsort(dated, n, sizeof(*dated), dated_order);
		leak.kind = a->trails[dated[0].event->trail].kind;
		if (leak.state > LEAK_TIP)
			leak.left = a->left[events[0]->sighting->secret];
		leak.occurrences = arena_alloc(a->arena, n, sizeof(*leak.occurrences));
		for (leak.count = 0; leak.count < n; leak.count++)
			leak.occurrences[leak.count] = dated[leak.count].occurrence;
		if (leak.state == LEAK_TIP) {
			const char **names = arena_alloc(a->arena, refs->count + 1, sizeof(*names));

			for (size_t i = 0; i < refs->count; i++)
				names[i] = arena_text(a->arena, bytes_of(refs->items[i]));
			leak.refs = names;
		}
		leak_list_add(leaks, &leak);
	}
	free(dated);
}

static void add_leaks(struct attribution *a, struct leak_list *leaks)
{
	const struct event **sorted = mem_calloc(a->event_count, sizeof(*sorted));

	for (size_t i = 0; i < a->event_count; i++)
		sorted[i] = &a->events[i];
	if (a->event_count)
		qsort(sorted, a->event_count, sizeof(*sorted), event_order);
	for (size_t i = 0, end; i < a->event_count; i = end) {
		for (end = i; end < a->event_count &&
		              sorted[end]->sighting->secret == sorted[i]->sighting->secret;
		     end++)
			;
		add_leak(a, leaks, sorted + i, end - i);
	}
	free(sorted);
}

void attribute(struct leak_list *leaks, const struct sightings *sightings, struct tree_graph *trees,
               const struct objects *objects, const struct reference_list *references,
               const bool *selected, const struct id_map *pathless)
{
	struct attribution a = {.sightings = sightings,
	                        .trees = trees,
	                        .references = references,
	                        .objects = objects,
	                        .selected = selected,
	                        .arena = &leaks->arena};
	uint32_t commit_count = sightings->graph.ids.count;
	uint32_t *order = mem_calloc(commit_count, sizeof(*order));
	uint32_t sorted = commits_sort(&sightings->graph, order);

	a.commit_nodes = mem_calloc(commit_count, sizeof(*a.commit_nodes));
	a.reachable = mem_calloc(commit_count, sizeof(*a.reachable));
	a.states = mem_calloc(sightings->secret_count, sizeof(*a.states));
	a.refs = mem_calloc(sightings->secret_count, sizeof(*a.refs));
	a.left = mem_calloc(sightings->secret_count, sizeof(*a.left));
	for (uint32_t i = 0; i < commit_count; i++) {
		if (i + AHEAD < commit_count)
			id_map_expect(&trees->trees, &sightings->graph.items[i + AHEAD].tree);
		if (sightings->graph.items[i].present)
			a.commit_nodes[i] = tree_graph_node(trees, &sightings->graph.items[i].tree);
	}
	follow_commits(&a, order, sorted);
	follow_messages(&a, order, sorted);
	if (!selected || pathless)
		follow_dangling(&a, pathless);
	find_states(&a);
	add_leaks(&a, leaks);
	for (uint32_t i = 0; i < sightings->secret_count; i++)
		free(a.refs[i].items);
	free(a.refs);
	free(a.left);
	free(a.states);
	free(a.reachable);
	free(a.commit_nodes);
	free(a.trails);
	free(a.events);
	id_map_release(&a.trail_ids);
	free(order);
}
