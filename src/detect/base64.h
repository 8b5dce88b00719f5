/*
 * Base64 (RFC 4648), in both alphabets, as it stands in secrets: padding may be missing.
 */
#ifndef TRAWL_DETECT_BASE64_H
#define TRAWL_DETECT_BASE64_H

#include "base/buf.h"

enum base64_alphabet {
	BASE64_STANDARD, /* + and / */
	BASE64_URL,      /* - and _ */
};

/*
 * Appends what the text decodes to. White space inside it is passed over when `spaced`. ERR_CORRUPT
 * for any other character, ERR_LIMIT past the buffer's maximum; out then holds part of it.
 */
enum err base64_decode(struct bytes text, enum base64_alphabet alphabet, bool spaced,
                       struct buf *out);

#endif
