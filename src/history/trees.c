#include "history/trees.h"

#include "base/memory.h"
#include "base/pool.h"
#include "history/tree_records.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	FILTER_MIN = 10,      /* of the filter of ids: the power of two of its bits */
	FILTER_MAX = 26,      /* 8 MiB */
	FILTER_SPARSE = 32,   /* bits for each object */
	HELD_COUNT = 1 << 16, /* ids; 1.3 MB for each thread */
	DEPTH_MAX = 1024,     /* folders in folders; deeper paths are not followed */
	LINKS_MAX = 1 << 17,  /* that one comparison follows */
	TOLD_MAX = 64,
	AHEAD = 16, /* records on, whose ids are called for */
	FEW = 512,  /* trees; looking at so many takes no longer than starting a thread */
};

/* ---- Reading the trees ---- */

/* Entries of a tree: some that are copied from the base, or one that is not. */
struct told {
	bool copied;
	struct tree_entry entry; /* of copied ones `start` and `end` in the base only */
	size_t at;               /* where these are copied to */
};

/* One worker's trees. */
struct share {
	struct tree_records records;
	const struct building *building;
	struct told told[TOLD_MAX]; /* of the tree that is being read; what it means comes later */
	size_t told_count;
	bool marked;            /* that tree is */
	struct id_map missing;  /* what these trees name and no store holds */
	struct object_id *held; /* some that stores hold, by key: versions name the same again */
	size_t marked_count;    /* trees, without those that are here again */
	uint32_t first_tree, trees_end; /* the graph's trees that are recorded here */
	uint32_t *names;                /* the graph's numbers of the records' names */
};

struct building {
	struct tree_graph *graph;
	const struct objects *objects; /* to look for what is missing; NULL: not asked */
	struct share *workers;
	unsigned worker_count;
	atomic_uint next;          /* the worker whose trees are to be looked at */
	atomic_bool more;          /* trees were marked */
	_Atomic uint64_t *filter;  /* of marked trees' ids, by their first bits */
	unsigned filter_shift;     /* the other bits of a key */
	struct tree_place *places; /* by tree */
};

/* Where a tree of the graph is recorded. */
struct tree_place {
	struct share *worker;
	uint32_t record;
	uint32_t run; /* of that record, once it was followed */
};

/* The visitor's state of a tree. */
struct tree_state {
	uint32_t record; /* its number + 1 */
	struct tree_shape entries;
	struct tree_shape exits; /* some of these */
};

/* The first bytes of an id. */
static uint32_t id_key(const struct object_id *id)
{
	uint32_t key;

	memcpy(&key, id->bytes, sizeof(key));
	return key;
}

/* Makes the filter no larger than needed: each page that it touches the system has to make. */
static void filter_init(struct building *b, uint64_t objects)
{
	unsigned power = FILTER_MIN;

	while (power < FILTER_MAX && UINT64_C(1) << power < objects * FILTER_SPARSE)
		power++;
	b->filter_shift = 32 - power;
	b->filter = mem_calloc((size_t)1 << (power - 6), sizeof(*b->filter));
}

/* All threads add. */
static void filter_add(struct building *b, const struct object_id *id)
{
	uint32_t bit = id_key(id) >> b->filter_shift;

	atomic_fetch_or_explicit(&b->filter[bit / 64], UINT64_C(1) << bit % 64,
	                         memory_order_relaxed);
}

static bool filter_has(const struct building *b, const struct object_id *id)
{
	uint32_t bit = id_key(id) >> b->filter_shift;

	return atomic_load_explicit(&b->filter[bit / 64], memory_order_relaxed) >> bit % 64 & 1;
}

/* No id's place has that id. */
static struct object_id *new_held(void)
{
	struct object_id *held = mem_calloc(HELD_COUNT, sizeof(*held));

	memset(held, UCHAR_MAX, sizeof(*held)); /* where the id of zeros would stand */
	return held;
}

