#include "base/byte_set.h"

#include <string.h>

void byte_set_add_range(struct byte_set *set, unsigned first, unsigned last)
{
	for (unsigned byte = first; byte <= last; byte++)
		byte_set_add(set, byte);
}

void byte_set_merge(struct byte_set *set, const struct byte_set *other)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] |= other->bits[i];
}

void byte_set_intersect(struct byte_set *set, const struct byte_set *other)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] &= other->bits[i];
}

void byte_set_invert(struct byte_set *set)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] = ~set->bits[i];
}

void byte_set_fold_case(struct byte_set *set)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		if (byte_set_has(set, c) || byte_set_has(set, c - 32)) {
			byte_set_add(set, c);
			byte_set_add(set, c - 32);
		}
	}
}

unsigned byte_set_size(const struct byte_set *set)
{
	unsigned size = 0;

	for (int i = 0; i < 4; i++)
		size += (unsigned)__builtin_popcountll(set->bits[i]);
	return size;
}

bool byte_set_equal(const struct byte_set *a, const struct byte_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}
