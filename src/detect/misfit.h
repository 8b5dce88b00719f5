/*
 * Misfits: values that a provider's prefix or name announces, and that have not the form of its
 * secrets, being cut off, mistyped or made up. What a rule knows of a provider, no generic rule
 * contradicts.
 */
#ifndef TRAWL_DETECT_MISFIT_H
#define TRAWL_DETECT_MISFIT_H

#include "detect/confirm.h"
#include "model/rule.h"
#include "ruleset/ruleset.h"

struct misfits;

/* Lists by what the secrets of the set's rules, enabled or not, are known; the set must outlive it.
 */
struct misfits *misfits_new(const struct ruleset *set);
void misfits_free(struct misfits *misfits);

/*
 * The rule whose secret the bytes [start, end) of the text nearly are; NULL if there is none, or if
 * they have the form of another one that is announced there as well. The matcher is one for the
 * set; what it matched before is lost.
 */
const struct rule *misfits_find(const struct misfits *misfits, struct matcher *matcher,
                                struct bytes text, size_t start, size_t end);

#endif