static struct object_id *place_of(const struct share *s, const struct object_id *id)
{
	return &s->held[id_key(id) % HELD_COUNT];
}

static bool holds(const struct objects *objects, struct share *s, const struct object_id *id)
{
	struct object_id *held = place_of(s, id);

	if (object_id_equal(held, id))
		return true;
	if (!objects_hold(objects, id))
		return false;
	*held = *id;
	return true;
}

/* Whether the entry leads to a target. */
static bool is_target(struct share *s, const struct tree_entry *e)
{
	const struct building *b = s->building;

	if (e->mode == MODE_GITLINK)
		return false;
	if (id_map_find(&b->graph->targets, &e->id) != ID_MAP_NONE)
		return true;
	if (!b->objects || holds(b->objects, s, &e->id))
		return false;
	id_map_add(&s->missing, &e->id, NULL);
	return true;
}

/*
 * Records what was told. Looking for ids is waiting for memory; with all of them called for before
 * the first is needed, it is waited for once.
 */
static void record_told(struct share *s)
{
	for (size_t i = 0; s->building->objects && i < s->told_count; i++) {
		const struct object_id *id = &s->told[i].entry.id;

		if (!s->told[i].copied && !object_id_equal(place_of(s, id), id))
			objects_expect(s->building->objects, id);
	}
	for (size_t i = 0; i < s->told_count; i++) {
		const struct told *t = &s->told[i];
		bool target = !t->copied && is_target(s, &t->entry);

		s->marked |= target;
		if (t->copied)
			tree_records_copy(&s->records, t->entry.start, t->entry.end, t->at);
		else if (target || t->entry.mode == MODE_FOLDER)
			tree_records_exit(&s->records, &t->entry);
	}
	s->told_count = 0;
}

static struct told *add_told(struct share *s)
{
	if (s->told_count == TOLD_MAX)
		record_told(s);
	return &s->told[s->told_count++];
}

static void tell_copied(void *context, size_t start, size_t end, size_t at)
{
	struct told *told = add_told(context);

	*told = (struct told){.copied = true, .entry = {.start = start, .end = end}, .at = at};
}

static void record_tree(void *context, unsigned worker, const struct walked *tree)
{
	struct building *b = context;
	struct share *s = &b->workers[worker];
	struct tree_state *state = tree->state;
	const struct tree_state *base = tree->base_state;
	struct tree_record record = {
	    .id = *tree->id, .again = tree->again, .loose = tree->pack == WALKED_LOOSE};
	struct tree_reader reader = {.tree = tree->bytes,
	                             .segments = tree->segments,
	                             .segment_count = tree->segment_count,
	                             .base = base ? &base->entries : NULL,
	                             .shape = &state->entries,
	                             .copied = tell_copied,
	                             .context = s};
	struct tree_entry e = {0};

	record.base = base ? base->record : 0;
	/* Whatever the base leads to, this is taken to lead to as well, until that is followed. */
	s->marked = record.base && s->records.items[record.base - 1].marked;
	tree_records_start(&s->records, base ? &base->exits : NULL, &state->exits);
	while (tree_reader_next(&reader, &e)) {
		struct told *told = add_told(s);

		told->copied = false;
		told->entry = e;
		__builtin_prefetch(place_of(s, &e.id));
	}
	record_told(s);
	record.marked = s->marked;
	if (record.marked)
		filter_add(b, tree->id);
	state->record = tree_records_add(&s->records, record);
}

static size_t state_bytes(const void *state)
{
	const struct tree_state *s = state;

	return (s->entries.cap + s->exits.cap) * sizeof(*s->entries.ends);
}

static void forget(void *state)
{
	struct tree_state *s = state;

	tree_shape_release(&s->entries);
	tree_shape_release(&s->exits);
}

static void lose_nothing(void *context, unsigned worker, const struct object_id *id,
                         const char *detail)
{
	(void)context;
	(void)worker;
	(void)id;
	(void)detail;
}

