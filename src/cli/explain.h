/*
 * Explaining: what each stage said of each candidate, for people. `trawl rules explain` asks about
 * one rule and one text, `trawl scan --explain` about all that it reads.
 */
#ifndef TRAWL_CLI_EXPLAIN_H
#define TRAWL_CLI_EXPLAIN_H

#include "cli/options.h"
#include "scan/scanner.h"

#include <stdio.h>

struct told;

/* What is told of one text after the other; zero-initialise, then explainer_init(). */
struct explainer {
	struct scan_watch watch;
	bool all; /* of candidates that were rejected, too */
	bool show_secrets;
	FILE *out;         /* where it is told; not owned */
	struct bytes text; /* the present one */
	struct told *told; /* its candidates, of which each is told when all is known */
	size_t count;
	size_t cap;
	size_t left_off; /* candidates that were one too many */
	FILE *candidate; /* what is told of the present one */
	char *candidate_told;
	size_t candidate_len;
};

void explainer_init(struct explainer *e, FILE *out, bool all, bool show_secrets);
void explainer_release(struct explainer *e);

/* What one rule says of one file or, for "-", of standard input: `trawl rules explain ID FILE`. */
enum err explain_rule(struct ruleset *set, const char *id, const char *path,
                      const struct options *options, struct error *error);

/* Writes what the prefilter looks for as a pattern that reads well; small letters stand for both.
 */
void explain_stub(FILE *out, const struct stub *stub);

#endif
