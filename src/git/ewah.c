#include "git/ewah.h"

enum { HEAD_SIZE = 8, WORD_SIZE = 8, TAIL_SIZE = 4, WORD_BITS = 64 }; /* bytes; bits */

static uint64_t big_endian(const unsigned char *p, unsigned size)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < size; i++)
		number = number << 8 | p[i];
	return number;
}

/* Sets the bits of one word that stands `run` times from bit `at` on; false past the end. */
static bool set_words(bool *bits, size_t count, uint64_t at, uint64_t word, uint64_t run)
{
	for (; word && run; run--, at += WORD_BITS) {
		for (unsigned i = 0; i < WORD_BITS; i++) {
			if (!(word >> i & 1))
				continue;
			if (at + i >= count)
				return false;
			bits[at + i] = true;
		}
	}
	return true;
}

enum err ewah_read(struct bytes *left, bool *bits, size_t count, struct error *error)
{
	uint64_t words, at = 0;
	const unsigned char *next;

	memset(bits, 0, count);
	if (left->len < HEAD_SIZE + TAIL_SIZE)
		return error_set(error, ERR_CORRUPT, "a bitmap is cut short");
	words = big_endian(left->ptr + 4, 4);
	if (words > (left->len - HEAD_SIZE - TAIL_SIZE) / WORD_SIZE)
		return error_set(error, ERR_CORRUPT, "a bitmap is cut short");
	next = left->ptr + HEAD_SIZE;
	*left = bytes_slice(*left, HEAD_SIZE + words * WORD_SIZE + TAIL_SIZE, left->len);
	while (words) {
		/* A marker: the running bit, 32 bits of its words, 31 of the literal words. */
		const uint64_t marker = big_endian(next, WORD_SIZE);
		const uint64_t run = marker >> 1 & UINT32_MAX;
		uint64_t literals = marker >> 33;

		next += WORD_SIZE;
		words--;
		if (literals > words)
			return error_set(error, ERR_CORRUPT, "a bitmap contradicts itself");
		if (!set_words(bits, count, at, marker & 1 ? UINT64_MAX : 0, run))
			return error_set(error, ERR_CORRUPT, "a bitmap names what is not there");
		at += run * WORD_BITS;
		for (; literals; literals--, words--, next += WORD_SIZE, at += WORD_BITS) {
			if (!set_words(bits, count, at, big_endian(next, WORD_SIZE), 1))
				return error_set(error, ERR_CORRUPT,
				                 "a bitmap names what is not there");
		}
	}
	return ERR_NONE;
}
