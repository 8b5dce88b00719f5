/*
 * Bitmaps as git stores them (gitformat-bitmap(5), "EWAH"): runs of equal bits, and words as they
 * are.
 */
#ifndef TRAWL_GIT_EWAH_H
#define TRAWL_GIT_EWAH_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

/*
 * Reads the bitmap at the front of *left, which then starts behind it, into bits[0..count), one
 * for each bit; those that the bitmap does not name are false. ERR_CORRUPT when it is cut short,
 * contradicts itself or sets another bit.
 */
enum err ewah_read(struct bytes *left, bool *bits, size_t count, struct error *error);

#endif
