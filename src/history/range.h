/*
 * A range of commits: what some ends lead to and others do not, as in A..B or in a push, and the
 * objects by which these commits differ from their parents. It costs what the range costs, not
 * what the history does.
 */
#ifndef TRAWL_HISTORY_RANGE_H
#define TRAWL_HISTORY_RANGE_H

#include "git/repository.h"
#include "model/id_map.h"

/* Objects that a range is told by: commits, or tags that lead to them. Zero-initialise. */
struct range_ends {
	struct id_map wanted;   /* also trees and blobs, whose references a push can bring */
	struct id_map unwanted; /* what cannot be read of these is passed over */
};

void range_ends_release(struct range_ends *ends);

/*
 * Adds the ends that the text "A..B" names; an empty A or B is HEAD. For A all zero unwanted is
 * every remote branch but B's own, and in a bare repository every reference but B's own. ERR_USAGE
 * for another text; ERR_MISSING, naming the remedy, when A or B is not here.
 */
enum err range_read(struct range_ends *ends, struct repository *repository,
                    const struct reference_list *references, const char *text, struct error *error);

/* Zero-initialise. */
struct range {
	struct id_map commits;    /* of the range */
	struct id_map objects;    /* these, their parents, what blobs they bring, and wanted tags,
	                             trees and blobs with what they hold */
	struct id_map replaced;   /* the blobs that parents have where these bring others */
	struct id_map pairs;      /* of those in `objects` and in `replaced` (see changes.h) */
	struct id_map trees;      /* the trees in which they differ */
	struct id_map pathless;   /* wanted blobs, and those of wanted trees, without a commit */
	struct id_map boundaries; /* the trees of parents that are not in the range */
	bool too_deep;            /* folders nested past the maximum were left out */
	bool late; /* the deadline came first: the rest is empty or lacks something */
};

/*
 * Finds the range, until the monotonic clock shows `deadline` (nanoseconds; 0: never). ERR_MISSING
 * when a wanted end cannot be read. What cannot be read of the rest is told to the scan, which
 * tries it again.
 */
enum err range_find(struct range *range, struct repository *repository,
                    const struct range_ends *ends, int64_t deadline, struct error *error);
void range_release(struct range *range);

/* Adds to olds what these blobs replace, but for what the range itself brings. */
void range_replaced(const struct range *range, const struct id_map *blobs, struct id_map *olds);

/*
 * Adds to blobs what the trees before the range have at paths that `commit`, of the range, has
 * otherwise or no more: the old versions of what changed up to it. Less after the deadline.
 */
void range_before(const struct range *range, struct repository *repository,
                  const struct object_id *commit, int64_t deadline, struct id_map *blobs);

#endif
