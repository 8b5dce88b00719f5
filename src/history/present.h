/*
 * Where the leaks of a range stand now. A range reads only its own commits; here those references
 * that lead elsewhere, as HEAD may, are asked for what they have at the leaks' paths.
 */
#ifndef TRAWL_HISTORY_PRESENT_H
#define TRAWL_HISTORY_PRESENT_H

#include "history/sightings.h"
#include "model/history.h"

/*
 * Raises the leaks' states (and adds to their references) by what the trees of references have at
 * the leaks' paths, for those whose commits are not in `graph`, and by whether references lead to
 * the commits that brought the leaks. Names are owned by the list.
 */
void present_find(struct leak_list *leaks, const struct commits *graph,
                  struct repository *repository, const struct reference_list *references,
                  struct engine *engine, const struct ruleset *set,
                  const struct sighting_options *options);

#endif
