/*
 * Explaining: what each stage said of each candidate, for people. `trawl rules explain` asks about
 * one rule and one text, `trawl scan --explain` about all that it reads.
 */
#ifndef TRAWL_CLI_EXPLAIN_H
#define TRAWL_CLI_EXPLAIN_H

#include "cli/options.h"
#include "scan/scanner.h"

#include <stdio.h>

/* What is told of one text after the other; zero-initialise, then explainer_init(). */
struct explainer {
	struct scan_watch watch;
	bool all; /* of candidates that were rejected, too */
	bool show_secrets;
	FILE *out;         /* where it is told; not owned */
	struct bytes text; /* the present one */
	FILE *body;        /* what is told of it, while its name is not known */
	char *told;
	size_t told_len;
	FILE *candidate; /* what is told of the present candidate */
	char *candidate_told;
	size_t candidate_len;
	size_t count; /* candidates of the text that were told of */
};

void explainer_init(struct explainer *e, FILE *out, bool all, bool show_secrets);

/* What one rule says of one file or, for "-", of standard input: `trawl rules explain ID FILE`. */
enum err explain_rule(struct ruleset *set, const char *id, const char *path,
                      const struct options *options, struct error *error);

#endif
