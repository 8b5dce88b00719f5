#include "detect/base32.h"

#include <stdint.h>

size_t base32_decode(struct bytes text, enum base32_case letters, unsigned char *out, size_t max)
{
	unsigned char first = letters == BASE32_UPPER ? 'A' : 'a';
	uint32_t pending = 0;
	unsigned have = 0;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];

		if (c >= first && c < first + 26)
			pending = pending << 5 | (uint32_t)(c - first);
		else if (c >= '2' && c <= '7')
			pending = pending << 5 | (uint32_t)(c - '2' + 26);
		else
			return 0;
		have += 5;
		if (have < 8)
			continue;
		if (len == max)
			return 0;
		have -= 8;
		out[len++] = (unsigned char)(pending >> have);
	}
	return len;
}
