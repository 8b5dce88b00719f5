/*
 * Which places of a leak something is held against: known only when its paths are.
 */
#ifndef TRAWL_HISTORY_SUPPRESSED_H
#define TRAWL_HISTORY_SUPPRESSED_H

#include "filter/suppressions.h"
#include "model/history.h"

/*
 * Takes out of the leaks the occurrences that something is held against (NULL: but what the text
 * itself allows, nothing) and puts them into `suppressed`, as leaks whose text is that of `leaks`.
 */
void suppress_leaks(struct leak_list *leaks, struct leak_list *suppressed,
                    const struct suppressions *suppressions);

#endif
