/*
 * How rare bytes are in ordinary text, which is source code mostly. The shares are rough; only
 * their order of size matters, and only for speed.
 */
#ifndef TRAWL_RULESET_RARITY_H
#define TRAWL_RULESET_RARITY_H

#include "base/byte_set.h"

/* How rarely a byte of the set stands at a given place, in bits. */
double byte_set_bits(const struct byte_set *set);

/*
 * The same of sets[i], knowing the ones before it: the last letters of a common word are no
 * surprise.
 */
double byte_set_bits_behind(const struct byte_set *const *sets, unsigned i);

#endif
