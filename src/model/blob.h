/*
 * A blob: bytes to scan, with an identity, and perhaps with what it copies from an earlier one.
 */
#ifndef TRAWL_MODEL_BLOB_H
#define TRAWL_MODEL_BLOB_H

#include "base/bytes.h"

#include <stdint.h>

struct blob {
	struct bytes bytes; /* the original content */
	struct bytes path;  /* any bytes; len 0: the blob has no path */
};

/* The bytes [start, end) of a blob equal those of its base, an earlier blob, from `from` on. */
struct segment {
	uint32_t start;
	uint32_t end;
	uint32_t from;
};

#endif
