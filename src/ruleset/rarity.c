#include "ruleset/rarity.h"

#include "ruleset/rarity_table.h"

#include <math.h>
#include <string.h>

double byte_set_bits(const struct byte_set *set)
{
	static const char common[] = " etaoinsrlcdpumfhgb_=()\n\t;,.-'\"01/";
	double share = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		const char *found;

		if (!byte_set_has(set, byte))
			continue;
		found = byte && byte < 128 ? strchr(common, (int)byte) : NULL;
		share += found                      ? (found - common < 12 ? 0.045 : 0.013)
		         : byte >= 128 || byte < 32 ? 0.0006
		                                    : 0.0045;
	}
	return share >= 1 ? 0 : -log2(share);
}

/* The class that all bytes of the set belong to, or -1. */
static int class_of(const struct byte_set *set)
{
	int class = -1;

	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byte_set_has(set, byte))
			continue;
		if (class >= 0 && class != rarity_class[byte])
			return -1;
		class = rarity_class[byte];
	}
	return class;
}

double byte_set_bits_behind(const struct byte_set *const *sets, unsigned i)
{
	int before = i < 2 ? -1 : class_of(sets[i - 2]);
	int last = i < 2 ? -1 : class_of(sets[i - 1]);
	int class = class_of(sets[i]);

	if (before < 0 || last < 0 || class < 0 || class >= RARITY_LETTERS)
		return byte_set_bits(sets[i]);
	return (double)rarity_table[before][last][class] / RARITY_UNITS;
}
