/*
 * The history of one repository: every object scanned once, every secret attributed.
 */
#ifndef TRAWL_HISTORY_HISTORY_H
#define TRAWL_HISTORY_HISTORY_H

#include "history/known.h"
#include "history/push.h"
#include "history/renew.h"
#include "history/sightings.h"
#include "model/history.h"

/* Which commits count; those that meet all that is asked. */
struct commit_choice {
	const char *range;  /* "A..B", see range_read(); NULL: not asked */
	const char *branch; /* what this revision leads to; NULL: not asked */
	bool reachable;     /* what references lead to */
	int64_t since;      /* Unix seconds of the committer's date; INT64_MIN: not asked */
};

struct history_options {
	struct sighting_options sighting;
	struct commit_choice choice;
	bool search;         /* the repository may lie above the path */
	bool check_complete; /* look for missing objects even if the store claims to have all */
	double time_budget;  /* seconds for a push; 0: no limit */
	const struct known_store *known; /* what earlier scans know, for all but ranges and pushes,
	                                    and where this one adds to it; NULL: nothing is kept */
	const unsigned char *rules;      /* engine_digest(), for scans of many; NULL: to be made */
};

/* What scanning one repository brought; zero-initialise. */
struct history {
	char *folder;                 /* absolute */
	char *remote;                 /* NULL: none */
	char head[OBJECT_ID_HEX + 1]; /* empty: HEAD leads nowhere */
	const char *branch;           /* that HEAD names, without "refs/heads/"; NULL: none */
	struct leak_list leaks;       /* sorted */
	struct coverage coverage;
	struct leak_list suppressed; /* what is held against; its text is that of leaks */
	uint32_t commits;            /* of a range or push; 0 for others */
	struct finding_list text;    /* owns what the leaks point to */
	struct walk_counts counts;
	struct detector_costs costs;
	struct renewal renewal; /* of what other rules took notes of */
	uint64_t open_ns;       /* of the packs, and which of their entries is based on which */
	uint64_t scan_ns;
	uint64_t trees_ns;     /* of the walks over trees, for attribution and missing objects */
	uint64_t attribute_ns; /* of the rest of both */
	bool looked_for_missing;
	uint32_t unneeded; /* missing objects that only unreachable ones name */
};

/*
 * Scans the repository at path. What cannot be read of it is in the coverage; an error is returned
 * only when it is no repository or cannot be opened at all (see repository_open()).
 */
enum err history_scan(struct history *history, const char *path, struct engine *engine,
                      const struct ruleset *set, const struct history_options *options,
                      struct error *error);

/*
 * Scans what a push brings to (or takes from) the repository that git runs a hook for; see
 * repository_open_hooked() and push_resolve() for the errors.
 */
enum err history_scan_push(struct history *history, const struct push *push, struct engine *engine,
                           const struct ruleset *set, const struct history_options *options,
                           struct error *error);
void history_release(struct history *history);

#endif
