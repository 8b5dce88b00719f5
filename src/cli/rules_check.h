/*
 * The rules' own test: every example with the prefilter on and off, what the design asks of a
 * rule's width, reach and stubs, and what a rule costs in ordinary code.
 */
#ifndef TRAWL_CLI_RULES_CHECK_H
#define TRAWL_CLI_RULES_CHECK_H

#include "base/error.h"
#include "ruleset/ruleset.h"

/*
 * Checks all rules of the set, prints a line for each and one for each fault (with `foreign`, what
 * only our own rules must have is advice, no fault), and sets *status to
 * STATUS_CLEAN or STATUS_FINDINGS. Errors as engine_new().
 */
enum err rules_check(struct ruleset *set, bool foreign, int *status, struct error *error);

#endif
