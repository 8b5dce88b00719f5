/*
 * Base32 (RFC 4648, section 6), as it stands in secrets: in one letter case, without padding.
 */
#ifndef TRAWL_DETECT_BASE32_H
#define TRAWL_DETECT_BASE32_H

#include "base/bytes.h"

enum base32_case { BASE32_UPPER, BASE32_LOWER };

/*
 * Decodes the text to bytes, at most max of them, and returns their number; 0 for a character of
 * no digit, or more than max bytes. Bits behind the last whole byte are dropped.
 */
size_t base32_decode(struct bytes text, enum base32_case letters, unsigned char *out, size_t max);

#endif
