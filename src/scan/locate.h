/*
 * From offsets to lines and columns. Lines end at LF; columns count UTF-16 code units, an invalid
 * byte counting one, as SARIF's consumers and editors do.
 */
#ifndef TRAWL_SCAN_LOCATE_H
#define TRAWL_SCAN_LOCATE_H

#include "base/bytes.h"

#include <stdint.h>

/* A place that only moves forward, so that all places of a text cost one pass. */
struct locator {
	struct bytes text; /* UTF-8; a byte order mark at its start has no column */
	size_t at;         /* bytes */
	size_t line_start; /* bytes */
	uint32_t line;     /* 1-based */
	uint32_t column;   /* 1-based */
};

/* A locator at the start of the text, which must outlive it. */
void locator_init(struct locator *locator, struct bytes text);

/* Moves to the offset, which must not lie before the present one nor past the end. */
void locator_move(struct locator *locator, size_t offset);

#endif