/* Records all trees, and adds what is missing to the targets. */
static void read_trees(struct building *b, struct objects *objects,
                       const struct walk_options *options)
{
	struct visitor visitor = {.context = b,
	                          .types = 1u << OBJECT_TREE,
	                          .state_size = sizeof(struct tree_state),
	                          .least_copy = OBJECT_ID_SIZE,
	                          .visit = record_tree,
	                          .state_bytes = state_bytes,
	                          .forget = forget,
	                          .lose = lose_nothing};
	struct walk_counts counts;

	filter_init(b, objects_count(objects));
	for (unsigned w = 0; w < b->worker_count; w++) {
		b->workers[w].building = b;
		b->workers[w].held = new_held();
	}
	if (b->graph->led)
		objects_walk_leads(objects, &visitor, options, &counts);
	else
		objects_walk(objects, &visitor, options, &counts);
	for (unsigned w = 0; w < b->worker_count; w++) {
		struct share *s = &b->workers[w];

		for (uint32_t i = 0; i < s->missing.count; i++)
			id_map_add(&b->graph->targets, &s->missing.ids[i], NULL);
		id_map_release(&s->missing);
		free(s->held);
	}
}

/* Whether a tree of a pack names a folder or target that no pack holds. */
static bool name_outside(const struct tree_records *r, const struct objects *objects)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct tree_record *t = &r->items[i];

		for (uint32_t k = 0; k < t->count && !t->loose; k++) {
			const struct tree_step *step = &r->steps[t->first + k];

			if (step->name != TREE_NAME_NONE && !objects_pack(objects, &step->id))
				return true;
		}
	}
	return false;
}

/* ---- Which trees lead to the targets ---- */

/*
 * Lets threads do the work, which takes the next worker's trees until none are left. For a few
 * trees it takes longer to start a thread.
 */
static void run_all(struct building *b, void (*work)(void *building, unsigned number))
{
	size_t count = 0;

	for (unsigned w = 0; w < b->worker_count; w++)
		count += b->workers[w].records.count;
	atomic_store(&b->next, 0);
	pool_run(count < FEW ? 1 : b->worker_count, work, b);
}

/* Whether the tree names a marked folder, or is based on a marked tree. */
static bool may_lead(const struct building *b, const struct tree_records *r,
                     const struct tree_record *t)
{
	if (t->base && r->items[t->base - 1].marked)
		return true;
	for (uint32_t i = 0; i < t->count; i++) {
		if (filter_has(b, &r->steps[t->first + i].id))
			return true;
	}
	return false;
}

/* Marks those of the worker's trees that may lead to marked ones; false: none was new. */
static bool mark_trees(struct building *b, struct share *s)
{
	struct tree_records *r = &s->records;
	bool more = false;

	s->marked_count = 0;
	for (size_t i = 0; i < r->count; i++) {
		struct tree_record *t = &r->items[i];

		if (!t->marked && may_lead(b, r, t)) {
			t->marked = more = true;
			filter_add(b, &t->id);
		}
		s->marked_count += t->marked && !t->again;
	}
	return more;
}

static void mark_more(void *shared, unsigned number)
{
	struct building *b = shared;
	unsigned next;

	(void)number;
	while ((next = atomic_fetch_add(&b->next, 1)) < b->worker_count) {
		if (mark_trees(b, &b->workers[next]))
			atomic_store(&b->more, true);
	}
}

/* Marks all trees that may lead to marked ones. Returns how many are marked. */
static size_t mark_all(struct building *b)
{
	size_t count = 0;

	do {
		atomic_store(&b->more, false);
		run_all(b, mark_more);
	} while (atomic_load(&b->more));
	for (unsigned w = 0; w < b->worker_count; w++)
		count += b->workers[w].marked_count;
	return count;
}

