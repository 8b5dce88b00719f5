/*
 * What earlier scans know of packs and loose objects: which were scanned completely, with the same
 * rules and engine, and which of their objects have to be looked at again because something was
 * found or lost there. A scan passes over the rest: the answer is that of a scan from nothing, and
 * no secret is kept anywhere.
 *
 * It is kept in a store of small texts, which may live as long as a run or longer. A pack is known
 * by a digest of all its bytes and those of its index; that they are still these bytes is believed
 * of a file that has the same device, inode, size and times, and else found out: they are held
 * against those of a pack that this run has met, or digested. A loose object is known by its id and
 * the same of its file.
 *
 * Of a pack in which something was found there is kept, too, what leads to it (leads.h).
 */
#ifndef TRAWL_HISTORY_KNOWN_H
#define TRAWL_HISTORY_KNOWN_H

#include "base/digest.h"
#include "history/leads.h"
#include "history/objects.h"

/*
 * Where knowledge is kept: values of any bytes under keys of KNOWN_KEY_SIZE. One thread calls these
 * functions. What `get` returns must be what was put: a store that may be damaged checks that.
 */
struct known_store {
	void *context;
	/* Appends the value to the empty buffer; false if there is none. */
	bool (*get)(void *context, const unsigned char *key, struct buf *value);
	/* Replaces the value, if there was one. */
	void (*put)(void *context, const unsigned char *key, struct bytes value);
	/* The same, but it lasts no longer than the run. NULL: it is not kept. */
	void (*put_for_run)(void *context, const unsigned char *key, struct bytes value);
};

enum { KNOWN_KEY_SIZE = DIGEST_SIZE };

/* Larger values, in bytes, are not put. */
enum { KNOWN_VALUE_MAX = 1 << 28 };

/*
 * Fills in the notes of the objects, which have just been listed, as far as the store knows them.
 * `scan` is a digest of all that decides which objects would be noted how.
 */
void known_recall(struct objects *objects, const struct known_store *store,
                  const unsigned char scan[DIGEST_SIZE]);

/* Whether there is something left of which there are no notes. */
bool known_lacks(const struct objects *objects);

/*
 * Fills in, for what is not known, the notes of another scan, as NOTED_OTHER. Returns whether there
 * are any.
 */
bool known_recall_other(struct objects *objects, const struct known_store *store,
                        const unsigned char other[DIGEST_SIZE]);

/*
 * Makes the notes of the other scan that count (all of them, or those that are marked NOTE_RENEWED)
 * those of this one, and drops the rest.
 */
void known_renew(struct objects *objects, bool all);

/*
 * Puts into the store the leads (leads.h) of the objects' only pack, of which notes are kept, if
 * they can be made and are new.
 */
void known_keep_leads(const struct objects *objects, const struct known_store *store,
                      const unsigned char scan[DIGEST_SIZE], const struct sightings *sightings,
                      const struct tree_graph *graph);

/* Puts into the store what the notes of the objects, after a scan, say of those that were new. */
void known_keep(const struct objects *objects, const struct known_store *store,
                const unsigned char scan[DIGEST_SIZE]);

#endif
