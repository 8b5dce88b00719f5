/*
 * What adjoins a text in its blob and shows that it is no secret by itself: an encoded text of
 * which it is a slice, dots that stand for what was left out, or the name of a digest.
 */
#ifndef TRAWL_DETECT_ADJOINING_H
#define TRAWL_DETECT_ADJOINING_H

#include "base/bytes.h"

enum adjoining {
	ADJOINING_NOTHING,
	ADJOINING_ENCODED, /* Base64 goes on before or behind it */
	ADJOINING_DOTS,    /* it is cut short: `AbC123...` */
	ADJOINING_DIGEST,  /* it is called one: `sha256=AbC123` */
};

/* What adjoins the bytes [start, end) of the text, as far as that tells of the two. */
enum adjoining adjoining_find(struct bytes text, size_t start, size_t end);

/* "nothing", "an encoded text that goes on", and so on: for people. */
const char *adjoining_name(enum adjoining adjoining);

#endif
