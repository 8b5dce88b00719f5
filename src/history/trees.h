/*
 * From blobs back to the trees that lead to them, and what trees name that no store holds. One walk
 * over the trees records where they lead; which of that is of interest is found in the records.
 * What comes out is a graph of nodes: two trees that lead to the same objects by the same names are
 * one node, whatever else they hold, so that commits which change nothing of interest share it.
 */
#ifndef TRAWL_HISTORY_TREES_H
#define TRAWL_HISTORY_TREES_H

#include "base/text_map.h"
#include "history/objects.h"

/* A tree that leads to no target. */
enum { NODE_NONE = 0 };

/* One way out of a node. */
struct link {
	struct bytes name;
	bool is_target;
	uint32_t to; /* a target's number, or a node */
};

struct node {
	size_t first;   /* index into links */
	uint32_t count; /* in the order of their names' bytes */
};

struct tree_graph {
	struct id_map
	    targets;         /* the blobs, with the numbers they came with, then what is missing */
	uint32_t blob_count; /* of these */
	struct node *nodes;  /* nodes[NODE_NONE] is empty */
	size_t node_count;
	size_t node_cap;
	struct link *links;
	size_t link_count;
	size_t link_cap;
	struct id_map trees;   /* those that were found to lead somewhere */
	uint32_t *tree_nodes;  /* by number of the tree */
	struct text_map names; /* of links */
	bool cut;  /* a comparison was ended early, or trees lead to more than is followed */
	bool open; /* a tree of a pack names what no pack holds, or may; or it is too deep */
	bool led;  /* of packs that are known only their leads were read */
};

/* A graph that leads nowhere. */
void tree_graph_init(struct tree_graph *graph);
void tree_graph_release(struct tree_graph *graph);

/*
 * Builds in an empty graph that of all trees among the objects that lead to one of the blobs, or
 * with find_missing to an object that no store holds (gitlinks excepted, which name objects of
 * other repositories). Trees that cannot be read were told to the walk that scanned.
 */
void tree_graph_build(struct tree_graph *graph, struct objects *objects, const struct id_map *blobs,
                      bool find_missing, const struct walk_options *options);

/* The node of a tree; NODE_NONE if it leads nowhere. */
uint32_t tree_graph_node(const struct tree_graph *graph, const struct object_id *tree);

/* The target's number at the path of the node; ID_MAP_NONE if there is none. */
uint32_t tree_graph_find(const struct tree_graph *graph, uint32_t node, struct bytes path);

/*
 * Calls visit for each target that `to` leads to and that `from` does not lead to by the same path;
 * `old` is what from has at that path (ID_MAP_NONE: nothing). The path is valid during the call.
 * After some 100,000 it ends, and sets graph->cut: a few trees that name each other many times can
 * make more paths than anyone can list.
 */
void tree_graph_compare(struct tree_graph *graph, uint32_t from, uint32_t to,
                        void (*visit)(void *context, struct bytes path, uint32_t target,
                                      uint32_t old),
                        void *context);

/* Sets reached, by target, for all that the node leads to; seen, by node, is kept from call to
 * call, so that a node is followed once. */
void tree_graph_reach(const struct tree_graph *graph, uint32_t node, bool *seen, bool *reached);

#endif
