/*
 * What the configuration and the baseline hold against findings: looked up while the secret is at
 * hand, before it is reduced to a fingerprint.
 */
#ifndef TRAWL_FILTER_SUPPRESSIONS_H
#define TRAWL_FILTER_SUPPRESSIONS_H

#include "filter/baseline.h"
#include "filter/configuration.h"

#include <stdatomic.h>

/* Where an operand of the command line lies in the tree that config and baseline belong to. */
struct tree_place {
	const char *operand; /* as blobs' paths start with it; "" for the folder one stands in */
	const char *inside;  /* its path from the tree's top, "" for the top; NULL: elsewhere */
};

/* Const once a scan begins, and shared; nothing in it is owned. */
struct suppressions {
	const struct configuration *config; /* NULL: none */
	const struct baseline *baseline;    /* NULL: none */
	struct fingerprint_key key;         /* of the reports: for allowed fingerprints */
	char today[BASELINE_DATE_SIZE];
	const struct tree_place *places; /* with none, blobs' paths start at the tree's top */
	size_t place_count;
	struct suppression excluded; /* set by suppressions_init(): in histories, by path */
	/* Which globs of config->exclude have excluded something; NULL: nobody asks. */
	atomic_bool *exclude_held;
};

/* Fills in what follows from the configuration. */
void suppressions_init(struct suppressions *s, const struct configuration *config,
                       const struct baseline *baseline);

/* Whether the configuration excludes what stands at this path, as blobs have it. */
bool suppressions_exclude(const struct suppressions *s, struct bytes path);

/*
 * What holds for the rule's secret, perhaps at some paths only, up to a NULL; NULL if nothing does.
 * Owned by the arena.
 */
const struct suppression *const *suppressions_of(const struct suppressions *s,
                                                 const struct rule *rule, struct bytes secret,
                                                 struct arena *arena);

/* The first of these that holds at the path, as blobs have it (len 0: none is known); or NULL. */
const struct suppression *suppressions_at(const struct suppressions *s,
                                          const struct suppression *const *held, struct bytes path);

#endif
