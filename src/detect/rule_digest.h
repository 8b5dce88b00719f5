/*
 * What an answer depends on beside the bytes that are scanned: the rules and the engine, as digests
 * that are kept from run to run.
 */
#ifndef TRAWL_DETECT_RULE_DIGEST_H
#define TRAWL_DETECT_RULE_DIGEST_H

#include "base/digest.h"
#include "detect/detector.h"

/* Of all that decides what the rule finds; of its texts for people only the id. */
void rule_digest(const struct rule *rule, unsigned char out[DIGEST_SIZE]);

/*
 * Of what misfits (detect/misfit.h) are known by, whether those rules are in use or not: a rule
 * that asks for misfits may find something else when this changes.
 */
void misfit_digest(const struct ruleset *set, unsigned char out[DIGEST_SIZE]);

/*
 * Of the engine without its rules: its options (but for the time of day) and the version of the
 * code that detects.
 */
void engine_options_digest(const struct engine *engine, unsigned char out[DIGEST_SIZE]);

/* Of the rules, too, in order, and which are in use. */
void engine_digest(const struct engine *engine, const struct ruleset *set,
                   unsigned char out[DIGEST_SIZE]);

#endif
