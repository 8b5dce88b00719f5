#include "history/trees.h"

#include "base/memory.h"
#include "detect/fingerprint.h"
#include "history/tree_versions.h"

#include <limits.h>
#include <stdlib.h>

enum {
	FILTER_BITS = 26,     /* of the filter of ids: 8 MiB */
	HELD_COUNT = 1 << 16, /* ids; 1.3 MB for each thread */
	DEPTH_MAX = 1024,     /* folders in folders; deeper paths are not followed */
	LINKS_MAX = 1 << 17,  /* that one comparison follows */
};

/* ---- Which trees lead to the targets ---- */

/* The first bytes of an id. */
static uint32_t id_key(const struct object_id *id)
{
	uint32_t key;

	memcpy(&key, id->bytes, sizeof(key));
	return key;
}

/*
 * What is kept of a tree: the folders that it names and that its delta base does not. Whatever the
 * base leads to, this is taken to lead to as well; if it does not, the second walk will see that.
 */
struct record {
	struct object_id id;
	uint32_t base; /* number of the base's record in the same worker's list + 1; 0: none */
	size_t first;  /* index into keys */
	uint32_t count;
	bool marked; /* it leads to a target, or may */
};

/* One worker's records. A base stands before what is based on it. */
struct records {
	struct record *items;
	size_t count;
	size_t cap;
	uint32_t *keys; /* of folders */
	size_t key_count;
	size_t key_cap;
	struct id_map missing;  /* what these trees name and no store holds */
	struct object_id *held; /* some that stores hold, by key: versions name the same again */
};

struct marking {
	const struct id_map *blobs;
	const struct objects *objects; /* to look for what is missing; NULL: not asked */
	struct records *workers;
	unsigned worker_count;
	uint64_t *filter; /* of keys of marked trees, by their first FILTER_BITS bits */
};

/* An entry of a tree that leads to a target, or to another tree that may. */
struct exit {
	uint32_t end; /* of the entry in the tree */
	uint32_t to;  /* number of the target or tree */
	bool is_target;
	struct bytes name;
};

/* The visitor's state of a tree. */
struct tree_state {
	uint32_t record; /* its number + 1 */
	struct tree_shape shape;
	struct exits {
		struct exit *items;
		size_t count;
		size_t cap;
	} exits; /* of the second walk, by `end` */
};

static struct tree_reader reader_of(const struct walked *tree)
{
	const struct tree_state *base = tree->base_state;

	return (struct tree_reader){.tree = tree->bytes,
	                            .segments = tree->segments,
	                            .segment_count = tree->segment_count,
	                            .base = base ? &base->shape : NULL,
	                            .shape = &((struct tree_state *)tree->state)->shape};
}

static void add_key(struct records *r, uint32_t key)
{
	r->keys = mem_grow(r->keys, r->key_count, &r->key_cap, sizeof(*r->keys));
	r->keys[r->key_count++] = key;
}

/* No id's place has that id. */
static struct object_id *new_held(void)
{
	struct object_id *held = mem_calloc(HELD_COUNT, sizeof(*held));

	memset(held, UCHAR_MAX, sizeof(*held)); /* where the id of zeros would stand */
	return held;
}

static bool holds(const struct objects *objects, struct records *r, const struct object_id *id)
{
	struct object_id *held = &r->held[id_key(id) % HELD_COUNT];

	if (object_id_equal(held, id))
		return true;
	if (!objects_hold(objects, id))
		return false;
	*held = *id;
	return true;
}

static void record_tree(void *context, unsigned worker, const struct walked *tree)
{
	struct marking *m = context;
	struct records *r = &m->workers[worker];
	const struct tree_state *base = tree->base_state;
	struct record record = {.id = *tree->id, .first = r->key_count};
	struct tree_reader reader = reader_of(tree);
	struct tree_entry e = {0};

	record.base = base ? base->record : 0;
	record.marked = record.base && r->items[record.base - 1].marked;
	while (tree_reader_next(&reader, &e)) {
		if (e.mode == MODE_GITLINK)
			continue;
		if (e.mode == MODE_FOLDER)
			add_key(r, id_key(&e.id));
		if (id_map_find(m->blobs, &e.id) != ID_MAP_NONE)
			record.marked = true;
		if (m->objects && !holds(m->objects, r, &e.id)) {
			id_map_add(&r->missing, &e.id, NULL);
			record.marked = true;
		}
	}
	record.count = (uint32_t)(r->key_count - record.first);
	r->items = mem_grow(r->items, r->count, &r->cap, sizeof(*r->items));
	r->items[r->count++] = record;
	((struct tree_state *)tree->state)->record = (uint32_t)r->count;
}

