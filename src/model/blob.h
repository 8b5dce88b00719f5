/*
 * A blob: bytes to scan, with an identity.
 */
#ifndef TRAWL_MODEL_BLOB_H
#define TRAWL_MODEL_BLOB_H

#include "base/bytes.h"

struct blob {
	struct bytes bytes; /* the original content */
	struct bytes path;  /* any bytes; len 0: the blob has no path */
};

#endif
