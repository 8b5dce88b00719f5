/*
 * A set of bytes, as what may stand at one place of a text.
 */
#ifndef TRAWL_BASE_BYTE_SET_H
#define TRAWL_BASE_BYTE_SET_H

#include <stdbool.h>
#include <stdint.h>

struct byte_set {
	uint64_t bits[4];
};

/* `byte` is below 256 in all of these. */
static inline bool byte_set_has(const struct byte_set *set, unsigned byte)
{
	return set->bits[byte >> 6] >> (byte & 63) & 1;
}

static inline void byte_set_add(struct byte_set *set, unsigned byte)
{
	set->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

/* Adds the bytes first to last, both included. */
void byte_set_add_range(struct byte_set *set, unsigned first, unsigned last);

void byte_set_merge(struct byte_set *set, const struct byte_set *other);
void byte_set_intersect(struct byte_set *set, const struct byte_set *other);
void byte_set_invert(struct byte_set *set);

/* Adds to each ASCII letter that is in the set the one of the other case. */
void byte_set_fold_case(struct byte_set *set);

unsigned byte_set_size(const struct byte_set *set);
bool byte_set_equal(const struct byte_set *a, const struct byte_set *b);

#endif
