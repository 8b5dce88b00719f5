#include "detect/marvin.h"

struct marvin {
	uint32_t low, high;
};

static uint32_t rotate(uint32_t value, unsigned bits)
{
	return value << bits | value >> (32 - bits);
}

static void mix(struct marvin *m, uint32_t word)
{
	m->low += word;
	m->high ^= m->low;
	m->low = rotate(m->low, 20) + m->high;
	m->high = rotate(m->high, 9) ^ m->low;
	m->low = rotate(m->low, 27) + m->high;
	m->high = rotate(m->high, 19);
}

/* Up to four bytes, the first one least significant. */
static uint32_t word_of(const unsigned char *bytes, size_t count)
{
	uint32_t word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint32_t)bytes[i] << 8 * i;
	return word;
}

uint64_t marvin_hash64(uint64_t seed, struct bytes text)
{
	struct marvin m = {(uint32_t)seed, (uint32_t)(seed >> 32)};
	size_t rest = text.len % 4;

	for (size_t at = 0; at < text.len - rest; at += 4)
		mix(&m, word_of(text.ptr + at, 4));
	mix(&m, word_of(text.ptr + text.len - rest, rest) | (uint32_t)0x80 << 8 * rest);
	mix(&m, 0);
	return (uint64_t)m.high << 32 | m.low;
}

uint32_t marvin_hash32(uint64_t seed, struct bytes text)
{
	uint64_t hash = marvin_hash64(seed, text);

	return (uint32_t)hash ^ (uint32_t)(hash >> 32);
}