static void filter_add(uint64_t *filter, uint32_t key)
{
	key >>= 32 - FILTER_BITS;
	filter[key >> 6] |= UINT64_C(1) << (key & 63);
}

static bool filter_has(const uint64_t *filter, uint32_t key)
{
	key >>= 32 - FILTER_BITS;
	return filter[key >> 6] >> (key & 63) & 1;
}

/* Marks the trees that name a marked folder or are based on a marked tree; false: none was new. */
static bool mark_more(struct marking *m)
{
	bool more = false;

	for (unsigned w = 0; w < m->worker_count; w++) {
		struct records *r = &m->workers[w];

		for (size_t i = 0; i < r->count; i++) {
			struct record *t = &r->items[i];
			bool marked = t->base && r->items[t->base - 1].marked;

			if (t->marked)
				continue;
			for (uint32_t k = 0; k < t->count && !marked; k++)
				marked = filter_has(m->filter, r->keys[t->first + k]);
			if (!marked)
				continue;
			t->marked = more = true;
			filter_add(m->filter, id_key(&t->id));
		}
	}
	return more;
}

static size_t state_bytes(const void *state)
{
	const struct tree_state *s = state;

	return s->shape.cap * sizeof(*s->shape.ends) + s->exits.cap * sizeof(*s->exits.items);
}

static void forget(void *state)
{
	struct tree_state *s = state;

	tree_shape_release(&s->shape);
	free(s->exits.items);
}

static void lose_nothing(void *context, unsigned worker, const struct object_id *id,
                         const char *detail)
{
	(void)context;
	(void)worker;
	(void)id;
	(void)detail;
}

static struct visitor tree_visitor(void *context, void (*visit)(void *context, unsigned worker,
                                                                const struct walked *tree))
{
	return (struct visitor){.context = context,
	                        .types = 1u << OBJECT_TREE,
	                        .state_size = sizeof(struct tree_state),
	                        .least_copy = OBJECT_ID_SIZE,
	                        .visit = visit,
	                        .state_bytes = state_bytes,
	                        .forget = forget,
	                        .lose = lose_nothing};
}

/* The first walk: collects the trees that lead to a target, and perhaps some more. */
static void find_trees(struct tree_graph *graph, struct objects *objects,
                       const struct id_map *blobs, bool find_missing,
                       const struct walk_options *options)
{
	struct marking m = {.blobs = blobs,
	                    .objects = find_missing ? objects : NULL,
	                    .worker_count = options->threads};
	struct visitor visitor = tree_visitor(&m, record_tree);
	struct walk_counts counts;

	m.workers = mem_calloc(m.worker_count, sizeof(*m.workers));
	m.filter = mem_calloc((size_t)1 << (FILTER_BITS - 6), sizeof(*m.filter));
	for (unsigned w = 0; w < m.worker_count; w++)
		m.workers[w].held = new_held();
	objects_walk(objects, &visitor, options, &counts);
	for (unsigned w = 0; w < m.worker_count; w++) {
		for (size_t i = 0; i < m.workers[w].count; i++) {
			if (m.workers[w].items[i].marked)
				filter_add(m.filter, id_key(&m.workers[w].items[i].id));
		}
	}
	while (mark_more(&m))
		;
	for (unsigned w = 0; w < m.worker_count; w++) {
		struct records *r = &m.workers[w];

		for (size_t i = 0; i < r->count; i++) {
			if (r->items[i].marked)
				id_map_add(&graph->trees, &r->items[i].id, NULL);
		}
		for (uint32_t i = 0; i < r->missing.count; i++)
			id_map_add(&graph->targets, &r->missing.ids[i], NULL);
		free(r->items);
		free(r->keys);
		free(r->held);
		id_map_release(&r->missing);
	}
	free(m.workers);
	free(m.filter);
}

/* ---- How they lead there ---- */

/* A way out of a tree. */
struct way {
	uint32_t tree;
	uint32_t to; /* number of the target or tree */
	bool is_target;
	struct bytes name;
};

struct ways {
	struct way *items;
	size_t count;
	size_t cap;
	struct arena names;
};

struct reading {
	const struct tree_graph *graph;
	struct ways *workers;
};

