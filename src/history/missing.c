#include "history/missing.h"

#include "base/memory.h"
#include "git/tree_entries.h"
#include "history/trees.h"

#include <stdlib.h>

/* One worker's list of ids that no store holds; one may stand there often. */
struct lacking {
	struct id_map ids;
};

struct looking {
	const struct objects *objects;
	struct lacking *workers;
};

static void look_for(struct looking *l, unsigned worker, const struct object_id *id)
{
	if (!objects_hold(l->objects, id))
		id_map_add(&l->workers[worker].ids, id, NULL);
}

/* Looks for what the tree names and its delta base does not. */
static void visit(void *context, unsigned worker, const struct walked *w)
{
	struct looking *l = context;
	struct tree_entry e = {0};
	size_t segment = 0;

	if (w->again)
		return;
	while (tree_entry_next(w->bytes, &e)) {
		while (segment < w->segment_count && w->segments[segment].end < e.end)
			segment++;
		if (w->base_state && segment < w->segment_count &&
		    w->segments[segment].start <= e.start)
			continue;
		if (e.mode != MODE_GITLINK)
			look_for(l, worker, &e.id);
	}
}

static size_t state_bytes(const void *state)
{
	(void)state;
	return 0;
}

static void forget(void *state)
{
	(void)state;
}

/* What cannot be read is lost already, by the walk that scans. */
static void lose(void *context, unsigned worker, const struct object_id *id, const char *detail)
{
	(void)context;
	(void)worker;
	(void)id;
	(void)detail;
}

/* Notes that references lead to a missing object. */
static void note_lost(void *context, struct bytes path, uint32_t number, uint32_t old)
{
	struct missing *m = context;

	(void)path;
	(void)old;
	m->lost_count += !m->lost[number];
	m->lost[number] = true;
}

static void note_lost_id(struct missing *m, const struct object_id *id)
{
	uint32_t number = id_map_find(&m->ids, id);

	if (number != ID_MAP_NONE)
		note_lost(m, (struct bytes){NULL, 0}, number, ID_MAP_NONE);
}

/* Marks what the commits that references lead to need, by themselves or through their trees. */
static void find_lost(struct missing *m, struct objects *objects, const struct commits *graph,
                      const struct reference_list *references, const struct walk_options *options)
{
	bool *reachable = mem_calloc(graph->ids.count, sizeof(*reachable));
	bool *known = NULL;
	struct tree_graph trees;

	for (size_t i = 0; i < references->count; i++) {
		uint32_t commit = id_map_find(&graph->ids, &references->items[i].commit);

		note_lost_id(m, &references->items[i].id);
		if (commit != ID_MAP_NONE)
			commits_reach(graph, commit, reachable);
	}
	tree_graph_build(&trees, objects, &m->ids, options);
	known = mem_calloc(trees.node_count, sizeof(*known));
	for (uint32_t c = 0; c < graph->ids.count; c++) {
		uint32_t node;

		if (!reachable[c])
			continue;
		note_lost_id(m, &graph->ids.ids[c]);
		if (!graph->items[c].present)
			continue;
		note_lost_id(m, &graph->items[c].tree);
		node = tree_graph_node(&trees, &graph->items[c].tree);
		if (!known[node])
			tree_graph_compare(&trees, NODE_NONE, node, note_lost, m);
		known[node] = true;
	}
	free(known);
	free(reachable);
	tree_graph_release(&trees);
}

void missing_find(struct missing *m, struct objects *objects, const struct commits *graph,
                  const struct reference_list *references, const struct walk_options *options)
{
	struct looking looking = {.objects = objects};
	struct visitor visitor = {.context = &looking,
	                          .types = 1u << OBJECT_TREE,
	                          .state_size = 1,
	                          .least_copy = OBJECT_ID_SIZE,
	                          .visit = visit,
	                          .state_bytes = state_bytes,
	                          .forget = forget,
	                          .lose = lose};
	struct walk_counts counts;

	*m = (struct missing){0};
	looking.workers = mem_calloc(options->threads, sizeof(*looking.workers));
	objects_walk(objects, &visitor, options, &counts);
	for (unsigned w = 0; w < options->threads; w++) {
		for (uint32_t i = 0; i < looking.workers[w].ids.count; i++)
			id_map_add(&m->ids, &looking.workers[w].ids.ids[i], NULL);
		id_map_release(&looking.workers[w].ids);
	}
	free(looking.workers);
	for (uint32_t c = 0; c < graph->ids.count; c++) {
		if (!graph->items[c].present)
			id_map_add(&m->ids, &graph->ids.ids[c], NULL);
		else if (!objects_hold(objects, &graph->items[c].tree))
			id_map_add(&m->ids, &graph->items[c].tree, NULL);
	}
	for (size_t i = 0; i < references->count; i++) {
		if (!objects_hold(objects, &references->items[i].id))
			id_map_add(&m->ids, &references->items[i].id, NULL);
	}
	m->lost = mem_calloc(m->ids.count, sizeof(*m->lost));
	if (m->ids.count)
		find_lost(m, objects, graph, references, options);
}

void missing_release(struct missing *m)
{
	id_map_release(&m->ids);
	free(m->lost);
	*m = (struct missing){0};
}
