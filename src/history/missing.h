/*
 * Completeness: objects that commits, trees and tags name and that no store holds, as in a shallow
 * or partial clone. Gitlinks name objects of other repositories and do not count.
 */
#ifndef TRAWL_HISTORY_MISSING_H
#define TRAWL_HISTORY_MISSING_H

#include "history/commits.h"
#include "history/objects.h"

struct missing {
	struct id_map ids;
	bool *lost; /* by number: a reference leads to what names it */
	uint32_t lost_count;
};

/*
 * Finds what is missing: reads all commits, trees and tags once, looking only at what tree deltas
 * insert, and tells what references lead to (the rest only unreachable objects name, as a normal gc
 * leaves it).
 */
void missing_find(struct missing *missing, struct objects *objects, const struct commits *graph,
                  const struct reference_list *references, const struct walk_options *options);
void missing_release(struct missing *missing);

#endif
