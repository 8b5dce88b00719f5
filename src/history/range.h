/*
 * A range of commits, A..B: what B leads to and A does not, and the objects by which these commits
 * differ from their parents. It costs what the range costs, not what the history does.
 */
#ifndef TRAWL_HISTORY_RANGE_H
#define TRAWL_HISTORY_RANGE_H

#include "git/repository.h"
#include "model/id_map.h"

struct range {
	struct id_map commits; /* of the range */
	struct id_map
	    objects; /* these, their parents, and the trees and blobs in which they differ */
};

/*
 * Finds the range that the text "A..B" names; an empty A or B is HEAD. ERR_USAGE for another text;
 * ERR_MISSING, naming the remedy, when A or B is not here. What cannot be read of the rest is told
 * to the scan, which tries it again.
 */
enum err range_find(struct range *range, struct repository *repository, const char *text,
                    struct error *error);
void range_release(struct range *range);

#endif