/* A tree's exits while they are read: those of its base and its own. */
struct exits_of {
	const struct exits *base;
	struct exits *own;
};

static void add_exit(struct exits *exits, struct exit exit)
{
	exits->items = mem_grow(exits->items, exits->count, &exits->cap, sizeof(*exits->items));
	exits->items[exits->count++] = exit;
}

/* Takes over the base's exits that end in (start, end]. */
static void copy_exits(void *context, size_t start, size_t end, size_t at)
{
	struct exits_of *exits = context;
	size_t low = 0, high = exits->base->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (exits->base->items[middle].end <= start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < exits->base->count && exits->base->items[low].end <= end; low++) {
		struct exit exit = exits->base->items[low];

		exit.end = (uint32_t)(exit.end - start + at);
		add_exit(exits->own, exit);
	}
}

/* Whether the entry leads to a target or to a tree of interest. */
static bool find_exit(const struct tree_graph *graph, const struct tree_entry *e, struct exit *exit)
{
	if (e->mode == MODE_GITLINK)
		return false;
	exit->end = (uint32_t)e->end;
	exit->to = id_map_find(&graph->targets, &e->id);
	exit->is_target = exit->to != ID_MAP_NONE;
	if (!exit->is_target && e->mode == MODE_FOLDER)
		exit->to = id_map_find(&graph->trees, &e->id);
	return exit->to != ID_MAP_NONE;
}

static void read_ways(void *context, unsigned worker, const struct walked *tree)
{
	struct reading *r = context;
	struct ways *ways = &r->workers[worker];
	uint32_t number = id_map_find(&r->graph->trees, tree->id);
	const struct tree_state *base = tree->base_state;
	struct tree_state *state = tree->state;
	struct exits_of exits = {base ? &base->exits : NULL, &state->exits};
	struct tree_reader reader = reader_of(tree);
	struct tree_entry e = {0};
	struct exit exit;

	reader.copied = copy_exits;
	reader.context = &exits;
	while (tree_reader_next(&reader, &e)) {
		if (number == ID_MAP_NONE || !find_exit(r->graph, &e, &exit))
			continue;
		exit.name = arena_bytes(&ways->names, e.name);
		add_exit(&state->exits, exit);
	}
	if (tree->again || number == ID_MAP_NONE)
		return;
	for (size_t i = 0; i < state->exits.count; i++) {
		const struct exit *x = &state->exits.items[i];

		ways->items = mem_grow(ways->items, ways->count, &ways->cap, sizeof(*ways->items));
		ways->items[ways->count++] = (struct way){number, x->to, x->is_target, x->name};
	}
}

/* ---- Nodes ---- */

/* All ways, by tree. */
struct way_table {
	struct way *items;
	size_t *first; /* by tree: items[first[t]] ... items[first[t + 1] - 1] */
};

static int way_order(const void *left, const void *right)
{
	const struct way *a = left, *b = right;

	if (a->tree != b->tree)
		return a->tree < b->tree ? -1 : 1;
	return bytes_compare(a->name, b->name);
}

struct naming {
	struct tree_graph *graph;
	const struct way_table *ways;
	struct id_map known; /* digests of nodes; a node's number is its digest's */
	bool *done;          /* by tree */
};

/* The node that has these links, which the graph's last links are: an old one or a new one. */
static uint32_t node_of_links(struct naming *n, size_t first)
{
	/* Keyed only because the function is; the digest never leaves the process. */
	static const struct fingerprint_key key = {{0}};
	struct tree_graph *g = n->graph;
	struct object_id digest = {{0}};
	struct buf text;
	bool added;
	uint32_t node;

	if (g->link_count == first)
		return NODE_NONE;
	buf_init(&text, SIZE_MAX);
	for (size_t i = first; i < g->link_count; i++) {
		const struct link *l = &g->links[i];

		buf_append(&text, l->name);
		buf_append(&text, (struct bytes){
				      (const unsigned char *)(l->is_target ? "\0b" : "\0t"), 2});
		buf_append(&text, (struct bytes){(const unsigned char *)&l->to, sizeof(l->to)});
	}
	fingerprint_make(&key, "node", buf_bytes(&text), digest.bytes);
	buf_release(&text);
	node = id_map_add(&n->known, &digest, &added) + 1;
	if (!added) {
		g->link_count = first;
		return node;
	}
	g->nodes = mem_grow(g->nodes, g->node_count, &g->node_cap, sizeof(*g->nodes));
	g->nodes[g->node_count++] = (struct node){first, (uint32_t)(g->link_count - first)};
	return node;
}

