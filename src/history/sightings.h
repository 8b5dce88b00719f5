/*
 * What the scan of all objects brought: which secret was seen in which object, and the commits.
 */
#ifndef TRAWL_HISTORY_SIGHTINGS_H
#define TRAWL_HISTORY_SIGHTINGS_H

#include "history/commits.h"
#include "history/objects.h"
#include "scan/scanner.h"

/* A secret in one object, at the first of its places there that nothing allows. */
struct sighting {
	uint32_t secret;        /* number of the (rule, fingerprint) */
	uint32_t object;        /* number in its id map */
	struct finding finding; /* its place in the object; it has no path */
};

/* Sightings of objects of one type, by object (in the order of their ids), then secret. */
struct sighting_table {
	struct id_map objects;
	struct sighting *items;
	size_t count;
	size_t cap;
	size_t *first; /* by object: items[first[o]] ... items[first[o + 1] - 1] */
};

/* What a tag object names. */
struct tag_link {
	struct object_id tag;
	struct object_id target;
};

struct sightings {
	struct sighting_table blobs;
	struct sighting_table commits; /* in messages */
	struct sighting_table tags;    /* likewise */
	uint32_t secret_count;
	struct commit_list *commit_lists; /* of the threads; see sightings_link() */
	size_t list_count;
	size_t list_cap;
	struct commits graph;
	struct tag_link *links; /* of all tag objects, in no order */
	size_t link_count;
	size_t link_cap;
	struct coverage coverage;
	struct finding_list text; /* owns what the findings point to; has no items */
	struct walk_counts counts;
	struct detector_costs costs;
};

struct sighting_options {
	const struct scan_options *scan;
	struct walk_options walk;
	uint64_t max_size;         /* bytes of a blob; larger ones are not scanned */
	bool max_size_chosen;      /* by the user: then they are skipped, else lost */
	bool no_reuse;             /* every object is scanned whole; the same answer, slowly */
	bool graph;                /* the commits are wanted even if nothing is found */
	const struct range *range; /* whose objects these are: what its blobs with findings
	                              replace is scanned, too, whatever the deadline; NULL: none */
};

/*
 * Scans every object but those that are known, whose notes say what they add to the coverage; where
 * some are, and nothing is found, the commits are left out. The others are noted, if notes are
 * taken. Offsets and lines of a message count from its first byte. Every pack or
 * object that could not be read is in the coverage.
 */
void sightings_collect(struct sightings *s, struct objects *objects, struct engine *engine,
                       const struct ruleset *set, const struct sighting_options *options);

/*
 * Makes the graph of the commits that were collected. Beside it, all may be looked at but the
 * graph.
 */
void sightings_link(struct sightings *s);

/*
 * Lets the set's rules look at what other rules took notes of (NOTED_OTHER), and marks the notes
 * NOTE_RENEWED, those of objects in which they find something NOTE_AGAIN. Adds nothing else.
 */
void sightings_renew(struct objects *objects, struct engine *engine, const struct ruleset *set,
                     const struct sighting_options *options, struct walk_counts *counts);
void sightings_release(struct sightings *s);

#endif
