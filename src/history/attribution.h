/*
 * Attribution: from sightings in objects to leaks with occurrences. For each secret and path it
 * tells which commits brought it there (a commit that has it where none of its parents has it),
 * and whether it still stands in HEAD, at another tip, or only in history.
 */
#ifndef TRAWL_HISTORY_ATTRIBUTION_H
#define TRAWL_HISTORY_ATTRIBUTION_H

#include "history/sightings.h"
#include "history/trees.h"
#include "model/history.h"

/*
 * Makes leaks of all sightings that some path admits; where the text itself allows it in a path's
 * newest version, the last version of each occurrence there says so. With `selected` (by commit)
 * only what these commits bring counts, and of what no commit leads to the blobs in `pathless`
 * (NULL: none) and, where the objects are selected ones, the tags. The graph's first
 * targets are the blobs with sightings. The leaks' text is owned by the
 * list and by the sightings, which must outlive it.
 */
void attribute(struct leak_list *leaks, const struct sightings *sightings, struct tree_graph *trees,
               const struct objects *objects, const struct reference_list *references,
               const bool *selected, const struct id_map *pathless);

#endif
