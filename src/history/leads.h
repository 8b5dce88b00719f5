/*
 * What leads to the findings in a pack: its commits and tags, without their messages, and of its
 * trees those that lead to a blob with findings, without entries that do not. Whoever has the leads
 * of a known pack need not read it to tell where its findings came from.
 *
 * They hold for any repository with the pack, for its trees name no folder that lies elsewhere; and
 * for findings in no other blobs than these.
 */
#ifndef TRAWL_HISTORY_LEADS_H
#define TRAWL_HISTORY_LEADS_H

#include "history/sightings.h"
#include "history/trees.h"

/* Larger leads, in bytes, are not made. */
enum { LEADS_MAX = 16 << 20 };

/* An object of the pack, as far as it leads. */
struct lead {
	enum object_type type;
	uint32_t entry;
	struct bytes bytes; /* none of a blob, which is one with findings */
};

/*
 * Makes the leads of the only pack of the objects, all of whose notes are there, from what a scan
 * of them found; the graph is that of all trees that lead to blobs with findings. False, with
 * nothing of use in out, if they cannot be made.
 */
bool leads_make(struct buf *out, const struct objects *objects, const struct sightings *sightings,
                const struct tree_graph *graph);

/* Whether the text is leads, whole, of a pack with so many entries. */
bool leads_whole(struct bytes text, uint32_t entries);

/* The lead behind *at, which is 0 before the first; false at the end. The text is whole. */
bool leads_next(struct bytes text, size_t *at, struct lead *lead);

#endif
