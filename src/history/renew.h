/*
 * What earlier scans with other rules know (history/known.h), made good for the rules of this one:
 * of what they found nothing in, only rules that are new or changed look at it, and those over
 * which such a rule decides. Where these find something, or met encoded text, all rules look again.
 *
 * The store lists the last scans that differ in nothing but rules.
 */
#ifndef TRAWL_HISTORY_RENEW_H
#define TRAWL_HISTORY_RENEW_H

#include "history/known.h"
#include "history/sightings.h"

/* A scan that takes notes. */
struct note_terms {
	struct engine *engine;
	const struct ruleset *set;
	const struct sighting_options *options;
	const unsigned char *rules; /* engine_digest(); NULL: to be made */
	/* Of all that decides what is noted, without the rules and with them. */
	unsigned char settings[DIGEST_SIZE];
	unsigned char scan[DIGEST_SIZE];
};

/* What was made good. */
struct renewal {
	size_t rules;     /* that looked, of those in use */
	uint64_t objects; /* that they looked at */
};

/* Fills in the terms' digests; the rest is there. */
void note_terms_digest(struct note_terms *terms);

/* known_recall(), and then the notes of scans with other rules. */
void renew_recall(struct objects *objects, const struct known_store *store,
                  const struct note_terms *terms, struct renewal *renewal);

/* known_keep(), and lists the scan. */
void renew_keep(const struct objects *objects, const struct known_store *store,
                const struct note_terms *terms);

#endif
