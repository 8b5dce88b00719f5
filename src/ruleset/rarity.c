#include "ruleset/rarity.h"

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