/* Gives the tree and all below it their nodes. */
static uint32_t name_tree(struct naming *n, uint32_t tree, unsigned depth)
{
	struct tree_graph *g = n->graph;
	const struct way_table *ways = n->ways;
	size_t first;

	if (n->done[tree] || depth > DEPTH_MAX)
		return g->tree_nodes[tree];
	n->done[tree] = true;
	/* The nodes below come first, so that this one's links stand together. */
	for (size_t i = ways->first[tree]; i < ways->first[tree + 1]; i++) {
		if (!ways->items[i].is_target)
			name_tree(n, ways->items[i].to, depth + 1);
	}
	first = g->link_count;
	for (size_t i = ways->first[tree]; i < ways->first[tree + 1]; i++) {
		const struct way *way = &ways->items[i];
		struct link link = {way->name, way->is_target, way->to};

		if (!way->is_target)
			link.to = g->tree_nodes[way->to];
		if (!way->is_target && link.to == NODE_NONE)
			continue;
		g->links = mem_grow(g->links, g->link_count, &g->link_cap, sizeof(*g->links));
		g->links[g->link_count++] = link;
	}
	g->tree_nodes[tree] = node_of_links(n, first);
	return g->tree_nodes[tree];
}

/* Brings all workers' ways together; the names move to the graph. */
static struct way_table gather_ways(struct tree_graph *graph, struct ways *workers, unsigned count)
{
	struct way_table table = {NULL, NULL};
	size_t n = 0, cap = 0;

	for (unsigned w = 0; w < count; w++) {
		for (size_t i = 0; i < workers[w].count; i++) {
			table.items = mem_grow(table.items, n, &cap, sizeof(*table.items));
			table.items[n++] = workers[w].items[i];
		}
		free(workers[w].items);
		arena_adopt(&graph->names, &workers[w].names);
	}
	if (n)
		qsort(table.items, n, sizeof(*table.items), way_order);
	table.first = mem_calloc((size_t)graph->trees.count + 1, sizeof(*table.first));
	for (size_t i = 0; i < n; i++)
		table.first[table.items[i].tree + 1]++;
	for (size_t t = 0; t < graph->trees.count; t++)
		table.first[t + 1] += table.first[t];
	return table;
}

void tree_graph_init(struct tree_graph *graph)
{
	*graph = (struct tree_graph){0};
	graph->nodes = mem_grow(graph->nodes, 0, &graph->node_cap, sizeof(*graph->nodes));
	graph->nodes[graph->node_count++] = (struct node){0};
}

/* Whether the second walk has to make the tree. */
static bool wants(void *context, const struct object_id *id)
{
	const struct reading *r = context;

	return id_map_find(&r->graph->trees, id) != ID_MAP_NONE;
}

void tree_graph_build(struct tree_graph *graph, struct objects *objects, const struct id_map *blobs,
                      bool find_missing, const struct walk_options *options)
{
	struct reading reading = {.graph = graph};
	struct visitor visitor = tree_visitor(&reading, read_ways);
	struct naming naming = {.graph = graph};
	struct walk_counts counts;
	struct way_table ways;

	for (uint32_t i = 0; i < blobs->count; i++)
		id_map_add(&graph->targets, &blobs->ids[i], NULL);
	graph->blob_count = blobs->count;
	find_trees(graph, objects, blobs, find_missing, options);
	reading.workers = mem_calloc(options->threads, sizeof(*reading.workers));
	visitor.wants = wants;
	if (graph->trees.count)
		objects_walk(objects, &visitor, options, &counts);
	ways = gather_ways(graph, reading.workers, options->threads);
	free(reading.workers);
	graph->tree_nodes = mem_calloc(graph->trees.count, sizeof(*graph->tree_nodes));
	naming.ways = &ways;
	naming.done = mem_calloc(graph->trees.count, sizeof(*naming.done));
	for (uint32_t t = 0; t < graph->trees.count; t++)
		name_tree(&naming, t, 0);
	id_map_release(&naming.known);
	free(naming.done);
	free(ways.items);
	free(ways.first);
}

void tree_graph_release(struct tree_graph *graph)
{
	free(graph->nodes);
	free(graph->links);
	free(graph->tree_nodes);
	id_map_release(&graph->targets);
	id_map_release(&graph->trees);
	arena_release(&graph->names);
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
