/*
 * SHA-1 (FIPS 180-4) and HMAC with it (RFC 2104), for the ids of git's objects and for old formats
 * that are proved by them. No secret of ours depends on either.
 */
#ifndef TRAWL_BASE_SHA1_H
#define TRAWL_BASE_SHA1_H

#include "base/bytes.h"

#include <stdint.h>

enum { SHA1_SIZE = 20, SHA1_BLOCK = 64 };

struct sha1 {
	uint32_t state[5];
	uint64_t len; /* bytes so far */
	unsigned char block[SHA1_BLOCK];
};

void sha1_init(struct sha1 *sha);
void sha1_update(struct sha1 *sha, struct bytes bytes);
void sha1_final(struct sha1 *sha, unsigned char out[SHA1_SIZE]);

/* What becomes of a state by whole blocks, on any processor: most have instructions for it. */
void sha1_compress_plainly(uint32_t state[5], const unsigned char *blocks, size_t count);

/* The key must not be longer than SHA1_BLOCK. */
void sha1_hmac(struct bytes key, struct bytes text, unsigned char out[SHA1_SIZE]);

#endif
