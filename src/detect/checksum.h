/*
 * Checksums inside secrets: which family has which is data (model/rule.h); how they are computed
 * and written is here.
 */
#ifndef TRAWL_DETECT_CHECKSUM_H
#define TRAWL_DETECT_CHECKSUM_H

#include "base/bytes.h"
#include "model/finding.h"

/*
 * Whether the secret carries the checksum that the scheme asks for. A secret too short for it is
 * invalid; without a scheme (CHECKSUM_NONE) the answer is none. Some schemes cover a part that
 * stands elsewhere; without it (len 0) the answer is none, if not valid.
 */
enum checksum_state checksum_verify(const struct checksum *scheme, struct bytes secret,
                                    struct bytes part);

enum { CHECKSUM_TEXT_MAX = 64 };

/*
 * Writes the scheme's checksum of the covered bytes as it stands in a secret, scheme->digits
 * characters (at most CHECKSUM_TEXT_MAX) without a NUL.
 */
void checksum_write(const struct checksum *scheme, struct bytes covered,
                    char out[CHECKSUM_TEXT_MAX]);

#endif
