/*
 * A digest that names bytes: BLAKE2b-256 (RFC 7693) over all that was added. Two that are equal
 * are of equal bytes, whoever made these.
 */
#ifndef TRAWL_BASE_DIGEST_H
#define TRAWL_BASE_DIGEST_H

#include "base/bytes.h"

#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_STATE_SIZE = 384 };

/* A digest that is being made; embedded values need no release. */
struct digest {
	_Alignas(64) unsigned char state[DIGEST_STATE_SIZE];
};

void digest_begin(struct digest *d);

/* Adds the bytes alone: where one text ends and the next begins is for the caller to say. */
void digest_add(struct digest *d, struct bytes bytes);

void digest_add_number(struct digest *d, uint64_t number);

/* Adds the length and the bytes; a text that is NULL is another than an empty one. */
void digest_add_text(struct digest *d, const char *text);

void digest_end(struct digest *d, unsigned char out[DIGEST_SIZE]);

#endif
