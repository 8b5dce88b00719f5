#include "base/utf8.h"

unsigned utf8_decode(const unsigned char *ptr, const unsigned char *end, uint32_t *code)
{
	/* The smallest code that needs 2, 3 and 4 bytes. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned len = ptr[0] < 0x80   ? 1
	               : ptr[0] < 0xc2 ? 0
	               : ptr[0] < 0xe0 ? 2
	               : ptr[0] < 0xf0 ? 3
	                               : 4;
	uint32_t value = len == 1 ? ptr[0] : ptr[0] & (0xffu >> (len + 1));

	if (len == 0 || ptr[0] > 0xf4 || (size_t)(end - ptr) < len)
		return 0;
	for (unsigned i = 1; i < len; i++) {
		if ((ptr[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (ptr[i] & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return len;
}

unsigned utf8_encode(uint32_t code, unsigned char out[4])
{
	if (code < 0x80) {
		out[0] = (unsigned char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (unsigned char)(0xc0 | code >> 6);
		out[1] = (unsigned char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (unsigned char)(0xe0 | code >> 12);
		out[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | code >> 18);
	out[1] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (code & 0x3f));
	return 4;
}

bool utf8_shows_itself(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	/* Marks and separators, embeddings and overrides, isolates: Unicode 15, UAX 9, table 2. */
	return code != 0x61c && code != 0x200e && code != 0x200f &&
	       !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

bool utf8_valid(struct bytes bytes)
{
	const unsigned char *ptr = bytes.ptr, *end = bytes.ptr + bytes.len;

	while (ptr < end) {
		uint32_t code;
		unsigned len = *ptr < 0x80 ? 1 : utf8_decode(ptr, end, &code);

		if (!len)
			return false;
		ptr += len;
	}
	return true;
}

size_t utf8_utf16_units(struct bytes bytes)
{
	const unsigned char *ptr = bytes.ptr, *end = bytes.ptr + bytes.len;
	size_t units = 0;

	while (ptr < end) {
		uint32_t code = 0;
		unsigned len = *ptr < 0x80 ? 1 : utf8_decode(ptr, end, &code);

		units += code > 0xffff ? 2 : 1;
		ptr += len ? len : 1;
	}
	return units;
}