/* Gives the graph the trees that lead to a target, and perhaps some more. */
static void find_trees(struct building *b)
{
	struct id_map *trees = &b->graph->trees;
	size_t count = mark_all(b);

	id_map_reserve(trees, count);
	b->places = mem_calloc(count, sizeof(*b->places));
	for (unsigned w = 0; w < b->worker_count; w++) {
		const struct tree_records *r = &b->workers[w].records;

		b->workers[w].first_tree = trees->count;
		for (size_t i = 0; i < r->count; i++) {
			bool added = false;
			uint32_t tree;

			if (i + AHEAD < r->count && r->items[i + AHEAD].marked)
				id_map_expect(trees, &r->items[i + AHEAD].id);
			if (!r->items[i].marked || r->items[i].again)
				continue;
			tree = id_map_add(trees, &r->items[i].id, &added);
			if (added) /* no other pack holds it, too */
				b->places[tree] =
				    (struct tree_place){&b->workers[w], (uint32_t)i, 0};
		}
		b->workers[w].trees_end = trees->count;
	}
}

static void follow_trees(void *shared, unsigned number)
{
	struct building *b = shared;
	unsigned next;

	(void)number;
	while ((next = atomic_fetch_add(&b->next, 1)) < b->worker_count) {
		const struct share *s = &b->workers[next];
		struct tree_records *r = &b->workers[next].records;

		tree_records_follow(r, &b->graph->targets, &b->graph->trees);
		for (uint32_t t = s->first_tree; t < s->trees_end; t++)
			b->places[t].run = r->items[b->places[t].record].run;
	}
}

/* ---- Nodes ---- */

/*
 * What is known of nodes while they are made. The links of a node are read one after the other:
 * each leads from one state to the next. So equal links end in one state, and different ones in
 * two.
 */
struct naming {
	struct tree_graph *graph;
	const struct building *building;
	struct id_map states; /* keys of (state, link); number + 1 is the state that comes next */
	uint32_t *nodes;      /* by state; NODE_NONE: no node's links end here */
	size_t cap;
};

/* The state after `state` (0: there was no link yet) and a link of this name. */
static uint32_t next_state(struct naming *n, uint32_t state, uint32_t name, const struct way *way,
                           uint32_t to)
{
	const uint32_t parts[] = {state, name, to, way->is_target};
	struct object_id key = {{0}};
	bool added;

	_Static_assert(sizeof(parts) <= sizeof(key.bytes), "an id holds a key");
	memcpy(key.bytes, parts, sizeof(parts));
	state = id_map_add(&n->states, &key, &added) + 1;
	if (added) {
		n->nodes = mem_grow(n->nodes, state, &n->cap, sizeof(*n->nodes));
		n->nodes[state] = NODE_NONE;
	}
	return state;
}

/* The node that has the graph's links from `first` on, which end in the state. */
static uint32_t node_of_links(struct naming *n, size_t first, uint32_t state)
{
	struct tree_graph *g = n->graph;

	if (g->link_count == first)
		return NODE_NONE;
	if (n->nodes[state] != NODE_NONE) {
		g->link_count = first;
		return n->nodes[state];
	}
	n->nodes[state] = (uint32_t)g->node_count;
	g->nodes = mem_grow(g->nodes, g->node_count, &g->node_cap, sizeof(*g->nodes));
	g->nodes[g->node_count++] = (struct node){first, (uint32_t)(g->link_count - first)};
	return n->nodes[state];
}

