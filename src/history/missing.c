#include "history/missing.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
	TAGS_MAX = 64, /* tags of tags that are followed */
	AHEAD = 16,    /* commits on, what will be looked for is called for */
};

static void add_missing(struct missing *m, const struct objects *objects,
                        const struct object_id *id)
{
	if (!objects_hold(objects, id))
		id_map_add(&m->ids, id, NULL);
}

/* Notes that references lead to the object, if it is missing. */
static void note_lost(struct missing *m, const struct object_id *id)
{
	uint32_t number = id_map_find(&m->ids, id);

	if (number == ID_MAP_NONE)
		return;
	m->lost_count += !m->lost[number];
	m->lost[number] = true;
}

/* What references lead to. */
struct needs {
	struct missing *missing;
	const struct tree_graph *trees;
	bool *nodes;
	bool *targets;
};

static void reach_tree(struct needs *r, const struct object_id *tree)
{
	note_lost(r->missing, tree);
	tree_graph_reach(r->trees, tree_graph_node(r->trees, tree), r->nodes, r->targets);
}

static void reach_commits(struct needs *r, const struct commits *graph,
                          const struct reference_list *references)
{
	bool *reached = mem_calloc(graph->ids.count, sizeof(*reached));

	for (size_t i = 0; i < references->count; i++) {
		uint32_t commit = id_map_find(&graph->ids, &references->items[i].commit);

		if (commit != ID_MAP_NONE)
			commits_reach(graph, commit, reached);
	}
	for (uint32_t c = 0; c < graph->ids.count; c++) {
		if (!reached[c])
			continue;
		note_lost(r->missing, &graph->ids.ids[c]);
		if (graph->items[c].present)
			reach_tree(r, &graph->items[c].tree);
	}
	free(reached);
}

/* Follows what references name without a commit between: tags, and the trees at their ends. */
static void reach_tags(struct needs *r, const struct sightings *s,
                       const struct reference_list *references)
{
	struct id_map tags = {0};
	uint32_t *link_of = mem_calloc(s->link_count, sizeof(*link_of));

	for (size_t i = 0; i < s->link_count; i++)
		link_of[id_map_add(&tags, &s->links[i].tag, NULL)] = (uint32_t)i;
	for (size_t i = 0; i < references->count; i++) {
		const struct object_id *id = &references->items[i].id;
		uint32_t tag = id_map_find(&tags, id);

		for (unsigned k = 0; k < TAGS_MAX && tag != ID_MAP_NONE; k++) {
			id = &s->links[link_of[tag]].target;
			tag = id_map_find(&tags, id);
		}
		reach_tree(r, id);
	}
	id_map_release(&tags);
	free(link_of);
}

void missing_note(struct missing *m, const struct sightings *s, const struct objects *objects)
{
	for (uint32_t c = 0; c < s->graph.ids.count; c++) {
		if (c + AHEAD < s->graph.ids.count)
			objects_expect(objects, &s->graph.items[c + AHEAD].tree);
		add_missing(m, objects,
		            s->graph.items[c].present ? &s->graph.items[c].tree
		                                      : &s->graph.ids.ids[c]);
	}
	for (size_t i = 0; i < s->link_count; i++)
		add_missing(m, objects, &s->links[i].target);
}

void missing_find(struct missing *m, const struct tree_graph *trees, const struct sightings *s,
                  const struct objects *objects, const struct reference_list *references)
{
	struct needs reach = {.missing = m, .trees = trees};

	for (uint32_t t = trees->blob_count; t < trees->targets.count; t++)
		id_map_add(&m->ids, &trees->targets.ids[t], NULL);
	for (size_t i = 0; i < references->count; i++)
		add_missing(m, objects, &references->items[i].id);
	m->lost = mem_calloc(m->ids.count, sizeof(*m->lost));
	if (!m->ids.count)
		return;
	reach.nodes = mem_calloc(trees->node_count, sizeof(*reach.nodes));
	reach.targets = mem_calloc(trees->targets.count, sizeof(*reach.targets));
	reach_commits(&reach, &s->graph, references);
	reach_tags(&reach, s, references);
	for (uint32_t t = trees->blob_count; t < trees->targets.count; t++) {
		if (reach.targets[t])
			note_lost(m, &trees->targets.ids[t]);
	}
	free(reach.nodes);
	free(reach.targets);
}

void missing_release(struct missing *m)
{
	id_map_release(&m->ids);
	free(m->lost);
	*m = (struct missing){0};
}
