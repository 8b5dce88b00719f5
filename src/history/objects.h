/*
 * All objects of a repository, from its packs and loose files, each shown once to whoever walks.
 */
#ifndef TRAWL_HISTORY_OBJECTS_H
#define TRAWL_HISTORY_OBJECTS_H

#include "base/digest.h"
#include "git/repository.h"
#include "model/id_map.h"
#include "pack/walk.h"

/*
 * What a scan notes of an object, so that the next one need not look at it: the sum of its type
 * (enum object_type), some flags, and its scanned bytes << NOTE_BYTES. 0: it was not looked at, or
 * not all of it lies in one place.
 */

enum {
	NOTE_TYPE = 7,
	NOTE_SCANNED = 1 << 3,           /* it counts as scanned, with its bytes */
	NOTE_GENERIC_ON_BINARY = 1 << 4, /* SKIP_GENERIC_ON_BINARY */
	NOTE_MAX_SIZE = 1 << 5,          /* SKIP_MAX_SIZE */
	NOTE_AGAIN = 1 << 6,             /* to be looked at again: something was found or lost */
	NOTE_ENCODED = 1 << 7,           /* rules led to encoded text, in which others may match */
	NOTE_BYTES = 8,
};

/* While notes of other rules are made good: those of this one are, and stay. */
#define NOTE_RENEWED (UINT64_C(1) << 63)

/* Who took notes. */
enum noted {
	NOTED_HERE,    /* nobody yet, but for this scan */
	NOTED_KNOWN,   /* an earlier scan: what it need not look at again is passed over */
	NOTED_OTHER,   /* an earlier scan with other rules */
	NOTED_RENEWED, /* likewise, and now they are as good as known, but not kept yet */
};

/* The notes of one pack. */
struct pack_notes {
	uint64_t *items; /* by entry; NULL: none are taken */
	enum noted noted;
	bool kept; /* by the digest of what the pack holds: */
	unsigned char content[DIGEST_SIZE];
	struct buf leads; /* see leads.h; empty: there are none */
};

struct objects {
	struct repository *repository; /* borrowed */
	struct pack **packs;
	size_t pack_count;
	size_t pack_cap;
	struct pack_forests *forests; /* of the packs */
	struct id_map circles;        /* based on themselves: the repository refuses to read them */
	struct id_map loose;          /* that no pack holds */
	uint8_t *loose_types;         /* enum object_type, by number; 0: not known yet */
	struct pack_notes *pack_notes; /* by pack; NULL: no notes are taken, or known */
	uint64_t *loose_notes;         /* by number; likewise */
	enum noted *loose_noted;
	unsigned char *loose_identities; /* of known.c */
	struct id_map absent; /* of the selected ones those that were to be read and are nowhere */
	bool selected;        /* `loose` are the only ones to be walked, wherever they lie */
	bool pack_wise;       /* so many that packs are walked for them */
};

/* A pack that cannot be opened is told to lose and left out. */
typedef void lose_pack(void *context, const char *path, const char *detail);

/*
 * Opens all packs and lists all loose objects of the repository, which must outlive the result.
 * ERR_IO when a folder of objects cannot be read.
 */
enum err objects_open(struct objects *objects, struct repository *repository, unsigned threads,
                      lose_pack *lose, void *context, struct error *error);

/* Makes them ready to be walked, when their notes are there, if any are. */
void objects_prepare(struct objects *objects, unsigned threads);
void objects_close(struct objects *objects);

/*
 * For objects_select(), without a look at what was here before: opens the packs of the repository's
 * quarantine, if it has one. {.repository = R} opens none.
 */
void objects_open_brought(struct objects *objects, struct repository *repository, unsigned threads);

/*
 * From now on only these objects are walked. Those of the quarantine's packs are walked as packs
 * are, the others one by one.
 */
void objects_select(struct objects *objects, const struct id_map *ids);

/* The number of objects, for progress. */
uint64_t objects_count(const struct objects *objects);

/* Says that the processor will soon be asked whether the object is held. */
void objects_expect(const struct objects *objects, const struct object_id *id);

/* Whether a pack holds the object. */
bool objects_pack(const struct objects *objects, const struct object_id *id);

/* Whether a pack or a loose file holds the object. */
bool objects_hold(const struct objects *objects, const struct object_id *id);

/*
 * Shows all objects of the visitor's types, packed ones first, then loose ones (which copy from
 * nothing). The visitor's `read` and `context` for it are set here.
 */
void objects_walk(struct objects *objects, struct visitor *visitor,
                  const struct walk_options *options, struct walk_counts *counts);

/*
 * The same of all that is not known, and of what is known but to be looked at again, which copies
 * from nothing. For visitors that take notes.
 */
void objects_walk_new(struct objects *objects, struct visitor *visitor,
                      const struct walk_options *options, struct walk_counts *counts);

/*
 * Shows what other rules took notes of, without a copy of what is shown in packs that are known.
 * Before objects_prepare().
 */
void objects_walk_noted(struct objects *objects, struct visitor *visitor,
                        const struct walk_options *options, struct walk_counts *counts);

/*
 * Whether some pack is known, the leads of all that are known are there, and they hold for findings
 * in these blobs (NULL: in none).
 */
bool objects_have_leads(const struct objects *objects, const struct id_map *blobs);

/* The same as objects_walk(), but of packs that are known their leads only, which must be there. */
void objects_walk_leads(struct objects *objects, struct visitor *visitor,
                        const struct walk_options *options, struct walk_counts *counts);

/* Whether notes say what is to be passed over. */
bool noted_known(enum noted noted);

/* Whether some pack or loose object is known. */
bool objects_any_known(const struct objects *objects);

/* Whether a pack before this one holds the object, too: it counts where it stands first. */
bool objects_hold_before(const struct objects *objects, size_t pack, const struct object_id *id);

#endif
