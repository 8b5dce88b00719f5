/*
 * All objects of a repository, from its packs and loose files, each shown once to whoever walks.
 */
#ifndef TRAWL_HISTORY_OBJECTS_H
#define TRAWL_HISTORY_OBJECTS_H

#include "git/repository.h"
#include "model/id_map.h"
#include "pack/walk.h"

struct objects {
	struct repository *repository; /* borrowed */
	struct pack **packs;
	size_t pack_count;
	size_t pack_cap;
	struct pack_forests *forests; /* of the packs */
	struct id_map circles;        /* based on themselves: the repository refuses to read them */
	struct id_map loose;          /* that no pack holds */
	uint8_t *loose_types;         /* enum object_type, by number; 0: not known yet */
	bool selected;  /* `loose` are the only ones to be walked, wherever they lie */
	bool pack_wise; /* so many that packs are walked for them */
};

/* A pack that cannot be opened is told to lose and left out. */
typedef void lose_pack(void *context, const char *path, const char *detail);

/*
 * Opens all packs and lists all loose objects of the repository, which must outlive the result.
 * ERR_IO when a folder of objects cannot be read.
 */
enum err objects_open(struct objects *objects, struct repository *repository, unsigned threads,
                      lose_pack *lose, void *context, struct error *error);
void objects_close(struct objects *objects);

/*
 * For objects_select(), without a look at what was here before: opens the packs of the repository's
 * quarantine, if it has one. {.repository = R} opens none.
 */
void objects_open_brought(struct objects *objects, struct repository *repository, unsigned threads);

/*
 * From now on only these objects are walked; `trees` (NULL: none) are known to be such. Those of
 * the quarantine's packs are walked as packs are, the others one by one.
 */
void objects_select(struct objects *objects, const struct id_map *ids, const struct id_map *trees);

/* The number of objects, for progress. */
uint64_t objects_count(const struct objects *objects);

/* Whether a pack or a loose file holds the object. */
bool objects_hold(const struct objects *objects, const struct object_id *id);

/*
 * Shows all objects of the visitor's types, packed ones first, then loose ones (which copy from
 * nothing). The visitor's `read` and `context` for it are set here.
 */
void objects_walk(struct objects *objects, struct visitor *visitor,
                  const struct walk_options *options, struct walk_counts *counts);

#endif
