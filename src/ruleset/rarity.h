/*
 * How rare bytes are in ordinary text. The shares are rough ones for source code; only their order
 * of size matters, and only for speed.
 */
#ifndef TRAWL_RULESET_RARITY_H
#define TRAWL_RULESET_RARITY_H

#include "base/byte_set.h"

/* How rarely a byte of the set stands at a given place, in bits. */
double byte_set_bits(const struct byte_set *set);

#endif
