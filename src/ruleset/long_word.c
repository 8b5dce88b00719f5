#include "ruleset/long_word.h"

#include <stdint.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { BLOCK = 64 }; /* bytes; a bit of a mask for each */

#define BIT(c) (UINT64_C(1) << ((c)&63))

static const struct byte_set members = {
    {UINT64_C(0x3ff) << '0' | BIT('+') | BIT('-') | BIT('/') | BIT('='),
     UINT64_C(0x3ffffff) << ('A' & 63) | UINT64_C(0x3ffffff) << ('a' & 63) | BIT('_')}};

bool long_word_holds(const struct bulk *bulk)
{
	struct byte_set all = members;

	byte_set_merge(&all, &bulk->bytes);
	return bulk->len >= LONG_WORD && byte_set_equal(&all, &members);
}

/* Which of so many bytes, at most a block, are members. */
static uint64_t members_of_few(const unsigned char *bytes, size_t count)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < count; i++)
		mask |= (uint64_t)byte_set_has(&members, bytes[i]) << i;
	return mask;
}

#ifdef __SSE2__
/* Whether each byte is at most `span` above `first`. */
static __m128i in_range(__m128i bytes, char first, char span)
{
	__m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(span)), above);
}

/* Whether each byte with these bits set is this one. */
static __m128i is_byte(__m128i bytes, char bits, char byte)
{
	return _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(bits)), _mm_set1_epi8(byte));
}

/* Which bytes of a block are members. */
static uint64_t members_of(const unsigned char *bytes)
{
	uint64_t mask = 0;

	for (int i = 0; i < BLOCK; i += 16) {
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
		__m128i letters = in_range(_mm_or_si128(b, _mm_set1_epi8(0x20)), 'a', 25);
		__m128i digits = in_range(b, '/', 10);            /* and the slash */
		__m128i minus = is_byte(b, '-' ^ '=', '-' | '='); /* and the equals sign */
		__m128i others = _mm_or_si128(is_byte(b, 0, '+'), is_byte(b, 0, '_'));
		__m128i all =
		    _mm_or_si128(_mm_or_si128(letters, digits), _mm_or_si128(minus, others));

		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(all) << i;
	}
	return mask;
}
#else
static uint64_t members_of(const unsigned char *bytes)
{
	return members_of_few(bytes, BLOCK);
}
#endif

/* The places where as many bits in a row are set as a long word has bytes. */
static uint64_t long_runs(uint64_t mask)
{
	mask &= mask >> 1;
	mask &= mask >> 2;
	mask &= mask >> 4;
	mask &= mask >> 8; /* 16 in a row */
	return mask & mask >> (LONG_WORD - 16);
}

bool long_word_find(struct bytes text, size_t from, size_t limit, size_t *start, size_t *end)
{
	size_t before = 0; /* members that stand right in front of the block */

	/* Of a word that starts before the limit, so many bytes end less than its length behind. */
	for (size_t at = from; at < text.len && at < limit + LONG_WORD; at += BLOCK) {
		size_t left = text.len - at;
		uint64_t mask =
		    left < BLOCK ? members_of_few(text.ptr + at, left) : members_of(text.ptr + at);
		uint64_t others = ~mask, runs = long_runs(mask);
		size_t first = others ? (size_t)__builtin_ctzll(others) : BLOCK;

		if (before + first >= LONG_WORD || runs) {
			*start = before + first >= LONG_WORD ? at - before
			                                     : at + (size_t)__builtin_ctzll(runs);
			*end = *start + LONG_WORD;
			while (*end < text.len && byte_set_has(&members, text.ptr[*end]))
				++*end;
			return *start < limit;
		}
		before = (size_t)__builtin_clzll(others); /* a block of members alone is long */
	}
	return false;
}
