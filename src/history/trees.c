#include "history/trees.h"

#include "base/memory.h"
#include "detect/fingerprint.h"
#include "git/tree_entries.h"

#include <stdlib.h>

enum {
	FILTER_BITS = 26, /* of the filter of ids: 8 MiB */
	DEPTH_MAX = 1024, /* folders in folders; deeper paths are not followed */
};

/* ---- Which trees lead to the blobs ---- */

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
	bool marked; /* it leads to a blob of interest, or may */
};

/* One worker's records. A base stands before what is based on it. */
struct records {
	struct record *items;
	size_t count;
	size_t cap;
	uint32_t *keys; /* of folders */
	size_t key_count;
	size_t key_cap;
};

struct marking {
	const struct id_map *blobs;
	struct records *workers;
	unsigned worker_count;
	uint64_t *filter; /* of keys of marked trees, by their first FILTER_BITS bits */
};

/* The visitor's state of a tree: the number of its record + 1. */
struct tree_state {
	uint32_t record;
};

static void record_tree(void *context, unsigned worker, const struct walked *tree)
{
	struct marking *m = context;
	struct records *r = &m->workers[worker];
	const struct tree_state *base = tree->base_state;
	struct record record = {.id = tree->id, .first = r->key_count};
	struct tree_entry e = {0};
	size_t segment = 0;

	record.base = base ? base->record : 0;
	record.marked = record.base && r->items[record.base - 1].marked;
	while (tree_entry_next(tree->bytes, &e)) {
		while (segment < tree->segment_count && tree->segments[segment].end < e.end)
			segment++;
		if (record.base && segment < tree->segment_count &&
		    tree->segments[segment].start <= e.start)
			continue; /* the base names it, too */
		if (e.mode == MODE_FOLDER) {
			r->keys = mem_grow(r->keys, r->key_count, &r->key_cap, sizeof(*r->keys));
			r->keys[r->key_count++] = id_key(&e.id);
			record.count++;
		}
		if (id_map_find(m->blobs, &e.id) != ID_MAP_NONE)
			record.marked = true;
	}
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

static size_t no_state_bytes(const void *state)
{
	(void)state;
	return 0;
}

static void forget_nothing(void *state)
{
	(void)state;
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
	                        .state_bytes = no_state_bytes,
	                        .forget = forget_nothing,
	                        .lose = lose_nothing};
}

/* The first walk: collects in trees all that lead to one of the blobs, and perhaps some more. */
static void find_trees(struct id_map *trees, struct objects *objects, const struct id_map *blobs,
                       const struct walk_options *options)
{
	struct marking m = {.blobs = blobs, .worker_count = options->threads};
	struct visitor visitor = tree_visitor(&m, record_tree);
	struct walk_counts counts;

	m.workers = mem_calloc(m.worker_count, sizeof(*m.workers));
	m.filter = mem_calloc((size_t)1 << (FILTER_BITS - 6), sizeof(*m.filter));
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
		for (size_t i = 0; i < m.workers[w].count; i++) {
			if (m.workers[w].items[i].marked)
				id_map_add(trees, &m.workers[w].items[i].id, NULL);
		}
		free(m.workers[w].items);
		free(m.workers[w].keys);
	}
	free(m.workers);
	free(m.filter);
}

/* ---- How they lead there ---- */

/* A way out of a tree, to a blob or to another tree of interest. */
struct way {
	uint32_t tree;
	uint32_t to; /* number of the blob or tree */
	bool is_blob;
	struct bytes name;
};

struct ways {
	struct way *items;
	size_t count;
	size_t cap;
	struct arena names;
};

struct reading {
	const struct id_map *blobs;
	const struct id_map *trees;
	struct ways *workers;
};

static void read_ways(void *context, unsigned worker, const struct walked *tree)
{
	struct reading *r = context;
	struct ways *ways = &r->workers[worker];
	struct way way = {.tree = id_map_find(r->trees, &tree->id)};
	struct tree_entry e = {0};

	if (tree->again || way.tree == ID_MAP_NONE)
		return;
	while (tree_entry_next(tree->bytes, &e)) {
		if (e.mode == MODE_GITLINK)
			continue;
		way.to = id_map_find(r->blobs, &e.id);
		way.is_blob = way.to != ID_MAP_NONE;
		if (!way.is_blob && e.mode == MODE_FOLDER)
			way.to = id_map_find(r->trees, &e.id);
		if (way.to == ID_MAP_NONE)
			continue;
		way.name = arena_bytes(&ways->names, e.name);
		ways->items = mem_grow(ways->items, ways->count, &ways->cap, sizeof(*ways->items));
		ways->items[ways->count++] = way;
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
		buf_append(&text,
		           (struct bytes){(const unsigned char *)(l->is_blob ? "\0b" : "\0t"), 2});
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
		if (!ways->items[i].is_blob)
			name_tree(n, ways->items[i].to, depth + 1);
	}
	first = g->link_count;
	for (size_t i = ways->first[tree]; i < ways->first[tree + 1]; i++) {
		const struct way *way = &ways->items[i];
		struct link link = {way->name, way->is_blob, way->to};

		if (!way->is_blob)
			link.to = g->tree_nodes[way->to];
		if (!way->is_blob && link.to == NODE_NONE)
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

void tree_graph_build(struct tree_graph *graph, struct objects *objects, const struct id_map *blobs,
                      const struct walk_options *options)
{
	struct reading reading = {.blobs = blobs, .trees = &graph->trees};
	struct visitor visitor = tree_visitor(&reading, read_ways);
	struct naming naming = {.graph = graph};
	struct walk_counts counts;
	struct way_table ways;

	tree_graph_init(graph);
	find_trees(&graph->trees, objects, blobs, options);
	reading.workers = mem_calloc(options->threads, sizeof(*reading.workers));
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

		if (!link || link->is_blob == (slash != NULL))
			return ID_MAP_NONE;
		if (link->is_blob)
			return link->to;
		node = link->to;
		path = bytes_slice(path, len + 1, path.len);
	}
}

struct comparison {
	const struct tree_graph *graph;
	void (*visit)(void *context, struct bytes path, uint32_t blob, uint32_t old);
	void *context;
	struct buf path;
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

		if (buf_appendf(&c->path, "%s", length ? "/" : "") ||
		    buf_append(&c->path, new->name)) {
			c->path.len = length;
			continue; /* no system has such a path */
		}
		if (!new->is_blob)
			compare_nodes(c, old && !old->is_blob ? old->to : NODE_NONE, new->to,
			              depth + 1);
		else if (!old || !old->is_blob || old->to != new->to)
			c->visit(c->context, buf_bytes(&c->path), new->to,
			         old && old->is_blob ? old->to : ID_MAP_NONE);
		c->path.len = length;
	}
}

void tree_graph_compare(const struct tree_graph *graph, uint32_t from, uint32_t to,
                        void (*visit)(void *context, struct bytes path, uint32_t blob,
                                      uint32_t old),
                        void *context)
{
	struct comparison c = {graph, visit, context, {0}};

	buf_init(&c.path, (size_t)1024 * 1024);
	compare_nodes(&c, from, to, 0);
	buf_release(&c.path);
}
