#include "detect/sha1.h"

#include <assert.h>

static uint32_t rotate(uint32_t value, unsigned bits)
{
	return value << bits | value >> (32 - bits);
}

/* The function and the constant of a round (FIPS 180-4, 4.1.1 and 4.2.1). */
static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round / 20) {
	case 0:
		return ((b & c) | (~b & d)) + 0x5a827999;
	case 1:
		return (b ^ c ^ d) + 0x6ed9eba1;
	case 2:
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	default:
		return (b ^ c ^ d) + 0xca62c1d6;
	}
}

static void compress(uint32_t state[5], const unsigned char block[SHA1_BLOCK])
{
	uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

	for (unsigned t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (unsigned t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (unsigned t = 0; t < 80; t++) {
		uint32_t next = rotate(a, 5) + mix(t, b, c, d) + e + w[t];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1_init(struct sha1 *sha)
{
	*sha = (struct sha1){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

void sha1_update(struct sha1 *sha, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		sha->block[sha->len++ % SHA1_BLOCK] = bytes.ptr[i];
		if (sha->len % SHA1_BLOCK == 0)
			compress(sha->state, sha->block);
	}
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
