#include "base/sha1.h"

#include <assert.h>
#if defined(__x86_64__) && !defined(__clang__)
#include <immintrin.h>
#endif

static uint32_t rotate(uint32_t value, unsigned bits)
{
	return value << bits | value >> (32 - bits);
}

enum { ROUNDS = 80 };

/* The function of a round and its constant (FIPS 180-4, 4.1.1 and 4.2.1). */
static inline uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
	if (round < 20)
		return (d ^ (b & (c ^ d))) + 0x5a827999;
	if (round < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (round < 60)
		return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

/* The words from `first` on: 20 rounds of one kind. Instead of moving, the five words change roles.
 */
static inline void turn(uint32_t v[5], unsigned first, const uint32_t w[ROUNDS])
{
	uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4];

	for (unsigned t = first; t < first + 20; t += 5) {
		e += rotate(a, 5) + mix(first, b, c, d) + w[t];
		b = rotate(b, 30);
		d += rotate(e, 5) + mix(first, a, b, c) + w[t + 1];
		a = rotate(a, 30);
		c += rotate(d, 5) + mix(first, e, a, b) + w[t + 2];
		e = rotate(e, 30);
		b += rotate(c, 5) + mix(first, d, e, a) + w[t + 3];
		d = rotate(d, 30);
		a += rotate(b, 5) + mix(first, c, d, e) + w[t + 4];
		c = rotate(c, 30);
	}
	v[0] = a, v[1] = b, v[2] = c, v[3] = d, v[4] = e;
}

static void compress(uint32_t state[5], const unsigned char block[SHA1_BLOCK])
{
	uint32_t v[5], w[ROUNDS];

	memcpy(v, state, sizeof(v));
	for (unsigned t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (unsigned t = 16; t < 32; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	/* The same applied twice: none of four words in a row needs another of them. */
	for (unsigned t = 32; t < ROUNDS; t++)
		w[t] = rotate(w[t - 6] ^ w[t - 16] ^ w[t - 28] ^ w[t - 32], 2);
	turn(v, 0, w); /* one by one: the compiler then knows which kind */
	turn(v, 20, w);
	turn(v, 40, w);
	turn(v, 60, w);
	for (unsigned i = 0; i < 5; i++)
		state[i] += v[i];
}

void sha1_compress_plainly(uint32_t state[5], const unsigned char *blocks, size_t count)
{
	for (; count; count--, blocks += SHA1_BLOCK)
		compress(state, blocks);
}

#if defined(__x86_64__) && !defined(__clang__)

/* Four rounds, the `group`th of twenty; the instruction has their kind in itself. */
__attribute__((target("sha,sse4.1"))) static inline __m128i four_rounds(__m128i abcd, __m128i e,
                                                                        unsigned group)
{
	switch (group / 5) {
	case 0:
		return _mm_sha1rnds4_epu32(abcd, e, 0);
	case 1:
		return _mm_sha1rnds4_epu32(abcd, e, 1);
	case 2:
		return _mm_sha1rnds4_epu32(abcd, e, 2);
	default:
		return _mm_sha1rnds4_epu32(abcd, e, 3);
	}
}

/* With the processor's own instructions (Intel's manual, volume 2, SHA1RNDS4 and its like). */
__attribute__((target("sha,sse4.1"))) static void
compress_quickly(uint32_t state[5], const unsigned char *blocks, size_t count)
{
	const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
	__m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0x1b);
	__m128i e = _mm_set_epi32((int)state[4], 0, 0, 0);

	for (; count; count--, blocks += SHA1_BLOCK) {
		const __m128i abcd_before = abcd, e_before = e;
		__m128i w[4], last = abcd;

		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)blocks + i),
			                        big_endian);
#pragma GCC unroll 20
		for (unsigned group = 0; group < ROUNDS / 4; group++) {
			__m128i *here = &w[group % 4];

			e = group ? _mm_sha1nexte_epu32(last, *here) : _mm_add_epi32(e, *here);
			last = abcd;
			abcd = four_rounds(abcd, e, group);
			/* What four groups on is added. */
			*here = _mm_sha1msg1_epu32(*here, w[(group + 1) % 4]);
			*here = _mm_xor_si128(*here, w[(group + 2) % 4]);
			*here = _mm_sha1msg2_epu32(*here, w[(group + 3) % 4]);
		}
		e = _mm_sha1nexte_epu32(last, e_before);
		abcd = _mm_add_epi32(abcd, abcd_before);
	}
	_mm_storeu_si128((__m128i *)state, _mm_shuffle_epi32(abcd, 0x1b));
	state[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

static bool is_quick(void)
{
	return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1");
}

#else

static void compress_quickly(uint32_t state[5], const unsigned char *blocks, size_t count)
{
	sha1_compress_plainly(state, blocks, count);
}

static bool is_quick(void)
{
	return false;
}

#endif

static void compress_all(uint32_t state[5], const unsigned char *blocks, size_t count)
{
	if (is_quick())
		compress_quickly(state, blocks, count);
	else
		sha1_compress_plainly(state, blocks, count);
}

void sha1_init(struct sha1 *sha)
{
	*sha = (struct sha1){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

void sha1_update(struct sha1 *sha, struct bytes bytes)
{
	size_t used = (size_t)(sha->len % SHA1_BLOCK), whole;

	sha->len += bytes.len;
	if (used && bytes.len) {
		size_t len = SHA1_BLOCK - used < bytes.len ? SHA1_BLOCK - used : bytes.len;

		memcpy(sha->block + used, bytes.ptr, len);
		bytes = bytes_slice(bytes, len, bytes.len);
		if (used + len < SHA1_BLOCK)
			return;
		compress_all(sha->state, sha->block, 1);
	}
	whole = bytes.len / SHA1_BLOCK;
	compress_all(sha->state, bytes.ptr, whole);
	bytes = bytes_slice(bytes, whole * SHA1_BLOCK, bytes.len);
	if (bytes.len)
		memcpy(sha->block, bytes.ptr, bytes.len);
}

void sha1_final(struct sha1 *sha, unsigned char out[SHA1_SIZE])
{
	static const unsigned char padding[SHA1_BLOCK] = {0x80};
	uint64_t bits = sha->len * 8;
	size_t used = (size_t)(sha->len % SHA1_BLOCK);
	unsigned char len[8];

	for (unsigned i = 0; i < 8; i++)
		len[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha1_update(sha, (struct bytes){padding, (used < 56 ? 56 : 56 + SHA1_BLOCK) - used});
	sha1_update(sha, (struct bytes){len, sizeof(len)});
	for (unsigned i = 0; i < SHA1_SIZE; i++)
		out[i] = (unsigned char)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha1_hmac(struct bytes key, struct bytes text, unsigned char out[SHA1_SIZE])
{
	unsigned char inner[SHA1_BLOCK] = {0}, outer[SHA1_BLOCK] = {0};
	struct sha1 sha;

	assert(key.len <= SHA1_BLOCK);
	if (key.len)
		memcpy(inner, key.ptr, key.len);
	memcpy(outer, inner, SHA1_BLOCK);
	for (unsigned i = 0; i < SHA1_BLOCK; i++) {
		inner[i] ^= 0x36;
		outer[i] ^= 0x5c;
	}
	sha1_init(&sha);
	sha1_update(&sha, (struct bytes){inner, SHA1_BLOCK});
	sha1_update(&sha, text);
	sha1_final(&sha, out);
	sha1_init(&sha);
	sha1_update(&sha, (struct bytes){outer, SHA1_BLOCK});
	sha1_update(&sha, (struct bytes){out, SHA1_SIZE});
	sha1_final(&sha, out);
}
