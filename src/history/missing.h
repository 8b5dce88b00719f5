/*
 * Completeness: objects that commits, trees and tags name and that no store holds, as in a shallow
 * or partial clone. Gitlinks name objects of other repositories and do not count.
 */
#ifndef TRAWL_HISTORY_MISSING_H
#define TRAWL_HISTORY_MISSING_H

#include "history/sightings.h"
#include "history/trees.h"

/* {0} is empty. */
struct missing {
	struct id_map ids;
	bool *lost; /* by number: a reference leads to what names it */
	uint32_t lost_count;
};

/* Notes what commits and tags name and no store holds, for missing_find(). */
void missing_note(struct missing *missing, const struct sightings *sightings,
                  const struct objects *objects);

/*
 * Brings together what is missing: that which was noted, that which trees name, as the graph (which
 * must have been asked for it) found, and that which references name; and tells what references
 * lead to (the rest only unreachable objects name, as a normal gc leaves it).
 */
void missing_find(struct missing *missing, const struct tree_graph *trees,
                  const struct sightings *sightings, const struct objects *objects,
                  const struct reference_list *references);
void missing_release(struct missing *missing);

#endif