/* Gives the tree, those with the same ways, and all below them their nodes. */
static uint32_t name_tree(struct naming *n, uint32_t tree, unsigned depth)
{
	struct tree_graph *g = n->graph;
	const struct share *s = n->building->places[tree].worker;
	const struct tree_records *r = &s->records;
	struct tree_run *run = &r->runs[n->building->places[tree].run];
	const struct way *ways = r->ways + run->first;
	uint32_t state = 0;
	size_t first;

	g->open |= depth > DEPTH_MAX;
	if (run->done || depth > DEPTH_MAX)
		return run->node;
	run->done = true;
	/* The nodes below come first, so that this one's links stand together. */
	for (uint32_t i = 0; i < run->count; i++) {
		if (!ways[i].is_target)
			name_tree(n, ways[i].to, depth + 1);
	}
	first = g->link_count;
	for (uint32_t i = 0; i < run->count; i++) {
		uint32_t name = s->names[ways[i].name], to = ways[i].to;

		if (!ways[i].is_target)
			to = name_tree(n, to, depth + 1);
		if (!ways[i].is_target && to == NODE_NONE)
			continue;
		g->links = mem_grow(g->links, g->link_count, &g->link_cap, sizeof(*g->links));
		g->links[g->link_count++] =
		    (struct link){g->names.texts[name], ways[i].is_target, to};
		state = next_state(n, state, name, &ways[i], to);
	}
	run->node = node_of_links(n, first, state);
	return run->node;
}

/* Gives all names of all workers the graph's numbers. */
static void number_names(struct building *b)
{
	for (unsigned w = 0; w < b->worker_count; w++) {
		struct share *s = &b->workers[w];
		bool added;

		s->names = mem_calloc(s->records.name_count, sizeof(*s->names));
		for (size_t i = 0; i < s->records.name_count; i++)
			s->names[i] = text_map_add(&b->graph->names, s->records.names[i], &added);
	}
}

/* Gives all trees their nodes. */
static void name_trees(struct building *b)
{
	struct tree_graph *g = b->graph;
	struct naming naming = {.graph = g, .building = b};

	number_names(b);
	g->tree_nodes = mem_calloc(g->trees.count, sizeof(*g->tree_nodes));
	for (uint32_t t = 0; t < g->trees.count; t++)
		g->tree_nodes[t] = name_tree(&naming, t, 0);
	id_map_release(&naming.states);
	free(naming.nodes);
}

void tree_graph_init(struct tree_graph *graph)
{
	*graph = (struct tree_graph){0};
	graph->nodes = mem_grow(graph->nodes, 0, &graph->node_cap, sizeof(*graph->nodes));
	graph->nodes[graph->node_count++] = (struct node){0};
}

void tree_graph_build(struct tree_graph *graph, struct objects *objects, const struct id_map *blobs,
                      bool find_missing, const struct walk_options *options)
{
	struct building b = {.graph = graph,
	                     .objects = find_missing ? objects : NULL,
	                     .worker_count = options->threads};

	for (uint32_t i = 0; i < blobs->count; i++)
		id_map_add(&graph->targets, &blobs->ids[i], NULL);
	graph->blob_count = blobs->count;
	b.workers = mem_calloc(b.worker_count, sizeof(*b.workers));
	graph->led = !find_missing && !objects->selected && objects_have_leads(objects, blobs);
	read_trees(&b, objects, options);
	graph->open =
	    !objects->pack_notes || objects->pack_count != 1 || graph->led || find_missing;
	for (unsigned w = 0; w < b.worker_count && !graph->open; w++)
		graph->open = name_outside(&b.workers[w].records, objects);
	find_trees(&b);
	run_all(&b, follow_trees);
	name_trees(&b);
	for (unsigned w = 0; w < b.worker_count; w++) {
		graph->cut |= b.workers[w].records.cut;
		free(b.workers[w].names);
		tree_records_release(&b.workers[w].records);
	}
	free(b.workers);
	free(b.filter);
	free(b.places);
}

void tree_graph_release(struct tree_graph *graph)
{
	free(graph->nodes);
	free(graph->links);
	free(graph->tree_nodes);
	id_map_release(&graph->targets);
	id_map_release(&graph->trees);
	text_map_release(&graph->names);
	*graph = (struct tree_graph){0};
}

/* ---- Using the graph ---- */

uint32_t tree_graph_node(const struct tree_graph *graph, const struct object_id *tree)
{
	uint32_t number = id_map_find(&graph->trees, tree);

	return number == ID_MAP_NONE ? NODE_NONE : graph->tree_nodes[number];
}

