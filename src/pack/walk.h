/*
 * The walk over all that packs store: each object is inflated and patched once, from the base of
 * its delta family to the leaves, and shown together with what it copies from its base. Families go
 * to the threads as pieces of like weight; a large one is cut into several. Memory is bounded by a
 * budget: beyond it, objects that are still needed as bases are dropped and made again.
 */
#ifndef TRAWL_PACK_WALK_H
#define TRAWL_PACK_WALK_H

#include "model/blob.h"
#include "model/id_map.h"
#include "pack/pack.h"

#define WALKED_LOOSE SIZE_MAX

/* An object as the walk shows it; borrowed for the time of the call. */
struct walked {
	const struct object_id *id;
	enum object_type type;
	struct bytes bytes;
	const struct segment
	    *segments; /* what it copies from its base, if base_state is not NULL */
	size_t segment_count;
	const void *base_state; /* the visitor's state of the base; NULL: there is none */
	size_t base_len;        /* bytes of the base */
	void *state;    /* for the visitor, zeroed; kept while others may be based on this */
	bool again;     /* it was shown before, or will be: only the state is wanted */
	size_t pack;    /* number of the pack that it stands in; WALKED_LOOSE: in none */
	uint32_t entry; /* its number there */
	bool borrowed;  /* it was not made of that pack's bytes alone */
};

/* What the walk calls; every function gets the context and the number of the worker. */
struct visitor {
	void *context;
	unsigned types;      /* the sum of 1 << enum object_type of those to be shown */
	size_t state_size;   /* bytes of a state */
	uint32_t least_copy; /* shorter copies are no segments */
	void (*visit)(void *context, unsigned worker, const struct walked *object);
	/* Whether the object is needed; others are made, and then shown, only as bases of those
	 * that are. NULL: all are. */
	bool (*wants)(void *context, const struct object_id *id);
	/* Bytes that a state holds beside its own. */
	size_t (*state_bytes)(const void *state);
	/* Frees what a state holds. */
	void (*forget)(void *state);
	/* Reads an object from elsewhere: an entry that is damaged, a base that is not in its pack.
	 */
	bool (*read)(void *read_context, const struct object_id *id, enum object_type *type,
	             struct buf *out);
	void *read_context;
	/* An object that nothing could read. */
	void (*lose)(void *context, unsigned worker, const struct object_id *id,
	             const char *detail);
};

struct walk_options {
	unsigned threads;
	uint64_t memory;     /* bytes for objects and states, of all threads together */
	uint64_t object_max; /* bytes; a larger object is lost */
	int64_t deadline;    /* nanoseconds of the monotonic clock, past which selected objects (see
	                        objects_select()) are not read any more; 0: none */
	bool timed;          /* the counts tell times, too */
};

struct walk_counts {
	uint64_t objects;    /* shown, without those shown again */
	uint64_t bytes;      /* of these */
	uint64_t stored;     /* bytes of whole objects and of what deltas insert */
	uint64_t inflate_ns; /* nanoseconds, of all threads together */
	uint64_t patch_ns;
	uint64_t remade; /* objects that were made again */
	uint64_t pieces; /* of families, as the threads took them */
	uint64_t late;   /* objects that the deadline left out */
};

void walk_counts_add(struct walk_counts *counts, const struct walk_counts *more);

/* The delta families of some packs: const once made, for any number of walks. */
struct pack_forests;

/*
 * Reads which entry of the packs, which must outlive the result, is based on which. `proved` (NULL:
 * none are), by pack, tells those that were found intact before and made of their own bytes: they
 * are not read yet, and no walk shows them, until pack_forests_complete().
 */
struct pack_forests *pack_forests_new(struct pack *const *packs, const bool *proved, size_t count,
                                      unsigned threads);

/* Reads the proved packs, too; those that were read are not read again. */
void pack_forests_complete(struct pack_forests *forests, unsigned threads);

/*
 * The type (enum object_type) that an entry of a pack that was read has by the root of its family;
 * 0 if that does not stand in the pack, or is damaged.
 */
unsigned pack_forests_type(const struct pack_forests *forests, size_t pack, uint32_t entry);
void pack_forests_free(struct pack_forests *forests);

/* Adds the ids of entries whose bases lead round in a circle: nobody can make these. */
void pack_forests_circles(const struct pack_forests *forests, struct id_map *ids);

/*
 * Walks the packs. An object that an earlier pack holds, too, is shown again only. Returns when
 * everything was shown or lost.
 */
void pack_walk(const struct pack_forests *forests, const struct visitor *visitor,
               const struct walk_options *options, struct walk_counts *counts);

#endif