/* The node's link of this name, or NULL. */
static const struct link *find_link(const struct tree_graph *g, uint32_t node, struct bytes name)
{
	const struct link *links = g->links + g->nodes[node].first;
	size_t low = 0, high = g->nodes[node].count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = bytes_compare(links[middle].name, name);

		if (order == 0)
			return &links[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint32_t tree_graph_find(const struct tree_graph *graph, uint32_t node, struct bytes path)
{
	for (;;) {
		const unsigned char *slash = memchr(path.ptr, '/', path.len);
		size_t len = slash ? (size_t)(slash - path.ptr) : path.len;
		const struct link *link = find_link(graph, node, bytes_slice(path, 0, len));

		if (!link || link->is_target == (slash != NULL))
			return ID_MAP_NONE;
		if (link->is_target)
			return link->to;
		node = link->to;
		path = bytes_slice(path, len + 1, path.len);
	}
}

struct comparison {
	const struct tree_graph *graph;
	void (*visit)(void *context, struct bytes path, uint32_t target, uint32_t old);
	void *context;
	struct buf path;
	uint32_t followed; /* links */
};

static void compare_nodes(struct comparison *c, uint32_t from, uint32_t to, unsigned depth)
{
	const struct tree_graph *g = c->graph;
	size_t length = c->path.len;

	if (from == to || depth > DEPTH_MAX)
		return;
	for (uint32_t i = 0; i < g->nodes[to].count; i++) {
		const struct link *new = &g->links[g->nodes[to].first + i];
		const struct link *old = find_link(g, from, new->name);

		if (c->followed == LINKS_MAX)
			return;
		c->followed++;
		if (buf_appendf(&c->path, "%s", length ? "/" : "") ||
		    buf_append(&c->path, new->name)) {
			c->path.len = length;
			continue; /* no system has such a path */
		}
		if (!new->is_target)
			compare_nodes(c, old && !old->is_target ? old->to : NODE_NONE, new->to,
			              depth + 1);
		else if (!old || !old->is_target || old->to != new->to)
			c->visit(c->context, buf_bytes(&c->path), new->to,
			         old && old->is_target ? old->to : ID_MAP_NONE);
		c->path.len = length;
	}
}

void tree_graph_compare(struct tree_graph *graph, uint32_t from, uint32_t to,
                        void (*visit)(void *context, struct bytes path, uint32_t target,
                                      uint32_t old),
                        void *context)
{
	struct comparison c = {.graph = graph, .visit = visit, .context = context};

	buf_init(&c.path, (size_t)1024 * 1024);
	compare_nodes(&c, from, to, 0);
	graph->cut |= c.followed == LINKS_MAX;
	buf_release(&c.path);
}

/* Sets reached for the targets of the node itself, and puts its folders on the list. */
static size_t reach_from(const struct tree_graph *graph, uint32_t node, bool *seen, bool *reached,
                         uint32_t **list, size_t count, size_t *cap)
{
	for (uint32_t i = 0; i < graph->nodes[node].count; i++) {
		const struct link *link = &graph->links[graph->nodes[node].first + i];

		if (link->is_target) {
			reached[link->to] = true;
		} else if (!seen[link->to]) {
			seen[link->to] = true;
			*list = mem_grow(*list, count, cap, sizeof(**list));
			(*list)[count++] = link->to;
		}
	}
	return count;
}

void tree_graph_reach(const struct tree_graph *graph, uint32_t node, bool *seen, bool *reached)
{
	uint32_t *list = NULL;
	size_t count = 0, cap = 0;

	if (seen[node])
		return;
	seen[node] = true;
	count = reach_from(graph, node, seen, reached, &list, count, &cap);
	while (count) {
		count--;
		count = reach_from(graph, list[count], seen, reached, &list, count, &cap);
	}
	free(list);
}
